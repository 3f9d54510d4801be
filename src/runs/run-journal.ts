import { isDeepStrictEqual } from "node:util";
import { type Backend, type Clock, type JobRecord, type RemoteBackend, systemClock } from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import type { Budget, BudgetScope, ScopeTotals } from "./budget.ts";
import { dayEnd, type ScopeOptions, scopesOf } from "./budget-scopes.ts";
import { formatBudget } from "./budget-text.ts";
import { reached } from "./crash-points.ts";
import { changesOf, runChanged } from "./description-changes.ts";
import type { RunDescription, RunEvent } from "./events.ts";
import { hashOf } from "./hash.ts";
import { JobAudit } from "./job-audit.ts";
import { assertJournalable, journaledBackend } from "./journaled-backend.ts";
import { KeptSnapshots } from "./kept-snapshots.ts";
import { failedEvent } from "./new-run.ts";
import { keepNotices } from "./notices.ts";
import { currentPhase } from "./recalibration.ts";
import { jsonOf, reportOf } from "./report-json.ts";
import { claimOrCreate, renewLease } from "./run-lease.ts";
import type { RunPolicies } from "./run-policies.ts";
import { RunFold, type RunJob, type RunState } from "./run-state.ts";
import type { Append, Appended, Lease, RunStore } from "./run-store.ts";
import type { RunTask } from "./run-task.ts";
import { packState, unpackState } from "./snapshot.ts";
import { plain } from "./store-rules.ts";

export interface JournalOptions extends RunPolicies {
  /** What the run's driver was told to run, where that may be another than the run's row says. */
  readonly task?: RunTask | undefined;
  readonly store: RunStore;
  readonly id: string;
  /** A lease that was claimed before, such as by a worker. */
  readonly lease?: Lease | undefined;
  /** What the run may spend from here on: written down, so that it holds for those who drive the run later. */
  readonly budget?: Budget | undefined;
  /** What it may spend where nobody was ever given a budget for it. */
  readonly defaultBudget?: Budget | undefined;
  readonly budgetOptions?: ScopeOptions | undefined;
  /** What to do while a long queue is waited for: stay, or leave the run to whoever claims it at its wake time. */
  readonly park?: "stay" | "leave" | undefined;
  readonly clock?: Clock | undefined;
  /** Ends what is waited for at the end of the run. */
  readonly signal?: AbortSignal | undefined;
  /** Told what is waited for. */
  readonly onActivity?: ((words: string) => void) | undefined;
  /** Somebody asked through the store that the run stop. */
  readonly onStopRequest?: (() => void) | undefined;
  /** The lease is lost: somebody else drives the run. */
  readonly onFenced?: ((error: RunError) => void) | undefined;
}

/** What a job sends, as a blob with its name, and when the device was calibrated. */
export interface KeptRecord {
  readonly blob: Uint8Array;
  readonly hash: string;
  readonly calibration: string | undefined;
}

const SESSION_PATIENCE_MS = 1000;
/** One run in a store, while this process drives it. All that it writes is durable before its promises resolve. */
export class RunJournal {
  readonly id: string;
  readonly store: RunStore;
  readonly clock: Clock;
  readonly park: "stay" | "leave";
  /** Money for a second of the quantum computer; 0 where it is not known. */
  readonly perSecond: number;
  readonly #options: JournalOptions;
  /** None for a run that was finished before: it is read, and nothing is written. */
  readonly #lease: Lease | undefined;
  readonly #fold: RunFold;
  readonly #budget: Budget | undefined;
  readonly #closing = new AbortController();
  readonly #snapshots: KeptSnapshots;
  readonly #records = new Map<string, KeptRecord>();
  #last: Promise<unknown> = Promise.resolve();
  #activity: string | undefined;
  #phase = "start";
  #index = 0;
  #remote: RemoteBackend | undefined;
  #audit: JobAudit | undefined;
  #endNotices: (() => void) | undefined;

  /**
   * Creates the run, or claims it where it is there, and reads what it did so far. A finished one is only read.
   * @throws RunError RUN_ID, RUN_DRIVEN, RUN_FENCED, LEDGER_*
   */
  static async open(options: JournalOptions): Promise<RunJournal> {
    const { store, id } = options;
    const finished = options.lease === undefined && (await store.run(id))?.status === "finished";
    const lease = finished ? undefined : (options.lease ?? (await claimOrCreate(store, id)));
    reached("k18");
    const fold = new RunFold();
    try {
      for (const record of await store.read(id)) fold.add(record);
    } catch (error) {
      // Who tries again is not to wait until the lease ends.
      if (lease !== undefined) await store.release(lease).catch(() => {});
      throw error;
    }
    const journal = new RunJournal(options, lease, fold);
    try {
      await journal.#keepBudget();
    } catch (error) {
      await journal.close();
      throw error;
    }
    return journal;
  }

  private constructor(options: JournalOptions, lease: Lease | undefined, fold: RunFold) {
    const { store, id, clock = systemClock, park = "stay", budgetOptions = {} } = options;
    this.id = id;
    this.store = store;
    this.clock = clock;
    this.park = park;
    this.perSecond = budgetOptions.price?.perSecond ?? 0;
    this.#options = options;
    this.#lease = lease;
    this.#fold = fold;
    this.#budget = options.budget ?? fold.state.budget ?? options.defaultBudget;
    // The states that a fork begins with are its parent's to drop; the one that it starts from is in its bundle.
    this.#snapshots = new KeptSnapshots(fold.state.snapshots.slice(fold.state.parent?.step ?? 0));
    if (lease !== undefined)
      void renewLease(store, lease, {
        clock,
        replaced: fold.state.replaced,
        activity: () => this.#activity,
        onStopRequest: options.onStopRequest,
        onFenced: options.onFenced,
        signal: this.#closing.signal,
      });
  }

  async #keepBudget(): Promise<void> {
    const { budget } = this.#options;
    const { budget: known } = this.state;
    if (budget === undefined || this.finished) return;
    if (known === undefined || formatBudget(known) !== formatBudget(budget))
      await this.append({ events: [{ type: "budget", budget }] });
  }

  /** Nothing is left to do: `result` has what the run resolved to. */
  get finished(): boolean {
    return this.state.status === "finished";
  }

  /** Whose spending is added up, and to what limits, at a time of the store's clock. */
  scopes(now: number): readonly BudgetScope[] {
    return scopesOf(this.id, this.#budget, now, this.#options.budgetOptions);
  }
  /** What is spent and set aside in each of them now. */
  async budgetUses(): Promise<readonly { readonly scope: BudgetScope; readonly totals: ScopeTotals }[]> {
    const scopes = this.scopes(await this.store.now());
    return Promise.all(scopes.map(async (scope) => ({ scope, totals: await this.store.totals(scope.scope) })));
  }
  /** Of the schedule that has started the run. */
  get scheduleId(): string | undefined {
    return this.#options.budgetOptions?.schedule?.id;
  }
  /** When a new day has its own budget. */
  dayEnd(now: number): number {
    return dayEnd(now, this.#options.budgetOptions?.timeZone);
  }

  /** What the events fold to; it changes with every append. */
  get state(): RunState {
    return this.#fold.state;
  }

  /** Reports of the steps so far. */
  steps<Step>(): readonly Step[] {
    return this.state.steps.map((report) => reportOf(report) as Step);
  }
  epochs<Epoch>(): readonly Epoch[] {
    return this.state.epochs.map((report) => reportOf(report) as Epoch);
  }

  /** The state from which the run goes on; undefined before the first. */
  async checkpoint(): Promise<unknown> {
    const { snapshot } = this.state;
    return snapshot === undefined ? undefined : unpackState(await this.store.blob(snapshot));
  }

  /** What a finished run resolved to; undefined for one that is not. */
  async result(): Promise<unknown> {
    const { result } = this.state;
    return result === undefined ? undefined : unpackState(await this.store.blob(result));
  }

  /**
   * Writes down what decides the run's numbers, or compares it with what was written down.
   * @param initial the state before the first step, where the run has none
   * @throws RunError RUN_CHANGED naming what differs
   */
  async describe(description: RunDescription, initial: () => unknown): Promise<void> {
    const { description: known, step, jobs, snapshot, parent } = this.state;
    const task = await this.#otherTask();
    const changes = known === undefined ? [] : changesOf(known, description);
    if (known?.kind === description.kind && changes.length === 0) {
      if (task.length > 0) await this.append({ events: task });
      return;
    }
    // What has sent nothing and done nothing may still become another run, such as one that fits its budget.
    const isUntouched = step === (parent?.step ?? 0) && jobs.size === 0 && !this.finished;
    if (known === undefined || isUntouched) {
      // A fork begins where it was forked, whatever becomes of it.
      const blob = snapshot === undefined || parent === undefined ? packState(initial()) : undefined;
      await this.append({
        blobs: blob === undefined ? [] : [blob],
        events: [
          { type: "described", description, ...(blob === undefined ? {} : { snapshot: hashOf(blob) }) },
          ...task,
        ],
      });
      return;
    }
    throw runChanged(this.id, step, known, description);
  }

  /** Says what those who drive the run later are to run, where that is another than they would. */
  async #otherTask(): Promise<readonly RunEvent[]> {
    const { task } = this.#options;
    if (task === undefined || this.finished) return [];
    if (isDeepStrictEqual((await this.store.run(this.id))?.task, plain(task))) return [];
    return [{ type: "task", task }];
  }

  /** The provider as the run sees it: one at a service has its jobs journaled. @throws RunError RUN_PROVIDER */
  provider(backend: Backend): Backend {
    if (backend.capabilities.local) return backend;
    assertJournalable(backend);
    const journaled = journaledBackend(backend, this, this.#options);
    this.#remote = backend;
    this.#audit = new JobAudit(backend, this, this.#options.signal);
    this.#endNotices?.();
    this.#endNotices = keepNotices(backend, this);
    return journaled;
  }

  /** Jobs from here on belong to this part of the run, such as "step-12". */
  phase(name: string): void {
    this.#phase = currentPhase(this.state, name);
    this.#index = 0;
  }
  /** The place of the next job. */
  nextPlace(): { readonly phase: string; readonly index: number } {
    return { phase: this.#phase, index: this.#index++ };
  }

  async commitStep(step: number, report: unknown, state: unknown): Promise<void> {
    const blob = packState(state ?? null);
    const snapshot = hashOf(blob);
    await this.append({
      blobs: [blob],
      activity: null,
      events: () => {
        reached("k13");
        return [{ type: "step", step, report: jsonOf(report), snapshot }];
      },
    });
    reached("k15");
    const old = this.#snapshots.add(snapshot, blob.length);
    if (this.#lease !== undefined && old.length > 0) {
      reached("k16");
      await this.store.dropBlobs(this.#lease, old);
    }
    await this.#audit?.afterStep();
  }

  /** @param isCut the run ends amid the epoch */
  async commitEpoch(epoch: number, step: number, report: unknown, state: unknown, isCut = false): Promise<void> {
    const blob = packState(state);
    const event: RunEvent = { type: "epoch", epoch, step, report: jsonOf(report), snapshot: hashOf(blob) };
    await this.append({ blobs: [blob], activity: null, events: [isCut ? { ...event, isCut } : event] });
  }

  /** @param state at the end, where it differs from the last step's */
  async finish(result: unknown, state?: unknown): Promise<void> {
    await this.#audit?.atEnd();
    const blob = packState(result);
    const end = state === undefined ? undefined : packState(state);
    await this.append({
      blobs: end === undefined ? [blob] : [blob, end],
      activity: null,
      events: [
        {
          type: "finished",
          result: hashOf(blob),
          ...(end === undefined ? {} : { snapshot: hashOf(end) }),
        },
      ],
    });
  }

  async stop(words: string): Promise<void> {
    await this.append({ activity: null, events: [{ type: "stopped", words }] });
  }

  async fail(error: unknown): Promise<void> {
    await this.append({ activity: null, events: [failedEvent(error)] });
  }

  /** Lets go of the run. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#endNotices?.();
    await this.#last.catch(() => {});
    // What the run has come to is written down; a lease that cannot be let go now ends by itself.
    if (this.#lease !== undefined) await this.store.release(this.#lease).catch(() => {});
    await this.#closeSession();
  }

  /** One that is left open is charged by time; the service closes it in the end if it cannot be reached now. */
  async #closeSession(): Promise<void> {
    const closed = this.#remote?.closeSession?.();
    if (closed === undefined) return;
    const waiting = new AbortController();
    const patience = this.clock.sleep(SESSION_PATIENCE_MS, waiting.signal).catch(() => {});
    await Promise.race([closed.catch(() => {}), patience]);
    waiting.abort();
  }

  /** The compiled circuits of a job, made once for jobs whose circuits and observables are the same. */
  recordOf(key: string, make: () => JobRecord): KeptRecord {
    const known = this.#records.get(key);
    if (known !== undefined) return known;
    const { circuits, calibration } = make();
    const blob = packState({ circuits });
    const record = { blob, hash: hashOf(blob), calibration };
    this.#records.set(key, record);
    return record;
  }

  /** One after another; what is written is folded at once. */
  async append(append: Append): Promise<Appended> {
    const turn = this.#last.then(
      () => this.#append(append),
      () => this.#append(append),
    );
    this.#last = turn;
    return turn;
  }

  async #append(append: Append): Promise<Appended> {
    if (this.#lease === undefined)
      throw new RunError("RUN_FINISHED", `Run ${this.id} is finished, so nothing can be added to it; fork it.`);
    const done = await this.store.append(this.#lease, append);
    if (done.outcome === "written") for (const record of done.records) this.#fold.add(record);
    return done;
  }

  /** Tells what is waited for; the store learns it with the next renewal of the lease. */
  activity(words: string | undefined): void {
    if (words === this.#activity) return;
    this.#activity = words;
    if (words !== undefined) this.#options.onActivity?.(words);
  }

  /** Writes down in plain words what is waited for, for those who read the history; a ledger that cannot take it now goes without. */
  mention(words: string): void {
    this.append({ events: [{ type: "waiting", words }] }).catch(() => {});
  }

  /** Writes down in plain words what is waited for, and waits. */
  async wait(words: string, milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    this.activity(words);
    if (this.state.waiting !== words) await this.append({ events: [{ type: "waiting", words }], activity: words });
    await this.clock.sleep(milliseconds, signal);
  }

  /**
   * Nothing is to be done for a while: waits here, or leaves.
   * @throws RunError RUN_PARKED where the run is left to whoever claims it at its wake time
   */
  async parkFor(words: string, milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    const wakeAt = (await this.store.now()) + milliseconds;
    this.activity(words);
    await this.append({ events: [{ type: "parked", words, wakeAt }], activity: words });
    if (this.park === "leave")
      throw new RunError("RUN_PARKED", `Run ${this.id} is parked: ${words} It goes on when it is resumed.`);
    await this.clock.sleep(milliseconds, signal);
  }

  /** Asks once more for charges that were not final; those that still are not keep what was set aside for them. */
  async settleOpen(): Promise<readonly RunJob[]> {
    return (await this.#audit?.settleOpen()) ?? [];
  }
}
