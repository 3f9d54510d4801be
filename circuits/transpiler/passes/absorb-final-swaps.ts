import { type Operation, qubitsOf } from "../../operation.ts";
import { isLocal, isPair } from "../ir.ts";
import type { SynthesisOptions } from "./block-synthesis.ts";
import { type ElidedCircuit, elideSwaps } from "./elide-swaps.ts";
import { resynthesizeBlocks } from "./resynthesize-blocks.ts";

/**
 * Lets the last runs on pairs of qubits end exchanged where that takes fewer entanglers: nothing but gates on one qubit and
 * measurements follows, and these go along. O(gates).
 */
export function absorbFinalSwaps(
  operations: readonly Operation[],
  numQubits: number,
  options: Omit<SynthesisOptions, "mirror">,
): ElidedCircuit {
  const ends = new Set<number>();
  const settled = new Set<number>();
  for (let index = operations.length - 1; index >= 0; index--) {
    const operation = operations[index]!;
    if (isLocal(operation) || operation.kind === "measure") continue;
    const qubits = qubitsOf(operation);
    if (isPair(operation) && !qubits.some((qubit) => settled.has(qubit))) ends.add(index);
    for (const qubit of qubits) settled.add(qubit);
  }
  // Swaps that stand already move qubits to where later gates need them.
  const known = new Set(operations);
  const exchanged = resynthesizeBlocks(operations, { ...options, mirror: (last) => ends.has(last) });
  return elideSwaps(exchanged, numQubits, (swap) => !known.has(swap));
}
