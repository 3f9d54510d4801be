import { describeValue, optionsFault } from "../../circuits/index.ts";
import { ComputeError } from "../errors.ts";

/** @throws ComputeError COMPUTE_OPTION unless `options` is an object of known options */
export function checkOptions<Options extends object>(
  what: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): void {
  const fault = optionsFault(what, options, known);
  if (fault !== undefined) throw new ComputeError("COMPUTE_OPTION", fault);
}

/** @throws ComputeError COMPUTE_OPTION unless the value is an integer from `least` on */
export function checkCount(what: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    throw new ComputeError("COMPUTE_OPTION", `${what} is ${describeValue(value)}; give an integer from ${least} on.`);
}

/** @throws ComputeError COMPUTE_OPTION unless the value is a number in the range, `below` excluded */
export function checkRange(what: string, value: unknown, from: number, below: number): void {
  if (typeof value !== "number" || !(value >= from && value < below))
    throw new ComputeError(
      "COMPUTE_OPTION",
      `${what} is ${describeValue(value)}; give a number from ${from}${below === Infinity ? "" : ` to below ${below}`}.`,
    );
}
