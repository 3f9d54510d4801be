import type { Expression, RangeExpression, SetExpression, TypeExpression } from "./ast.ts";
import type { Source } from "./source.ts";
import { TokenStream } from "./token-stream.ts";

const MAX_DEPTH = 1000;

interface Grammar {
  /** Binding strength of the binary operators; `right` marks those that group from the right. */
  readonly binary: ReadonlyMap<string, number>;
  readonly power: string;
  readonly unary: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  readonly keywords: ReadonlySet<string>;
}

const levels = (rows: readonly string[]): ReadonlyMap<string, number> =>
  new Map(rows.flatMap((row, index) => row.split(" ").map((operator) => [operator, index + 1] as const)));

export const GRAMMAR_2 = {
  binary: levels(["+ -", "* /"]),
  power: "^",
  unary: new Set(["-", "+"]),
  types: new Set<string>(),
} as const;

export const GRAMMAR_3 = {
  binary: levels(["||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ - ++", "* / %"]),
  power: "**",
  unary: new Set(["-", "!", "~"]),
  types: new Set("int uint float angle bit bool complex duration array".split(" ")),
} as const;

/** Words of the language that stand for values. */
const VALUE_WORDS = new Set(["pi", "π", "tau", "τ", "euler", "ℇ"]);

/** Parses expressions of either version by operator precedence. */
export class ExpressionParser extends TokenStream {
  readonly grammar: Grammar;
  /** One more than the highest physical qubit seen. */
  physicalQubits = 0;
  constructor(source: Source, grammar: Grammar) {
    super(source);
    this.grammar = grammar;
  }

  /** A name that is free for the user. @throws QasmError QASM_SYNTAX for a keyword or anything else */
  newName(what: string): { readonly name: string; readonly at: number } {
    const token = this.peek();
    if (token.kind !== "name") throw this.unexpected(what);
    if (this.grammar.keywords.has(token.text))
      throw this.source.error(
        "QASM_SYNTAX",
        `"${token.text}" is a word of the language; choose another name for ${what}.`,
        token.offset,
      );
    this.next();
    return { name: token.text, at: token.offset };
  }

  expression(minimum = 1): Expression {
    return this.nested(() => {
      let left = this.#unary();
      for (;;) {
        const token = this.peek();
        const level = token.kind === "symbol" ? this.grammar.binary.get(token.text) : undefined;
        if (level === undefined || level < minimum) return left;
        this.next();
        const right = this.expression(level + 1);
        left = this.#node(token.offset, [left, right], {
          kind: "binary",
          at: token.offset,
          operator: token.text,
          left,
          right,
        });
      }
    });
  }

  #unary(): Expression {
    const token = this.peek();
    if (token.kind === "symbol" && this.grammar.unary.has(token.text)) {
      this.next();
      const argument = this.nested(() => this.#unary());
      return this.#node(token.offset, [argument], {
        kind: "unary",
        at: token.offset,
        operator: token.text,
        argument,
      });
    }
    const base = this.postfix();
    const operator = this.accept(this.grammar.power);
    if (operator === undefined) return base;
    const exponent = this.nested(() => this.#unary());
    return this.#node(operator.offset, [base, exponent], {
      kind: "binary",
      at: operator.offset,
      operator: "**",
      left: base,
      right: exponent,
    });
  }

  /** A value with any indices after it. */
  postfix(): Expression {
    let base = this.#primary();
    while (this.accept("[") !== undefined) {
      const index = this.nested(() => this.index());
      this.expect("]", "after the index");
      base = this.#node(base.at, [base], { kind: "index", at: base.at, base, index });
    }
    return base;
  }

  /** What stands between index brackets: a number, a range or a set. */
  index(): Expression | RangeExpression | SetExpression {
    const { offset } = this.peek();
    if (this.accept("{") !== undefined) {
      const items = this.list("}", "an index", () => this.expression());
      return { kind: "set", at: offset, items };
    }
    const parts: (Expression | undefined)[] = [this.at(":") ? undefined : this.expression()];
    while (parts.length < 3 && this.accept(":") !== undefined)
      parts.push(this.at(":") || this.at("]") ? undefined : this.expression());
    if (this.at(","))
      throw this.source.error(
        "QASM_UNSUPPORTED",
        "Arrays of several dimensions are not supported.",
        this.peek().offset,
      );
    if (parts.length === 1) return parts[0]!;
    const [start, second, third] = parts;
    const step = parts.length === 3 ? second : undefined;
    const stop = parts.length === 3 ? third : second;
    return {
      kind: "range",
      at: offset,
      ...(start === undefined ? {} : { start }),
      ...(step === undefined ? {} : { step }),
      ...(stop === undefined ? {} : { stop }),
    };
  }

  #primary(): Expression {
    const token = this.peek();
    const at = token.offset;
    switch (token.kind) {
      case "number":
        this.next();
        return {
          kind: "number",
          at,
          depth: 1,
          value: token.value!,
          integer: token.integer!,
          ...(token.unit === undefined ? {} : { unit: token.unit }),
        };
      case "string":
        this.next();
        return { kind: "string", at, depth: 1, text: token.text };
      case "physical":
        this.next();
        this.physicalQubits = Math.max(this.physicalQubits, Number(token.text) + 1);
        return { kind: "physical", at, depth: 1, index: Number(token.text) };
      case "name":
        return this.#named();
      default: {
        if (this.accept("(") === undefined) throw this.unexpected("an expression");
        const inner = this.expression();
        this.expect(")", "to close the parenthesis");
        return inner;
      }
    }
  }

  #named(): Expression {
    const { text, offset: at } = this.peek();
    if (this.grammar.types.has(text)) {
      const type = this.type();
      this.expect("(", "after the type of a cast");
      const argument = this.expression();
      this.expect(")", "to close the cast");
      return this.#node(at, [argument], { kind: "cast", at, type, argument });
    }
    if (text === "true" || text === "false") {
      this.next();
      return { kind: "boolean", at, depth: 1, value: text === "true" };
    }
    if (this.peek(1).kind === "symbol" && this.peek(1).text === "(") {
      if (text === "durationof")
        throw this.source.error("QASM_UNSUPPORTED", "durationof is not supported; write the duration as a number.", at);
      this.next();
      this.next();
      const args = this.list(")", "a function argument", () => this.expression());
      return this.#node(at, args, { kind: "call", at, name: text, args });
    }
    if (text === "measure")
      throw this.source.error(
        "QASM_SYNTAX",
        "A measurement cannot be part of an expression; assign it to a bit first.",
        at,
      );
    if (this.grammar.keywords.has(text) && !VALUE_WORDS.has(text)) throw this.unexpected("an expression");
    this.next();
    return { kind: "name", at, depth: 1, name: text };
  }

  /** A type with its designator, such as `float[64]` or `array[int[8], 2, 3]`. */
  type(): TypeExpression {
    const token = this.peek();
    if (token.kind !== "name" || !(this.grammar.types.has(token.text) || token.text === "stretch"))
      throw this.unexpected("a type");
    this.next();
    const { text: name, offset: at } = token;
    if (name === "array") {
      this.expect("[", "after array");
      const base = this.nested(() => this.type());
      const sizes: Expression[] = [];
      while (this.accept(",") !== undefined) sizes.push(this.expression());
      if (sizes.length === 0) throw this.unexpected('"," and the size of the array');
      this.expect("]", "after the sizes of the array");
      return { name, at, base, sizes };
    }
    if (!this.at("[")) return { name, at };
    if (name === "bool" || name === "duration" || name === "stretch")
      throw this.unexpected(`a name, since ${name} has no width`);
    this.next();
    if (name === "complex") {
      const base = this.nested(() => this.type());
      this.expect("]", "after the type of the parts");
      return { name, at, base };
    }
    const width = this.expression();
    this.expect("]", "after the width");
    return { name, at, width };
  }

  #node<Part extends Omit<Expression, "depth">>(
    at: number,
    children: readonly Expression[],
    part: Part,
  ): Part & { readonly depth: number } {
    let depth = 1;
    for (const child of children) depth = Math.max(depth, child.depth + 1);
    if (depth > MAX_DEPTH)
      throw this.source.error(
        "QASM_TOO_DEEP",
        `This expression chains more than ${MAX_DEPTH} operators; split it.`,
        at,
      );
    return { ...part, depth };
  }
}
