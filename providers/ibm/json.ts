/** A text that is no JSON, even with bare NaN and Infinity allowed. */
export class JsonSyntax extends Error {
  /** Characters before the fault. */
  readonly position: number;
  constructor(what: string, position: number) {
    super(`${what} at position ${position}`);
    this.name = "JsonSyntax";
    this.position = position;
  }
}

/**
 * Reads JSON in which `NaN`, `Infinity` and `-Infinity` may stand bare, as IBM answers results. Valid JSON gives what
 * `JSON.parse` gives; a key `__proto__` is an ordinary own property. O(length).
 * @throws JsonSyntax with the position of the fault
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parseLenientJson(text);
  }
}

/** A container that is being filled: an array, or an object with the key that waits for its value. */
type Open =
  | { readonly array: unknown[]; readonly object?: never; key?: never }
  | { readonly array?: never; readonly object: Record<string, unknown>; key: string };

const WHITE_SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /-?[A-Za-z]+/y;
const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** As `parseJson`, without the short cut. No recursion, so that a deep text cannot exhaust the stack. */
export function parseLenientJson(text: string): unknown {
  const open: Open[] = [];
  let at = 0;

  const fail = (expected: string): never => {
    const found = at < text.length ? JSON.stringify(text[at]) : "the end of the text";
    throw new JsonSyntax(`Expected ${expected}, found ${found}`, at);
  };
  /** The text that the sticky pattern matches here, passed over; undefined where it matches nothing. */
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at += match[0].length;
    return match[0];
  };
  const skip = (): void => {
    take(WHITE_SPACE);
  };
  const string = (): string | undefined => {
    if (text[at] !== '"') return undefined;
    const end = closingQuote(text, at);
    try {
      const value: string = JSON.parse(text.slice(at, end + 1));
      at = end + 1;
      return value;
    } catch {
      return fail("a string that is closed and well escaped, not the one");
    }
  };
  const key = (): string => {
    const name = string() ?? fail("a name in quotes");
    skip();
    if (text[at] !== ":") fail('":"');
    at++;
    skip();
    return name;
  };

  for (;;) {
    skip();
    let value: unknown;
    const first = text[at];
    if (first === "[" || first === "{") {
      at++;
      skip();
      if (text[at] === (first === "[" ? "]" : "}")) {
        at++;
        value = first === "[" ? [] : {};
      } else {
        open.push(first === "[" ? { array: [] } : { object: {}, key: key() });
        continue;
      }
    } else value = scalar();

    // The value goes into its container, and a container that ends here into its own.
    for (;;) {
      const container = open.at(-1);
      skip();
      if (container === undefined) return at === text.length ? value : fail("the end of the text");
      if (container.array !== undefined) container.array.push(value);
      else set(container.object, container.key, value);
      if (text[at] === ",") {
        at++;
        skip();
        if (container.object !== undefined) container.key = key();
        break;
      }
      if (text[at] !== (container.array === undefined ? "}" : "]"))
        fail(container.array === undefined ? '"," or "}"' : '"," or "]"');
      at++;
      value = container.array ?? container.object;
      open.pop();
    }
  }

  function scalar(): unknown {
    const literal = string();
    if (literal !== undefined) return literal;
    const start = at;
    const number = take(NUMBER);
    if (number !== undefined) return Number(number);
    const word = take(WORD);
    if (word !== undefined && WORDS.has(word)) return WORDS.get(word);
    at = start;
    return fail("a value");
  }
}

/** Where the string that begins at `start` ends; the text's length where it does not. */
function closingQuote(text: string, start: number): number {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}

function set(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}
