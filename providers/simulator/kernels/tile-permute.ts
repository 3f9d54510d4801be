import type { FunctionBuilder, ModuleBuilder, Operations, Variable } from "../wasm/index.ts";
import { factorAt, times } from "./complex.ts";
import { UNIT } from "./kernel.ts";

/** Bytes of an entry of a table of places. */
const INDEX = 4;

/**
 * Permutations of the basis states of a tile, by a table of u32 byte offsets: the amplitude at i belongs at places[i].
 * permuteUnits(from, to, places, bytes, scale): to[places[i]] = scale·from[i]; permutePhases(from, to, places, table, bytes,
 * scale) with the phases table[i] too; unpermuteUnits and unpermutePhases are their inverses but for `scale`:
 * to[i] = scale·conj(table[i])·from[places[i]]. A load, a store and an index a unit, with phases a complex product.
 */
export function emitTilePermute(module: ModuleBuilder): void {
  if (module.operations.lanes !== 2) return;
  const units = { from: "index", to: "index", places: "index", bytes: "index", scale: "real" } as const;
  const phases = {
    from: "index",
    to: "index",
    places: "index",
    table: "index",
    bytes: "index",
    scale: "real",
  } as const;
  for (const inverse of [false, true]) {
    const prefix = inverse ? "unpermute" : "permute";
    module.add(`${prefix}Units`, units, (f, { from, to, places, bytes, scale }, o) => {
      const scales = f.vector(o.splat(scale));
      move(f, o, from, to, places, bytes, inverse, (source) => o.vmul(o.load(source), scales));
    });
    module.add(`${prefix}Phases`, phases, (f, { from, to, places, table, bytes, scale }, o) => {
      const scales = f.vector(o.splat(scale));
      const signs = f.vector(inverse ? o.constant(1, -1) : o.constant(-1, 1));
      const phase = f.vector();
      const amplitude = f.vector();
      move(f, o, from, to, places, bytes, inverse, (source, offset) => {
        f.set(phase, o.load(o.add(table, offset)));
        f.set(amplitude, o.vmul(o.load(source), scales));
        return times(o, amplitude, factorAt(o, phase, signs));
      });
    });
  }
}

function move(
  f: FunctionBuilder,
  o: Operations,
  from: Variable<"index">,
  to: Variable<"index">,
  places: Variable<"index">,
  bytes: Variable<"index">,
  inverse: boolean,
  value: (source: Variable<"index">, offset: Variable<"index">) => ReturnType<Operations["load"]>,
): void {
  const offset = f.index(o.at(0));
  const entry = f.index(places);
  const source = f.index();
  const target = f.index();
  f.doWhile(() => {
    const there = o.loadIndex(entry);
    f.set(source, inverse ? o.add(from, there) : o.add(from, offset));
    f.set(target, inverse ? o.add(to, offset) : o.add(to, there));
    f.store(target, value(source, offset));
    f.set(entry, o.add(entry, o.at(INDEX)));
    f.set(offset, o.add(offset, o.at(UNIT)));
    return o.lt(offset, bytes);
  });
}

/** What permutePhases computes, in plain TypeScript: `places` in basis states. */
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
