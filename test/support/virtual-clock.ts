import type { Clock } from "../../providers/clock.ts";

/** A clock on which a sleep takes no time: it moves on to when the sleeper is to wake. Remembers the sleeps, in seconds. */
export class VirtualClock implements Clock {
  readonly sleeps: number[] = [];
  #now: number;

  constructor(now = Date.parse("2026-11-25T12:00:00Z")) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  advance(seconds: number): void {
    this.#now += seconds * 1000;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleeps.push(milliseconds / 1000);
    const wake = this.#now + milliseconds;
    await Promise.resolve();
    signal?.throwIfAborted();
    this.#now = Math.max(this.#now, wake);
  }
}
