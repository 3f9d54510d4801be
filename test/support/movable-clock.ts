import { type Clock, systemClock } from "../../providers/index.ts";
import { memoryStore, type RunStore } from "../../src/runs/index.ts";

export interface MovableClock {
  readonly clock: Clock;
  advance(seconds: number): void;
}

/** The system's clock, which a test can put forward. */
export function movableClock(): MovableClock {
  let ahead = 0;
  return {
    clock: { ...systemClock, now: () => systemClock.now() + ahead },
    advance(seconds) {
      ahead += 1000 * seconds;
    },
  };
}

/** A store in which leases end when the test says so. */
export function expiringStore(): { readonly store: RunStore; endLeases(): void } {
  const { clock, advance } = movableClock();
  return { store: memoryStore({ clock }), endLeases: () => advance(31) };
}

/** On which a minute takes a tenth of a second. */
export const fastClock: Clock = {
  now: () => 600 * systemClock.now(),
  sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / 600, signal),
};
