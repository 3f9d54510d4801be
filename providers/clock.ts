import { setTimeout as delay } from "node:timers/promises";

/** Time for waits and for the life of a token; a test puts a virtual one in its place. */
export interface Clock {
  /** Milliseconds since 1970 by this machine. Never goes back. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason when it is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Counts from the start of the process by its monotonic clock, so that a clock that is set changes no wait. It stands still
 * while the machine sleeps: what other processes or people date goes by `wallClock`.
 */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  async sleep(milliseconds, signal) {
    signal?.throwIfAborted();
    try {
      await delay(Math.max(0, milliseconds), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

let wallOffset = 0;
/**
 * The machine's clock, with `systemClock`'s waits: it has kept up when the machine was asleep, or its clock was set ahead. One
 * that is set back goes on from where it was.
 */
export const wallClock: Clock = {
  now() {
    const sinceStart = performance.now();
    wallOffset = Math.max(wallOffset, Date.now() - sinceStart);
    return wallOffset + sinceStart;
  },
  sleep: systemClock.sleep,
};
