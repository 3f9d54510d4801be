import { mapOperation, type Operation } from "../../operation.ts";

/** A circuit without swaps: what ends on qubit q in the original ends on `wires[q]`. */
export interface ElidedCircuit {
  readonly operations: readonly Operation[];
  readonly wires: readonly number[];
}

/** Takes out every swap (that `isElided` accepts) outside of `if` bodies and exchanges its qubits in all that follows instead. O(gates). */
export function elideSwaps(
  operations: readonly Operation[],
  numQubits: number,
  isElided: (swap: Operation) => boolean = () => true,
): ElidedCircuit {
  const wires = Array.from({ length: numQubits }, (_, qubit) => qubit);
  const out: Operation[] = [];
  let moved = false;
  for (const operation of operations) {
    if (operation.kind === "gate" && operation.gate === "swap" && isElided(operation)) {
      const [a, b] = operation.qubits as [number, number];
      [wires[a], wires[b]] = [wires[b]!, wires[a]!];
      moved = true;
      continue;
    }
    out.push(moved ? mapOperation(operation, { qubit: (qubit) => wires[qubit]! }) : operation);
  }
  return { operations: out, wires };
}
