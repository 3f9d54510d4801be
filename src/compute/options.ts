import { describeValue } from "../../circuits/index.ts";
import { ComputeError } from "../errors.ts";
import { optionsCheck, type TypedOptionsCheck } from "../options-check.ts";

/** @throws ComputeError COMPUTE_OPTION unless `options` is an object of known options */
export const checkOptions: TypedOptionsCheck = optionsCheck(ComputeError, "COMPUTE_OPTION");

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
