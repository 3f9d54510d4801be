import type { QasmError } from "../errors.ts";
import { MAX_DEPTH as MAX_EXPRESSION_DEPTH } from "../expression.ts";
import type { Expression, RangeExpression, SetExpression, TypeExpression } from "./ast.ts";
import type { Grammar } from "./grammar.ts";
import type { Source } from "./source.ts";
import { TokenStream } from "./token-stream.ts";

/** What circuits can hold can be read: one level more than expressions have, since a negative number is a sign and a number. */
const MAX_DEPTH = MAX_EXPRESSION_DEPTH + 1;

/** Words of the language that stand for values. */
const VALUE_WORDS = new Set(["pi", "π", "tau", "τ", "euler", "ℇ"]);

/** An operator that waits for the operand on its right. */
type Waiting =
  | { readonly kind: "unary"; readonly at: number; readonly operator: string }
  | { readonly kind: "power"; readonly at: number; readonly left: Expression }
  | {
      readonly kind: "binary";
      readonly at: number;
      readonly operator: string;
      readonly level: number;
      readonly left: Expression;
    };

/** A parenthesis that is open, what it belongs to, and the operators that wait in front of it. */
interface Open {
  readonly at: number;
  readonly call?: string;
  readonly cast?: TypeExpression;
  readonly args: Expression[];
  readonly outer: Waiting[];
}

/**
 * Parses expressions of either version by operator precedence, with a stack of its own: expressions that circuits hold are
 * nested deeper than functions can safely call each other.
 */
export class ExpressionParser extends TokenStream {
  readonly grammar: Grammar;
  /** One more than the highest physical qubit seen. */
  physicalQubits = 0;
  constructor(source: Source, grammar: Grammar) {
    super(source, grammar);
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

  expression(): Expression {
    return this.#operands(false);
  }

  /** A value with any indices after it; no operators. */
  postfix(): Expression {
    return this.#operands(true);
  }

  #operands(single: boolean): Expression {
    const open: Open[] = [];
    let waiting: Waiting[] = [];
    for (;;) {
      const token = this.peek();
      if (token.kind === "symbol" && this.grammar.unary.has(token.text)) {
        this.next();
        waiting.push({ kind: "unary", at: token.offset, operator: token.text });
        continue;
      }
      let operand: Expression;
      const opened = this.#opening(waiting);
      if (opened === undefined) operand = this.#primary();
      else {
        if (open.push(opened) > MAX_DEPTH) throw this.#tooDeep(token.offset);
        waiting = [];
        if (opened.call === undefined || this.accept(")") === undefined) continue;
        open.pop();
        waiting = opened.outer;
        operand = this.#closed(opened);
      }
      for (;;) {
        operand = this.#indices(operand);
        if (single && open.length === 0) return operand;
        const power = this.accept(this.grammar.power);
        if (power !== undefined) {
          waiting.push({ kind: "power", at: power.offset, left: operand });
          break;
        }
        const next = this.peek();
        const level = next.kind === "symbol" ? this.grammar.binary.get(next.text) : undefined;
        operand = this.#applied(waiting, operand, level ?? 0);
        if (level !== undefined) {
          this.next();
          waiting.push({ kind: "binary", at: next.offset, operator: next.text, level, left: operand });
          break;
        }
        const innermost = open.at(-1);
        if (innermost === undefined) return operand;
        innermost.args.push(operand);
        if (innermost.call !== undefined && this.accept(",") !== undefined) {
          if (this.accept(")") === undefined) break;
        } else this.expect(")", CLOSING[kindOf(innermost)]);
        open.pop();
        waiting = innermost.outer;
        operand = this.#closed(innermost);
      }
    }
  }

  /** The operand under the operators that bind it tighter than one of `level` does; of equals the left one comes first. */
  #applied(waiting: Waiting[], operand: Expression, level: number): Expression {
    let right = operand;
    for (;;) {
      const last = waiting.at(-1);
      if (last === undefined || (last.kind === "binary" && last.level < level)) return right;
      waiting.pop();
      const { at } = last;
      if (last.kind === "unary")
        right = this.#node(at, [right], { kind: "unary", at, operator: last.operator, argument: right });
      else {
        const operator = last.kind === "power" ? "**" : last.operator;
        right = this.#node(at, [last.left, right], { kind: "binary", at, operator, left: last.left, right });
      }
    }
  }

  /** Takes what opens a parenthesis: the parenthesis itself, a function with it, or a type with it. */
  #opening(outer: Waiting[]): Open | undefined {
    const token = this.peek();
    const { text, offset: at } = token;
    if (token.kind === "symbol" && text === "(") {
      this.next();
      return { at, args: [], outer };
    }
    if (token.kind !== "name") return undefined;
    if (this.grammar.types.has(text)) {
      const cast = this.type();
      this.expect("(", "after the type of a cast");
      return { at, cast, args: [], outer };
    }
    const after = this.peek(1);
    if (text === "true" || text === "false" || after.kind !== "symbol" || after.text !== "(") return undefined;
    if (text === "durationof")
      throw this.source.error("QASM_UNSUPPORTED", "durationof is not supported; write the duration as a number.", at);
    this.next();
    this.next();
    return { at, call: text, args: [], outer };
  }

  #closed({ at, call, cast, args }: Open): Expression {
    if (call !== undefined) return this.#node(at, args, { kind: "call", at, name: call, args });
    if (cast !== undefined) return this.#node(at, args, { kind: "cast", at, type: cast, argument: args[0]! });
    return args[0]!;
  }

  #indices(operand: Expression): Expression {
    let base = operand;
    while (this.accept("[") !== undefined) {
      const index = this.nested(() => this.index());
      this.expect("]", "after the index");
      base = this.#node(base.at, [base, ...partsOf(index)], { kind: "index", at: base.at, base, index });
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
      default:
        throw this.unexpected("an expression");
    }
  }

  #named(): Expression {
    const { text, offset: at } = this.peek();
    if (text === "true" || text === "false") {
      this.next();
      return { kind: "boolean", at, depth: 1, value: text === "true" };
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
      while (this.accept(",") !== undefined) sizes.push(this.nested(() => this.expression()));
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
    const width = this.nested(() => this.expression());
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
    if (depth > MAX_DEPTH) throw this.#tooDeep(at);
    return { ...part, depth };
  }

  #tooDeep(at: number): QasmError {
    return this.source.error(
      "QASM_TOO_DEEP",
      `This expression nests or chains more than ${MAX_DEPTH} operators; split it.`,
      at,
    );
  }
}

const CLOSING = {
  parenthesis: "to close the parenthesis",
  call: 'or "," after a function argument',
  cast: "to close the cast",
} as const;

function kindOf({ call, cast }: Open): keyof typeof CLOSING {
  return call !== undefined ? "call" : cast !== undefined ? "cast" : "parenthesis";
}

/** The expressions that an index is made of: all of them are evaluated one level deeper. */
function partsOf(index: Expression | RangeExpression | SetExpression): readonly Expression[] {
  if (index.kind === "set") return index.items;
  if (index.kind !== "range") return [index];
  return [index.start, index.stop, index.step].filter((part) => part !== undefined);
}
