import type { FunctionBuilder, Index, ModuleBuilder, Operations, Variable } from "../wasm/index.ts";
import { swapped } from "./complex.ts";
import { forFree, UNIT } from "./kernel.ts";

const REAL = 8;

/**
 * Gradients of ⟨ψ|O|ψ⟩ with λ = Oψ. tileRotation1, 2, 3(psi, lambda, bytes, stride..., out) add for each rotation the sum
 * of λ_j·ψ_i - λ_i·ψ_j over its pairs (i, j), re and im alike, to the number at `out` + 8·k; the units of ψ in a block stay
 * in registers while those of λ stream by: for each unit of λ one load, and for each rotation a multiplication and an
 * addition. tilePhaseGradient(psi, lambda, sums, bytes) adds λ_im·ψ_re - λ_re·ψ_im of basis state i to the number at
 * sums + 8·i: half the derivative in its phase. foldBits(sums, bytes, out) writes the sum of the numbers whose index has the
 * highest bit to `out`, that of the next bit 8 bytes below, and so on, and the sum of all of them below that of bit 0; it
 * destroys the numbers, of which there are two at least. Two additions for each of them.
 */
export function emitTileGradients(module: ModuleBuilder): void {
  if (module.operations.lanes !== 2) return;
  const common = { psi: "index", lambda: "index", bytes: "index" } as const;
  module.add(
    "tileRotation1",
    { ...common, stride0: "index", out: "index" },
    (f, { psi, lambda, bytes, stride0, out }, o) => rotations(f, o, psi, lambda, bytes, [stride0], out),
  );
  module.add(
    "tileRotation2",
    { ...common, stride0: "index", stride1: "index", out: "index" },
    (f, { psi, lambda, bytes, stride0, stride1, out }, o) =>
      rotations(f, o, psi, lambda, bytes, [stride0, stride1], out),
  );
  module.add(
    "tileRotation3",
    { ...common, stride0: "index", stride1: "index", stride2: "index", out: "index" },
    (f, { psi, lambda, bytes, stride0, stride1, stride2, out }, o) =>
      rotations(f, o, psi, lambda, bytes, [stride0, stride1, stride2], out),
  );
  module.add(
    "tilePhaseGradient",
    { psi: "index", lambda: "index", sums: "index", bytes: "index" },
    (f, { psi, lambda, sums, bytes }, o) => {
      const at = f.index(o.at(0));
      const sum = f.index(sums);
      const products = [f.vector(), f.vector()];
      const source = f.index();
      f.doWhile(() => {
        f.set(source, o.add(lambda, at));
        // (ψ_re·λ_im, ψ_im·λ_re)
        for (const k of [0, 1])
          f.set(products[k]!, o.vmul(o.load(o.add(psi, at), k * UNIT), swapped(o, o.load(source, k * UNIT))));
        const plus = o.shuffle(products[0]!, products[1]!, 0, 2);
        const minus = o.shuffle(products[0]!, products[1]!, 1, 3);
        f.store(sum, o.vadd(o.load(sum), o.vsub(plus, minus)));
        f.set(sum, o.add(sum, o.at(UNIT)));
        f.set(at, o.add(at, o.at(2 * UNIT)));
        return o.lt(at, bytes);
      });
    },
  );
  module.add("foldBits", { sums: "index", bytes: "index", out: "index" }, (f, { sums, bytes, out }, o) => {
    const half = f.index(o.shr(bytes, o.at(1)));
    const place = f.index(out);
    const at = f.index();
    const upper = f.vector();
    const total = f.vector();
    f.when(o.lt(o.at(REAL), half), () =>
      f.doWhile(() => {
        f.set(at, sums);
        f.set(total, o.constant(0));
        const end = f.index(o.add(sums, half));
        f.doWhile(() => {
          f.set(upper, o.load(o.add(at, half)));
          f.set(total, o.vadd(total, upper));
          f.store(at, o.vadd(o.load(at), upper));
          f.set(at, o.add(at, o.at(UNIT)));
          return o.lt(at, end);
        });
        f.storeReal(place, o.sumLanes(total));
        f.set(place, o.sub(place, o.at(REAL)));
        f.set(half, o.shr(half, o.at(1)));
        return o.lt(o.at(REAL), half);
      }),
    );
    f.storeReal(place, o.loadReal(sums, REAL));
    f.storeReal(o.sub(place, o.at(REAL)), o.realAdd(o.loadReal(sums), o.loadReal(sums, REAL)));
  });
}

function rotations(
  f: FunctionBuilder,
  o: Operations,
  psi: Variable<"index">,
  lambda: Variable<"index">,
  bytes: Variable<"index">,
  strides: readonly Variable<"index">[],
  out: Variable<"index">,
): void {
  const size = 2 ** strides.length;
  const offsets: Index[] = Array.from({ length: size }, (_, unit) => {
    const own = strides.filter((_, k) => (unit >> k) & 1);
    return own.length === 0 ? o.at(0) : own.length === 1 ? own[0]! : f.index(o.add(...own));
  });
  const occupied = strides.length === 1 ? strides[0]! : o.add(...strides);
  // Two accumulators a rotation, for additions wait for one another.
  const sums = strides.map(() => [f.vector(), f.vector()] as const);
  const units = offsets.map(() => f.vector());
  const adjoint = f.vector();
  const first = f.index();
  forFree(f, o, occupied, bytes, (offset) => {
    f.set(first, o.add(psi, offset));
    for (const [unit, own] of offsets.entries()) f.set(units[unit]!, o.load(unit === 0 ? first : o.add(first, own)));
    f.set(first, o.add(lambda, offset));
    for (const [unit, own] of offsets.entries()) {
      f.set(adjoint, o.load(unit === 0 ? first : o.add(first, own)));
      for (let k = 0; k < strides.length; k++) {
        const isUpper = ((unit >> k) & 1) === 1;
        const sum = sums[k]![isUpper ? 1 : 0];
        const product = o.vmul(adjoint, units[unit ^ (1 << k)]!);
        f.set(sum, o.vadd(sum, product));
      }
    }
  });
  for (const [k, [lower, upper]] of sums.entries())
    f.storeReal(out, o.realAdd(o.loadReal(out, 8 * k), o.sumLanes(o.vsub(upper, lower))), 8 * k);
}

/** What tileRotation computes for one rotation, in plain TypeScript. */
export function tileRotationTwin(psi: Float64Array, lambda: Float64Array, stride: number): number {
  let sum = 0;
  const half = stride / 8;
  for (let start = 0; start < psi.length; start += 2 * half)
    for (let i = start; i < start + half; i++) sum += lambda[i + half]! * psi[i]! - lambda[i]! * psi[i + half]!;
  return sum;
}
