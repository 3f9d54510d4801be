import type { Circuit } from "../circuit.ts";
import { clbitsOf, type Operation, qubitsOf } from "../operation.ts";
import type { CompiledMetrics } from "./compiled-circuit.ts";
import { secondsOf } from "./durations.ts";
import type { Target } from "./target.ts";

/** Facts of a circuit on physical qubits of a target; of an `if` the longer branch decides times. O(operations). */
export function metricsOf(circuit: Circuit, target: Target): CompiledMetrics {
  let twoQubitGates = 0;
  for (const operation of flattened(circuit.operations))
    if (operation.kind === "gate" && operation.qubits.length === 2) twoQubitGates++;
  return Object.freeze({
    twoQubitGates,
    twoQubitDepth: longestPath(circuit, (operation) =>
      operation.kind === "gate" && operation.qubits.length === 2 ? 1 : 0,
    ),
    depth: circuit.depth(),
    gates: Object.freeze({ ...circuit.count() }),
    durationSeconds: knowsTimes(circuit, target)
      ? longestPath(circuit, (operation) => secondsOf(operation, target) ?? 0)
      : undefined,
    estimatedSuccess: successOf(circuit.operations, target),
  });
}

/** The product of 1 - error over gates and measurements, both branches of an `if` counted; undefined where no error is known. */
export function successOf(operations: readonly Operation[], target: Target): number | undefined {
  let logarithm = 0;
  let known = false;
  for (const operation of flattened(operations)) {
    const error = errorOf(operation, target);
    if (error === undefined) continue;
    known = true;
    logarithm += Math.log1p(-error);
  }
  return known ? Math.exp(logarithm) : undefined;
}

function* flattened(operations: readonly Operation[]): Generator<Operation> {
  for (const operation of operations)
    if (operation.kind === "if") {
      yield* flattened(operation.whenTrue);
      yield* flattened(operation.whenFalse);
    } else yield operation;
}

function errorOf(operation: Operation, target: Target): number | undefined {
  if (operation.kind === "gate") return target.instruction(operation.gate, operation.qubits)?.error;
  return operation.kind === "measure" ? target.qubits[operation.qubit]?.readoutError : undefined;
}

function knowsTimes(circuit: Circuit, target: Target): boolean {
  return circuit.operations.every(
    (operation) =>
      (operation.kind !== "gate" && operation.kind !== "measure") || secondsOf(operation, target) !== undefined,
  );
}

/** The longest sum of weights along operations that share qubits or clbits. */
function longestPath(circuit: Circuit, weightOf: (operation: Operation) => number): number {
  const qubits = new Float64Array(circuit.numQubits);
  const clbits = new Float64Array(circuit.numClbits);
  const visit = (operations: readonly Operation[], ownQubits: Float64Array, ownClbits: Float64Array): void => {
    for (const operation of operations) {
      if (operation.kind === "if") {
        const on = qubitsOf(operation);
        const start = latest(operation, ownQubits, ownClbits);
        for (const qubit of on) ownQubits[qubit] = start;
        const other = [ownQubits.slice(), ownClbits.slice()] as const;
        visit(operation.whenTrue, ownQubits, ownClbits);
        visit(operation.whenFalse, ...other);
        for (const qubit of on) ownQubits[qubit] = Math.max(ownQubits[qubit]!, other[0][qubit]!);
        for (const clbit of clbitsOf(operation)) ownClbits[clbit] = Math.max(ownClbits[clbit]!, other[1][clbit]!);
        continue;
      }
      const end = latest(operation, ownQubits, ownClbits) + weightOf(operation);
      for (const qubit of qubitsOf(operation)) ownQubits[qubit] = end;
      for (const clbit of clbitsOf(operation)) ownClbits[clbit] = end;
    }
  };
  visit(circuit.operations, qubits, clbits);
  return [...qubits, ...clbits].reduce((most, end) => Math.max(most, end), 0);
}

function latest(operation: Operation, qubits: Float64Array, clbits: Float64Array): number {
  let most = 0;
  for (const qubit of qubitsOf(operation)) most = Math.max(most, qubits[qubit]!);
  for (const clbit of clbitsOf(operation)) most = Math.max(most, clbits[clbit]!);
  return most;
}
