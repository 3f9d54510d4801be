export { applyMonomial, permuteAmplitudes, unapplyMonomial, unpermuteAmplitudes } from "./lane-monomial.ts";
export { multiplyLanes, phaseGradientLanes } from "./lane-phase.ts";
export { phaseGradient } from "./phase-gradient.ts";

/** values[j] becomes the sum of values[m] over all m ⊆ j (bit sets). n·2^(n-1) additions. */
export function subsetSums(values: Float64Array, size: number): void {
  for (let bit = 1; bit < size; bit <<= 1)
    for (let base = 0; base < size; base += 2 * bit)
      for (let i = base; i < base + bit; i++) values[i + bit]! += values[i]!;
}

/** values[m] becomes the sum of values[j] over all j ⊇ m. */
export function supersetSums(values: Float64Array, size: number): void {
  for (let bit = 1; bit < size; bit <<= 1)
    for (let base = 0; base < size; base += 2 * bit)
      for (let i = base; i < base + bit; i++) values[i]! += values[i + bit]!;
}

/** Swaps the amplitudes `low` and `high` of every block in which all bits of `controls` are set; in place. */
export function swapAmplitudes(
  state: Float64Array,
  size: number,
  lanes: number,
  occupied: number,
  low: number,
  high: number,
): void {
  // `occupied` marks the bits that low and high decide; all others run free.
  const free = (size - 1) & ~occupied;
  let rest = 0;
  do {
    let a = 2 * lanes * (rest | low);
    let b = 2 * lanes * (rest | high);
    for (let k = 0; k < 2 * lanes; k++, a++, b++) {
      const kept = state[a]!;
      state[a] = state[b]!;
      state[b] = kept;
    }
    rest = (rest - free) & free;
  } while (rest !== 0);
}

/** Multiplies all amplitudes that have every bit of `mask` by c + i·s, the same for all lanes; in place. */
export function multiplyMask(
  state: Float64Array,
  size: number,
  lanes: number,
  mask: number,
  c: number,
  s: number,
): void {
  const free = (size - 1) & ~mask;
  let rest = 0;
  do {
    const at = 2 * lanes * (rest | mask);
    for (let a = at; a < at + lanes; a++) {
      const x = state[a]!;
      const y = state[a + lanes]!;
      state[a] = c * x - s * y;
      state[a + lanes] = c * y + s * x;
    }
    rest = (rest - free) & free;
  } while (rest !== 0);
}

/** state[i] *= low[i mod |low|]·high[i div |low|] for one lane; tables interleaved re/im, conjugated where sign is -1. */
export function multiplyTables(
  state: Float64Array,
  size: number,
  low: Float64Array,
  high: Float64Array,
  sign: number,
): void {
  const lowSize = low.length / 2;
  for (let block = 0, at = 0; at < 2 * size; block++) {
    const hr = high[2 * block]!;
    const hi = sign * high[2 * block + 1]!;
    for (let k = 0; k < 2 * lowSize; k += 2, at += 2) {
      const lr = low[k]!;
      const li = sign * low[k + 1]!;
      const re = hr * lr - hi * li;
      const im = hr * li + hi * lr;
      const x = state[at]!;
      const y = state[at + 1]!;
      state[at] = re * x - im * y;
      state[at + 1] = re * y + im * x;
    }
  }
}

/** The phase gradients of one lane summed to low[i mod |low|] and high[i div |low|], which are overwritten. */
export function phaseGradientTables(
  psi: Float64Array,
  lambda: Float64Array,
  size: number,
  low: Float64Array,
  high: Float64Array,
): void {
  low.fill(0);
  for (let block = 0, at = 0; at < 2 * size; block++) {
    let sum = 0;
    for (let k = 0; k < low.length; k++, at += 2) {
      const gradient = 2 * (lambda[at + 1]! * psi[at]! - lambda[at]! * psi[at + 1]!);
      low[k]! += gradient;
      sum += gradient;
    }
    high[block] = sum;
  }
}
