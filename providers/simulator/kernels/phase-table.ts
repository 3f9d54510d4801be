import { type KernelEmitter, UNIT } from "./kernel.ts";

/*
 * Tables of one complex factor for each basis state, re and im side by side.
 */

/**
 * phaseProduct(table, numQubits, scale, cosines, sines): table[i] = scale·Π over the set bits q of i of
 * cosines[q] + i·sines[q], by doubling: 2^n complex multiplications. For f64 tables of one unit an entry.
 * multiplyTables(table, size, other, where): table[i] *= other[where[i]], where being u32.
 */
export const emitPhaseTable: KernelEmitter = (module) => {
  if (module.operations.target.realBits !== 64) return;
  module.add(
    "phaseProduct",
    { table: "index", numQubits: "index", scale: "real", cosines: "index", sines: "index" },
    (f, { table, numQubits, scale, cosines, sines }, o) => {
      f.store(table, o.shuffle(o.splat(scale), o.constant(0), 0, 2));
      const bytes = f.index(o.shl(o.at(UNIT), numQubits));
      const half = f.index(o.at(UNIT));
      const qubit = f.index(o.at(0));
      f.when(o.lt(half, bytes), () =>
        f.doWhile(() => {
          const c = f.vector(o.loadSplat(o.add(cosines, qubit)));
          const s = f.vector(o.vmul(o.constant(-1, 1), o.loadSplat(o.add(sines, qubit))));
          f.loop(o.at(0), half, o.at(UNIT), (offset) => {
            const low = f.index(o.add(table, offset));
            const value = f.vector(o.load(low));
            f.store(o.add(low, half), o.vadd(o.vmul(c, value), o.vmul(s, o.shuffle(value, value, 1, 0))));
          });
          f.set(qubit, o.add(qubit, o.at(8)));
          f.set(half, o.add(half, half));
          return o.lt(half, bytes);
        }),
      );
    },
  );
  module.add(
    "multiplyTables",
    { table: "index", size: "index", other: "index", where: "index" },
    (f, { table, size, other, where }, o) => {
      const bytes = f.index(o.mul(size, o.at(UNIT)));
      const index = f.index(where);
      f.loop(o.at(0), bytes, o.at(UNIT), (offset) => {
        const address = f.index(o.add(table, offset));
        const value = f.vector(o.load(address));
        const factor = f.index(o.add(other, o.mul(o.loadIndex(index), o.at(UNIT))));
        const c = o.loadSplat(factor);
        const s = o.vmul(o.constant(-1, 1), o.loadSplat(factor, 8));
        f.store(address, o.vadd(o.vmul(c, value), o.vmul(s, o.shuffle(value, value, 1, 0))));
        f.set(index, o.add(index, o.at(4)));
      });
    },
  );
};

/** What phaseProduct makes: [entry][re, im]. */
export function phaseProductTwin(
  numQubits: number,
  scale: number,
  cosines: Float64Array,
  sines: Float64Array,
): Float64Array {
  const table = new Float64Array(2 * 2 ** numQubits);
  for (let i = 0; 2 * i < table.length; i++) {
    let re = scale;
    let im = 0;
    for (let q = 0; q < numQubits; q++)
      if ((i >> q) & 1) {
        const [c, s] = [cosines[q]!, sines[q]!];
        [re, im] = [c * re - s * im, c * im + s * re];
      }
    table[2 * i] = re;
    table[2 * i + 1] = im;
  }
  return table;
}

/** What multiplyTables does. */
export function multiplyTablesTwin(table: Float64Array, other: Float64Array, where: Int32Array): void {
  for (const [i, from] of where.entries()) {
    const [c, s] = [other[2 * from]!, other[2 * from + 1]!];
    const [re, im] = [table[2 * i]!, table[2 * i + 1]!];
    table[2 * i] = c * re - s * im;
    table[2 * i + 1] = c * im + s * re;
  }
}
