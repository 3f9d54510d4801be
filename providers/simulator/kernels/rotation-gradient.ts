import type { FunctionBuilder, Operations, Variable } from "../wasm/index.ts";
import { forFree, type KernelEmitter, UNIT } from "./kernel.ts";

/**
 * rotationGradient1, 2, 3(psi, lambda, bytes, groups, stride..., out, spacing, step): for each of `groups` states of `bytes` bytes, adds
 * to the unit at `out` + k·spacing, lane by lane, Σ λ_b·ψ_a - λ_a·ψ_b over the pairs (a, b) that lie `stride` k apart: the derivative
 * of ⟨ψ|O|ψ⟩ in the angle of an RY rotation on that qubit, λ = Oψ. `out` moves on by `step` bytes from group to group. All
 * rotations of a layer commute, so one pass reads the gradients of up to three. Per unit of ψ two loads, and for each rotation
 * one multiplication and one addition.
 */
export const emitRotationGradient: KernelEmitter = (module) => {
  module.add(
    "rotationGradient1",
    {
      psi: "index",
      lambda: "index",
      bytes: "index",
      groups: "index",
      stride0: "index",
      out: "index",
      spacing: "index",
      step: "index",
    },
    (f, { psi, lambda, bytes, groups, stride0, out, spacing, step }, o) =>
      gradient(f, o, psi, lambda, bytes, groups, [stride0], out, spacing, step),
  );
  module.add(
    "rotationGradient2",
    {
      psi: "index",
      lambda: "index",
      bytes: "index",
      groups: "index",
      stride0: "index",
      stride1: "index",
      out: "index",
      spacing: "index",
      step: "index",
    },
    (f, { psi, lambda, bytes, groups, stride0, stride1, out, spacing, step }, o) =>
      gradient(f, o, psi, lambda, bytes, groups, [stride0, stride1], out, spacing, step),
  );
  module.add(
    "rotationGradient3",
    {
      psi: "index",
      lambda: "index",
      bytes: "index",
      groups: "index",
      stride0: "index",
      stride1: "index",
      stride2: "index",
      out: "index",
      spacing: "index",
      step: "index",
    },
    (f, { psi, lambda, bytes, groups, stride0, stride1, stride2, out, spacing, step }, o) =>
      gradient(f, o, psi, lambda, bytes, groups, [stride0, stride1, stride2], out, spacing, step),
  );
};

function gradient(
  f: FunctionBuilder,
  o: Operations,
  psi: Variable<"index">,
  lambda: Variable<"index">,
  bytes: Variable<"index">,
  groups: Variable<"index">,
  strides: readonly Variable<"index">[],
  out: Variable<"index">,
  spacing: Variable<"index">,
  step: Variable<"index">,
): void {
  const size = 2 ** strides.length;
  const offsets = Array.from({ length: size }, (_, unit) => {
    const own = strides.filter((_, k) => (unit >> k) & 1);
    return own.length === 0 ? o.at(0) : own.length === 1 ? own[0]! : f.index(o.add(...own));
  });
  const away = f.index(o.sub(lambda, psi));
  const occupied = strides.length === 1 ? strides[0]! : o.add(...strides);
  const state = f.index(psi);
  const target = f.index(out);
  f.loop(o.at(0), groups, o.at(1), () => {
    const places = strides.map((_, k) => (k === 0 ? target : f.index(o.add(target, o.mul(spacing, o.at(k))))));
    const sums = places.map((place) => f.vector(o.load(place)));
    forFree(f, o, occupied, bytes, (offset) => {
      const first = f.index(o.add(state, offset));
      const addresses = offsets.map((own, unit) => (unit === 0 ? first : f.index(o.add(first, own))));
      // ψ stays in registers while λ streams by, so that eight units of each need no more registers than there are.
      const units = addresses.map((address) => f.vector(o.load(address)));
      for (let unit = 0; unit < size; unit++) {
        const other = f.vector(o.load(o.add(addresses[unit]!, away)));
        for (const [k, sum] of sums.entries()) {
          const product = o.vmul(other, units[unit ^ (1 << k)]!);
          f.set(sum, (unit >> k) & 1 ? o.vadd(sum, product) : o.vsub(sum, product));
        }
      }
    });
    for (const [k, sum] of sums.entries()) f.store(places[k]!, sum);
    f.set(state, o.add(state, bytes));
    f.set(target, o.add(target, step));
  });
}

/** What the kernels add up, lane by lane, for one stride; see `givensTwin` for the layout. */
export function rotationGradientTwin(
  psi: Float64Array,
  lambda: Float64Array,
  lanes: number,
  stride: number,
  out: Float64Array,
): void {
  const half = (stride / UNIT) * lanes;
  for (let start = 0; start < psi.length; start += 2 * half)
    for (let i = start; i < start + half; i++)
      out[i % lanes]! += lambda[i + half]! * psi[i]! - lambda[i]! * psi[i + half]!;
}
