import pRetry, { AbortError } from "p-retry";
import { type Clock, systemClock } from "../clock.ts";
import { IbmError } from "./ibm-error.ts";

/** How often and how long after each other a request is tried again. */
export interface RetryPolicy {
  /** Further tries after the first; default 6, which with the other defaults covers about a minute. */
  readonly retries: number;
  /** Seconds before the first of them, doubled for each further one; default 1. */
  readonly baseSeconds: number;
  /** Longest of these waits; default 60. */
  readonly capSeconds: number;
  /** Longest wait that a Retry-After header may ask for; beyond it the error is thrown at once. Default 300. */
  readonly maxRetryAfterSeconds: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  retries: 6,
  baseSeconds: 1,
  capSeconds: 60,
  maxRetryAfterSeconds: 300,
};

/**
 * When a request may be sent again: "always", where repeating has no further effect; "if-rejected", where it could be done
 * twice, so only after an answer that surely did nothing; "never".
 */
export type Repeat = "always" | "if-rejected" | "never";

export interface RetryOptions {
  readonly policy?: Partial<RetryPolicy> | undefined;
  readonly repeat: Repeat;
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1): spreads the waits of programs that fail together. */
  readonly random: () => number;
  readonly signal?: AbortSignal | undefined;
  /** Told of each wait before another try. */
  readonly notify?: Notify | undefined;
}

/** Takes a line of plain words, without secrets, about what is being waited for. */
export type Notify = (line: string) => void;

/** The least wait, also where Retry-After asks for 0. */
const FLOOR_SECONDS = 1;

/**
 * Seconds to wait before the next try; undefined where there is to be none.
 * @param consumed tries after the first that have been made
 */
export function secondsBeforeRetry(
  error: IbmError,
  consumed: number,
  repeat: Repeat,
  policy: RetryPolicy,
  random: () => number,
): number | undefined {
  if (!error.retryable || repeat === "never" || consumed >= policy.retries) return undefined;
  // It lasts for hours: to wait for that is the caller's.
  if (error.code === "IBM_BACKEND_UNAVAILABLE") return undefined;
  if (repeat === "if-rejected" && error.outcome !== "rejected") return undefined;
  const told = error.retryAfterSeconds;
  if (told !== undefined) return told > policy.maxRetryAfterSeconds ? undefined : Math.max(FLOOR_SECONDS, told);
  const full = Math.min(policy.capSeconds, policy.baseSeconds * 2 ** consumed);
  return full * (0.5 + 0.5 * random());
}

/**
 * Calls `attempt` until it succeeds or `secondsBeforeRetry` gives up. An error that is no IbmError is passed on at once.
 * @param attempt gets its number, from 1
 * @throws the last IbmError, with `attempts` set; the signal's reason when aborted while waiting
 */
export async function withRetries<Result>(
  attempt: (number: number) => Promise<Result>,
  options: RetryOptions,
): Promise<Result> {
  options.signal?.throwIfAborted();
  const policy = { ...DEFAULT_RETRY_POLICY, ...options.policy };
  const clock = options.clock ?? systemClock;
  const retried = pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 0,
    // The waits are ours: they follow the server's word and the given clock.
    onFailedAttempt: async ({ error, attemptNumber }) => {
      if (!(error instanceof IbmError)) throw error;
      error.attempts = attemptNumber;
      const seconds = secondsBeforeRetry(error, attemptNumber - 1, options.repeat, policy, options.random);
      if (seconds === undefined) {
        if (attemptNumber > 1) error.message += ` (Tried ${attemptNumber} times.)`;
        throw error;
      }
      options.notify?.(`${error.message} Trying again in ${Math.ceil(seconds)} s.`);
      await clock.sleep(seconds * 1000, options.signal);
    },
  });
  try {
    return await retried;
  } catch (error) {
    // p-retry wraps a reason that is no Error.
    if (!(error instanceof IbmError)) options.signal?.throwIfAborted();
    throw error;
  }
}

/** Inside an attempt of `withRetries`: ends the tries with the error of something that was retried already. */
export function giveUp(error: unknown): never {
  throw error instanceof Error ? new AbortError(error) : error;
}
