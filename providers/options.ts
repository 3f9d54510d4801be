import { optionsFault } from "../circuits/index.ts";
import { PubError } from "./errors.ts";
import type { RunOptions } from "./primitives.ts";

/**
 * Options that are an object of known names or left out.
 * @param what whose options they are, such as "estimator"
 * @throws PubError PUB_FORM
 */
export function checkOptions<Options extends object>(
  options: Options | undefined,
  what: string,
  known: readonly (keyof Options & string)[],
): Partial<Options> {
  if (options === undefined) return {};
  const fault = optionsFault(what, options, known);
  if (fault !== undefined) throw new PubError("PUB_FORM", fault);
  return options;
}

const RUN_OPTIONS = ["signal", "tags", "submitKey", "onSubmitted"] as const;

/** @throws PubError PUB_FORM when the options, their signal or callback are of another type */
export function checkRunOptions(options: RunOptions | undefined): RunOptions {
  const { signal, onSubmitted, submitKey } = checkOptions(options, "run", RUN_OPTIONS);
  checkSignal(signal, "run");
  if (onSubmitted !== undefined && typeof onSubmitted !== "function")
    throw new PubError("PUB_FORM", "onSubmitted of run is no function; give one that takes the job's id.");
  if (submitKey !== undefined && !(typeof submitKey === "string" && /^[\w.-]{1,80}$/.test(submitKey)))
    throw new PubError(
      "PUB_FORM",
      'submitKey of run is a text of 1 to 80 letters, digits, "-", "_" and ".", another one for each submit.',
    );
  return options ?? {};
}

/** @throws PubError PUB_FORM unless the signal is one or left out */
export function checkSignal(signal: AbortSignal | undefined, what: string): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new PubError("PUB_FORM", `The signal of ${what} is no AbortSignal; give the signal of an AbortController.`);
}

/** @throws PubError PUB_FORM as `checkRunOptions`; the signal's reason when it is aborted */
export function assertNotAborted(options: RunOptions | undefined): void {
  checkRunOptions(options).signal?.throwIfAborted();
}
