import type { Clock } from "../clock.ts";
import { ProviderError, PubError } from "../errors.ts";
import { checkOptions, checkSignal } from "../options.ts";
import type { Job, JobPlan, JobStatus, JobUsage, WaitOptions } from "../primitives.ts";
import { abortable } from "./abortable.ts";
import { type DecodedResult, type DecodeOptions, decodeResult } from "./decode.ts";
import type { ExecutionSpan } from "./execution-spans.ts";
import { IbmError } from "./ibm-error.ts";
import type { IbmJobState } from "./job-state.ts";
import { parseJson } from "./json.ts";
import type { JobMetrics } from "./schemas.ts";
import type { ServiceJob } from "./service-job.ts";

export interface IbmJobUsage extends JobUsage {
  readonly final: boolean;
}

/** What a job needs besides the jobs at the service that it consists of. */
export interface IbmJobParts<Result> {
  /** One, or more where a limit forced the PUBs to be split; in order. */
  readonly jobs: readonly ServiceJob[];
  readonly plan: JobPlan | undefined;
  readonly clock: Clock;
  readonly decodeOptions: DecodeOptions;
  /** The results of the caller's PUBs from those of the jobs. @throws ProviderError RESULT_FORMAT */
  readonly assemble: (decoded: readonly DecodedResult[]) => readonly Result[];
  /** Ids of further jobs that a lost answer left behind, which were cancelled. */
  readonly surplus?: readonly string[];
}

/** Further tries to fetch a result that cannot be read. */
const REFETCHES = 2;

/**
 * A job at IBM. It lives at the service: a program that ends, or a network that fails, loses nothing, since `provider.job(id)`
 * or `estimator.attach(id, pubs)` takes it up again.
 */
export class IbmJob<Result> implements Job<Result> {
  /** The service's id; the ids of all jobs, joined by commas, where the PUBs had to be split. */
  readonly id: string;
  readonly plan: JobPlan | undefined;
  /** Ids of further jobs that a lost answer left behind, which were cancelled. */
  readonly surplusJobIds: readonly string[];
  readonly #parts: IbmJobParts<Result>;
  #results: Promise<readonly Result[]> | undefined;
  #spans: readonly ExecutionSpan[] = [];

  constructor(parts: IbmJobParts<Result>) {
    this.#parts = parts;
    this.id = parts.jobs.map(({ id }) => id).join(",");
    this.plan = parts.plan;
    this.surplusJobIds = parts.surplus ?? [];
  }

  async status(): Promise<JobStatus> {
    const found = (await this.states()).map(({ status }) => status);
    for (const status of ["failed", "cancelled"] as const) if (found.includes(status)) return status;
    if (found.every((status) => status === "done")) return "done";
    return found.some((status) => status !== "queued") ? "running" : "queued";
  }

  /** As the service tells it, with reasons; one for each job that this one consists of. */
  async states(): Promise<readonly IbmJobState[]> {
    const states: IbmJobState[] = [];
    for (const job of this.#parts.jobs) states.push(await job.state());
    return states;
  }

  /**
   * Waits for the results, however long the queue is. A failing network is waited for, too.
   * @throws IbmJobError JOB_FAILED, JOB_CANCELLED, JOB_RAN_TOO_LONG with IBM's reason and the charge; ProviderError
   * JOB_NOT_FOUND, JOB_NO_RESULT, RESULT_FORMAT, RESULT_TOO_LARGE; IbmError that no waiting cures; the signal's reason
   */
  async result(options?: WaitOptions): Promise<readonly Result[]> {
    const known = checkOptions(options, "result", ["signal", "cancelRemote", "onStatus"]);
    const { signal, cancelRemote = false, onStatus } = known;
    checkSignal(signal, "result");
    if (onStatus !== undefined && typeof onStatus !== "function")
      throw new PubError("PUB_FORM", "onStatus of result is no function; give one that takes { status, words }.");
    try {
      for (const job of this.#parts.jobs) await job.assertDone(await job.ended(signal, onStatus));
      this.#results ??= this.#read();
      return await abortable(this.#results, signal);
    } catch (error) {
      if (signal?.aborted && cancelRemote) await this.#cancelAfter(signal.reason);
      throw error;
    }
  }

  async #cancelAfter(reason: unknown): Promise<void> {
    try {
      await this.cancel();
    } catch (error) {
      throw new ProviderError(
        "JOB_CANCEL",
        `Waiting for job ${this.id} was aborted, but it could not be cancelled: ${(error as Error).message}`,
        { jobId: this.id, cause: reason, retryable: true },
      );
    }
  }

  async #read(): Promise<readonly Result[]> {
    for (let refetches = 0; ; refetches++) {
      try {
        const decoded: DecodedResult[] = [];
        for (const job of this.#parts.jobs)
          decoded.push(decodeResult(parseResult(await job.resultText(), job.id), this.#parts.decodeOptions));
        const results = Object.freeze(this.#parts.assemble(decoded).map((result) => Object.freeze(result)));
        this.#spans = decoded.flatMap(({ executionSpans }) => executionSpans);
        for (const job of this.#parts.jobs) await job.releaseText();
        return results;
      } catch (error) {
        // An answer may have been cut on its way; the job itself need not be run again.
        if (refetches === REFETCHES || !isUnreadable(error) || !(await this.#canRefetch())) {
          this.#results = undefined;
          throw error instanceof ProviderError && error.jobId === undefined ? withJobId(error, this.id) : error;
        }
        await this.#parts.clock.sleep(1000 * (refetches + 1));
      }
    }
  }

  async #canRefetch(): Promise<boolean> {
    const released = await Promise.all(this.#parts.jobs.map((job) => job.releaseText()));
    return released.every(Boolean);
  }

  /** The text of the results as it came, one for each job; the way to what cannot be read. */
  async rawResults(): Promise<readonly string[]> {
    const texts: string[] = [];
    for (const job of this.#parts.jobs) texts.push(await job.resultText());
    return texts;
  }

  /** When which shots ran, as far as the service tells; after `result()`. */
  executionSpans(): readonly ExecutionSpan[] {
    return this.#spans;
  }

  /** Asks all jobs that this one consists of to stop, also where one of them cannot be asked. @throws IbmError */
  async cancel(): Promise<void> {
    const asked = await Promise.allSettled(this.#parts.jobs.map((job) => job.cancel()));
    for (const outcome of asked) if (outcome.status === "rejected") throw outcome.reason;
  }

  async usage(): Promise<IbmJobUsage> {
    const usage = await usageOf(this.#parts.jobs);
    return { ...usage, executions: this.plan?.executions ?? usage.executions };
  }

  /** Times and charge as the service tells them, one for each job. */
  async metrics(): Promise<readonly JobMetrics[]> {
    const all: JobMetrics[] = [];
    for (const job of this.#parts.jobs) all.push(await job.metrics());
    return all;
  }

  /** The service's log, of jobs that have ended. */
  async logs(): Promise<string> {
    const all: string[] = [];
    for (const job of this.#parts.jobs) all.push(await job.logs());
    return all.join("\n");
  }
}

/** What jobs were charged together, and their executions as the service counts them. @throws IbmError */
export async function usageOf(jobs: readonly ServiceJob[], signal?: AbortSignal): Promise<IbmJobUsage> {
  let quantumSeconds = 0;
  let final = true;
  let executions = 0;
  for (const job of jobs) {
    const { charge, metrics } = await job.charge(signal);
    quantumSeconds += charge?.quantumSeconds ?? 0;
    final &&= charge?.final === true;
    executions += metrics.executions ?? metrics.num_circuits ?? 0;
  }
  return { quantumSeconds, executions, final };
}

function parseResult(text: string, jobId: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new ProviderError(
      "RESULT_FORMAT",
      `The result of job ${jobId} is no JSON: ${(error as Error).message}. The job itself may be fine; fetch it again, or read its raw text.`,
      { jobId },
    );
  }
}

function isUnreadable(error: unknown): boolean {
  return (
    (error instanceof ProviderError && error.code === "RESULT_FORMAT") || (error instanceof IbmError && error.retryable)
  );
}

function withJobId(error: ProviderError, jobId: string): ProviderError {
  if (error instanceof IbmError) return error;
  return new ProviderError(error.code, `Job ${jobId}: ${error.message}`, {
    jobId,
    cause: error,
    retryable: error.retryable,
  });
}
