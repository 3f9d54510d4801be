import { describeValue, optionsFault } from "../../../circuits/index.ts";
import { ProviderError } from "../../errors.ts";

/** What can be done to the body of a result. */
export const RESULT_FAULTS = ["truncated", "oversized", "not-finite", "none", "missing-pub"] as const;
export type ResultFault = (typeof RESULT_FAULTS)[number];

/** Which requests go wrong, and how. The first rule that fits a request strikes. */
export interface FaultRule {
  /** Written in the journal beside what it struck; "rule 1" and so on by default. */
  readonly name?: string;
  /** Any method by default. */
  readonly method?: string;
  /** Path with `*` for any characters, with or without `/api/v1` in front; any path by default. */
  readonly path?: string;
  /** Fitting requests to let pass first; 0 by default. */
  readonly after?: number;
  /** How many requests it strikes; 1 by default, null for all that follow. */
  readonly times?: number | null;
  /** Of striking a request that fits, drawn from the emulator's seed; 1 by default. */
  readonly probability?: number;
  /** Seconds of the emulator's clock before anything else happens. */
  readonly delaySeconds?: number;
  /** Answer with this status. */
  readonly status?: number;
  /** IBM's code in the answer. */
  readonly code?: number;
  readonly message?: string;
  /** Sent as Retry-After: seconds, or an HTTP date. */
  readonly retryAfter?: number | string;
  /** Whether `status` or `hang` comes instead of doing what was asked, or after it was done; "before" by default. */
  readonly phase?: "before" | "after";
  /** Close the connection before anything is done, after it was done but without an answer, or amid the answer. */
  readonly dropConnection?: "before" | "after" | "midway";
  /** Where nothing is done before the connection is closed, the status answered or the silence kept: do it so much later. */
  readonly lateSeconds?: number;
  /** Never answer. */
  readonly hang?: boolean;
  /** Answer a result otherwise: cut off, as 300 MB from little gzip, with bare NaN and Infinity, as 204, without its last PUB. */
  readonly result?: ResultFault;
  /** Bytes that an oversized result unpacks to; 300,000,000 by default. */
  readonly resultBytes?: number;
}

const KNOWN = [
  "name",
  "method",
  "path",
  "after",
  "times",
  "probability",
  "delaySeconds",
  "status",
  "code",
  "message",
  "retryAfter",
  "phase",
  "dropConnection",
  "lateSeconds",
  "hang",
  "result",
  "resultBytes",
] as const;

/** @throws ProviderError EMULATOR_CONTROL */
export function checkFaultRule(rule: unknown): FaultRule {
  const fault = optionsFault("a fault rule", Array.isArray(rule) ? undefined : rule, KNOWN);
  if (fault !== undefined) throw new ProviderError("EMULATOR_CONTROL", fault);
  const given = rule as Readonly<Record<string, unknown>>;
  const text = (value: unknown): boolean => typeof value === "string";
  const count = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
  const seconds = (value: unknown): boolean => typeof value === "number" && value >= 0 && Number.isFinite(value);
  const among =
    (...values: readonly string[]) =>
    (value: unknown): boolean =>
      values.includes(value as string);
  const checks: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
    name: [text, "a text"],
    method: [text, "a text"],
    path: [text, "a text"],
    after: [count, "an integer of 0 or more"],
    times: [(value) => value === null || count(value), "an integer of 0 or more, or null"],
    probability: [(value) => seconds(value) && Number(value) <= 1, "a number from 0 to 1"],
    delaySeconds: [seconds, "a number of 0 or more"],
    status: [(value) => count(value) && Number(value) >= 200 && Number(value) <= 599, "an integer from 200 to 599"],
    code: [count, "an integer of 0 or more"],
    message: [text, "a text"],
    retryAfter: [(value) => seconds(value) || text(value), "a number of seconds or a date"],
    phase: [among("before", "after"), "before or after"],
    dropConnection: [among("before", "after", "midway"), "before, after or midway"],
    lateSeconds: [seconds, "a number of 0 or more"],
    hang: [(value) => typeof value === "boolean", "true or false"],
    result: [among(...RESULT_FAULTS), RESULT_FAULTS.join(", ")],
    resultBytes: [count, "an integer of 0 or more"],
  };
  for (const [name, value] of Object.entries(given)) {
    const [fits, needs] = checks[name]!;
    if (value !== undefined && !fits(value))
      throw new ProviderError("EMULATOR_CONTROL", `${name} of a fault rule is ${needs}, not ${describeValue(value)}.`);
  }
  return given as FaultRule;
}
