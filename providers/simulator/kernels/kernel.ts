import type { FunctionBuilder, Index, ModuleBuilder, Operations, Variable } from "../wasm/index.ts";

/** Adds one kernel's functions to a module. */
export type KernelEmitter = (module: ModuleBuilder) => void;

/** Bytes of a vector, the unit that kernels move. */
export const UNIT = 16;

/**
 * Runs `body` for every multiple of 16 below `bytes` in which the bits of `occupied` are not set, ascending: the byte
 * offsets of the units that a kernel pairs with others across those bits. Three integer operations a step, however many
 * bits there are.
 */
export function forFree(
  f: FunctionBuilder,
  o: Operations,
  occupied: Index,
  bytes: Index,
  body: (offset: Variable<"index">) => void,
): void {
  const filled = f.index(o.or(occupied, o.at(UNIT - 1)));
  const free = f.index(o.not(filled));
  const offset = f.index(o.at(0));
  f.doWhile(() => {
    body(offset);
    f.set(offset, o.and(o.add(o.or(offset, filled), o.at(1)), free));
    // Beyond the last unit the sum runs over into bits that no unit has.
    return o.lt(offset, bytes);
  });
}
