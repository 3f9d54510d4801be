import { Circuit } from "../circuit.ts";
import { controlledOperation } from "../controls.ts";
import { mapOperation, type Operation } from "../operation.ts";
import { poweredOperations, powerOfOne, repeated } from "../power.ts";
import { inverseOperations } from "../transformations.ts";
import type { GateCallStatement } from "./ast.ts";
import type { Context } from "./context.ts";
import { controlCount } from "./gate-callee.ts";
import type { Scope } from "./scope.ts";

/** Modifiers act from the innermost out; the controls of the outermost are the first qubits, those of the gate the last `own`. */
export function modified(
  gate: readonly Operation[],
  { modifiers, at }: GateCallStatement,
  qubits: readonly number[],
  own: number,
  scope: Scope,
  context: Context,
): readonly Operation[] {
  let operations = gate;
  let first = qubits.length - own;
  for (const { kind, argument } of modifiers.toReversed()) {
    context.budget.spend(operations.length, at);
    if (kind === "inv") operations = inverseOperations(operations);
    else if (kind === "pow") {
      // Between integers too: stdgates.inc was written with pow(1/2), long before quotients of integers were cut.
      const exponent = context.evaluator.number(argument!, scope, "The exponent of pow", true);
      operations = powered(operations, exponent, qubits.slice(first), at, context);
    } else {
      const count = controlCount(argument, scope, context);
      const controls = qubits.slice(first - count, first);
      first -= count;
      operations = operations.map((operation) =>
        operation.kind === "gate" || operation.kind === "unitary"
          ? controlledOperation(operation, controls, kind === "ctrl" ? 2 ** count - 1 : 0)
          : operation,
      );
    }
  }
  return operations;
}

/** Operations to a power: whole powers repeat, fractions are principal. */
function powered(
  operations: readonly Operation[],
  exponent: number,
  qubits: readonly number[],
  at: number,
  { budget }: Context,
): readonly Operation[] {
  if (exponent === 1) return operations;
  const [only] = operations;
  if (only !== undefined && operations.length === 1 && (only.kind === "gate" || only.kind === "unitary")) {
    const result = powerOfOne(only, exponent);
    if (result !== undefined) return result;
  }
  if (Number.isInteger(exponent)) {
    budget.spend(Math.abs(exponent) * (operations.length + 1), at);
    return repeated(operations, exponent);
  }
  const local = new Map(qubits.map((qubit, index) => [qubit, index]));
  budget.spend(qubits.length > 6 ? 0 : 8 ** qubits.length / 8 + (operations.length * 4 ** qubits.length) / 256, at);
  const circuit = new Circuit({
    numQubits: qubits.length,
    registers: [],
    vectors: [],
    operations: operations.map((operation) => mapOperation(operation, { qubit: (qubit) => local.get(qubit)! })),
  });
  return poweredOperations(circuit, exponent).map((operation) =>
    mapOperation(operation, { qubit: (qubit) => qubits[qubit]! }),
  );
}
