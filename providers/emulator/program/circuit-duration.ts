import { type Circuit, clbitsOf, type Operation, qubitsOf, type Target } from "../../../circuits/index.ts";

const UNIT_SECONDS = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1 } as const;

/** How long one execution of a circuit takes: the longest chain of operations that share qubits or bits, in seconds. */
export function circuitSeconds(circuit: Circuit, target: Target): number {
  const qubits = new Float64Array(circuit.numQubits);
  const clbits = new Float64Array(circuit.numClbits);
  const run = (operation: Operation): void => {
    const onQubits = qubitsOf(operation);
    const onClbits = clbitsOf(operation);
    let start = 0;
    for (const qubit of onQubits) start = Math.max(start, qubits[qubit]!);
    for (const clbit of onClbits) start = Math.max(start, clbits[clbit]!);
    const end = start + operationSeconds(operation, target);
    for (const qubit of onQubits) qubits[qubit] = end;
    for (const clbit of onClbits) clbits[clbit] = end;
  };
  circuit.operations.forEach(run);
  return [...qubits, ...clbits].reduce((longest, seconds) => Math.max(longest, seconds), 0);
}

function operationSeconds(operation: Operation, target: Target): number {
  switch (operation.kind) {
    case "gate":
      return target.instruction(operation.gate, operation.qubits)?.durationSeconds ?? 0;
    case "measure":
      return target.qubits[operation.qubit]?.readoutSeconds ?? 0;
    case "reset":
      return target.instruction("reset", [operation.qubit])?.durationSeconds ?? 0;
    case "delay":
      return operation.duration * (operation.unit === "dt" ? (target.dtSeconds ?? 0) : UNIT_SECONDS[operation.unit]);
    case "if":
      return Math.max(branchSeconds(operation.whenTrue, target), branchSeconds(operation.whenFalse, target));
    default:
      return 0;
  }
}

function branchSeconds(operations: readonly Operation[], target: Target): number {
  return operations.reduce((sum, operation) => sum + operationSeconds(operation, target), 0);
}
