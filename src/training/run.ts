import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../providers/index.ts";
import { BudgetError, RunError } from "../errors.ts";
import {
  type Budget,
  checkBudgetPrice,
  checkPolicies,
  checkStore,
  checkTimeZone,
  type Lease,
  type Price,
  parseBudget,
  RunJournal,
  type RunPolicies,
  type RunStore,
  type RunTask,
  type ScopeOptions,
} from "../runs/index.ts";

/**
 * Records one finished step, and the state from which the next one starts where a run is kept, then fails if the run was
 * aborted. Resolves to false once it was asked to stop: then return the result so far.
 */
export type Emit<Step> = (step: Step, state?: () => unknown) => Promise<boolean>;

/** How a run is kept beyond its process. */
export interface RunKeeping extends RunPolicies {
  /** Where; without one a run lives as long as its process. A run of the same id that is there goes on where it stands. */
  readonly store?: RunStore | undefined;
  /** A lease of the run that was claimed before, such as by a worker. */
  readonly lease?: Lease | undefined;
  /** What its driver was told to run, for those who drive the run later; the command line's runs and workers' have one. */
  readonly task?: RunTask | undefined;
  /**
   * What the run may take of quantum computers: "60s", "20 jobs", "25 USD", "10min/day", or several with commas. It is set aside
   * before a job is submitted and never exceeded. Needs a store.
   */
  readonly budget?: string | Budget | undefined;
  /** In place of it for a run that was never given one: a budget is written down, and holds until another is given. */
  readonly defaultBudget?: string | Budget | undefined;
  /** Of a second of the quantum computer; needed where the budget limits money. */
  readonly price?: Price | undefined;
  /** Where the days of a daily budget begin, such as "Europe/Berlin"; UTC by default. */
  readonly timeZone?: string | undefined;
  /** The schedule that started the run, and what all its runs together may spend. */
  readonly schedule?: ScopeOptions["schedule"];
  /** While a long queue is waited for: stay (by default), or leave: the run then fails with RUN_PARKED, to be resumed later. */
  readonly park?: "stay" | "leave" | undefined;
  /** Told in plain words what is waited for. */
  readonly onActivity?: ((words: string) => void) | undefined;
  /** For waits; the system's by default. */
  readonly clock?: Clock | undefined;
}

/** Names of these options. */
export const RUN_KEEPING = [
  "store",
  "lease",
  "task",
  "budget",
  "defaultBudget",
  "price",
  "timeZone",
  "schedule",
  "park",
  "recalibration",
  "lostResults",
  "onActivity",
  "clock",
] as const satisfies readonly (keyof RunKeeping)[];

export interface RunStartOptions extends RunKeeping {
  /** Names the run in its store; a random UUID by default. */
  readonly id?: string | undefined;
  /** Aborts the run: it fails with the signal's reason. One that is kept can be resumed. */
  readonly signal?: AbortSignal | undefined;
}

export type RunStatus = "running" | "finished" | "failed";

/** The process may do other work at least this often, in milliseconds. */
const SLICE_MS = 10;

/**
 * A computation that reports steps: a promise of its result and an async iterable of its steps. Any number of iterators
 * may read it, each sees every step from the first, however late it starts, and in a run that was resumed also those of
 * earlier processes. When the run fails, the promise rejects and the iterators throw, after the steps that were done. As with
 * any thenable, an async function that returns a run waits for its result.
 * @example for await (const { step, value } of run) console.log(step, value);
 *          const { weights } = await run;
 */
export class Run<Step, Result> implements PromiseLike<Result>, AsyncIterable<Step> {
  readonly id: string;
  readonly #options: RunStartOptions;
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;
  readonly #result: Promise<Result>;
  readonly #steps: Step[] = [];
  #journal: RunJournal | undefined;
  #status: RunStatus = "running";
  #stopping = false;
  #changed = Promise.withResolvers<void>();
  #sliceStart = 0;

  /** Starts `execute` in the next microtask, so that the caller can attach to the run first. */
  static start<Step, Result>(
    execute: (emit: Emit<Step>, signal: AbortSignal, journal: RunJournal | undefined) => Promise<Result>,
    options: RunStartOptions = {},
  ): Run<Step, Result> {
    return new Run(execute, options);
  }

  private constructor(
    execute: (emit: Emit<Step>, signal: AbortSignal, journal: RunJournal | undefined) => Promise<Result>,
    options: RunStartOptions,
  ) {
    const { id = randomUUID(), signal } = options;
    this.id = id;
    this.#options = options;
    this.#signal = signal === undefined ? this.#controller.signal : AbortSignal.any([signal, this.#controller.signal]);
    this.#result = this.#execute(execute);
  }

  /** The steps so far. */
  get steps(): readonly Step[] {
    return this.#steps;
  }
  get status(): RunStatus {
    return this.#status;
  }

  /** Ends the run after the step at hand; it then resolves with the result so far. One that is kept can be resumed. */
  stop(): void {
    this.#stopping = true;
  }
  /** Ends the run now: it fails with `reason`. Jobs that are out are not cancelled. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }
  /**
   * Leaves a run that is kept, within the moment that its store needs: the run rejects with RUN_SUSPENDED, jobs that are out
   * go on, and whoever resumes it finds their values. Resolves when it is left.
   */
  async suspend(): Promise<void> {
    this.#controller.abort(
      new RunError("RUN_SUSPENDED", `Run ${this.id} was left; jobs that are out go on. Resume it to go on.`),
    );
    await this.#result.catch(() => {});
  }

  result(): Promise<Result> {
    return this.#result;
  }
  // biome-ignore lint/suspicious/noThenProperty: a run is awaited like a promise
  then<Value = Result, Failure = never>(
    onFulfilled?: ((result: Result) => Value | PromiseLike<Value>) | null,
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Value | Failure> {
    return this.#result.then(onFulfilled, onRejected);
  }
  catch<Failure = never>(
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    return this.#result.catch(onRejected);
  }
  finally(onFinally?: (() => void) | null): Promise<Result> {
    return this.#result.finally(onFinally);
  }

  [Symbol.asyncIterator](): AsyncIterator<Step, void> {
    // The iterator throws the error itself, so the promise's rejection is not left unhandled.
    this.#result.catch(() => {});
    return this.#iterate();
  }

  async *#iterate(): AsyncGenerator<Step, void> {
    for (let index = 0; ; index++) {
      while (index >= this.#steps.length && this.#status === "running") await this.#changed.promise;
      if (index >= this.#steps.length) break;
      yield this.#steps[index]!;
    }
    await this.#result;
  }

  async #execute(
    execute: (emit: Emit<Step>, signal: AbortSignal, journal: RunJournal | undefined) => Promise<Result>,
  ): Promise<Result> {
    try {
      await Promise.resolve();
      this.#signal.throwIfAborted();
      this.#journal = await this.#open();
      this.#sliceStart = performance.now();
      const result = await execute((step, state) => this.#emit(step, state), this.#signal, this.#journal);
      await this.#close(result);
      this.#settle("finished");
      return result;
    } catch (error) {
      try {
        await this.#leave(error);
      } catch {
        // The first error says more than a store that cannot take it.
      }
      this.#settle("failed");
      throw error;
    }
  }

  async #open(): Promise<RunJournal | undefined> {
    const { store, lease, task, park, recalibration, lostResults, clock, onActivity } = this.#options;
    checkPolicies(this.#options, store !== undefined);
    const budget = budgetOf(this.#options);
    if (store === undefined) return undefined;
    checkStore(store);
    const journal = await RunJournal.open({
      store,
      id: this.id,
      lease,
      task,
      park,
      recalibration,
      lostResults,
      clock,
      signal: this.#signal,
      onActivity,
      ...budget,
      onStopRequest: () => this.stop(),
      onFenced: (error) => this.#controller.abort(error),
    });
    for (const step of journal.steps<Step>()) this.#steps.push(step);
    if (this.#steps.length > 0) this.#announce();
    return journal;
  }

  /** Unless the computation has said itself how it ended. */
  async #close(result: Result): Promise<void> {
    const journal = this.#journal;
    if (journal === undefined) return;
    if (journal.state.status === "running") {
      if (this.#stopping) await journal.stop("It was asked to stop.");
      else await journal.finish(result);
    }
    await journal.close();
  }

  async #leave(error: unknown): Promise<void> {
    const journal = this.#journal;
    if (journal === undefined) return;
    try {
      const code = error instanceof RunError ? error.code : undefined;
      if (code === "RUN_PARKED" || code === "RUN_FENCED" || journal.finished) return;
      // A ledger that could not be used says nothing against the run: whoever claims it next goes on.
      if (code?.startsWith("LEDGER_")) return;
      if (this.#signal.aborted) await journal.stop(code === "RUN_SUSPENDED" ? "It was left." : "It was aborted.");
      else if (error instanceof RunError && code === "RUN_RECALIBRATED") await journal.stop(error.message);
      else await journal.fail(error);
    } finally {
      await journal.close();
    }
  }

  async #emit(step: Step, state?: () => unknown): Promise<boolean> {
    // A step that is done is recorded, aborted or not.
    await this.#journal?.commitStep(this.#steps.length + 1, step, state?.());
    this.#steps.push(step);
    this.#announce();
    this.#signal.throwIfAborted();
    if (performance.now() - this.#sliceStart >= SLICE_MS) {
      await setImmediate();
      this.#sliceStart = performance.now();
      this.#signal.throwIfAborted();
    }
    return !this.#stopping;
  }

  #settle(status: RunStatus): void {
    this.#status = status;
    this.#announce();
  }
  #announce(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** @throws BudgetError BUDGET_UNIT, BUDGET_FORM, BUDGET_PRICE, BUDGET_STORE; RunError RUN_OPTION */
function budgetOf({ store, price, timeZone, schedule, ...given }: RunKeeping): {
  readonly budget: Budget | undefined;
  readonly defaultBudget: Budget | undefined;
  readonly budgetOptions: ScopeOptions;
} {
  if (timeZone !== undefined) checkTimeZone(timeZone);
  const [budget, defaultBudget] = [given.budget, given.defaultBudget].map((text) => {
    if (text === undefined) return undefined;
    const parsed = parseBudget(text);
    checkBudgetPrice(parsed, price);
    return parsed;
  });
  if ((budget ?? defaultBudget) !== undefined && store === undefined)
    throw new BudgetError(
      "BUDGET_STORE",
      'A budget is kept in the ledger, so that it holds after a crash too; give a store: { store: await openStore("runs.db"), budget: "60s" }.',
    );
  return { budget, defaultBudget, budgetOptions: { price, timeZone, schedule } };
}
