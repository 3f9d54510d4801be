import {
  type FunctionBuilder,
  type Index,
  integers,
  type ModuleBuilder,
  type Operations,
  type V128,
  type Variable,
} from "../../../providers/simulator/wasm/index.ts";

/** Adds one kernel's functions to a module of four f32 lanes and 32-bit addresses. */
export type KernelEmitter = (module: ModuleBuilder) => void;

/** Bytes of a vector and of a number. */
export const UNIT = 16;
export const REAL = 4;
/** What every array has beyond its end, since kernels read whole vectors: what they read there they do not use. */
export const SLACK = 128;

/** All bits set of the first `bytes` / 4 lanes. */
export function firstLanes(f: FunctionBuilder, o: Operations, bytes: Index): Variable<"v128"> {
  const count = f.vector(integers.i32Splat(o.shr(bytes, o.at(2))));
  return f.vector(integers.i32LessUnsigned(integers.i32Lanes(0, 1, 2, 3), count));
}

/** Stores the lanes that the mask has; the others keep what is there. */
export function storeMasked(f: FunctionBuilder, o: Operations, address: Index, value: V128, mask: V128): void {
  f.store(address, o.select(value, o.load(address), mask));
}

/**
 * Runs `body` for the vectors of a row of `bytes`, with the byte offset of each; the last one, where it is not whole, has the
 * mask of its lanes.
 */
export function forVectors(
  f: FunctionBuilder,
  o: Operations,
  bytes: Index,
  body: (offset: Variable<"index">, mask: V128 | undefined) => void,
): void {
  const whole = f.index(o.and(bytes, o.at(-UNIT)));
  f.loop(o.at(0), whole, o.at(UNIT), (offset) => body(offset, undefined));
  f.when(o.lt(whole, bytes), () => body(whole, firstLanes(f, o, o.sub(bytes, whole))));
}

/** Stores a vector of a row that `forVectors` goes over. */
export function storeVector(
  f: FunctionBuilder,
  o: Operations,
  address: Index,
  value: V128,
  mask: V128 | undefined,
): void {
  if (mask === undefined) f.store(address, value);
  else storeMasked(f, o, address, value, mask);
}

/** Rows of numbers are summed in pieces of this many, so that rounding grows with the pieces and not with the rows. */
const PIECE = 64;

/**
 * Sums `term(row)` over `rows` ≥ 1 rows: in pieces, always in the same order. `advance` moves the addresses that `term` reads
 * from to the next row.
 */
export function sumRows(
  f: FunctionBuilder,
  o: Operations,
  rows: Index,
  term: () => V128,
  advance: () => void,
): Variable<"v128"> {
  const total = f.vector(o.constant(0));
  const left = f.index(rows);
  f.doWhile(() => {
    const piece = f.vector(o.constant(0));
    const count = f.index(o.at(PIECE));
    f.when(o.lt(left, count), () => f.set(count, left));
    f.set(left, o.sub(left, count));
    f.doWhile(() => {
      f.set(piece, o.vadd(piece, term()));
      advance();
      f.set(count, o.sub(count, o.at(1)));
      return o.notEqual(count, o.at(0));
    });
    f.set(total, o.vadd(total, piece));
    return o.notEqual(left, o.at(0));
  });
  return total;
}
