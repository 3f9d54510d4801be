import { hashOf } from "./hash.ts";
import { packState, unpackState } from "./snapshot.ts";

/** By part of a state, such as "training.weights", the first 16 hexadecimal digits of its SHA-256: to tell which parts differ. */
export type SnapshotDigest = Readonly<Record<string, string>>;

const DIGITS = 16;

/**
 * Of the fields of a state, and of the fields in these.
 * @throws RunError SAFETENSORS_FORMAT, SNAPSHOT_FORMAT
 */
export function digestOf(snapshot: Uint8Array): SnapshotDigest {
  const state = unpackState(snapshot);
  const parts: [string, unknown][] = [];
  for (const [name, value] of fieldsOf(state) ?? [["state", state]]) {
    const fields = fieldsOf(value) ?? [];
    if (fields.length === 0) parts.push([name, value]);
    for (const [field, item] of fields) parts.push([`${name}.${field}`, item]);
  }
  return Object.fromEntries(parts.map(([name, value]) => [name, hashOf(packState(value)).slice(0, DIGITS)]));
}

/** The names of the parts that differ, or that one of the two has alone. */
export function differingParts(a: SnapshotDigest, b: SnapshotDigest): readonly string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => a[name] !== b[name]);
}

function fieldsOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
  return isRecord ? Object.entries(value) : undefined;
}
