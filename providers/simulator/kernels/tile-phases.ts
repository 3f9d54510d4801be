import type { ModuleBuilder } from "../wasm/index.ts";
import { type Factor, factorAt, factorOf, times } from "./complex.ts";
import { forFree, UNIT } from "./kernel.ts";

/*
 * Phases of the basis states of a tile as a table of (cos, sin), one unit each; phaseProduct makes those of single qubits.
 */

/**
 * maskPhases(table, bytes, mask, c, s) multiplies by c + i·s where all bits of `mask` (of byte offsets) are set, in a table
 * or a state. tilePhases(state, table, bytes, scale, sign) multiplies a state by the table, conjugated where sign is -1,
 * and by `scale`; scaleUnits(state, bytes, scale) by `scale` alone. productPhases(state, low, lowBytes, high, bytes, scale) multiplies by the product of a table over the low
 * qubits of a tile and one over the others. A complex product costs four multiplications in two instructions.
 */
export function emitTilePhases(module: ModuleBuilder): void {
  if (module.operations.lanes !== 2) return;
  module.add(
    "maskPhases",
    { state: "index", bytes: "index", mask: "index", c: "real", s: "real" },
    (f, { state, bytes, mask, c, s }, o) => {
      const expression = factorOf(o, c, s);
      const factor: Factor = { c: f.vector(expression.c), s: f.vector(expression.s) };
      const base = f.index(o.add(state, mask));
      const amplitude = f.vector();
      const at = f.index();
      forFree(f, o, mask, bytes, (offset) => {
        f.set(at, o.add(base, offset));
        f.set(amplitude, o.load(at));
        f.store(at, times(o, amplitude, factor));
      });
    },
  );
  module.add(
    "tilePhases",
    { state: "index", table: "index", bytes: "index", scale: "real", sign: "real" },
    (f, { state, table, bytes, scale, sign }, o) => {
      const scales = f.vector(o.splat(scale));
      const signs = f.vector(o.vmul(o.splat(sign), o.constant(-1, 1)));
      const at = f.index(state);
      const end = f.index(o.add(state, bytes));
      const from = f.index(table);
      const amplitudes = [f.vector(), f.vector()];
      const phases = [f.vector(), f.vector()];
      f.doWhile(() => {
        for (const k of [0, 1]) {
          f.set(amplitudes[k]!, o.vmul(o.load(at, k * UNIT), scales));
          f.set(phases[k]!, o.load(from, k * UNIT));
        }
        for (const k of [0, 1]) f.store(at, times(o, amplitudes[k]!, factorAt(o, phases[k]!, signs)), k * UNIT);
        f.set(at, o.add(at, o.at(2 * UNIT)));
        f.set(from, o.add(from, o.at(2 * UNIT)));
        return o.lt(at, end);
      });
    },
  );
  module.add(
    "productPhases",
    { state: "index", low: "index", lowBytes: "index", high: "index", bytes: "index", scale: "real" },
    (f, { state, low, lowBytes, high, bytes, scale }, o) => {
      const signs = f.vector(o.constant(-1, 1));
      const at = f.index(state);
      const end = f.index(o.add(state, bytes));
      const stop = f.index();
      const from = f.index();
      const block = f.index(high);
      const blockPhase = f.vector();
      const c = f.vector();
      const s = f.vector();
      const phase = f.vector();
      const amplitude = f.vector();
      const scales = f.vector(o.splat(scale));
      f.doWhile(() => {
        f.set(blockPhase, o.vmul(o.load(block), scales));
        const factor = factorAt(o, blockPhase, signs);
        f.set(c, factor.c);
        f.set(s, factor.s);
        f.set(block, o.add(block, o.at(UNIT)));
        f.set(stop, o.add(at, lowBytes));
        f.set(from, low);
        f.doWhile(() => {
          f.set(phase, o.load(from));
          f.set(phase, times(o, phase, { c, s }));
          f.set(amplitude, o.load(at));
          f.store(at, times(o, amplitude, factorAt(o, phase, signs)));
          f.set(at, o.add(at, o.at(UNIT)));
          f.set(from, o.add(from, o.at(UNIT)));
          return o.lt(at, stop);
        });
        return o.lt(at, end);
      });
    },
  );
  module.add("scaleUnits", { state: "index", bytes: "index", scale: "real" }, (f, { state, bytes, scale }, o) => {
    const scales = f.vector(o.splat(scale));
    const at = f.index(state);
    const end = f.index(o.add(state, bytes));
    f.doWhile(() => {
      f.store(at, o.vmul(o.load(at), scales));
      f.set(at, o.add(at, o.at(UNIT)));
      return o.lt(at, end);
    });
  });
}

/** What tilePhases computes, in plain TypeScript. */
export function tilePhasesTwin(state: Float64Array, table: Float64Array, scale: number, sign: number): void {
  for (let at = 0; at < state.length; at += 2) {
    const [x, y] = [scale * state[at]!, scale * state[at + 1]!];
    const [c, s] = [table[at]!, sign * table[at + 1]!];
    state[at] = x * c - y * s;
    state[at + 1] = x * s + y * c;
  }
}
