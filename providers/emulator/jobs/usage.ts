import type { EmulatorClock } from "../clock.ts";
import type { StateLog } from "../state/state-file.ts";
import type { Charge } from "./job-record.ts";

/** The rolling period in which seconds count. */
export const USAGE_PERIOD_SECONDS = 28 * 24 * 3600;

/** What the instance has used of the quantum computers. */
export class Usage {
  readonly #clock: EmulatorClock;
  readonly #log: StateLog;
  readonly #charges: Charge[];
  /** Seconds that the instance may use in a period; undefined for any number. */
  limitSeconds: number | undefined;
  /** Seconds that count besides those of the jobs; for tests. */
  extraSeconds = 0;

  constructor(clock: EmulatorClock, log: StateLog, limitSeconds: number | undefined) {
    this.#clock = clock;
    this.#log = log;
    this.#charges = [...log.saved.charges];
    this.limitSeconds = limitSeconds;
  }

  charge(seconds: number): void {
    if (seconds === 0) return;
    const charge = { at: this.#clock.now(), seconds };
    this.#charges.push(charge);
    this.#log.append({ type: "charge", charge });
  }

  /** Seconds used in the period that ends now. */
  get consumedSeconds(): number {
    const since = this.#clock.now() - 1000 * USAGE_PERIOD_SECONDS;
    return this.#charges.reduce((sum, { at, seconds }) => (at >= since ? sum + seconds : sum), this.extraSeconds);
  }

  get isLimitReached(): boolean {
    return this.limitSeconds !== undefined && this.consumedSeconds >= this.limitSeconds;
  }
}
