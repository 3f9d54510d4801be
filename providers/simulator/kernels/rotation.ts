export { rotateLanes } from "./lane-rotation.ts";

/*
 * Layout of every state: [amplitude][re, im][lane], lanes being rows of a batch; qubit 0 is the least significant bit of
 * the amplitude index. A rotation about Y is real, so it treats re and im alike and a run of amplitudes is one flat run.
 */

/** exp(-i·θ/2·Y) on `qubit` in place, c = cos(θ/2), s = sin(θ/2), the same for all lanes. 3·2^n·lanes multiply-adds. */
export function rotate(state: Float64Array, size: number, qubit: number, lanes: number, c: number, s: number): void {
  const run = (2 * lanes) << qubit;
  const end = 2 * lanes * size;
  for (let base = 0; base < end; base += 2 * run)
    for (let i = base, j = base + run; i < base + run; i++, j++) {
      const a = state[i]!;
      const b = state[j]!;
      state[i] = c * a - s * b;
      state[j] = s * a + c * b;
    }
}

/** Prepares ⊗ RY|0⟩ from |0…0⟩ on the first `qubits` qubits by doubling; `c`, `s` hold [qubit][lane]. 2^n·lanes products. */
export function prepareProduct(
  state: Float64Array,
  qubits: number,
  lanes: number,
  c: Float64Array,
  s: Float64Array,
): void {
  state.fill(0, 0, (2 * lanes) << qubits);
  state.fill(1, 0, lanes);
  for (let qubit = 0; qubit < qubits; qubit++) {
    const half = 1 << qubit;
    for (let amplitude = 0; amplitude < half; amplitude++) {
      const low = 2 * lanes * amplitude;
      const high = low + 2 * lanes * half;
      for (let lane = 0; lane < lanes; lane++) {
        const value = state[low + lane]!;
        state[high + lane] = value * s[qubit * lanes + lane]!;
        state[low + lane] = value * c[qubit * lanes + lane]!;
      }
    }
  }
}

/** Re⟨λ|-iY|ψ⟩ summed over lanes: the derivative of ⟨ψ|O|ψ⟩ in the rotation's angle, λ the adjoint state. */
export function rotationGradient(
  psi: Float64Array,
  lambda: Float64Array,
  size: number,
  qubit: number,
  lanes: number,
): number {
  const run = (2 * lanes) << qubit;
  const end = 2 * lanes * size;
  let sum = 0;
  for (let base = 0; base < end; base += 2 * run)
    for (let i = base, j = base + run; i < base + run; i++, j++) sum += lambda[j]! * psi[i]! - lambda[i]! * psi[j]!;
  return sum;
}

/** As `rotationGradient`, added lane by lane to `out`. */
export function rotationGradientLanes(
  psi: Float64Array,
  lambda: Float64Array,
  size: number,
  qubit: number,
  lanes: number,
  out: Float64Array,
): void {
  const run = (2 * lanes) << qubit;
  const end = 2 * lanes * size;
  for (let base = 0; base < end; base += 2 * run)
    for (let row = base; row < base + run; row += lanes)
      for (let lane = 0; lane < lanes; lane++) {
        const i = row + lane;
        const j = i + run;
        out[lane]! += lambda[j]! * psi[i]! - lambda[i]! * psi[j]!;
      }
}

/** Undoes the rotation on ψ and λ in one pass and returns `rotationGradient`. */
export function unrotate(
  psi: Float64Array,
  lambda: Float64Array,
  size: number,
  qubit: number,
  lanes: number,
  c: number,
  s: number,
): number {
  const run = (2 * lanes) << qubit;
  const end = 2 * lanes * size;
  let sum = 0;
  for (let base = 0; base < end; base += 2 * run)
    for (let i = base, j = base + run; i < base + run; i++, j++) {
      const a = psi[i]!;
      const b = psi[j]!;
      const p = lambda[i]!;
      const q = lambda[j]!;
      sum += q * a - p * b;
      psi[i] = c * a + s * b;
      psi[j] = c * b - s * a;
      lambda[i] = c * p + s * q;
      lambda[j] = c * q - s * p;
    }
  return sum;
}
