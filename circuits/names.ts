/**
 * The names that parameters and classical registers can have: those of OpenQASM 3, so that every circuit prints to a text
 * that can be read back.
 */
export const NAME_PATTERN = /^[\p{L}_][\p{L}\p{Nl}_0-9]*$/u;

export function isName(name: unknown): name is string {
  return typeof name === "string" && NAME_PATTERN.test(name);
}
