import { setImmediate } from "node:timers/promises";
import { ProviderError } from "./errors.ts";
import type { Job, JobStatus, JobUsage, RunOptions, WaitOptions } from "./primitives.ts";

/** What a computation gets from the job that runs it. */
export interface JobContext {
  /** Lets other work of the process run now and then, and throws ProviderError JOB_CANCELLED after `cancel()`. */
  checkpoint(): Promise<void>;
  /** Adds circuit executions to the job's usage. */
  charge(executions: number): void;
}

/** A computation is cut into slices of about this many milliseconds. */
const SLICE_MS = 10;

/** A job that is computed in this process. The computation starts when `start` is called and goes on by itself. */
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

  /** Starts the computation; resolves when it has ended, whatever its outcome. */
  async start(): Promise<void> {
    try {
      await setImmediate();
      this.#sliceStart = performance.now();
      this.#throwIfCancelled();
      this.#status = "running";
      const results = await this.#compute({
        checkpoint: () => this.#checkpoint(),
        charge: (executions) => {
          this.#executions += executions;
        },
      });
      this.#throwIfCancelled();
      this.#status = "done";
      this.#settled.resolve(results);
    } catch (error) {
      if (this.#status !== "cancelled") this.#status = "failed";
      this.#settled.reject(error);
    }
  }

  async status(): Promise<JobStatus> {
    return this.#status;
  }

  async result({ signal, cancelRemote = false }: WaitOptions = {}): Promise<readonly Result[]> {
    if (signal === undefined) return this.#settled.promise;
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => {
      if (cancelRemote) void this.cancel();
      aborted.reject(signal.reason);
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
    if (this.#status === "queued" || this.#status === "running") this.#status = "cancelled";
  }

  async usage(): Promise<JobUsage> {
    return { quantumSeconds: 0, executions: this.#executions };
  }

  async #checkpoint(): Promise<void> {
    if (performance.now() - this.#sliceStart >= SLICE_MS) {
      await setImmediate();
      this.#sliceStart = performance.now();
    }
    this.#throwIfCancelled();
  }

  #throwIfCancelled(): void {
    if (this.#status === "cancelled")
      throw new ProviderError("JOB_CANCELLED", `Job ${this.id} was cancelled; run it again for a result.`, {
        jobId: this.id,
      });
  }
}

/** Numbers the jobs of one backend ("local-1", "local-2", ...) and starts them. */
export class LocalJobs {
  readonly #prefix: string;
  #count = 0;
  #pending = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Jobs that have not ended yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Submits a computation: nothing is computed before `onSubmitted` has resolved. @throws the signal's reason when aborted */
  async submit<Result>(
    compute: (context: JobContext) => Promise<readonly Result[]>,
    { signal, onSubmitted }: RunOptions = {},
  ): Promise<Job<Result>> {
    signal?.throwIfAborted();
    this.#count++;
    const job = new LocalJob(`${this.#prefix}-${this.#count}`, compute);
    await onSubmitted?.(job.id);
    this.#pending++;
    void job.start().finally(() => {
      this.#pending--;
    });
    return job;
  }
}
