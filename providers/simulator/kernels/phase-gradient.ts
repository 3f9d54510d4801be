import type { Index, Operations, V128 } from "../wasm/index.ts";
import { type KernelEmitter, UNIT } from "./kernel.ts";

const AMPLITUDE = 2 * UNIT;

/** λ_im·ψ_re - λ_re·ψ_im of one amplitude, lane by lane. */
export function phaseTerm(o: Operations, psi: Index, lambda: Index): V128 {
  return o.vsub(o.vmul(o.load(lambda, UNIT), o.load(psi)), o.vmul(o.load(lambda), o.load(psi, UNIT)));
}

/**
 * phaseGradient(psi, lambda, size, groups, out): adds Σ over groups of λ_im·ψ_re - λ_re·ψ_im to the unit out[i] of each basis
 * state, lane by lane: half the derivative of ⟨ψ|O|ψ⟩ in the phase of that basis state, λ = Oψ. Per amplitude two
 * multiplications and two additions. Twin: phaseGradient, which adds up the lanes and takes the whole
 * derivative.
 */
export const emitPhaseGradient: KernelEmitter = (module) => {
  module.add(
    "phaseGradient",
    { psi: "index", lambda: "index", size: "index", groups: "index", out: "index" },
    (f, { psi, lambda, size, groups, out }, o) => {
      const bytes = f.index(o.mul(size, o.at(AMPLITUDE)));
      const all = f.index(o.mul(bytes, groups));
      const away = f.index(o.sub(lambda, psi));
      const target = f.index(out);
      f.loop(o.at(0), bytes, o.at(AMPLITUDE), (offset) => {
        const sum = f.vector(o.load(target));
        const address = f.index(o.add(psi, offset));
        const end = f.index(o.add(address, all));
        f.doWhile(() => {
          const other = f.index(o.add(address, away));
          f.set(sum, o.vadd(sum, phaseTerm(o, address, other)));
          f.set(address, o.add(address, bytes));
          return o.lt(address, end);
        });
        f.store(target, sum);
        f.set(target, o.add(target, o.at(UNIT)));
      });
    },
  );
};

/** out[i] += Σ over lanes of -2·Im(conj(λ_i)·ψ_i): the derivative of ⟨O⟩ in the phase of basis state i. */
export function phaseGradient(
  psi: Float64Array,
  lambda: Float64Array,
  size: number,
  lanes: number,
  out: Float64Array,
): void {
  for (let i = 0; i < size; i++) {
    let sum = 0;
    const at = 2 * lanes * i;
    for (let a = at; a < at + lanes; a++) sum += lambda[a + lanes]! * psi[a]! - lambda[a]! * psi[a + lanes]!;
    out[i]! += 2 * sum;
  }
}
