import type { FunctionBuilder, ModuleBuilder, Operations, V128, Variable } from "../wasm/index.ts";
import { type Factor, factorAt, factorOf, times } from "./complex.ts";
import { forFree, UNIT } from "./kernel.ts";

/*
 * Phases of the basis states of a tile as a table of (cos, sin), one unit each; phaseProduct makes those of single qubits.
 */

/**
 * maskPhases(table, bytes, mask, c, s) multiplies by c + i·s where all bits of `mask` (of byte offsets) are set, in a table
 * or a state. pairPhases(table, bytes) puts the phases of two basis states side by side, (cos, cos) and (sin, sin), as
 * tilePhases(state, table, bytes) takes them to multiply a state, and tilePhasesConjugate to undo that; scaleUnits(state, bytes, scale) by `scale` alone. productPhases(state, low, lowBytes, high, bytes, scale) multiplies by the product of a table over the low
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
  module.add("pairPhases", { table: "index", bytes: "index" }, (f, { table, bytes }, o) => {
    const at = f.index(table);
    const end = f.index(o.add(table, bytes));
    const first = f.vector();
    const second = f.vector();
    f.doWhile(() => {
      f.set(first, o.load(at));
      f.set(second, o.load(at, UNIT));
      f.store(at, o.shuffle(first, second, 0, 2));
      f.store(at, o.shuffle(first, second, 1, 3), UNIT);
      f.set(at, o.add(at, o.at(2 * UNIT)));
      return o.lt(at, end);
    });
  });
  for (const conjugate of [false, true])
    module.add(
      conjugate ? "tilePhasesConjugate" : "tilePhases",
      { state: "index", table: "index", bytes: "index" },
      (f, { state, table, bytes }, o) => {
        const at = f.index(state);
        const end = f.index(o.add(state, bytes));
        const from = f.index(table);
        const pair = new PairProduct(f, o);
        f.doWhile(() => {
          const [first, second] = pair.times(o.load(at), o.load(at, UNIT), from, conjugate);
          f.store(at, first);
          f.store(at, second, UNIT);
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

/** Multiplies two amplitudes by the paired phases of a table: four shuffles, four multiplications and two additions. */
export class PairProduct {
  readonly #f: FunctionBuilder;
  readonly #o: Operations;
  readonly #amplitudes: readonly [Variable<"v128">, Variable<"v128">];
  readonly #parts: readonly [Variable<"v128">, Variable<"v128">];
  readonly #phases: readonly [Variable<"v128">, Variable<"v128">];

  constructor(f: FunctionBuilder, o: Operations) {
    this.#f = f;
    this.#o = o;
    this.#amplitudes = [f.vector(), f.vector()];
    this.#parts = [f.vector(), f.vector()];
    this.#phases = [f.vector(), f.vector()];
  }

  times(first: V128, second: V128, table: Variable<"index">, conjugate: boolean): readonly [V128, V128] {
    const f = this.#f;
    const o = this.#o;
    const [a, b] = this.#amplitudes;
    const [re, im] = this.#parts;
    const [c, s] = this.#phases;
    f.set(a, first);
    f.set(b, second);
    f.set(re, o.shuffle(a, b, 0, 2));
    f.set(im, o.shuffle(a, b, 1, 3));
    f.set(c, o.load(table));
    f.set(s, o.load(table, UNIT));
    const [plus, minus] = conjugate ? [o.vsub, o.vadd] : [o.vadd, o.vsub];
    f.set(a, minus.call(o, o.vmul(re, c), o.vmul(im, s)));
    f.set(b, plus.call(o, o.vmul(im, c), o.vmul(re, s)));
    return [o.shuffle(a, b, 0, 2), o.shuffle(a, b, 1, 3)];
  }
}

/** What tilePhases and, with sign -1, tilePhasesConjugate compute, in plain TypeScript; the table not paired. */
export function tilePhasesTwin(state: Float64Array, table: Float64Array, sign: number): void {
  for (let at = 0; at < state.length; at += 2) {
    const [x, y] = [state[at]!, state[at + 1]!];
    const [c, s] = [table[at]!, sign * table[at + 1]!];
    state[at] = x * c - y * s;
    state[at + 1] = x * s + y * c;
  }
}
