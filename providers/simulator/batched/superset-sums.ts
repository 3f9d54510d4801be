/** values[m] becomes the sum of values[j] over all j ⊇ m (bit sets). n·2^(n-1) additions. */
export function supersetSums(values: Float64Array, size: number): void {
  for (let bit = 1; bit < size; bit <<= 1)
    for (let base = 0; base < size; base += 2 * bit)
      for (let i = base; i < base + bit; i++) values[i]! += values[i + bit]!;
}
