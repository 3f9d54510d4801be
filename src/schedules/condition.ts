import { describeValue } from "../../circuits/index.ts";
import { nearNames } from "../../providers/index.ts";
import { ScheduleError } from "../errors.ts";
import { type ConditionFacts, FACT_NAMES, FACTS, type FactName } from "./facts.ts";

const MAX_LENGTH = 1000;
const MAX_DEPTH = 32;
const EXAMPLE = "for example queue < 20 && twoQubitError < 0.01";

const COMPARISONS = {
  "<": (a: number, b: number) => a < b,
  "<=": (a: number, b: number) => a <= b,
  ">": (a: number, b: number) => a > b,
  ">=": (a: number, b: number) => a >= b,
  "==": (a: number, b: number) => a === b,
  "!=": (a: number, b: number) => a !== b,
} as const;
type Comparison = keyof typeof COMPARISONS;

type Operand = { readonly number: number } | { readonly fact: FactName };
type Term =
  | { readonly kind: "fact"; readonly fact: FactName }
  | { readonly kind: "compare"; readonly by: Comparison; readonly left: Operand; readonly right: Operand }
  | { readonly kind: "not"; readonly term: Term }
  | { readonly kind: "and" | "or"; readonly terms: readonly Term[] };

/** What a term is by what is known; undefined where that does not decide it. */
type Truth = boolean | undefined;

export interface ConditionCheck {
  readonly met: boolean;
  /** The values that it asked for. */
  readonly words: string;
}

/** When a tick may start: comparisons of facts and numbers, joined by &&, || and !, such as "queue < 20 && operational". */
export class Condition {
  readonly text: string;
  /** The facts that it asks for, in order. */
  readonly facts: readonly FactName[];
  readonly #term: Term;

  private constructor(text: string, term: Term, facts: readonly FactName[]) {
    this.text = text;
    this.#term = term;
    this.facts = facts;
  }

  /** @throws ScheduleError SCHEDULE_CONDITION with the column and what is expected there */
  static parse(text: unknown): Condition {
    if (typeof text !== "string" || text.length > MAX_LENGTH)
      throw new ScheduleError(
        "SCHEDULE_CONDITION",
        `A condition is a text of up to ${MAX_LENGTH} characters, ${EXAMPLE}; not ${describeValue(text)}.`,
      );
    const parser = new Parser(text);
    const term = parser.parse();
    return new Condition(text.trim(), term, [...parser.facts]);
  }

  /** A condition that depends on what is not known is not met, whichever way round it asks. */
  check(facts: ConditionFacts): ConditionCheck {
    const values = this.facts.map((name) => {
      const fact = facts[name] ?? { unknown: "nobody told it" };
      if (typeof fact === "object") return `${name} is not known (${fact.unknown})`;
      return `${name} is ${typeof fact === "number" ? Number(fact.toPrecision(4)) : fact}`;
    });
    const met = truthOf(this.#term, facts) === true;
    return { met, words: `${this.text} is ${met ? "met" : "not met"}: ${values.join(", ")}` };
  }
}

/** Kleene's logic of three values. */
function truthOf(term: Term, facts: ConditionFacts): Truth {
  switch (term.kind) {
    case "fact": {
      const value = facts[term.fact];
      return typeof value === "boolean" ? value : undefined;
    }
    case "compare": {
      const [left, right] = [numberOf(term.left, facts), numberOf(term.right, facts)];
      return left === undefined || right === undefined ? undefined : COMPARISONS[term.by](left, right);
    }
    case "not": {
      const truth = truthOf(term.term, facts);
      return truth === undefined ? undefined : !truth;
    }
    case "and":
    case "or": {
      const truths = term.terms.map((part) => truthOf(part, facts));
      const decisive = term.kind === "or";
      if (truths.includes(decisive)) return decisive;
      return truths.includes(undefined) ? undefined : !decisive;
    }
  }
}

function numberOf(operand: Operand, facts: ConditionFacts): number | undefined {
  if ("number" in operand) return operand.number;
  const value = facts[operand.fact];
  return typeof value === "number" ? value : undefined;
}

interface Token {
  readonly kind: "name" | "number" | "mark" | "end" | "other";
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

const TOKEN =
  /\s*(?:(?<name>[A-Za-z_]\w*)|(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<mark>&&|\|\||[<>=!]=|[<>!()])|(?<other>\S)|$)/uy;
/** What others write for a mark of this grammar. */
const MEANT: Readonly<Record<string, string>> = { "&": "&&", "|": "||", "=": "==", and: "&&", or: "||", not: "!" };

/** Reads each character once; calls itself only for parentheses and "!", no deeper than `MAX_DEPTH`. */
class Parser {
  readonly facts = new Set<FactName>();
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  parse(): Term {
    const term = this.#either(0);
    if (this.#token.kind !== "end") throw this.#fault("&&, || or the end");
    return term;
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  #take(mark: string): boolean {
    const { kind, text } = this.#token;
    if (kind !== "mark" || text !== mark) return false;
    this.#next++;
    return true;
  }

  #either(depth: number): Term {
    return this.#joined("or", "||", () => this.#joined("and", "&&", () => this.#single(depth)));
  }

  #joined(kind: "and" | "or", mark: string, read: () => Term): Term {
    const first = read();
    const terms = [first];
    while (this.#take(mark)) terms.push(read());
    return terms.length === 1 ? first : { kind, terms };
  }

  #single(depth: number): Term {
    if (depth > MAX_DEPTH)
      throw new ScheduleError(
        "SCHEDULE_CONDITION",
        `${this.#place()}: ( and ! are nested more than ${MAX_DEPTH} times; write it with fewer.`,
      );
    if (this.#take("!")) return { kind: "not", term: this.#single(depth + 1) };
    if (this.#take("(")) {
      const term = this.#either(depth + 1);
      if (!this.#take(")")) throw this.#fault("&&, || or )");
      return term;
    }
    return this.#comparison();
  }

  #comparison(): Term {
    const at = this.#next;
    const left = this.#operand("a name, a number, ! or (");
    const { kind, text } = this.#token;
    const isComparison = kind === "mark" && Object.hasOwn(COMPARISONS, text);
    if ("fact" in left && FACTS[left.fact].kind === "boolean") {
      if (isComparison)
        throw this.#fault(`&&, || or the end: ${left.fact} is true or false, write ${left.fact} or !${left.fact}`);
      return { kind: "fact", fact: left.fact };
    }
    if (!isComparison) {
      const number = this.#tokens[at]!.text;
      throw this.#fault(`a comparison (${Object.keys(COMPARISONS).join(" ")}) of ${number}, which is a number`);
    }
    this.#next++;
    const right = this.#operand("a name or a number");
    if ("fact" in right && FACTS[right.fact].kind === "boolean") {
      this.#next--;
      throw this.#fault(`a number: ${right.fact} is true or false`);
    }
    if (this.#token.kind === "mark" && Object.hasOwn(COMPARISONS, this.#token.text))
      throw this.#fault("&&, || or the end: a comparison has two sides, write 1 < queue && queue < 20");
    return { kind: "compare", by: text as Comparison, left, right };
  }

  #operand(expected: string): Operand {
    const { kind, text } = this.#token;
    if (kind === "number") {
      this.#next++;
      return { number: Number(text) };
    }
    if (kind !== "name" || Object.hasOwn(MEANT, text.toLowerCase())) throw this.#fault(expected);
    if (!Object.hasOwn(FACTS, text)) {
      const near = nearNames(text, FACT_NAMES);
      const hint = near.length === 0 ? `The names are ${FACT_NAMES.join(", ")}.` : `Did you mean ${near.join(" or ")}?`;
      throw new ScheduleError("SCHEDULE_CONDITION", `${this.#place()}: there is no value ${text}. ${hint}`);
    }
    this.#next++;
    this.facts.add(text as FactName);
    return { fact: text as FactName };
  }

  #place(): string {
    return `Column ${this.#token.column} of the condition ${JSON.stringify(this.#text)}`;
  }

  #fault(expected: string): ScheduleError {
    const { kind, text } = this.#token;
    const found = kind === "end" ? "the condition ends" : `there is ${text}`;
    const meant = MEANT[text.toLowerCase()];
    const hint = meant === undefined ? "" : ` (perhaps ${meant} is meant)`;
    return new ScheduleError(
      "SCHEDULE_CONDITION",
      `${this.#place()}: ${found}${hint}, expected is ${expected}; ${EXAMPLE}.`,
    );
  }
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ; ) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text)!;
    at = TOKEN.lastIndex;
    const [kind, found] = Object.entries(match.groups!).find(([, group]) => group !== undefined) ?? ["end", ""];
    tokens.push({ kind: kind as Token["kind"], text: found, column: at - found.length + 1 });
    if (kind === "end") return tokens;
  }
}
