import { LeptonError } from "../../circuits/index.ts";
import { type Clock, systemClock } from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import { failedEvent } from "../runs/new-run.ts";
import { thisOwner } from "../runs/process-identity.ts";
import type { Lease, RunStore } from "../runs/run-store.ts";
import { cameFurther, deathsWithoutProgress, MAX_DEATHS, trialMs } from "./crash-loop.ts";
import { executeRun, isStoreTrouble } from "./execute-run.ts";
import { LEASE_SECONDS } from "./held-lease.ts";
import { type NamedProviders, namedProviders } from "./named-provider.ts";
import { SchedulePasses } from "./schedule-passes.ts";
import { pollingWaker, type RunWaker, sleepUnless } from "./wake.ts";
import { type WorkerEvent, wordsOf } from "./worker-events.ts";

export interface WorkerOptions {
  readonly store: RunStore;
  /** One that looks every few seconds by default; `openWaker` makes the one that goes with a store. */
  readonly waker?: RunWaker;
  /** Runs at a time, 4 by default: most of a run on hardware is waiting. Simulations share one thread. */
  readonly concurrency?: number;
  /** Whether it also starts the runs of schedules; true by default. */
  readonly schedules?: boolean;
  /** By the names that tasks give; one's own by default, with the environment's credentials. */
  readonly providers?: NamedProviders;
  /** Ends the worker: runs are left to others within moments, and jobs that are out go on. */
  readonly signal?: AbortSignal;
  /** Ends when nothing is due and nothing runs. */
  readonly once?: boolean;
  readonly onEvent?: (event: WorkerEvent) => void;
  readonly clock?: Clock;
}

/** A look at the store at least so often, should a wake-up be lost. */
const LOOK_MS = 30_000;
/** So long runs that are due wait for a pass over the schedules. */
const PASS_MS = 500;
/** Where another worker is just about to claim what is due. */
const SHORTEST_WAIT_MS = 100;
/** After trouble with the store. */
const FIRST_TROUBLE_MS = 1_000;
const TROUBLE_MS = 10_000;
const LONGEST_TROUBLE_MS = 60_000;
/** For runs to be left when the worker ends; their leases end by themselves otherwise. */
const LEAVE_MS = 1_800;
/** Between looks whether a run that is driven alone has come further. */
const TRIAL_LOOK_MS = 1_000;

/**
 * Drives the runs of a store that have a task, as many at a time as it may, and starts those of its schedules. Any number of
 * workers share a store. What is wrong with a run fails that run alone; trouble with the store is waited for. Should the
 * worker die, others take over its runs when their leases end.
 * @returns when it has ended, by its signal or with `once`
 * @example await using store = await openStore(".lepton/runs.db");
 *          await startWorker({ store, signal: AbortSignal.timeout(3_600_000), onEvent: console.log });
 * @throws RunError WORKER_OPTION
 */
export async function startWorker(options: WorkerOptions): Promise<void> {
  const { concurrency = 4 } = options;
  if (!(Number.isSafeInteger(concurrency) && concurrency >= 1))
    throw new RunError("WORKER_OPTION", `A worker drives 1 or more runs at a time, not ${String(concurrency)}.`);
  await new Worker(options, concurrency).run();
}

interface Driven {
  readonly ended: Promise<void>;
  /** Leaves the run to whoever claims it next. */
  leave(why: string): void;
}

/** A run that is driven alone, since it may be what ended its drivers. */
interface Trial {
  readonly runId: string;
  readonly owner: string;
  /** The first record that may tell that it came further. */
  readonly fromSeq: number;
  /** By the worker's clock. */
  readonly until: number;
}

class Worker {
  readonly #options: WorkerOptions;
  readonly #store: RunStore;
  readonly #clock: Clock;
  readonly #concurrency: number;
  readonly #providers: NamedProviders;
  readonly #signal: AbortSignal;
  readonly #waker: RunWaker;
  readonly #running = new Map<string, Driven>();
  #trial: Trial | undefined;
  #someRunEnded = Promise.withResolvers<void>();
  readonly #passes: SchedulePasses;
  #schedulerDue: number;

  constructor(options: WorkerOptions, concurrency: number) {
    const { store, clock = systemClock, providers = namedProviders(), signal } = options;
    this.#waker = options.waker ?? pollingWaker(store, { clock });
    this.#options = options;
    this.#store = store;
    this.#clock = clock;
    this.#concurrency = concurrency;
    this.#providers = providers;
    this.#signal = signal ?? new AbortController().signal;
    this.#schedulerDue = options.schedules === false ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const tell = (event: WorkerEvent): void => this.#tell(event);
    const patienceMs = options.once === true ? Number.POSITIVE_INFINITY : PASS_MS;
    this.#passes = new SchedulePasses({ store, providers, clock, patienceMs, lookMs: LOOK_MS, tell });
  }

  async run(): Promise<void> {
    const patience = new AbortController();
    // What is aborted comes to its end in moments; what does not, such as a question to a service that is down, is left.
    const over = this.#turns().then(() => this.#allEnded());
    await Promise.race([over, this.#left(patience.signal)]);
    patience.abort();
  }

  async #turns(): Promise<void> {
    let trouble = FIRST_TROUBLE_MS;
    while (!this.#signal.aborted) {
      try {
        if (!(await this.#turn())) break;
        trouble = FIRST_TROUBLE_MS;
      } catch (error) {
        if (this.#signal.aborted) break;
        this.#tell({ type: "trouble", words: wordsOf(error) });
        await sleepUnless(this.#signal, trouble, this.#clock);
        trouble = Math.min(LONGEST_TROUBLE_MS, 2 * trouble);
      }
    }
  }

  /** Resolves when the worker was told to end and its patience is over; never where `unneeded` comes first. */
  async #left(unneeded: AbortSignal): Promise<void> {
    const told = Promise.withResolvers<void>();
    this.#signal.addEventListener("abort", () => told.resolve(), { once: true, signal: unneeded });
    if (this.#signal.aborted) told.resolve();
    await told.promise;
    await sleepUnless(unneeded, LEAVE_MS, this.#clock);
  }

  /** Starts what is due, then waits; false where there is nothing more to do. */
  async #turn(): Promise<boolean> {
    // One for each turn, so that neither an end in the middle of it is missed, nor what waits for one gathers.
    this.#someRunEnded = Promise.withResolvers();
    const now = await this.#store.now();
    if (now >= this.#schedulerDue) {
      const { dueAt, hasStarted } = await this.#passes.pass(now);
      this.#schedulerDue = dueAt;
      if (hasStarted) await this.#waker.notify();
    }
    let found = true;
    while (this.#running.size < this.#concurrency && !this.#signal.aborted && !(await this.#isOnTrial())) {
      const lease = await this.#store.claimDue(thisOwner(), LEASE_SECONDS);
      found = lease !== undefined;
      if (lease === undefined) break;
      if (lease.takeover) await this.#beginTrial(lease);
      this.#start(lease);
    }
    if (this.#options.once === true && !found && this.#running.size === 0) return false;
    // With all hands full, what else is due is another's.
    if (found && ((await this.#store.nextDue()) ?? Number.POSITIVE_INFINITY) <= now) await this.#waker.notify();
    await this.#wait(found);
    return true;
  }

  /** Until a run is due or a tick comes, or, with all hands full, until one of its own runs ends. */
  async #wait(busy: boolean): Promise<void> {
    const ended = this.#someRunEnded.promise;
    if (busy) {
      const waiting = new AbortController();
      const signal = AbortSignal.any([waiting.signal, this.#signal]);
      const longest = this.#trial === undefined ? LOOK_MS : TRIAL_LOOK_MS;
      const untilTick = Math.min(longest, Math.max(0, this.#schedulerDue - (await this.#store.now())));
      await Promise.race([ended, sleepUnless(signal, untilTick, this.#clock)]);
      waiting.abort();
      return;
    }
    const due = (await this.#store.nextDue()) ?? Number.POSITIVE_INFINITY;
    const now = await this.#store.now();
    const until = Math.max(now + SHORTEST_WAIT_MS, Math.min(due, this.#schedulerDue, now + LOOK_MS));
    const waiting = new AbortController();
    const signal = AbortSignal.any([waiting.signal, this.#signal]);
    try {
      await Promise.race([ended, this.#waker.wait(until, signal)]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      waiting.abort();
    }
  }

  /** Where a run may be what ended its drivers, those that are driven now are left, and others wait until it came further. */
  async #beginTrial(lease: Lease): Promise<void> {
    const { runId, owner } = lease;
    // What keeps it from being read now keeps it from being driven, too, and is told there.
    const records = await this.#store.read(runId).catch(() => []);
    const patience = trialMs(deathsWithoutProgress(records));
    if (patience === undefined) return;
    const until = this.#clock.now() + patience;
    this.#trial = { runId, owner: owner.id, fromSeq: records.at(-1)!.seq + 1, until };
    for (const { leave } of this.#running.values())
      leave(`since run ${runId}, whose drivers died, is driven alone for a while`);
    await this.#within(LEAVE_MS, this.#allEnded());
  }

  async #isOnTrial(): Promise<boolean> {
    const trial = this.#trial;
    if (trial === undefined) return false;
    const { runId, owner, fromSeq, until } = trial;
    if (this.#running.has(owner) && this.#clock.now() < until && !cameFurther(await this.#store.read(runId, fromSeq)))
      return true;
    this.#trial = undefined;
    return false;
  }

  async #allEnded(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #within(milliseconds: number, work: Promise<unknown>): Promise<void> {
    const waiting = new AbortController();
    await Promise.race([work, sleepUnless(waiting.signal, milliseconds, this.#clock)]);
    waiting.abort();
  }

  #start(lease: Lease): void {
    const { runId, takeover } = lease;
    this.#tell({ type: "claimed", runId, takeover });
    // The reason by which a run is left to whoever claims it next.
    const left = new AbortController();
    const leave = (why: string): void =>
      left.abort(new RunError("RUN_PARKED", `Run ${runId} was left, ${why}; another goes on.`));
    const end = (): void => leave("since its worker ends");
    this.#signal.addEventListener("abort", end, { once: true });
    if (this.#signal.aborted) end();
    const ended = this.#drive(lease, left).finally(() => {
      this.#signal.removeEventListener("abort", end);
      this.#running.delete(lease.owner.id);
      this.#someRunEnded.resolve();
    });
    this.#running.set(lease.owner.id, { ended, leave });
  }

  async #drive(lease: Lease, left: AbortController): Promise<void> {
    const { runId } = lease;
    try {
      if ((await this.#stops(lease)) || (lease.takeover && (await this.#givesUp(lease)))) return;
      const { result } = await executeRun(this.#store, lease, {
        providers: this.#providers,
        signal: left.signal,
        park: "leave",
        clock: this.#clock,
      });
      this.#tell({ type: result.ended === "stopped" ? "stopped" : "finished", runId });
    } catch (error) {
      await this.#end(lease, error, left.signal.aborted);
    }
  }

  /** Whether a run was asked to stop, of which whoever drove it has not learnt. */
  async #stops(lease: Lease): Promise<boolean> {
    if ((await this.#store.run(lease.runId))?.stopRequested !== true) return false;
    await this.#store.append(lease, { events: [{ type: "stopped", words: "at a request" }], activity: null });
    await this.#store.release(lease);
    this.#tell({ type: "stopped", runId: lease.runId });
    return true;
  }

  /** Whether a run that kills whoever drives it is marked as failed. */
  async #givesUp(lease: Lease): Promise<boolean> {
    const deaths = deathsWithoutProgress(await this.#store.read(lease.runId));
    if (deaths < MAX_DEATHS) return false;
    const error = new RunError(
      "RUN_GIVEN_UP",
      `${deaths} processes in a row died driving run ${lease.runId} without coming further, so no worker tries it again. Look for what ends them, such as too little memory, then resume it.`,
    );
    await this.#store.append(lease, { events: [failedEvent(error)], activity: null });
    await this.#store.release(lease);
    this.#tell({ type: "failed", runId: lease.runId, code: error.code, words: error.message });
    return true;
  }

  async #end(lease: Lease, error: unknown, left: boolean): Promise<void> {
    const { runId } = lease;
    const code = error instanceof LeptonError ? error.code : "INTERNAL";
    const words = wordsOf(error);
    if (code === "RUN_RECALIBRATED") this.#tell({ type: "stopped", runId });
    else if (left || code === "RUN_FENCED") this.#tell({ type: "left", runId, words });
    else if (code === "RUN_PARKED") this.#tell({ type: "parked", runId, words });
    else if (isStoreTrouble(error) || (code.startsWith("LEDGER_") && !(await this.#marksFailed(runId, error)))) {
      // The run is as it was. What keeps the store from taking it is not over at once.
      this.#tell({ type: "trouble", words: `run ${runId}: ${words}` });
      await sleepUnless(this.#signal, TROUBLE_MS, this.#clock);
      await this.#store.release(lease).catch(() => {});
    } else this.#tell({ type: "failed", runId, code, words });
  }

  /**
   * Whether a run is marked as failed of which something that the store keeps is damaged: whoever takes it meets that again, and
   * those who drive it leave it as it was.
   */
  async #marksFailed(runId: string, error: unknown): Promise<boolean> {
    try {
      if ((await this.#store.run(runId))?.status === "failed") return true;
      const lease = await this.#store.claim(runId, thisOwner(), LEASE_SECONDS);
      await this.#store.append(lease, { events: [failedEvent(error)], activity: null });
      await this.#store.release(lease);
      return true;
    } catch {
      // Somebody else has it, or the store takes nothing; it is asked again.
      return false;
    }
  }

  #tell(event: WorkerEvent): void {
    this.#options.onEvent?.(event);
  }
}
