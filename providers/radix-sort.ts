/** Bits of a digit: the counts of one digit fit in the first level of cache. */
const DIGIT_BITS = 11;
/** Below this many numbers the counts cost more than comparisons. */
const FEW = 512;

/**
 * Sorts numbers from 0 to below `bound` (at most 2^31) in place, digit by digit from the lowest, and returns the array.
 * O(numbers) for each 11 bits of the bound.
 */
export function sortAscending(numbers: Int32Array, bound: number): Int32Array {
  if (numbers.length < FEW) return numbers.sort();
  let from = numbers;
  let to: Int32Array = new Int32Array(numbers.length);
  for (let shift = 0; 2 ** shift < bound; shift += DIGIT_BITS) {
    sortByDigit(from, to, shift);
    [from, to] = [to, from];
  }
  if (from !== numbers) numbers.set(from);
  return numbers;
}

function sortByDigit(from: Int32Array, to: Int32Array, shift: number): void {
  const mask = (1 << DIGIT_BITS) - 1;
  const next = new Int32Array(mask + 2);
  for (let i = 0; i < from.length; i++) next[((from[i]! >>> shift) & mask) + 1]!++;
  for (let digit = 1; digit < next.length; digit++) next[digit]! += next[digit - 1]!;
  for (let i = 0; i < from.length; i++) {
    const digit = (from[i]! >>> shift) & mask;
    to[next[digit]!] = from[i]!;
    next[digit]!++;
  }
}
