import type { FunctionBuilder, ModuleBuilder, Operations, Variable } from "../wasm/index.ts";
import { UNIT } from "./kernel.ts";

/**
 * gatherTile(state, tile, bytes, skipped) copies the amplitudes of a tile together, scatterTile(state, tile, bytes, skipped)
 * back to where they belong. `skipped` has the bits of byte offsets in which the amplitudes of the tile do not differ, and
 * the bits below the run that is copied at once, which is 32 bytes at least: the outer qubits and the lowest inner ones. One
 * load and one store a unit.
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
}

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
