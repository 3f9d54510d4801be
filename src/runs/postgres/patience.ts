import { systemClock } from "../../../providers/index.ts";
import { type Fault, faultOf, ledgerError, type Outcome } from "./faults.ts";
import { DriverFault } from "./session.ts";

/**
 * What is worth another attempt, after how many milliseconds, and how often at least: a process that was stopped for longer
 * than its patience lasts has had no chance yet when it goes on.
 */
const WAITS: Partial<Record<Fault, { readonly first: number; readonly most: number; readonly least: number }>> = {
  lost: { first: 10, most: 2000, least: 5 },
  conflict: { first: 2, most: 200, least: 5 },
  busy: { first: 10, most: 1000, least: 2 },
};

/** How often and how long what failed is tried again. */
export class Patience {
  readonly #until: number;
  readonly #location: string;
  #attempts = 0;

  constructor(seconds: number, location: string) {
    this.#until = systemClock.now() + seconds * 1000;
    this.#location = location;
  }

  /** Waits before the next attempt. @throws the error in the ledger's words, where there is to be none */
  async again(error: unknown, outcome: Outcome): Promise<void> {
    if (!(error instanceof DriverFault)) throw error;
    const wait = WAITS[faultOf(error.original)];
    if (wait === undefined) throw ledgerError(error.original, this.#location, outcome);
    const milliseconds = Math.min(wait.most, wait.first * 2 ** this.#attempts++);
    if (this.#attempts > wait.least && systemClock.now() + milliseconds > this.#until)
      throw ledgerError(error.original, this.#location, outcome);
    await systemClock.sleep(milliseconds);
  }
}
