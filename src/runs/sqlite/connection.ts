import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Clock } from "../../../providers/index.ts";
import { RunError } from "../../errors.ts";
import { reached } from "../crash-points.ts";
import { isBusy, ledgerError } from "./errors.ts";

/** So long another process may hold the lock before a call gives up. */
const PATIENCE_MS = 10_000;
const FIRST_DELAY_MS = 1;
const LONGEST_DELAY_MS = 50;

/** A database whose calls are transactions; those that write follow each other in the order in which they were asked for. */
export class Connection {
  readonly database: DatabaseSync;
  readonly location: string;
  readonly #clock: Clock;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  #lastWrite: Promise<unknown> = Promise.resolve();
  #reads: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(database: DatabaseSync, location: string, clock: Clock) {
    this.database = database;
    this.location = location;
    this.#clock = clock;
    // Without IMMEDIATE two who have both read could not both go on to write.
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#commit = database.prepare("COMMIT");
    this.#rollback = database.prepare("ROLLBACK");
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Math.floor(this.#clock.now());
  }

  /** At once, also while a lock keeps writers waiting. @throws RunError LEDGER_* */
  async read<Value>(action: () => Value): Promise<Value> {
    this.#checkOpen();
    const read = patiently(this.#clock, action);
    // Without its value: each would hold the one before, and all that was ever read with it.
    this.#reads = Promise.allSettled([this.#reads, read]).then(() => {});
    return this.#told(read);
  }

  /** What `action` writes is durable when the promise resolves, and gone when it rejects. @throws RunError LEDGER_* */
  async write<Value>(action: () => Value): Promise<Value> {
    this.#checkOpen();
    const write = this.#lastWrite.then(() => this.#transaction(action));
    this.#lastWrite = write.catch(() => {});
    return this.#told(write);
  }

  /** Waits for what was asked for before. @throws RunError LEDGER_* */
  close(): Promise<void> {
    this.#closing ??= this.#told(Promise.all([this.#lastWrite, this.#reads]).then(() => this.database.close()));
    return this.#closing;
  }

  async #transaction<Value>(action: () => Value): Promise<Value> {
    await patiently(this.#clock, () => this.#begin.run());
    try {
      const value = action();
      reached("k14");
      this.#commit.run();
      return value;
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined)
      throw new RunError("LEDGER_CLOSED", `${this.location} was closed; open it again to go on.`);
  }

  async #told<Value>(call: Promise<Value>): Promise<Value> {
    try {
      return await call;
    } catch (error) {
      throw ledgerError(error, this.location);
    }
  }

  #undo(): void {
    try {
      this.#rollback.run();
    } catch {
      // After some errors SQLite has undone it already; the error that led here is the one to report.
    }
  }
}

/** Tries again, without blocking the process, while another process has the lock. */
export async function patiently<Value>(clock: Clock, action: () => Value): Promise<Value> {
  const until = clock.now() + PATIENCE_MS;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(2 * delay, LONGEST_DELAY_MS)) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error) || clock.now() >= until) throw error;
    }
    await clock.sleep(delay);
  }
}
