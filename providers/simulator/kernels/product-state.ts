import { type KernelEmitter, UNIT } from "./kernel.ts";

/**
 * productState(base, groups, numQubits, firsts, seconds): states [group][amplitude][re, im] that are products of real
 * one-qubit states, by doubling. Qubit q of group g has the amplitudes firsts[q][g] and seconds[q][g], a unit of lanes each.
 * 2·2^n multiplications a group.
 */
export const emitProductState: KernelEmitter = (module) => {
  module.add(
    "productState",
    { base: "index", groups: "index", numQubits: "index", firsts: "index", seconds: "index" },
    (f, { base, groups, numQubits, firsts, seconds }, o) => {
      const AMPLITUDE = 2 * UNIT;
      const state = f.index(base);
      const bytes = f.index(o.shl(o.at(AMPLITUDE), numQubits));
      const perQubit = f.index(o.mul(groups, o.at(UNIT)));
      f.loop(o.at(0), perQubit, o.at(UNIT), (group) => {
        f.loop(o.at(0), bytes, o.at(AMPLITUDE), (offset) => f.store(o.add(state, offset), o.constant(0), UNIT));
        f.store(state, o.constant(1));
        const half = f.index(o.at(AMPLITUDE));
        const factors = f.index(group);
        f.when(o.lt(half, bytes), () =>
          f.doWhile(() => {
            const first = f.vector(o.load(o.add(firsts, factors)));
            const second = f.vector(o.load(o.add(seconds, factors)));
            f.loop(o.at(0), half, o.at(AMPLITUDE), (offset) => {
              const low = f.index(o.add(state, offset));
              const value = f.vector(o.load(low));
              f.store(low, o.vmul(value, first));
              f.store(o.add(low, half), o.vmul(value, second));
            });
            f.set(factors, o.add(factors, perQubit));
            f.set(half, o.add(half, half));
            return o.lt(half, bytes);
          }),
        );
        f.set(state, o.add(state, bytes));
      });
    },
  );
};

/** One group's states, lanes of each number together. */
export function productStateTwin(
  numQubits: number,
  lanes: number,
  firsts: Float64Array,
  seconds: Float64Array,
): Float64Array {
  const size = 2 ** numQubits;
  const state = new Float64Array(2 * size * lanes);
  for (let i = 0; i < size; i++)
    for (let lane = 0; lane < lanes; lane++) {
      let value = 1;
      for (let q = 0; q < numQubits; q++) value *= ((i >> q) & 1 ? seconds : firsts)[q * lanes + lane]!;
      state[2 * lanes * i + lane] = value;
    }
  return state;
}
