import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Circuit, circuitMatrix, SparsePauliOp } from "../../../circuits/index.ts";

interface GoldenOperation {
  readonly gate: string;
  readonly qubits: readonly number[];
  readonly params?: readonly number[];
  readonly exprs?: readonly string[];
}

/** An item of the golden files; see test/fixtures/golden/README.md. */
export interface GoldenItem {
  readonly id: string;
  readonly n: number;
  readonly ops: readonly GoldenOperation[];
  readonly amplitudes: readonly (readonly [number, number])[];
  readonly observable: readonly (readonly [string, number])[];
  readonly terms: readonly (readonly [string, number])[];
  readonly w: readonly number[];
  readonly x: readonly number[];
  readonly value: number;
  readonly ground_energy: number;
  readonly hf_energy: number;
}

export function golden(file: "statevectors" | "gradients" | "hamiltonians", id: string): GoldenItem {
  const url = new URL(`../../fixtures/golden/${file}.json`, import.meta.url);
  const { items } = JSON.parse(readFileSync(url, "utf8")) as { items: readonly GoldenItem[] };
  return items.find((item) => item.id === id)!;
}

/** All angles of an item's gates of the given name, in order. */
export const anglesOf = (item: GoldenItem, ...gates: readonly string[]): number[] =>
  item.ops.filter(({ gate }) => gates.includes(gate)).flatMap(({ params }) => params ?? []);

export const operator = (numQubits: number, terms: readonly (readonly [string, number])[]): SparsePauliOp =>
  SparsePauliOp.fromJSON({ numQubits, terms });

/** The state a bound circuit prepares from |0...0>: interleaved re, im. */
export function stateOf(circuit: Circuit): Float64Array {
  const matrix = circuitMatrix(circuit);
  const size = 2 ** circuit.numQubits;
  return Float64Array.from({ length: 2 * size }, (_, i) => matrix[2 * (i >> 1) * size + (i & 1)]!);
}

/** <state|operator|state>, term by term from the letters' action on basis states. */
export function expectationOf(state: Float64Array, { terms }: SparsePauliOp): number {
  let total = 0;
  for (const { coefficient, pauli } of terms)
    for (let column = 0; column < state.length / 2; column++) {
      let row = column;
      let re = state[2 * column]!;
      let im = state[2 * column + 1]!;
      for (const [qubit, letter] of pauli.letters) {
        const sign = ((column >> qubit) & 1) === 1 ? -1 : 1;
        if (letter !== "Z") row ^= 1 << qubit;
        if (letter === "Z") [re, im] = [sign * re, sign * im];
        else if (letter === "Y") [re, im] = [-sign * im, sign * re];
      }
      total += coefficient * (state[2 * row]! * re + state[2 * row + 1]! * im);
    }
  return total;
}

/** The largest difference of two lists of numbers. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

export function identityMatrix(size: number): Float64Array {
  return Float64Array.from({ length: 2 * size * size }, (_, i) => (i % (2 * size + 2) === 0 ? 1 : 0));
}

/** A gate list `["cx 0,1", "rz 2"]`, for order checks. */
export const gateList = (circuit: Circuit): string[] =>
  circuit.operations.map((operation) =>
    operation.kind === "gate" ? `${operation.gate} ${operation.qubits.join(",")}` : operation.kind,
  );
