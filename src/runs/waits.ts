/** Between tries while a service cannot be reached, or a backend is paused. */
export const FIRST_WAIT_MS = 5_000;
export const LONGEST_WAIT_MS = 300_000;

/** The wait after one that did not help. */
export function longerWait(milliseconds: number): number {
  return Math.min(LONGEST_WAIT_MS, 2 * milliseconds);
}
