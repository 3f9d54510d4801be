import type { ModuleBuilder } from "../wasm/index.ts";
import { UNIT } from "./kernel.ts";
import { PairProduct } from "./tile-phases.ts";

/** Bytes of an entry of a table of places. */
const INDEX = 4;

/**
 * Permutations of the basis states of a tile, by a table of u32 byte offsets: the amplitude at i belongs at places[i].
 * permuteUnits(from, to, places, bytes, scale): to[places[i]] = scale·from[i]; permutePhases(from, to, places, table, bytes)
 * with the phase of i, of a table as pairPhases leaves it, for the scale. The other way, unpermuteUnits: to[i] =
 * scale·from[places[i]], and unpermutePhases with the conjugate phase of i. A load, a store and an index a unit, with phases
 * a complex product.
 */
export function emitTilePermute(module: ModuleBuilder): void {
  if (module.operations.lanes !== 2) return;
  const units = { from: "index", to: "index", places: "index", bytes: "index", scale: "real" } as const;
  const phases = { from: "index", to: "index", places: "index", table: "index", bytes: "index" } as const;
  for (const inverse of [false, true]) {
    const prefix = inverse ? "unpermute" : "permute";
    module.add(`${prefix}Units`, units, (f, { from, to, places, bytes, scale }, o) => {
      const scales = f.vector(o.splat(scale));
      const entry = f.index(places);
      const offset = f.index(o.at(0));
      const there = f.index();
      f.doWhile(() => {
        f.set(there, o.loadIndex(entry));
        const [source, target] = inverse ? [there, offset] : [offset, there];
        f.store(o.add(to, target), o.vmul(o.load(o.add(from, source)), scales));
        f.set(entry, o.add(entry, o.at(INDEX)));
        f.set(offset, o.add(offset, o.at(UNIT)));
        return o.lt(offset, bytes);
      });
    });
    module.add(`${prefix}Phases`, phases, (f, { from, to, places, table, bytes }, o) => {
      const pair = new PairProduct(f, o);
      const entry = f.index(places);
      const phase = f.index(table);
      const end = f.index(o.add(table, bytes));
      // The state that is read or written in order.
      const at = f.index(inverse ? to : from);
      f.doWhile(() => {
        if (inverse) {
          const first = o.load(o.add(from, o.loadIndex(entry)));
          const [a, b] = pair.times(first, o.load(o.add(from, o.loadIndex(entry, INDEX))), phase, true);
          f.store(at, a);
          f.store(at, b, UNIT);
        } else {
          const [a, b] = pair.times(o.load(at), o.load(at, UNIT), phase, false);
          f.store(o.add(to, o.loadIndex(entry)), a);
          f.store(o.add(to, o.loadIndex(entry, INDEX)), b);
        }
        f.set(entry, o.add(entry, o.at(2 * INDEX)));
        f.set(at, o.add(at, o.at(2 * UNIT)));
        f.set(phase, o.add(phase, o.at(2 * UNIT)));
        return o.lt(phase, end);
      });
    });
  }
}

/** What permuteUnits, or with a table (not paired) and scale 1 permutePhases computes, in plain TypeScript; `places` in basis states. */
export function permutePhasesTwin(
  from: Float64Array,
  places: ArrayLike<number>,
  table: Float64Array,
  scale: number,
): Float64Array {
  const to = new Float64Array(from.length);
  for (let i = 0; i < places.length; i++) {
    const [x, y, c, s] = [scale * from[2 * i]!, scale * from[2 * i + 1]!, table[2 * i]!, table[2 * i + 1]!];
    to[2 * places[i]!] = x * c - y * s;
    to[2 * places[i]! + 1] = x * s + y * c;
  }
  return to;
}
