import { randomUUID } from "node:crypto";
import type { EmulatorClock, Timer } from "../clock.ts";
import type { EmulatedDevice } from "../device.ts";
import type { StateLog } from "../state/state-file.ts";
import type { JobExecution, JobOutcome } from "./execution.ts";
import { isFinal, type JobChange, type JobRecord, type ScriptedOutcome } from "./job-record.ts";
import type { Usage } from "./usage.ts";

/** What a client submits, checked. */
export type NewJob = Pick<
  JobRecord,
  "backend" | "program" | "params" | "tags" | "sessionId" | "private" | "cost" | "calibrationId" | "caller"
>;

export interface JobQueueOptions {
  readonly clock: EmulatorClock;
  readonly devices: readonly EmulatedDevice[];
  readonly log: StateLog;
  readonly usage: Usage;
  readonly execution: JobExecution;
  /** Seconds that a job waits at least before it runs, by the clock. */
  readonly queueSeconds: number;
  /** Seconds of the quantum computer that pass in a second of the clock; Infinity for as fast as can be computed. */
  readonly speed: number;
  /** Seconds after which a job that has ended is forgotten. */
  readonly retentionSeconds: number;
}

/** What sessions need to know of their jobs. */
export interface JobListener {
  started(job: JobRecord): void;
  ended(job: JobRecord): void;
}

interface Running {
  readonly job: JobRecord;
  readonly abort: AbortController;
  timer: Timer | undefined;
}

/** All jobs, and a queue for each backend: first in, first out, one at a time, those of an active session first. */
export class JobQueue {
  readonly #options: JobQueueOptions;
  /** In order of acceptance. */
  readonly #jobs = new Map<string, JobRecord>();
  readonly #running = new Map<string, Running>();
  #scripted: ScriptedOutcome[] = [];
  #count = 0;
  #listener: JobListener | undefined;
  /** Sessions whose jobs go first. */
  #isPreferred: (sessionId: string) => boolean = () => false;
  #closed = false;

  constructor(options: JobQueueOptions) {
    this.#options = options;
    for (const job of options.log.saved.jobs) {
      this.#jobs.set(job.id, job);
      this.#count = Math.max(this.#count, job.number + 1);
      // What ran when the emulator was stopped is run again; its samples do not depend on when.
      if (job.status === "Running") this.#change(job, { status: "Queued", started: undefined });
    }
    for (const job of this.#jobs.values()) if (job.status === "Queued") this.#wake(job);
  }

  listen(listener: JobListener, isPreferred: (sessionId: string) => boolean): void {
    this.#listener = listener;
    this.#isPreferred = isPreferred;
  }

  /** In order of acceptance, without those whose time is over. */
  get jobs(): readonly JobRecord[] {
    for (const job of this.#jobs.values()) if (this.#isOver(job)) this.#forget(job.id);
    return [...this.#jobs.values()];
  }

  find(id: string): JobRecord | undefined {
    const job = this.#jobs.get(id);
    if (job === undefined || !this.#isOver(job)) return job;
    this.#forget(id);
    return undefined;
  }

  /** How the next jobs end, in order of acceptance. */
  script(outcomes: readonly ScriptedOutcome[]): void {
    this.#scripted.push(...outcomes);
  }

  submit(request: NewJob): JobRecord {
    const { clock, log, execution } = this.#options;
    const plan = execution.plan(request);
    const job: JobRecord = {
      ...request,
      ...plan,
      id: randomUUID().replaceAll("-", "").slice(0, 20),
      number: this.#count++,
      created: clock.now(),
      outcome: this.#scripted.shift(),
      status: "Queued",
    };
    log.append({ type: "job", job });
    this.#jobs.set(job.id, job);
    this.#wake(job);
    return job;
  }

  /** Jobs of a backend that have not ended. */
  pending(backend: string): readonly JobRecord[] {
    return [...this.#jobs.values()].filter((job) => job.backend === backend && !isFinal(job));
  }

  /** Tries to start jobs again, after a backend has changed its state. */
  resume(): void {
    for (const { name } of this.#options.devices) this.#startNext(name);
  }

  setTags(job: JobRecord, tags: readonly string[]): void {
    this.#change(job, { tags });
  }

  takeResult(job: JobRecord): void {
    this.#change(job, { resultTaken: true, result: undefined });
  }

  /** Ends a job that has not ended; what it has run so far is charged. */
  cancel(
    job: JobRecord,
    reason: string,
    reasonCode: number | undefined,
    status: "Cancelled" | "Failed" = "Cancelled",
  ): void {
    if (isFinal(job)) return;
    const { clock, speed } = this.#options;
    const elapsed = job.started === undefined ? 0 : (clock.now() - job.started) / 1000;
    const seconds = Math.min(job.estimatedSeconds ?? 0, elapsed * (Number.isFinite(speed) ? speed : 1));
    const running = this.#running.get(job.backend);
    if (running?.job === job) {
      running.timer?.cancel();
      running.abort.abort(new Error("cancelled"));
    }
    this.#end(job, { status, reason, reasonCode, solution: "", result: undefined, seconds });
  }

  /** Forgets a job that has ended. */
  delete(job: JobRecord): void {
    this.#forget(job.id);
  }

  /** Stops everything; what runs will be run again. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer, abort } of this.#running.values()) {
      timer?.cancel();
      abort.abort(new Error("closed"));
    }
    await this.#options.execution.idle();
  }

  #isOver(job: JobRecord): boolean {
    const { clock, retentionSeconds } = this.#options;
    return isFinal(job) && (job.ended ?? job.created) < clock.now() - 1000 * retentionSeconds;
  }

  #forget(id: string): void {
    this.#jobs.delete(id);
    this.#options.log.append({ type: "job-delete", id });
  }

  #change(job: JobRecord, change: JobChange): void {
    Object.assign(job, change);
    this.#options.log.append({ type: "job-change", id: job.id, change: withoutGaps(change) });
  }

  #readyAt(job: JobRecord): number {
    return job.created + 1000 * this.#options.queueSeconds;
  }

  #wake(job: JobRecord): void {
    const { clock } = this.#options;
    const wait = Math.max(0, (this.#readyAt(job) - clock.now()) / 1000);
    clock.schedule(wait, "work", () => this.#startNext(job.backend));
  }

  #startNext(backend: string): void {
    const { clock, devices } = this.#options;
    if (this.#closed || this.#running.has(backend)) return;
    if (devices.find(({ name }) => name === backend)?.state !== "online") return;
    const waiting = this.pending(backend).filter((job) => this.#readyAt(job) <= clock.now());
    const job = waiting.find(({ sessionId }) => sessionId !== undefined && this.#isPreferred(sessionId)) ?? waiting[0];
    if (job !== undefined) void this.#run(job);
  }

  async #run(job: JobRecord): Promise<void> {
    const { clock, execution, speed } = this.#options;
    const running: Running = { job, abort: new AbortController(), timer: undefined };
    this.#running.set(job.backend, running);
    this.#change(job, { status: "Running", started: clock.now() });
    this.#listener?.started(job);
    const release = clock.hold();
    try {
      const outcome = await execution.run(job, running.abort.signal);
      if (this.#closed || isFinal(job)) return;
      const due = job.started! + (1000 * outcome.seconds) / speed;
      running.timer = clock.schedule(Math.max(0, due - clock.now()) / 1000, "work", () => this.#end(job, outcome));
    } finally {
      release();
    }
  }

  #end(job: JobRecord, outcome: JobOutcome): void {
    const { clock, usage } = this.#options;
    const { status, reason, reasonCode, solution, result, seconds } = outcome;
    usage.charge(seconds);
    this.#change(job, { status, reason, reasonCode, solution, result, quantumSeconds: seconds, ended: clock.now() });
    if (this.#running.get(job.backend)?.job === job) this.#running.delete(job.backend);
    this.#options.execution.forget(job);
    this.#listener?.ended(job);
    // Not at once, so that who waits for one end sees it before the next job starts.
    clock.schedule(0, "work", () => this.#startNext(job.backend));
  }
}

/** JSON leaves undefined out; null says that a field was taken away. */
function withoutGaps(change: JobChange): JobChange {
  return Object.fromEntries(Object.entries(change).map(([key, value]) => [key, value === undefined ? null : value]));
}
