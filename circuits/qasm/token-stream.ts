import type { QasmError } from "../errors.ts";
import { Lexer, type Token } from "./lexer.ts";
import type { Source } from "./source.ts";

const MAX_NESTING = 200;

/** Tokens with lookahead, and the errors that every parser needs. */
export class TokenStream {
  readonly source: Source;
  readonly #lexer: Lexer;
  #ahead: Token[] = [];
  #nesting = 0;

  constructor(source: Source, options: { readonly pragmas: boolean }) {
    this.source = source;
    this.#lexer = new Lexer(source, options);
  }

  peek(distance = 0): Token {
    while (this.#ahead.length <= distance) this.#ahead.push(this.#lexer.next());
    return this.#ahead[distance]!;
  }

  next(): Token {
    return this.#ahead.shift() ?? this.#lexer.next();
  }

  /** Whether the next token is this symbol or word. */
  at(text: string): boolean {
    const token = this.peek();
    return token.text === text && (token.kind === "symbol" || token.kind === "name");
  }

  /** Takes the next token when it is this symbol or word. */
  accept(text: string): Token | undefined {
    return this.at(text) ? this.next() : undefined;
  }

  /** @throws QasmError QASM_SYNTAX unless the next token is this symbol or word */
  expect(text: string, where: string): Token {
    if (!this.at(text)) throw this.unexpected(`"${text}" ${where}`);
    return this.next();
  }

  unexpected(wanted: string, token: Token = this.peek()): QasmError {
    return this.source.error("QASM_SYNTAX", `Expected ${wanted}, but found ${describeToken(token)}.`, token.offset);
  }

  /** Runs `parse` one level deeper. @throws QasmError QASM_TOO_DEEP beyond 200 levels */
  nested<Result>(parse: () => Result): Result {
    if (++this.#nesting > MAX_NESTING)
      throw this.source.error(
        "QASM_TOO_DEEP",
        `Parentheses, indices or blocks are nested more than ${MAX_NESTING} deep here.`,
        this.peek().offset,
      );
    const result = parse();
    this.#nesting--;
    return result;
  }

  /** Items between commas up to `close`, which is taken; one comma may trail. */
  list<Item>(close: string, what: string, parseItem: () => Item): Item[] {
    const items: Item[] = [];
    while (this.accept(close) === undefined) {
      items.push(parseItem());
      if (this.accept(",") === undefined) {
        this.expect(close, `or "," after ${what}`);
        break;
      }
    }
    return items;
  }
}

export function describeToken(token: Token): string {
  if (token.kind === "end") return "the end of the text";
  const text = Array.from(token.text);
  const shown = text.length > 40 ? `${text.slice(0, 40).join("")}…` : token.text;
  return token.kind === "string" ? `the string "${shown}"` : `"${token.kind === "physical" ? "$" : ""}${shown}"`;
}
