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
  readonly #closing: AbortSignal;
  #attempts = 0;

  /** @param closing the store is closed: a connection that is lost is made again as often as it has to be, without long waits */
  constructor(seconds: number, location: string, closing: AbortSignal) {
    this.#until = systemClock.now() + seconds * 1000;
    this.#location = location;
    this.#closing = closing;
  }

  /** Waits before the next attempt. @throws the error in the ledger's words, where there is to be none */
  async again(error: unknown, outcome: Outcome): Promise<void> {
    if (!(error instanceof DriverFault)) throw error;
    const fault = faultOf(error.original);
    const wait = WAITS[fault];
    if (wait === undefined) throw ledgerError(error.original, this.#location, outcome);
    const milliseconds = Math.min(wait.most, wait.first * 2 ** this.#attempts++);
    const leaves = (): boolean => fault === "lost" && this.#closing.aborted;
    if (this.#attempts > wait.least && (leaves() || systemClock.now() + milliseconds > this.#until))
      throw ledgerError(error.original, this.#location, outcome);
    if (fault !== "lost" || leaves()) return systemClock.sleep(milliseconds);
    await systemClock.sleep(milliseconds, this.#closing).catch(() => {});
  }
}
