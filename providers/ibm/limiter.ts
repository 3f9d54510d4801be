import { type Clock, systemClock } from "../clock.ts";
import { abortable } from "./abortable.ts";

export interface SubmitLimiterOptions {
  /** Submits in one window; IBM takes 5 a minute from each user. Infinity for any number. */
  readonly limit?: number;
  /** Default 61: a second more than IBM's minute, since one request travels longer than another. */
  readonly windowSeconds?: number;
  readonly clock?: Clock;
}

/** Lets at most so many pass in any window of time, in the order in which they asked. Share one between clients of one user. */
export class SubmitLimiter {
  readonly #limit: number;
  readonly #window: number;
  readonly #clock: Clock;
  /** When each of the last `limit` passed, oldest first; milliseconds. */
  #passed: number[] = [];
  #blockedUntil = 0;
  #queue: Promise<void> = Promise.resolve();

  constructor(options: SubmitLimiterOptions = {}) {
    this.#limit = options.limit ?? 5;
    this.#window = (options.windowSeconds ?? 61) * 1000;
    this.#clock = options.clock ?? systemClock;
  }

  /** How many may pass in a minute, a second more or less. */
  get perMinute(): number {
    return Math.max(1, Math.floor((this.#limit * 61_000) / this.#window));
  }

  /** Resolves when one may pass. @throws the signal's reason when it is aborted; the place in the queue is given up then */
  pass(signal?: AbortSignal): Promise<void> {
    const turn = this.#queue.then(() => this.#wait(signal));
    this.#queue = turn.catch(() => {});
    return abortable(turn, signal);
  }

  /** Lets nobody pass for so long, after the service has said that there were too many. */
  block(seconds: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, this.#clock.now() + seconds * 1000);
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const now = this.#clock.now();
      const oldest = this.#passed.length < this.#limit ? undefined : this.#passed[0];
      const free = Math.max(this.#blockedUntil, oldest === undefined ? 0 : oldest + this.#window);
      if (free <= now) {
        if (oldest !== undefined) this.#passed.shift();
        if (this.#limit !== Infinity) this.#passed.push(now);
        return;
      }
      await this.#clock.sleep(free - now, signal);
    }
  }
}
