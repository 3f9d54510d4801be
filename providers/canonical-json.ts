import { createHash } from "node:crypto";

/** JSON whose keys are sorted, so that equal values have equal texts; fields that are undefined are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value))
    // Tables of numbers are most of a job.
    return value.every((item) => typeof item === "number")
      ? JSON.stringify(value)
      : `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(",")}}`;
}

/** SHA-256 of the canonical JSON, in hexadecimal digits. */
export function jsonHash(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
