import { input, type Parameter } from "../parameter.ts";
import type { Expression } from "./ast.ts";
import type { Context } from "./context.ts";
import { calleeOf, checkDistinct, checkOperands, controlCount, nameQubits } from "./gate-callee.ts";
import { Scope, type UserGate } from "./scope.ts";

/** Definitions may be nested this deep; each level is a level of recursion when they are called. */
const MAX_HEIGHT = 256;

/** Checks a definition without running what it calls; returns how deep it is nested. @throws QasmError */
export function checkDefinition(gate: Omit<UserGate, "height">, context: Context): number {
  const { source, evaluator } = context;
  const { definition } = gate;
  const scope = new Scope(gate.scope);
  const params = new Set<Parameter>();
  for (const name of definition.params) {
    const value = input(name);
    params.add(value);
    scope.set(name, { kind: "value", constant: true, value: { kind: "number", value, integer: false } });
  }
  const checkAngle = (expression: Expression, real?: boolean): void => {
    const angle = evaluator.angle(expression, scope, real);
    if (typeof angle !== "number" && angle.parameters.some((parameter) => !params.has(parameter)))
      throw source.error(
        "QASM_GATE_BODY",
        "The body of a gate cannot use inputs of the text; give the gate a parameter.",
        expression.at,
      );
  };
  nameQubits(
    scope,
    definition.qubits,
    definition.qubits.map((_, index) => index),
  );
  let height = 1;
  for (const statement of definition.body) {
    if (statement.kind === "barrier" || statement.kind === "nop") {
      for (const operand of statement.operands) formalQubit(operand, scope, context);
      continue;
    }
    if (statement.kind !== "call")
      throw source.error(
        "QASM_GATE_BODY",
        `Only gates and barriers can stand in the definition of a gate, but here stands ${STATEMENTS[statement.kind] ?? "another statement"}.`,
        statement.at,
      );
    const callee = calleeOf(statement, scope, context);
    if ("kind" in callee) height = Math.max(height, callee.height + 1);
    for (const argument of statement.args) checkAngle(argument);
    let controls = 0;
    for (const { kind, argument } of statement.modifiers) {
      if (kind === "ctrl" || kind === "negctrl") controls += controlCount(argument, scope, context);
      else if (argument !== undefined) checkAngle(argument, true);
    }
    const qubits = statement.operands.map((operand) => formalQubit(operand, scope, context));
    checkOperands(statement, callee, controls, qubits.length, context);
    checkDistinct(statement, qubits, context);
  }
  if (height > MAX_HEIGHT)
    throw source.error(
      "QASM_TOO_DEEP",
      `Gate definitions are nested more than ${MAX_HEIGHT} deep here.`,
      definition.at,
    );
  return height;
}

function formalQubit(operand: Expression, scope: Scope, { source, evaluator }: Context): number {
  const value = evaluator.value(operand, scope);
  if (value.kind !== "qubits")
    throw source.error("QASM_TYPE", "A gate of the definition acts on qubits, and this is none.", operand.at);
  if (operand.kind !== "name" || scope.own(operand.name) === undefined)
    throw source.error("QASM_GATE_BODY", "The body of a gate acts on the gate's own qubits only.", operand.at);
  return value.indices[0]!;
}

const STATEMENTS: Readonly<Record<string, string>> = {
  measure: "a measurement",
  reset: "a reset",
  if: "an if",
  for: "a for loop",
  delay: "a delay",
  qubits: "a declaration of qubits",
  bits: "a declaration of bits",
  assign: "an assignment",
};
