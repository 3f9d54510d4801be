import { describeValue } from "./describe-value.ts";

/**
 * What is wrong with the options of something: that they are no object, or name one that is not known, which would be left
 * out in silence. Undefined when nothing is.
 */
export function optionsFault(what: string, options: unknown, known: readonly string[]): string | undefined {
  if (typeof options !== "object" || options === null)
    return `${what} takes an object of options (${known.join(", ")}), not ${describeValue(options)}.`;
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  return unknown === undefined
    ? undefined
    : `${what} has no option "${unknown}"; its options are: ${known.join(", ")}.`;
}
