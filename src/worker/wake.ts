import { type Clock, systemClock } from "../../providers/index.ts";
import type { RunStore } from "../runs/index.ts";

/** Tells idle workers that a run may be due. It decides nothing: which run is due, and whose it is, says `RunStore.claimDue`. */
export interface RunWaker {
  /** Something is due now, or at that time of the store's clock. Never rejects: a wake that is lost is made up for by a poll. */
  notify(atMs?: number): Promise<void>;
  /**
   * Resolves when something may be due: at a wake, at the latest at that time of the store's clock, after the waker's poll
   * interval, or when the signal is aborted.
   */
  wait(untilMs: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface PollingWakerOptions {
  /** Which waits. */
  readonly clock?: Clock;
  /** How long a wait lasts at most: 5 seconds by default. */
  readonly pollSeconds?: number;
}

const POLL_SECONDS = 5;

/** Workers that look for themselves every few seconds, on a store that tells nobody; within a process they wake each other. */
export function pollingWaker(
  store: Pick<RunStore, "now">,
  { clock = systemClock, pollSeconds = POLL_SECONDS }: PollingWakerOptions = {},
): RunWaker {
  let woken = new AbortController();
  return {
    async notify(atMs) {
      // A later time is found by the polls until then.
      if (atMs !== undefined && atMs > (await store.now())) return;
      woken.abort();
      woken = new AbortController();
    },
    async wait(untilMs, signal) {
      const wake = AbortSignal.any([woken.signal, signal]);
      const milliseconds = Math.min(untilMs - (await store.now()), pollSeconds * 1000);
      if (milliseconds > 0) await sleepUnless(wake, milliseconds, clock);
    },
    async close() {
      woken.abort();
    },
  };
}

/** Sleeps until the time is over or the signal is aborted. */
export async function sleepUnless(signal: AbortSignal, milliseconds: number, clock: Clock): Promise<void> {
  try {
    await clock.sleep(milliseconds, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
