/** Turns X on `qubit` into Z (a Hadamard gate), in place, for one lane. O(2^n). */
export function turnXToZ(state: Float64Array, qubit: number): void {
  const run = 2 << qubit;
  for (let base = 0; base < state.length; base += 2 * run)
    for (let i = base, j = base + run; i < base + run; i++, j++) {
      const a = state[i]!;
      const b = state[j]!;
      state[i] = Math.SQRT1_2 * (a + b);
      state[j] = Math.SQRT1_2 * (a - b);
    }
}

/** Turns Y on `qubit` into Z (the inverse of S, then a Hadamard gate), in place, for one lane. O(2^n). */
export function turnYToZ(state: Float64Array, qubit: number): void {
  const run = 2 << qubit;
  for (let base = 0; base < state.length; base += 2 * run)
    for (let i = base, j = base + run; i < base + run; i += 2, j += 2) {
      const ar = state[i]!;
      const ai = state[i + 1]!;
      // -i times the amplitude where the qubit is 1.
      const br = state[j + 1]!;
      const bi = -state[j]!;
      state[i] = Math.SQRT1_2 * (ar + br);
      state[i + 1] = Math.SQRT1_2 * (ai + bi);
      state[j] = Math.SQRT1_2 * (ar - br);
      state[j + 1] = Math.SQRT1_2 * (ai - bi);
    }
}
