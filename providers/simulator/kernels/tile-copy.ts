import type { FunctionBuilder, ModuleBuilder, Operations, Variable } from "../wasm/index.ts";
import { UNIT } from "./kernel.ts";

/**
 * gatherTile(state, tile, bytes, run, skipped) copies the amplitudes of a tile together, scatterTile back to where they
 * belong. `run` bytes are copied at once, 32 at least; `skipped` has the bits of byte offsets in which the amplitudes of the
 * tile do not differ, the outer qubits, and the bits below the run, the lowest inner ones. One load and one store a unit.
 * warmTile(tile, bytes, out) reads one unit of each line in order, bytes a multiple of 256, so that the tile is in the cache; a
 * unit of no meaning is written to `out`. Sweeps whose pairs lie some lines apart within a page go through memory in an order
 * that processors do not foresee, at a third of the speed.
 */
export function emitTileCopy(module: ModuleBuilder): void {
  if (module.operations.lanes !== 2) return;
  const parameters = { state: "index", tile: "index", bytes: "index", run: "index", skipped: "index" } as const;
  module.add("gatherTile", parameters, (f, { state, tile, bytes, run, skipped }, o) =>
    copy(f, o, state, tile, bytes, run, skipped, true),
  );
  module.add("scatterTile", parameters, (f, { state, tile, bytes, run, skipped }, o) =>
    copy(f, o, state, tile, bytes, run, skipped, false),
  );
  module.add("warmTile", { tile: "index", bytes: "index", out: "index" }, (f, { tile, bytes, out }, o) => {
    const all = f.vector(o.constant(0));
    f.loop(tile, o.add(tile, bytes), o.at(4 * LINE), (line) => {
      for (let k = 0; k < 4; k++) f.set(all, o.vor(all, o.load(line, k * LINE)));
    });
    // Loads whose results nobody sees would be taken out.
    f.store(out, all);
  });
}

/** Bytes that a processor fetches at once. */
const LINE = 64;

function copy(
  f: FunctionBuilder,
  o: Operations,
  state: Variable<"index">,
  tile: Variable<"index">,
  bytes: Variable<"index">,
  run: Variable<"index">,
  skipped: Variable<"index">,
  gather: boolean,
): void {
  const free = f.index(o.not(skipped));
  const offset = f.index(o.at(0));
  const at = f.index(tile);
  const end = f.index(o.add(tile, bytes));
  const place = f.index();
  const stop = f.index();
  const [from, to] = gather ? [place, at] : [at, place];
  f.doWhile(() => {
    f.set(place, o.add(state, offset));
    f.set(stop, o.add(at, run));
    f.doWhile(() => {
      f.store(to, o.load(from));
      f.store(to, o.load(from, UNIT), UNIT);
      f.set(place, o.add(place, o.at(2 * UNIT)));
      f.set(at, o.add(at, o.at(2 * UNIT)));
      return o.lt(at, stop);
    });
    f.set(offset, o.and(o.add(o.or(offset, skipped), o.at(1)), free));
    return o.lt(at, end);
  });
}

/** What the copies compute, in plain TypeScript: where amplitude `index` of a tile over `inner` qubits is in its state. */
export function tilePlaceTwin(index: number, inner: number): number {
  let place = 0;
  for (let qubit = 0, bit = 0; 1 << qubit <= inner; qubit++)
    if ((inner >> qubit) & 1) place |= ((index >> bit++) & 1) << qubit;
  return place;
}
