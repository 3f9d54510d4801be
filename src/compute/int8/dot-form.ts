import { readFileSync } from "node:fs";

/**
 * How sums of products are computed: `words` of i16, in every engine; with relaxed SIMD of bytes, where none is negative, as `pairs`,
 * which then are added, or `fours` in one instruction. All of them make the same bits.
 */
export type DotForm = "words" | "pairs" | "fours";

export const DOT_FORMS: readonly DotForm[] = ["words", "pairs", "fours"];

/** The fastest of the forms that take bytes on this machine. */
export function fastestByteForm(): DotForm {
  return hasDotOfFour() ? "fours" : "pairs";
}

/** Whether the machine has an instruction for four products; where it has none, engines take five for one. */
function hasDotOfFour(): boolean {
  if (process.arch === "arm64") return true;
  try {
    return /\bavx_vnni\b/.test(readFileSync("/proc/cpuinfo", "latin1"));
  } catch {
    // No Linux: there pairs are fast on all machines.
    return false;
  }
}
