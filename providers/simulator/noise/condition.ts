import type { Condition } from "../../../circuits/index.ts";

/** Whether the classical bits are as a condition wants them. */
export function holds({ clbits: bits, value }: Condition, clbits: Uint8Array): boolean {
  for (let i = 0; i < bits.length; i++) if (clbits[bits[i]!] !== Math.floor(value / 2 ** i) % 2) return false;
  return value < 2 ** bits.length;
}
