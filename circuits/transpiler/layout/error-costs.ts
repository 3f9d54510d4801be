import { type Operation, qubitsOf } from "../../operation.ts";
import type { Target } from "../target.ts";
import type { Coupling } from "./coupling.ts";

/** Minus the logarithm of success of each kind of operation at each place; 0 where the device tells no error. */
export interface ErrorCosts {
  /** Per edge of the coupling, averaged over the directions that work. */
  readonly pair: Float64Array;
  /** Per qubit. */
  readonly single: Float64Array;
  readonly readout: Float64Array;
}

/** How often a circuit uses its qubits and pairs: what a placement is scored by. */
export interface Usage {
  readonly numQubits: number;
  /** Each pair once, first < second, with the entanglers on it. */
  readonly pairs: readonly { readonly first: number; readonly second: number; readonly count: number }[];
  readonly singles: Float64Array;
  readonly readouts: Float64Array;
}

const LEAST_SUCCESS = 1e-6;

export function errorCosts(target: Target, coupling: Coupling): ErrorCosts {
  const cost = (error: number | undefined): number => -Math.log(Math.max(LEAST_SUCCESS, 1 - (error ?? 0)));
  const singleGate = ["sx", "x", "rx", "u3"].find((gate) => target.basisGates.includes(gate)) ?? "sx";
  const pair = Float64Array.from({ length: coupling.numEdges }, (_, edge) => {
    const ends = [coupling.low[edge]!, coupling.high[edge]!];
    const found = [ends, ends.toReversed()]
      .filter((places) => target.entangler !== undefined && target.isLive(target.entangler, places))
      .map((places) => cost(target.instruction(target.entangler!, places)?.error));
    return found.reduce((sum, value) => sum + value, 0) / Math.max(1, found.length);
  });
  return {
    pair,
    single: Float64Array.from({ length: target.numQubits }, (_, q) => cost(target.instruction(singleGate, [q])?.error)),
    readout: Float64Array.from(target.qubits, ({ readoutError }) => cost(readoutError)),
  };
}

/**
 * Counts of a circuit's operations; a gate on a pair counts with `entanglers(operation)` on that pair.
 * @param atEnd the qubits on which the circuit's own ones end: where nothing is measured, observables are, on any of them
 */
export function usageOf(
  operations: readonly Operation[],
  numQubits: number,
  entanglers: (operation: Operation) => number,
  atEnd: Iterable<number>,
): Usage {
  const singles = new Float64Array(numQubits);
  const readouts = new Float64Array(numQubits);
  const pairs = new Map<number, { first: number; second: number; count: number }>();
  const visit = (operation: Operation): void => {
    if (operation.kind === "if") {
      for (const inner of [...operation.whenTrue, ...operation.whenFalse]) visit(inner);
      return;
    }
    if (operation.kind === "measure") readouts[operation.qubit]! += 1;
    if (operation.kind !== "gate" && operation.kind !== "unitary") return;
    const [a, b] = qubitsOf(operation);
    if (a === undefined) return;
    if (b === undefined) {
      singles[a]! += 1;
      return;
    }
    const key = Math.min(a, b) * numQubits + Math.max(a, b);
    const found = pairs.get(key);
    const count = Math.max(0.01, entanglers(operation));
    if (found === undefined) pairs.set(key, { first: Math.min(a, b), second: Math.max(a, b), count });
    else found.count += count;
    // Each entangler brings gates on its qubits.
    singles[a]! += count;
    singles[b]! += count;
  };
  for (const operation of operations) visit(operation);
  if (readouts.every((count) => count === 0)) for (const qubit of atEnd) readouts[qubit] = 1;
  return { numQubits, pairs: [...pairs.values()], singles, readouts };
}
