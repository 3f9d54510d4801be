import { type Clock, systemClock } from "../../providers/index.ts";
import { BudgetError, RunError, ScheduleError } from "../errors.ts";
import { type Amount, leftOf } from "../runs/budget.ts";
import { scopesOf, scopeText } from "../runs/budget-scopes.ts";
import { amountText } from "../runs/budget-text.ts";
import { reached } from "../runs/crash-points.ts";
import { oneLine } from "../runs/history.ts";
import { createdEvent } from "../runs/new-run.ts";
import type { NewRun, RunRow, RunStore, ScheduleRow } from "../runs/run-store.ts";
import type { TaskBudget } from "../runs/run-task.ts";
import { Condition, type ConditionCheck } from "./condition.ts";
import { CronExpression } from "./cron-expression.ts";
import type { ConditionFacts } from "./facts.ts";
import { budgetOfAll, checkSpec, type ScheduleSpec } from "./spec.ts";
import { dueTicks, ticksAfter } from "./ticks.ts";

export interface SchedulerOptions {
  readonly store: RunStore;
  /** What a condition can ask for, now; see `conditionFacts`. Asked only for ticks that are due and have a condition. */
  readonly facts: (spec: ScheduleSpec) => Promise<ConditionFacts>;
  /** For the limit of the time that `facts` may take; ticks go by the store's. */
  readonly clock?: Clock;
}

export interface StartedTick {
  readonly schedule: string;
  /** Milliseconds since 1970. */
  readonly tick: number;
  readonly runId: string;
}

export interface SkippedTick {
  readonly schedule: string;
  readonly tick: number;
  readonly words: string;
}

/** A tick that is due and not decided yet; later ones of its schedule wait behind it. */
export interface WaitingTick extends SkippedTick {}

export interface PassReport {
  /** Decided by this scheduler; what others decided is theirs to tell. */
  readonly started: readonly StartedTick[];
  readonly skipped: readonly SkippedTick[];
  readonly waiting: readonly WaitingTick[];
  /** Schedules of which nothing can be made, such as one of a time zone that this Node does not know. */
  readonly faults: readonly { readonly schedule: string; readonly error: ScheduleError | BudgetError }[];
  /** When the next pass is due by the store's clock, if no schedule is added before; undefined for never. */
  readonly nextAt: number | undefined;
}

/** How often it is looked whether a condition is met, or an earlier run has ended. */
const LOOK_MS = 30_000;
const FACTS_MS = 30_000;
const UNFINISHED = ["running", "parked", "ready"] as const;

/**
 * Starts the runs of all schedules of a store. Any number of schedulers may work on one store: each tick is decided once, by
 * the store, in the order of ticks. Whatever clocks do, no tick is started twice.
 */
export class Scheduler {
  readonly #store: RunStore;
  readonly #facts: SchedulerOptions["facts"];
  readonly #clock: Clock;

  constructor({ store, facts, clock = systemClock }: SchedulerOptions) {
    this.#store = store;
    this.#facts = facts;
    this.#clock = clock;
  }

  /**
   * Decides the ticks that are due: each becomes a run that is ready for a worker, or is skipped in words, or waits.
   * @throws ScheduleError SCHEDULE_PACKAGE; RunError LEDGER_*
   */
  async pass(): Promise<PassReport> {
    const report = new Report();
    const passes = (await this.#store.schedules())
      .filter(({ paused }) => !paused)
      .map(async (row) => {
        try {
          await this.#decide(row, report);
        } catch (error) {
          const isItsOwn = error instanceof ScheduleError || error instanceof BudgetError;
          if (!isItsOwn || error.code === "SCHEDULE_PACKAGE") throw error;
          report.faults.push({ schedule: row.id, error });
        }
      });
    // All come to their end, so that none goes on behind the back of the caller.
    for (const outcome of await Promise.allSettled(passes)) if (outcome.status === "rejected") throw outcome.reason;
    return report;
  }

  async #decide(row: ScheduleRow, report: Report): Promise<void> {
    const spec = checkSpec(row.spec);
    const cron = await CronExpression.parse(spec.cron);
    const now = await this.#store.now();
    const since = row.lastTick ?? row.createdAt;
    const due = dueTicks(spec, cron, since, now);
    for (const { tick, words } of due.skip) await this.#skip(row.id, tick, words, report);
    const [next] = ticksAfter(spec, cron, Math.max(now, since), 1);
    report.again(next);
    // Read once, however many ticks there are to catch up with.
    let checked: Promise<ConditionCheck> | undefined;
    const check = (when: string): Promise<ConditionCheck> => {
      checked ??= this.#check(Condition.parse(when), spec);
      return checked;
    };
    for (const tick of due.start) {
      const obstacle = await this.#obstacle(row.id, spec, tick, now, check);
      if (obstacle?.until !== undefined && obstacle.until > now) {
        report.waiting.push({ schedule: row.id, tick, words: obstacle.words });
        report.again(Math.min(now + LOOK_MS, obstacle.until));
        return;
      }
      if (obstacle === undefined) await this.#start(row.id, spec, tick, report);
      else await this.#skip(row.id, tick, obstacle.words, report);
    }
  }

  /** Why a tick cannot start now, and until when it waits for that; without such a time it does not. */
  async #obstacle(
    id: string,
    spec: ScheduleSpec,
    tick: number,
    now: number,
    check: (when: string) => Promise<ConditionCheck>,
  ): Promise<{ readonly words: string; readonly until?: number } | undefined> {
    if (spec.overlap !== "allow") {
      const earlier = await this.#unfinished(id);
      if (earlier !== undefined) {
        const words = `run ${earlier.id} of the schedule has not ended, it is ${earlier.status} (overlap: ${spec.overlap})`;
        return spec.overlap === "queue" ? { words, until: Number.POSITIVE_INFINITY } : { words };
      }
    }
    const spent = await this.#spent(id, spec, now);
    if (spent !== undefined) return { words: spent };
    if (spec.when === undefined) return undefined;
    const { met, words } = await check(spec.when);
    return met ? undefined : { words, until: tick + 1000 * spec.windowSeconds };
  }

  async #unfinished(schedule: string): Promise<RunRow | undefined> {
    for (const status of UNFINISHED) {
      const [run] = await this.#store.runs({ schedule, status, limit: 1 });
      if (run !== undefined) return run;
    }
    return undefined;
  }

  /** Which limit of the schedule's own budget leaves nothing for a job, in words. */
  async #spent(id: string, spec: ScheduleSpec, now: number): Promise<string | undefined> {
    const budget = budgetOfAll(spec.budget ?? {});
    if (budget === undefined) return undefined;
    // Only for the names of the scopes: what a second costs does not matter here.
    const price = budget.currency === undefined ? undefined : { perSecond: 0, currency: budget.currency };
    const options = { timeZone: spec.timeZone, schedule: { id, budget }, price };
    for (const scope of scopesOf(id, undefined, now, options)) {
      if (Object.keys(scope.limits).length === 0) continue;
      const { settled } = await this.#store.totals(scope.scope);
      const left = leftOf(scope.limits, settled);
      // Services count whole seconds; what is only set aside may come back.
      if (left.quantumSeconds >= 1 && left.money > 0 && left.jobs >= 1) continue;
      const limited = Object.fromEntries(
        Object.keys(scope.limits).map((unit) => [unit, settled[unit as keyof Amount]]),
      );
      return `the budget of ${scopeText(scope)} is spent: ${amountText(limited, scope.currency)} of ${amountText(scope.limits, scope.currency)}`;
    }
    return undefined;
  }

  async #check(condition: Condition, spec: ScheduleSpec): Promise<ConditionCheck> {
    const done = new AbortController();
    const late = this.#clock.sleep(FACTS_MS, done.signal).then(
      () => undefined,
      () => undefined,
    );
    try {
      const facts = await Promise.race([this.#facts(spec), late]);
      if (facts === undefined)
        return {
          met: false,
          words: `${condition.text} is not met: the backend did not answer in ${FACTS_MS / 1000} s`,
        };
      return condition.check(facts);
    } catch (error) {
      // A backend out of reach is no reason to leave the other schedules alone.
      const words = oneLine(error instanceof Error ? error.message : String(error));
      return { met: false, words: `${condition.text} is not met: its values cannot be read (${words})` };
    } finally {
      done.abort();
    }
  }

  async #start(id: string, spec: ScheduleSpec, tick: number, report: Report): Promise<void> {
    const run = runOf(id, spec, tick);
    const words = lateWords(tick, await this.#store.now());
    try {
      reached("k17");
      if (await this.#store.decideTick({ schedule: id, tick, outcome: "started", words }, run))
        report.started.push({ schedule: id, tick, runId: run.id });
    } catch (error) {
      if (!(error instanceof RunError && error.code === "RUN_EXISTS")) throw error;
      await this.#skip(id, tick, `there is a run ${run.id} already`, report);
    }
  }

  async #skip(schedule: string, tick: number, words: string, report: Report): Promise<void> {
    if (await this.#store.decideTick({ schedule, tick, outcome: "skipped", words }))
      report.skipped.push({ schedule, tick, words });
  }
}

class Report implements PassReport {
  readonly started: StartedTick[] = [];
  readonly skipped: SkippedTick[] = [];
  readonly waiting: WaitingTick[] = [];
  readonly faults: { schedule: string; error: ScheduleError | BudgetError }[] = [];
  nextAt: number | undefined;

  again(at: number | undefined): void {
    if (at !== undefined) this.nextAt = Math.min(at, this.nextAt ?? at);
  }
}

function runOf(schedule: string, { config, options, budget, timeZone }: ScheduleSpec, tick: number): NewRun {
  const ofAll = budgetOfAll(budget ?? {});
  const taskBudget: TaskBudget = {
    ...(budget?.perRun === undefined ? {} : { run: budget.perRun }),
    ...(ofAll === undefined ? {} : { schedule: ofAll }),
    timeZone,
  };
  return {
    id: `${schedule}-${tickName(tick)}`,
    task: { config, options, ...(budget === undefined ? {} : { budget: taskBudget }) },
    schedule: { id: schedule, tick },
    events: [createdEvent()],
  };
}

/** UTC, such as "20261126t0200z"; with seconds where they are not 0, so that each tick has its own. */
function tickName(tick: number): string {
  const digits = new Date(tick).toISOString().replaceAll(/[-:]/g, "");
  const [day, time = ""] = digits.split("T");
  const seconds = time.slice(4, 6);
  return `${day}t${time.slice(0, 4)}${seconds === "00" ? "" : seconds}z`;
}

function lateWords(tick: number, now: number): string {
  const minutes = Math.floor((now - tick) / 60_000);
  return minutes < 1 ? "on time" : `${minutes} min late`;
}
