import type { FunctionBuilder, ModuleBuilder, Operations, V128, Variable } from "../wasm/index.ts";
import { forFree } from "./kernel.ts";

/*
 * RY rotations as scaled Givens rotations. With c = cos(θ/2), s = sin(θ/2) the pair (a, b) becomes (c·a - s·b, s·a + c·b).
 * Divided by the larger of |c| and |s| that takes two multiplications, not four, with a factor |t| ≤ 1:
 *   form 0, |s| ≤ |c|, t = s/c:  (a - t·b, t·a + b), true up to the factor c;
 *   form 1, |c| < |s|, t = c/s:  (t·a - b, a + t·b), true up to the factor s.
 * Rotations are real, so they do not care what is in the lanes of a unit: re and im, or several rows of a batch.
 */

/** The largest number of rotations that one sweep applies: all amplitudes of a block stay in registers. */
export const MAX_ROTATIONS = 3;

/** Bytes between the units of a pair, its form and its factor, for one rotation of a sweep. */
export interface Givens {
  readonly stride: number;
  readonly form: number;
  readonly t: number;
}

/**
 * givens1, givens2, givens3(base, bytes, stride..., forms, t...): one to three rotations on different qubits in one sweep,
 * in place. `bytes` is a multiple of twice the largest stride, `forms` has bit k set where rotation k has form 1. Per unit
 * one load, one store and for each rotation one multiplication and one addition.
 */
export function emitGivens(module: ModuleBuilder): void {
  module.add(
    "givens1",
    { base: "index", bytes: "index", stride0: "index", forms: "i32", t0: "real" },
    (f, { base, bytes, stride0, forms, t0 }, o) => sweep(f, o, base, bytes, [stride0], forms, [o.splat(t0)]),
  );
  module.add(
    "givens2",
    { base: "index", bytes: "index", stride0: "index", stride1: "index", forms: "i32", t0: "real", t1: "real" },
    (f, { base, bytes, stride0, stride1, forms, t0, t1 }, o) =>
      sweep(f, o, base, bytes, [stride0, stride1], forms, [o.splat(t0), o.splat(t1)]),
  );
  module.add(
    "givens3",
    {
      base: "index",
      bytes: "index",
      stride0: "index",
      stride1: "index",
      stride2: "index",
      forms: "i32",
      t0: "real",
      t1: "real",
      t2: "real",
    },
    (f, { base, bytes, stride0, stride1, stride2, forms, t0, t1, t2 }, o) =>
      sweep(f, o, base, bytes, [stride0, stride1, stride2], forms, [o.splat(t0), o.splat(t1), o.splat(t2)]),
  );
}

function sweep(
  f: FunctionBuilder,
  o: Operations,
  base: Variable<"index">,
  bytes: Variable<"index">,
  strides: readonly Variable<"index">[],
  forms: Variable<"i32">,
  splats: readonly V128[],
): void {
  const factors = splats.map((splat) => f.vector(splat));
  const size = 2 ** strides.length;
  // Where the units of a block are, relative to its first.
  const offsets = Array.from({ length: size }, (_, unit) => {
    const own = strides.filter((_, k) => (unit >> k) & 1);
    return own.length === 0 ? o.at(0) : own.length === 1 ? own[0]! : f.index(o.add(...own));
  });
  const occupied = strides.length === 1 ? strides[0]! : o.add(...strides);
  const bodies = Array.from(
    { length: size },
    (_, form) => (): void =>
      forFree(f, o, occupied, bytes, (offset) => {
        const first = f.index(o.add(base, offset));
        const addresses = offsets.map((own, unit) => (unit === 0 ? first : f.index(o.add(first, own))));
        const units = addresses.map((address) => f.vector(o.load(address)));
        for (let k = 0; k < strides.length; k++)
          for (let low = 0; low < size; low++) {
            if ((low >> k) & 1) continue;
            const a = units[low]!;
            const b = units[low | (1 << k)]!;
            const t = factors[k]!;
            const kept = f.vector();
            if ((form >> k) & 1) {
              f.set(kept, o.vsub(o.vmul(t, a), b));
              f.set(b, o.vadd(a, o.vmul(t, b)));
            } else {
              f.set(kept, o.vsub(a, o.vmul(t, b)));
              f.set(b, o.vadd(o.vmul(t, a), b));
            }
            f.set(a, kept);
          }
        for (const [unit, address] of addresses.entries()) f.store(address, units[unit]!);
      }),
  );
  f.choose(forms, bodies);
}

/** What the sweeps compute, in plain TypeScript, on numbers instead of bytes: any run of `lanes` numbers is a unit. */
export function givensTwin(state: Float64Array, lanes: number, rotations: readonly Givens[]): void {
  for (const { stride, form, t } of rotations) {
    const half = (stride / 16) * lanes;
    for (let start = 0; start < state.length; start += 2 * half)
      for (let i = start; i < start + half; i++) {
        const a = state[i]!;
        const b = state[i + half]!;
        state[i] = form === 1 ? t * a - b : a - t * b;
        state[i + half] = form === 1 ? a + t * b : t * a + b;
      }
  }
}
