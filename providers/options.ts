import { optionsFault } from "../circuits/index.ts";
import { PubError } from "./errors.ts";
import type { EarlierSubmit, RunOptions } from "./primitives.ts";

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

const CALLBACKS = ["beforeSubmit", "onSubmitted", "onReconciling"] as const;
const RUN_OPTIONS = ["signal", "tags", "submitKey", "earlier", ...CALLBACKS] as const;
const GIVEN: Readonly<Record<(typeof CALLBACKS)[number], string>> = {
  beforeSubmit: "what is about to be sent",
  onSubmitted: "the job's id",
  onReconciling: "a line of text",
};

/** @throws PubError PUB_FORM when the options, their signal or callback are of another type */
export function checkRunOptions(options: RunOptions | undefined): RunOptions {
  const known = checkOptions(options, "run", RUN_OPTIONS);
  const { signal, submitKey, earlier } = known;
  checkSignal(signal, "run");
  for (const name of CALLBACKS)
    if (known[name] !== undefined && typeof known[name] !== "function")
      throw new PubError("PUB_FORM", `${name} of run is no function; give one that takes ${GIVEN[name]}.`);
  if (submitKey !== undefined && !(typeof submitKey === "string" && /^[\w.-]{1,80}$/.test(submitKey)))
    throw new PubError(
      "PUB_FORM",
      'submitKey of run is a text of 1 to 80 letters, digits, "-", "_" and ".", another one for each submit.',
    );
  if (earlier !== undefined) checkEarlier(earlier, submitKey);
  return options ?? {};
}

function checkEarlier(earlier: unknown, submitKey: string | undefined): void {
  if (submitKey === undefined)
    throw new PubError("PUB_FORM", "earlier of run says what became of its submitKey; give that, too.");
  const isSubmit = (entry: Partial<EarlierSubmit> | null): boolean =>
    typeof entry === "object" &&
    entry !== null &&
    typeof entry.key === "string" &&
    typeof entry.bodyHash === "string" &&
    Number.isFinite(entry.serviceTime) &&
    (entry.split === undefined || Array.isArray(entry.split)) &&
    (entry.jobId === undefined || (typeof entry.jobId === "string" && entry.jobId !== ""));
  if (!Array.isArray(earlier) || !earlier.every(isSubmit))
    throw new PubError(
      "PUB_FORM",
      "earlier of run is a list of what beforeSubmit was told, { key, bodyHash, serviceTime }, with jobId where it is known.",
    );
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
