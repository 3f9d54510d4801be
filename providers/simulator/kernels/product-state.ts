import type { Operations, V128 } from "../wasm/index.ts";
import { type KernelEmitter, UNIT } from "./kernel.ts";

const AMPLITUDE = 2 * UNIT;

/*
 * Product states: qubits are [qubit][group][amplitude 0, 1][re, im], whole states [group][amplitude][re, im], a unit of lanes
 * each. Partial products of the first q qubits, 2^q amplitudes, lie at amplitude 2^q of a group's part of `partials`.
 */

/** Parts of (x + iy)·(c + is), or with `conjugate` of (x + iy)·(c - is). */
function times(o: Operations, x: V128, y: V128, c: V128, s: V128, conjugate: boolean): readonly [re: V128, im: V128] {
  const [xc, ys, yc, xs] = [o.vmul(x, c), o.vmul(y, s), o.vmul(y, c), o.vmul(x, s)];
  return conjugate ? [o.vadd(xc, ys), o.vsub(yc, xs)] : [o.vsub(xc, ys), o.vadd(yc, xs)];
}

/**
 * productState(base, partials, groups, numQubits, qubits): states that are products of one-qubit states, for one qubit or
 * more, by doubling; the partial products are kept for `contractProduct`. 2·2^n complex multiplications a group.
 * contractProduct(lambda, partials, groups, numQubits, qubits, out): for each qubit its own λ, Σ over all basis states in which
 * it is 0 (and 1) of λ times the conjugates of the other qubits' amplitudes, written to `out` like `qubits`. Then the gradients
 * of gates on one qubit of a product state are those of that qubit alone. Destroys λ. 4·2^n complex multiplications a group.
 */
export const emitProductState: KernelEmitter = (module) => {
  const parameters = { partials: "index", groups: "index", numQubits: "index", qubits: "index" } as const;
  module.add("productState", { base: "index", ...parameters }, (f, p, o) => {
    const state = f.index(p.base);
    const partial = f.index(p.partials);
    const bytes = f.index(o.shl(o.at(AMPLITUDE), p.numQubits));
    const perGroup = 2 * AMPLITUDE;
    const perQubit = f.index(o.mul(p.groups, o.at(perGroup)));
    f.loop(o.at(0), perQubit, o.at(perGroup), (group) => {
      f.store(o.add(partial, o.at(AMPLITUDE)), o.constant(1));
      f.store(o.add(partial, o.at(AMPLITUDE)), o.constant(0), UNIT);
      const half = f.index(o.at(AMPLITUDE));
      const qubit = f.index(o.add(p.qubits, group));
      f.doWhile(() => {
        const source = f.index(o.add(partial, half));
        const twice = f.index(o.add(half, half));
        const target = f.index(o.add(partial, twice));
        f.when(o.equal(twice, bytes), () => f.set(target, state));
        const [fr, fi, sr, si] = [0, 1, 2, 3].map((k) => f.vector(o.load(qubit, k * UNIT)));
        f.loop(o.at(0), half, o.at(AMPLITUDE), (offset) => {
          const from = f.index(o.add(source, offset));
          const to = f.index(o.add(target, offset));
          const x = f.vector(o.load(from));
          const y = f.vector(o.load(from, UNIT));
          for (const [c, s, address] of [
            [fr!, fi!, to],
            [sr!, si!, o.add(to, half)],
          ] as const) {
            const place = f.index(address);
            const [re, im] = times(o, x, y, c, s, false);
            f.store(place, re);
            f.store(place, im, UNIT);
          }
        });
        f.set(qubit, o.add(qubit, perQubit));
        f.set(half, twice);
        return o.lt(half, bytes);
      });
      f.set(state, o.add(state, bytes));
      f.set(partial, o.add(partial, bytes));
    });
  });
  module.add("contractProduct", { lambda: "index", ...parameters, out: "index" }, (f, p, o) => {
    const state = f.index(p.lambda);
    const partial = f.index(p.partials);
    const bytes = f.index(o.shl(o.at(AMPLITUDE), p.numQubits));
    const perGroup = 2 * AMPLITUDE;
    const perQubit = f.index(o.mul(p.groups, o.at(perGroup)));
    const away = f.index(o.sub(p.out, p.qubits));
    f.loop(o.at(0), perQubit, o.at(perGroup), (group) => {
      const half = f.index(o.shr(bytes, o.at(1)));
      const qubit = f.index(o.add(p.qubits, o.add(group, o.mul(perQubit, o.sub(p.numQubits, o.at(1))))));
      f.doWhile(() => {
        const [fr, fi, sr, si] = [0, 1, 2, 3].map((k) => f.vector(o.load(qubit, k * UNIT)));
        const sums = [0, 1, 2, 3].map(() => f.vector(o.constant(0)));
        const source = f.index(o.add(partial, half));
        f.loop(o.at(0), half, o.at(AMPLITUDE), (offset) => {
          const low = f.index(o.add(state, offset));
          const high = f.index(o.add(low, half));
          const other = f.index(o.add(source, offset));
          const [c, s] = [f.vector(o.load(other)), f.vector(o.load(other, UNIT))];
          const folded = [f.vector(), f.vector()];
          for (const [k, address] of [low, high].entries()) {
            const x = f.vector(o.load(address));
            const y = f.vector(o.load(address, UNIT));
            const [re, im] = times(o, x, y, c, s, true);
            f.set(sums[2 * k]!, o.vadd(sums[2 * k]!, re));
            f.set(sums[2 * k + 1]!, o.vadd(sums[2 * k + 1]!, im));
            const [rest, restIm] = times(o, x, y, (k === 0 ? fr : sr)!, (k === 0 ? fi : si)!, true);
            f.set(folded[0]!, k === 0 ? rest : o.vadd(folded[0]!, rest));
            f.set(folded[1]!, k === 0 ? restIm : o.vadd(folded[1]!, restIm));
          }
          f.store(low, folded[0]!);
          f.store(low, folded[1]!, UNIT);
        });
        const to = f.index(o.add(qubit, away));
        for (const [k, sum] of sums.entries()) f.store(to, sum, k * UNIT);
        f.set(qubit, o.sub(qubit, perQubit));
        f.set(half, o.shr(half, o.at(1)));
        return o.lt(o.at(AMPLITUDE - 1), half);
      });
      f.set(state, o.add(state, bytes));
      f.set(partial, o.add(partial, bytes));
    });
  });
};

/** One group's states from its qubits [qubit][amplitude][re, im][lane]. */
export function productStateTwin(numQubits: number, lanes: number, qubits: Float64Array): Float64Array {
  const size = 2 ** numQubits;
  const state = new Float64Array(2 * size * lanes);
  for (let i = 0; i < size; i++)
    for (let lane = 0; lane < lanes; lane++) {
      const [re, im] = amplitudeOfOthers(qubits, numQubits, lanes, i, lane, -1);
      state[2 * lanes * i + lane] = re;
      state[2 * lanes * i + lanes + lane] = im;
    }
  return state;
}

/** One group's λ of each qubit, laid out like its qubits. */
export function contractProductTwin(
  lambda: Float64Array,
  numQubits: number,
  lanes: number,
  qubits: Float64Array,
): Float64Array {
  const out = new Float64Array(qubits.length);
  for (let q = 0; q < numQubits; q++)
    for (let i = 0; i < 2 ** numQubits; i++)
      for (let lane = 0; lane < lanes; lane++) {
        const [re, im] = amplitudeOfOthers(qubits, numQubits, lanes, i, lane, q);
        const x = lambda[2 * lanes * i + lane]!;
        const y = lambda[2 * lanes * i + lanes + lane]!;
        const at = (4 * q + 2 * ((i >> q) & 1)) * lanes + lane;
        out[at]! += x * re + y * im;
        out[at + lanes]! += y * re - x * im;
      }
  return out;
}

/** The product of all qubits' amplitudes in basis state i but one's. */
function amplitudeOfOthers(
  qubits: Float64Array,
  numQubits: number,
  lanes: number,
  i: number,
  lane: number,
  without: number,
): readonly [re: number, im: number] {
  let re = 1;
  let im = 0;
  for (let q = 0; q < numQubits; q++) {
    if (q === without) continue;
    const at = (4 * q + 2 * ((i >> q) & 1)) * lanes + lane;
    const [c, s] = [qubits[at]!, qubits[at + lanes]!];
    [re, im] = [re * c - im * s, re * s + im * c];
  }
  return [re, im];
}
