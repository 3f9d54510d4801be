import type { Matrix } from "../../../circuits/index.ts";

/** A dense unitary made ready for one state size. */
export interface DenseKernel {
  /** Applies the matrix (or with `adjoint` its inverse) in place. O(2^n·2^k·lanes). */
  apply(state: Float64Array, lanes: number, adjoint: boolean): void;
}

/** Compiles a unitary on `qubits` (the first is its least significant bit) where all bits of `controls` are set. */
export function denseKernel(matrix: Matrix, qubits: readonly number[], controls: number, size: number): DenseKernel {
  const local = 2 ** qubits.length;
  const targets = qubits.reduce((mask, qubit) => mask | (1 << qubit), 0);
  const offsets = Int32Array.from({ length: local }, (_, i) =>
    qubits.reduce((offset, qubit, bit) => offset | (((i >> bit) & 1) << qubit), controls),
  );
  const free = (size - 1) & ~(targets | controls);
  let scratch = new Float64Array(0);
  return {
    apply(state, lanes, adjoint) {
      if (scratch.length < 2 * local * lanes) scratch = new Float64Array(2 * local * lanes);
      let rest = 0;
      do {
        for (let i = 0; i < local; i++) {
          const from = 2 * lanes * (rest | offsets[i]!);
          for (let k = 0; k < 2 * lanes; k++) scratch[2 * lanes * i + k] = state[from + k]!;
        }
        for (let i = 0; i < local; i++) {
          const to = 2 * lanes * (rest | offsets[i]!);
          for (let k = 0; k < 2 * lanes; k++) state[to + k] = 0;
          for (let j = 0; j < local; j++) {
            const entry = 2 * (adjoint ? j * local + i : i * local + j);
            const re = matrix[entry]!;
            const im = adjoint ? -matrix[entry + 1]! : matrix[entry + 1]!;
            if (re === 0 && im === 0) continue;
            const from = 2 * lanes * j;
            for (let lane = 0; lane < lanes; lane++) {
              const x = scratch[from + lane]!;
              const y = scratch[from + lanes + lane]!;
              state[to + lane]! += re * x - im * y;
              state[to + lanes + lane]! += re * y + im * x;
            }
          }
        }
        rest = (rest - free) & free;
      } while (rest !== 0);
    },
  };
}
