import type { Expression, RangeExpression, SetExpression } from "./ast.ts";
import type { Budget } from "./budget.ts";
import type { Evaluator } from "./evaluator.ts";
import type { Scope } from "./scope.ts";
import type { Source } from "./source.ts";
import { describe, oneOf, type Value } from "./value.ts";

/** What an index picks out of a register or an array of parameters: one element, or with a range or set a register. */
export function indexed(
  expression: Extract<Expression, { kind: "index" }>,
  scope: Scope,
  evaluator: Evaluator,
  source: Source,
  budget: Budget,
): Value {
  const base = evaluator.value(expression.base, scope);
  if (base.kind !== "qubits" && base.kind !== "clbits" && base.kind !== "parameters")
    throw source.error("QASM_TYPE", `${capital(describe(base))} has no elements to index.`, expression.at);
  if (base.kind !== "parameters" && base.scalar)
    throw source.error(
      "QASM_TYPE",
      `A single ${base.kind === "qubits" ? "qubit" : "bit"} has no elements to index.`,
      expression.at,
    );
  const size = base.kind === "parameters" ? base.elements.length : base.indices.length;
  const { index } = expression;

  /** A position from 0 on; negative ones count from the end. */
  const positionOf = (item: Expression): number => {
    const position = evaluator.integer(item, scope, "An index");
    if (position < -size || position >= size)
      throw source.error("QASM_INDEX", `Index ${position} does not exist in a register of size ${size}.`, item.at);
    return position < 0 ? position + size : position;
  };
  const setPositions = ({ items, at }: SetExpression): readonly number[] => {
    if (items.length === 0) throw source.error("QASM_INDEX", "This set of indices is empty.", at);
    return items.map(positionOf);
  };
  /** Ranges include their end. */
  const rangePositions = ({ start, step: stepExpression, stop, at }: RangeExpression): readonly number[] => {
    const step = stepExpression === undefined ? 1 : evaluator.integer(stepExpression, scope, "The step of a range");
    if (step === 0) throw source.error("QASM_INDEX", "The step of a range cannot be 0.", stepExpression!.at);
    const from = start === undefined ? (step > 0 ? 0 : size - 1) : positionOf(start);
    const to = stop === undefined ? (step > 0 ? size - 1 : 0) : positionOf(stop);
    const found: number[] = [];
    for (let position = from; step > 0 ? position <= to : position >= to; position += step) found.push(position);
    if (found.length === 0) throw source.error("QASM_INDEX", "This range of indices is empty.", at);
    return found;
  };

  if (index.kind === "range" || index.kind === "set") {
    if (base.kind === "parameters")
      throw source.error("QASM_UNSUPPORTED", "Slices of parameter arrays are not supported.", expression.at);
    const found = index.kind === "set" ? setPositions(index) : rangePositions(index);
    budget.spendParts(found.length, expression.at);
    return { ...base, indices: Object.freeze(found.map((position) => base.indices[position]!)) };
  }
  const position = positionOf(index);
  if (base.kind === "parameters") return { kind: "number", value: base.elements[position]!, integer: false };
  return oneOf(base.kind, base.indices[position]!);
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
