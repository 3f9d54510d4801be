import { constantValue } from "../expression.ts";
import type { Condition } from "../operation.ts";
import type { Expression } from "./ast.ts";
import type { Context } from "./context.ts";
import type { Scope } from "./scope.ts";
import { describe, type Value } from "./value.ts";

/** A condition as circuits hold it: constant, or "these clbits read this value", or its opposite. */
export type Test =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "bits"; readonly clbits: readonly number[]; readonly value: number; readonly negated: boolean };

/** The condition of a circuit for a test of bits, whose list it shares. */
export function conditionOf(test: Extract<Test, { kind: "bits" }>): Condition {
  return Object.freeze({ clbits: test.clbits, value: test.value });
}

/**
 * Brings a condition into the one form that circuits have. `&&` joins comparisons of bits, `||` their opposites.
 * @throws QasmError QASM_TYPE, QASM_SIZE, QASM_UNSUPPORTED, QASM_TOO_LARGE
 */
export function lowerCondition(expression: Expression, scope: Scope, context: Context): Test {
  const { evaluator, source, budget } = context;
  const unsupported = (at: number) =>
    source.error(
      "QASM_UNSUPPORTED",
      "This condition is not supported: compare bits or registers with constants, joined by && (or || between single bits).",
      at,
    );

  const not = (test: Test): Test => {
    if (test.kind === "constant") return { ...test, value: !test.value };
    if (test.clbits.length === 1 && test.value <= 1) return { ...test, value: 1 - test.value };
    return { ...test, negated: !test.negated };
  };

  const and = (left: Test, right: Test, at: number): Test => {
    if (left.kind === "constant") return left.value ? right : left;
    if (right.kind === "constant") return right.value ? left : right;
    if (left.negated || right.negated) throw unsupported(at);
    budget.spendParts(left.clbits.length + right.clbits.length, at);
    const bits = new Map<number, number>();
    for (const { clbits, value } of [left, right]) {
      let rest = value;
      for (const clbit of clbits) {
        const bit = rest % 2;
        if ((bits.get(clbit) ?? bit) !== bit) return { kind: "constant", value: false };
        bits.set(clbit, bit);
        rest = Math.floor(rest / 2);
      }
      if (rest > 0) return { kind: "constant", value: false };
    }
    let value = 0;
    for (const bit of [...bits.values()].reverse()) value = 2 * value + bit;
    if (!Number.isSafeInteger(value)) throw unsupported(at);
    return { kind: "bits", clbits: Object.freeze([...bits.keys()]), value, negated: false };
  };

  const comparison = (bits: Value & { kind: "clbits" }, other: Value, at: number): Test => {
    const test = (value: number): Test => ({ kind: "bits", clbits: bits.indices, value, negated: false });
    if (other.kind === "boolean" && bits.scalar) return test(other.value ? 1 : 0);
    if (other.kind === "bitstring") {
      if (other.bits.length !== bits.indices.length)
        throw source.error(
          "QASM_SIZE",
          `A string of ${other.bits.length} bit(s) is compared with a register of ${bits.indices.length}.`,
          at,
        );
      const value = Number.parseInt(other.bits, 2);
      if (!Number.isSafeInteger(value)) throw unsupported(at);
      return test(value);
    }
    const number = other.kind === "number" && other.integer ? constantValue(other.value) : undefined;
    if (number === undefined)
      throw source.error(
        "QASM_TYPE",
        `Bits are compared with a constant integer that a float holds exactly, not with ${describe(other)}.`,
        at,
      );
    if (number < 0) return { kind: "constant", value: false };
    return test(number);
  };

  const truth = (value: Value, at: number): Test => {
    if (value.kind === "boolean") return { kind: "constant", value: value.value };
    if (value.kind === "clbits") {
      const test: Test = { kind: "bits", clbits: value.indices, value: value.scalar ? 1 : 0, negated: false };
      return value.scalar ? test : not(test);
    }
    const number = value.kind === "number" ? constantValue(value.value) : undefined;
    if (number === undefined) throw source.error("QASM_TYPE", `${describe(value)} is no condition.`, at);
    return { kind: "constant", value: number !== 0 };
  };

  const visit = (node: Expression): Test => {
    if (node.kind === "unary" && (node.operator === "!" || node.operator === "~")) {
      const inner = visit(node.argument);
      if (node.operator === "~" && (inner.kind === "constant" || inner.clbits.length !== 1)) throw unsupported(node.at);
      return not(inner);
    }
    if (node.kind === "cast" && node.type.name === "bool") return visit(node.argument);
    if (node.kind === "binary") {
      if (node.operator === "&&") return and(visit(node.left), visit(node.right), node.at);
      if (node.operator === "||") return not(and(not(visit(node.left)), not(visit(node.right)), node.at));
      if (node.operator === "==" || node.operator === "!=") {
        const left = evaluator.value(node.left, scope);
        const right = evaluator.value(node.right, scope);
        if (left.kind === "clbits" && right.kind === "clbits") throw unsupported(node.at);
        if (left.kind === "clbits" || right.kind === "clbits") {
          const [bits, other] = left.kind === "clbits" ? [left, right] : [right as typeof left, left];
          const test = comparison(bits as Value & { kind: "clbits" }, other, node.at);
          return node.operator === "==" ? test : not(test);
        }
      } else if (COMPARISONS.has(node.operator)) {
        for (const side of [node.left, node.right])
          if (evaluator.value(side, scope).kind === "clbits") throw unsupported(node.at);
      }
    }
    return truth(evaluator.value(node, scope), node.at);
  };
  return visit(expression);
}

const COMPARISONS = new Set(["<", ">", "<=", ">=", "&", "|", "^", "<<", ">>", "+", "-"]);
