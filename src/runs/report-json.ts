/** Stands in JSON for a number that JSON has no form for. */
const KEY = "$number";
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** A report of numbers, texts, lists and plain objects as JSON holds it without loss. */
export function jsonOf(value: unknown): unknown {
  if (typeof value === "number") {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    return { [KEY]: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => [name, jsonOf(item)]),
  );
}

/** What `jsonOf` was given. */
export function reportOf(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(reportOf);
  if (typeof json !== "object" || json === null) return json;
  const { [KEY]: special } = json as { readonly [KEY]?: unknown };
  const known = typeof special === "string" ? SPECIAL.get(special) : undefined;
  if (known !== undefined) return known;
  return Object.fromEntries(Object.entries(json).map(([name, item]) => [name, reportOf(item)]));
}
