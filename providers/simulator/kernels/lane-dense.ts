import type { Matrix } from "../../../circuits/index.ts";
import { forFree, type KernelEmitter, UNIT } from "./kernel.ts";

const AMPLITUDE = 2 * UNIT;

/**
 * denseLanes(base, bytes, occupied, places, local, matrix, scratch): a unitary on some qubits in place, for all groups at
 * once, where the control bits are set. `places` lists, as u32, the byte offsets of the `local` amplitudes it mixes (control
 * bits included), `occupied` holds all bits of these; the matrix is row-major, re and im of each entry; `scratch` has room
 * for `local` amplitudes. 2·local complex multiplications for each amplitude and lane. Twin: denseKernel, group by
 * group.
 */
export const emitLaneDense: KernelEmitter = (module) => {
  module.add(
    "denseLanes",
    {
      base: "index",
      bytes: "index",
      occupied: "index",
      places: "index",
      local: "index",
      matrix: "index",
      scratch: "index",
    },
    (f, { base, bytes, occupied, places, local, matrix, scratch }, o) => {
      const lastPlace = f.index(o.add(places, o.mul(local, o.at(4))));
      const scratchEnd = f.index(o.add(scratch, o.mul(local, o.at(AMPLITUDE))));
      const entry = f.index();
      forFree(f, o, o.or(occupied, o.at(UNIT)), bytes, (offset) => {
        const block = f.index(o.add(base, offset));
        const copy = f.index(scratch);
        f.loop(places, lastPlace, o.at(4), (place) => {
          const from = f.index(o.add(block, o.loadIndex(place)));
          f.store(copy, o.load(from));
          f.store(copy, o.load(from, UNIT), UNIT);
          f.set(copy, o.add(copy, o.at(AMPLITUDE)));
        });
        f.set(entry, matrix);
        f.loop(places, lastPlace, o.at(4), (place) => {
          const re = f.vector(o.constant(0));
          const im = f.vector(o.constant(0));
          f.loop(scratch, scratchEnd, o.at(AMPLITUDE), (from) => {
            const c = f.vector(o.loadSplat(entry));
            const s = f.vector(o.loadSplat(entry, o.realBytes));
            const x = f.vector(o.load(from));
            const y = f.vector(o.load(from, UNIT));
            f.set(re, o.vadd(re, o.vsub(o.vmul(c, x), o.vmul(s, y))));
            f.set(im, o.vadd(im, o.vadd(o.vmul(c, y), o.vmul(s, x))));
            f.set(entry, o.add(entry, o.at(2 * o.realBytes)));
          });
          const to = f.index(o.add(block, o.loadIndex(place)));
          f.store(to, re);
          f.store(to, im, UNIT);
        });
      });
    },
  );
};

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
