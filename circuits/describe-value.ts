const MAX_LENGTH = 60;

/** A number as it is; anything else with its type, so that "2" does not read as 2. */
export function describeNumber(value: unknown): string {
  return typeof value === "number" ? String(value) : describeValue(value);
}

/** What a caller passed where something else belongs, in the words of an error. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value !== "object") {
    const text = String(value);
    return `${typeof value} ${text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text}`;
  }
  // A vector of parameters, the usual slip; told by its shape, so that this file needs no other.
  const { name, elements } = value as { readonly name?: unknown; readonly elements?: unknown };
  if (typeof name === "string" && Array.isArray(elements))
    return `the vector ${name} of ${elements.length} parameter(s); take one of its elements, such as ${name}.at(0)`;
  return Object.prototype.toString.call(value);
}
