import { setImmediate } from "node:timers/promises";
import { ProviderError } from "./errors.ts";
import { checkOptions, checkRunOptions, checkSignal } from "./options.ts";
import type { Job, JobStatus, JobUsage, RunOptions, WaitOptions } from "./primitives.ts";

/** What a computation gets from the job that runs it. */
export interface JobContext {
  readonly jobId: string;
  /** Lets other work of the process run now and then, and throws ProviderError JOB_CANCELLED after `cancel()`. */
  checkpoint(): Promise<void>;
  /** Runs what is left of some steps, with a checkpoint after each, and returns what they return. */
  finish<Result>(steps: Generator<void, Result>): Promise<Result>;
  /** Adds circuit executions to the job's usage. */
  charge(executions: number): void;
}

/** A computation is cut into slices of about this many milliseconds. */
const SLICE_MS = 10;

/**
 * A job that is computed in this process. The computation starts when `start` is called and goes on by itself. All who wait
 * get the same results: the list and the results in it are frozen, their arrays are shared and not to be written to.
 */
export class LocalJob<Result> implements Job<Result> {
  readonly id: string;
  readonly #compute: (context: JobContext) => Promise<readonly Result[]>;
  readonly #settled = Promise.withResolvers<readonly Result[]>();
  #status: JobStatus = "queued";
  #executions = 0;
  #sliceStart = 0;

  constructor(id: string, compute: (context: JobContext) => Promise<readonly Result[]>) {
    this.id = id;
    this.#compute = compute;
    // A failed job that nobody waits for must not end the process.
    this.#settled.promise.catch(() => {});
  }

  /** Starts the computation, unless the job was cancelled; resolves when it has ended, whatever its outcome. */
  async start(): Promise<void> {
    if (this.#status !== "queued") return;
    try {
      await setImmediate();
      this.#sliceStart = performance.now();
      this.#throwIfCancelled();
      this.#status = "running";
      const results = await this.#compute({
        jobId: this.id,
        checkpoint: () => this.#checkpoint(),
        finish: (steps) => this.#finish(steps),
        charge: (executions) => {
          this.#executions += executions;
        },
      });
      this.#throwIfCancelled();
      this.#status = "done";
      this.#settled.resolve(Object.freeze(results.map((result) => Object.freeze(result))));
    } catch (error) {
      if (!this.ended) this.#status = "failed";
      this.#settled.reject(error);
    }
  }

  /** True when nothing more will come of it. */
  get ended(): boolean {
    return this.#status !== "queued" && this.#status !== "running";
  }

  async status(): Promise<JobStatus> {
    return this.#status;
  }

  async result(options?: WaitOptions): Promise<readonly Result[]> {
    const { signal, cancelRemote = false } = checkOptions(options, "result", ["signal", "cancelRemote", "onStatus"]);
    checkSignal(signal, "result");
    if (signal === undefined) return this.#settled.promise;
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => {
      aborted.reject(signal.reason);
      if (cancelRemote) void this.cancel();
    };
    if (signal.aborted) {
      onAbort();
      return aborted.promise;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([this.#settled.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async cancel(): Promise<void> {
    // A job that runs is settled when its computation has stopped.
    if (this.#status === "queued") this.#settled.reject(this.#cancelled());
    if (this.#status === "queued" || this.#status === "running") this.#status = "cancelled";
  }

  async usage(): Promise<JobUsage> {
    return { quantumSeconds: 0, executions: this.#executions };
  }

  async #finish<Step>(steps: Generator<void, Step>): Promise<Step> {
    let ended = false;
    try {
      for (;;) {
        const step = steps.next();
        if (step.done) {
          ended = true;
          return step.value;
        }
        await this.#checkpoint();
      }
    } finally {
      // A computation that is broken off gives back what it borrowed.
      if (!ended) steps.return(undefined as Step);
    }
  }

  async #checkpoint(): Promise<void> {
    if (performance.now() - this.#sliceStart >= SLICE_MS) {
      await setImmediate();
      this.#sliceStart = performance.now();
    }
    this.#throwIfCancelled();
  }

  #throwIfCancelled(): void {
    if (this.#status === "cancelled") throw this.#cancelled();
  }

  #cancelled(): ProviderError {
    return new ProviderError("JOB_CANCELLED", `Job ${this.id} was cancelled; run it again for a result.`, {
      jobId: this.id,
    });
  }
}

/**
 * Numbers the jobs of one backend ("local-1", "local-2", ...) and runs them one after another, as they were submitted: at
 * any time one job holds memory, and none disturbs the programs of another.
 */
export class LocalJobs {
  readonly #prefix: string;
  readonly #jobs = new Set<{ readonly ended: boolean }>();
  #count = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Jobs that have not ended yet. */
  get pending(): number {
    return [...this.#jobs].filter(({ ended }) => !ended).length;
  }

  /**
   * Submits a computation: nothing is computed before `onSubmitted` has resolved.
   * @throws PubError PUB_FORM when the options are none; the signal's reason when it is aborted; what `onSubmitted` throws
   */
  async submit<Result>(
    compute: (context: JobContext) => Promise<readonly Result[]>,
    options?: RunOptions,
  ): Promise<Job<Result>> {
    const { signal, onSubmitted } = checkRunOptions(options);
    signal?.throwIfAborted();
    this.#count++;
    const job = new LocalJob(`${this.#prefix}-${this.#count}`, compute);
    await onSubmitted?.(job.id);
    this.#jobs.add(job);
    this.#last = this.#last.then(async () => {
      await job.start();
      this.#jobs.delete(job);
    });
    return job;
  }
}
