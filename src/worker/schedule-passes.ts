import type { Clock } from "../../providers/index.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { PassReport, Scheduler } from "../schedules/scheduler.ts";
import type { NamedProviders } from "./named-provider.ts";
import { scheduleFacts } from "./schedule-facts.ts";
import { sleepUnless } from "./wake.ts";
import { type WorkerEvent, wordsOf } from "./worker-events.ts";

export interface PassOptions {
  readonly store: RunStore;
  readonly providers: NamedProviders;
  readonly clock: Clock;
  /** After so long a pass goes on by itself, since a condition waits for its service: runs do not wait for that. */
  readonly patienceMs: number;
  /** A schedule that is added meanwhile is seen so soon. */
  readonly lookMs: number;
  readonly tell: (event: WorkerEvent) => void;
}

/** A worker's passes over the schedules of its store, one at a time. */
export class SchedulePasses {
  readonly #options: PassOptions;
  #scheduler: Scheduler | undefined;
  /** A pass that goes on. */
  #passing: Promise<PassReport> | undefined;

  constructor(options: PassOptions) {
    this.#options = options;
  }

  /** Decides the ticks that are due. @returns when the next pass is due, and whether runs were started */
  async pass(now: number): Promise<{ readonly dueAt: number; readonly hasStarted: boolean }> {
    const { store, providers, clock, lookMs } = this.#options;
    if ((await store.schedules()).length === 0) return { dueAt: now + lookMs, hasStarted: false };
    if (this.#scheduler === undefined) {
      const { Scheduler } = await import("../schedules/scheduler.ts");
      this.#scheduler = new Scheduler({ store, facts: scheduleFacts(store, providers), clock });
    }
    const report = await this.#report(this.#scheduler);
    if (report === undefined) return { dueAt: now, hasStarted: false };
    this.#tell(report);
    const dueAt = Math.min(now + lookMs, report.nextAt ?? Number.POSITIVE_INFINITY);
    return { dueAt, hasStarted: report.started.length > 0 };
  }

  /** What a pass has decided; undefined where it goes on. */
  async #report(scheduler: Scheduler): Promise<PassReport | undefined> {
    const { clock, patienceMs } = this.#options;
    if (this.#passing === undefined) {
      this.#passing = scheduler.pass();
      // Where it fails between two looks at it, the next one tells.
      this.#passing.catch(() => {});
    }
    const patience = new AbortController();
    const late = patienceMs === Number.POSITIVE_INFINITY ? [] : [sleepUnless(patience.signal, patienceMs, clock)];
    let isOver = true;
    try {
      const report = await Promise.race([this.#passing, ...late]);
      isOver = report !== undefined;
      return report ?? undefined;
    } finally {
      patience.abort();
      if (isOver) this.#passing = undefined;
    }
  }

  #tell({ started, skipped, waiting, faults }: PassReport): void {
    const { tell } = this.#options;
    for (const { schedule, tick, runId } of started)
      tell({ type: "started", schedule, words: `tick of ${iso(tick)}: run ${runId}` });
    for (const { schedule, tick, words } of skipped)
      tell({ type: "skipped", schedule, words: `tick of ${iso(tick)}: ${words}` });
    for (const { schedule, tick, words } of waiting)
      tell({ type: "waiting", schedule, words: `tick of ${iso(tick)}: ${words}` });
    for (const { schedule, error } of faults)
      tell({ type: "trouble", words: `schedule ${schedule}: ${wordsOf(error)}` });
  }
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
