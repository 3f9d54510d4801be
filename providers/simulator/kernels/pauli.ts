/** 1 when an odd number of the bits of `bits` is set, else 0. */
export function parity(bits: number): number {
  let v = bits ^ (bits >>> 16);
  v ^= v >>> 8;
  v ^= v >>> 4;
  return (0x6996 >>> (v & 15)) & 1;
}

/** In-place Walsh-Hadamard transform of [size][lanes]: values[m] becomes Σ_i (-1)^{|i&m|} values[i]. n·2^n·lanes additions. */
export function walshHadamard(values: Float64Array, size: number, lanes: number): void {
  for (let bit = 1; bit < size; bit <<= 1) {
    const run = bit * lanes;
    for (let base = 0; base < size * lanes; base += 2 * run)
      for (let i = base, j = base + run; i < base + run; i++, j++) {
        const a = values[i]!;
        const b = values[j]!;
        values[i] = a + b;
        values[j] = a - b;
      }
  }
}

/** values[π(i)][lane] = |ψ_i|²; π is the identity where `permutation` is undefined. */
export function probabilities(
  psi: Float64Array,
  size: number,
  lanes: number,
  permutation: Int32Array | undefined,
  values: Float64Array,
): void {
  for (let i = 0; i < size; i++) {
    const at = 2 * lanes * i;
    const to = lanes * (permutation === undefined ? i : permutation[i]!);
    for (let lane = 0; lane < lanes; lane++) {
      const re = psi[at + lane]!;
      const im = psi[at + lanes + lane]!;
      values[to + lane] = re * re + im * im;
    }
  }
}

/** values[i][lane] = Re (or Im with `imaginary`) of conj(ψ_{i⊕x})·ψ_i. */
export function overlaps(
  psi: Float64Array,
  size: number,
  lanes: number,
  x: number,
  imaginary: boolean,
  values: Float64Array,
): void {
  for (let i = 0; i < size; i++) {
    const a = 2 * lanes * i;
    const b = 2 * lanes * (i ^ x);
    const to = lanes * i;
    if (imaginary)
      for (let lane = 0; lane < lanes; lane++)
        values[to + lane] = psi[b + lane]! * psi[a + lanes + lane]! - psi[b + lanes + lane]! * psi[a + lane]!;
    else
      for (let lane = 0; lane < lanes; lane++)
        values[to + lane] = psi[b + lane]! * psi[a + lane]! + psi[b + lanes + lane]! * psi[a + lanes + lane]!;
  }
}

/** Σ_i (-1)^{|i&z|}·values[i][lane], written lane by lane to out[at + lane]. */
export function signedSum(
  values: Float64Array,
  size: number,
  lanes: number,
  z: number,
  out: Float64Array,
  at: number,
): void {
  out.fill(0, at, at + lanes);
  for (let i = 0; i < size; i++) {
    const from = lanes * i;
    if (parity(i & z) === 0) for (let lane = 0; lane < lanes; lane++) out[at + lane]! += values[from + lane]!;
    else for (let lane = 0; lane < lanes; lane++) out[at + lane]! -= values[from + lane]!;
  }
}

/**
 * ⟨Z_q⟩ for every qubit by folding halves, written to out[q·lanes + lane]; destroys `values`. 2·2^n·lanes additions for
 * all qubits together.
 */
export function foldZ(values: Float64Array, numQubits: number, lanes: number, out: Float64Array): void {
  for (let qubit = numQubits - 1; qubit >= 0; qubit--) {
    const run = lanes << qubit;
    const to = qubit * lanes;
    out.fill(0, to, to + lanes);
    for (let base = 0; base < run; base += lanes)
      for (let lane = 0; lane < lanes; lane++) {
        const low = values[base + lane]!;
        const high = values[base + run + lane]!;
        out[to + lane]! += low - high;
        values[base + lane] = low + high;
      }
  }
}

/** values[i][lane] = Σ_q ±weights[q·lanes + lane], minus where bit q of i is set: the reverse of `foldZ`, by doubling. */
export function unfoldZ(weights: Float64Array, numQubits: number, lanes: number, values: Float64Array): void {
  values.fill(0, 0, lanes);
  for (let qubit = 0; qubit < numQubits; qubit++)
    for (let lane = 0; lane < lanes; lane++) values[lane]! += weights[qubit * lanes + lane]!;
  for (let qubit = 0; qubit < numQubits; qubit++) {
    const run = lanes << qubit;
    for (let base = 0; base < run; base += lanes)
      for (let lane = 0; lane < lanes; lane++)
        values[base + run + lane] = values[base + lane]! - 2 * weights[qubit * lanes + lane]!;
  }
}

/** λ_{i⊕x} += i^quarterTurns · values[π(i)][lane] · ψ_i. */
export function addScaled(
  psi: Float64Array,
  lambda: Float64Array,
  size: number,
  lanes: number,
  x: number,
  quarterTurns: number,
  permutation: Int32Array | undefined,
  values: Float64Array,
): void {
  const re = quarterTurns === 0 ? 1 : quarterTurns === 2 ? -1 : 0;
  const im = quarterTurns === 1 ? 1 : quarterTurns === 3 ? -1 : 0;
  for (let i = 0; i < size; i++) {
    const a = 2 * lanes * i;
    const b = 2 * lanes * (i ^ x);
    const from = lanes * (permutation === undefined ? i : permutation[i]!);
    for (let lane = 0; lane < lanes; lane++) {
      const value = values[from + lane]!;
      const p = psi[a + lane]!;
      const q = psi[a + lanes + lane]!;
      lambda[b + lane]! += value * (re * p - im * q);
      lambda[b + lanes + lane]! += value * (re * q + im * p);
    }
  }
}

/** values[i][lane] += (-1)^{|i&z|}·weights[at + lane]. */
export function addSigned(
  values: Float64Array,
  size: number,
  lanes: number,
  z: number,
  weights: Float64Array,
  at: number,
): void {
  for (let i = 0; i < size; i++) {
    const to = lanes * i;
    if (parity(i & z) === 0) for (let lane = 0; lane < lanes; lane++) values[to + lane]! += weights[at + lane]!;
    else for (let lane = 0; lane < lanes; lane++) values[to + lane]! -= weights[at + lane]!;
  }
}
