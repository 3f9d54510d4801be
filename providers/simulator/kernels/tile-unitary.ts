import type { ModuleBuilder } from "../wasm/index.ts";
import { forFree, UNIT } from "./kernel.ts";

/** Bytes of a matrix element as the kernels read it: (c, c) and (-s, s). */
const ELEMENT_BYTES = 32;

/**
 * Any matrix on some qubits of a tile, where all bits of `controls` are set. unitary1(state, bytes, stride, controls,
 * matrix) for one qubit; unitary(state, bytes, occupied, controls, dimension, places, matrix, scratch) for any number:
 * `places` has the u32 byte offset of each of the `dimension` local basis states, `scratch` room for as many units. Matrix
 * elements are row-major and spread over 32 bytes each. A complex product an element and unit.
 */
export function emitTileUnitary(module: ModuleBuilder): void {
  if (module.operations.lanes !== 2) return;
  module.add(
    "unitary1",
    { state: "index", bytes: "index", stride: "index", controls: "index", matrix: "index" },
    (f, { state, bytes, stride, controls, matrix }, o) => {
      const elements = Array.from({ length: 8 }, (_, k) => f.vector(o.load(matrix, k * UNIT)));
      const base = f.index(o.add(state, controls));
      const at = f.index();
      const [a, b, c, d] = [f.vector(), f.vector(), f.vector(), f.vector()];
      const row = (k: number) =>
        o.vadd(
          o.vadd(o.vmul(a, elements[4 * k]!), o.vmul(b, elements[4 * k + 1]!)),
          o.vadd(o.vmul(c, elements[4 * k + 2]!), o.vmul(d, elements[4 * k + 3]!)),
        );
      forFree(f, o, o.or(stride, controls), bytes, (offset) => {
        f.set(at, o.add(base, offset));
        f.set(a, o.load(at));
        f.set(c, o.load(o.add(at, stride)));
        f.set(b, o.shuffle(a, a, 1, 0));
        f.set(d, o.shuffle(c, c, 1, 0));
        f.store(at, row(0));
        f.store(o.add(at, stride), row(1));
      });
    },
  );
  module.add(
    "unitary",
    {
      state: "index",
      bytes: "index",
      occupied: "index",
      controls: "index",
      dimension: "index",
      places: "index",
      matrix: "index",
      scratch: "index",
    },
    (f, { state, bytes, occupied, controls, dimension, places, matrix, scratch }, o) => {
      const base = f.index();
      const start = f.index(o.add(state, controls));
      const end = f.index(o.add(places, o.shl(dimension, o.at(2))));
      const entry = f.index();
      const kept = f.index();
      const element = f.index();
      const amplitude = f.vector();
      const sum = f.vector();
      const stop = f.index(o.add(scratch, o.shl(dimension, o.at(4))));
      forFree(f, o, occupied, bytes, (offset) => {
        f.set(base, o.add(start, offset));
        f.set(entry, places);
        f.set(kept, scratch);
        f.doWhile(() => {
          f.store(kept, o.load(o.add(base, o.loadIndex(entry))));
          f.set(kept, o.add(kept, o.at(UNIT)));
          f.set(entry, o.add(entry, o.at(4)));
          return o.lt(entry, end);
        });
        f.set(entry, places);
        f.set(element, matrix);
        f.doWhile(() => {
          f.set(kept, scratch);
          f.set(sum, o.constant(0));
          f.doWhile(() => {
            f.set(amplitude, o.load(kept));
            f.set(
              sum,
              o.vadd(
                sum,
                o.vadd(
                  o.vmul(amplitude, o.load(element)),
                  o.vmul(o.shuffle(amplitude, amplitude, 1, 0), o.load(element, UNIT)),
                ),
              ),
            );
            f.set(element, o.add(element, o.at(ELEMENT_BYTES)));
            f.set(kept, o.add(kept, o.at(UNIT)));
            return o.lt(kept, stop);
          });
          f.store(o.add(base, o.loadIndex(entry)), sum);
          f.set(entry, o.add(entry, o.at(4)));
          return o.lt(entry, end);
        });
      });
    },
  );
}

/** What unitary computes, in plain TypeScript: `places` in amplitudes, controls included. */
export function tileUnitaryTwin(
  state: Float64Array,
  places: readonly number[],
  occupied: number,
  matrix: ArrayLike<number>,
): void {
  const free = (state.length / 2 - 1) & ~occupied;
  let rest = 0;
  do {
    const kept = places.map((place) => [state[2 * (rest | place)]!, state[2 * (rest | place) + 1]!] as const);
    for (const [row, place] of places.entries()) {
      let re = 0;
      let im = 0;
      for (const [column, [x, y]] of kept.entries()) {
        const at = 2 * (row * places.length + column);
        re += matrix[at]! * x - matrix[at + 1]! * y;
        im += matrix[at]! * y + matrix[at + 1]! * x;
      }
      state[2 * (rest | place)] = re;
      state[2 * (rest | place) + 1] = im;
    }
    rest = (rest - free) & free;
  } while (rest !== 0);
}
