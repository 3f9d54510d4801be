import type { Clock } from "../clock.ts";
import { ProviderError } from "../errors.ts";
import { abortable } from "./abortable.ts";
import type { IbmClient } from "./client.ts";
import { IbmError } from "./ibm-error.ts";
import { chargeOf, endedError, hasEnded, type IbmCharge, type IbmJobState, jobState } from "./job-state.ts";
import type { JobBody, JobMetrics } from "./schemas.ts";
import { withoutForms } from "./secrets.ts";

/** How often a job is asked for. Seconds. */
export interface PollPolicy {
  /** Before the second question; 1 by default. */
  readonly firstSeconds: number;
  /** While it waits in the queue the gaps grow to this; 30 by default. */
  readonly queuedSeconds: number;
  /** While it runs; 2 by default. */
  readonly runningSeconds: number;
}

export const DEFAULT_POLL_POLICY: PollPolicy = { firstSeconds: 1, queuedSeconds: 30, runningSeconds: 2 };

const GROWTH = 1.5;
/** Unreadable answers in a row after which it is no passing trouble. */
const MAX_UNREADABLE = 5;
/** A job may be called completed a moment before its results can be read. */
const RESULT_TRIES = 4;

interface Polling {
  readonly end: Promise<IbmJobState>;
  readonly stop: AbortController;
  waiting: number;
}

/** One job at the service. All who wait for it share one line of questions, which ends when nobody waits. */
export class ServiceJob {
  readonly id: string;
  readonly #client: IbmClient;
  readonly #clock: Clock;
  readonly #policy: PollPolicy;
  #body: JobBody | undefined;
  #ended: IbmJobState | undefined;
  #polling: Polling | undefined;
  /** One request for all who ask, and kept: the results of a private job come only once. */
  #text: Promise<string> | undefined;

  constructor(client: IbmClient, id: string, clock: Clock, policy: PollPolicy) {
    this.#client = client;
    this.id = id;
    this.#clock = clock;
    this.#policy = policy;
  }

  /** @throws ProviderError JOB_NOT_FOUND, IbmError */
  async state(signal?: AbortSignal): Promise<IbmJobState> {
    if (this.#ended !== undefined) return this.#ended;
    const state = jobState(await this.body(signal));
    if (hasEnded(state)) this.#ended = state;
    return state;
  }

  /** The job as the service describes it, without params. @throws ProviderError JOB_NOT_FOUND, IbmError */
  async body(signal?: AbortSignal): Promise<JobBody> {
    if (this.#ended !== undefined && this.#body !== undefined) return this.#body;
    this.#body = await this.#known(() => this.#client.jobs.retrieve(this.id, { signal }));
    return this.#body;
  }

  /**
   * Waits until the job has ended, for days if need be; a network that fails meanwhile is waited for, too.
   * @throws ProviderError JOB_NOT_FOUND; IbmError that no waiting cures, such as IBM_UNAUTHORIZED; the signal's reason
   */
  async ended(signal?: AbortSignal): Promise<IbmJobState> {
    if (this.#ended !== undefined) return this.#ended;
    signal?.throwIfAborted();
    this.#polling ??= this.#startPolling();
    const polling = this.#polling;
    polling.waiting++;
    try {
      return await abortable(polling.end, signal);
    } finally {
      polling.waiting--;
      if (polling.waiting === 0) {
        polling.stop.abort();
        if (this.#polling === polling) this.#polling = undefined;
      }
    }
  }

  #startPolling(): Polling {
    const stop = new AbortController();
    const end = this.#poll(stop.signal);
    end.catch(() => {});
    return { end, stop, waiting: 0 };
  }

  async #poll(signal: AbortSignal): Promise<IbmJobState> {
    const { firstSeconds, queuedSeconds, runningSeconds } = this.#policy;
    let wait = firstSeconds;
    let unreadable = 0;
    let told = "";
    for (;;) {
      let running = false;
      try {
        const state = await this.state(signal);
        if (hasEnded(state)) return state;
        if (state.word !== told) this.#client.notify(`Job ${this.id}: ${state.word.toLowerCase()}.`);
        told = state.word;
        unreadable = 0;
        running = state.status === "running";
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof IbmError)) throw error;
        // The job is at the service, whatever becomes of the way there.
        const passing = error.retryable || (error.code === "IBM_RESPONSE_JSON" && ++unreadable < MAX_UNREADABLE);
        if (!passing) throw error;
      }
      if (running) wait = Math.min(wait, runningSeconds);
      await this.#clock.sleep(1000 * wait, signal);
      wait = Math.min(running ? runningSeconds : queuedSeconds, wait * GROWTH);
    }
  }

  /**
   * The text of the result of a job that is done.
   * @throws ProviderError JOB_NO_RESULT, JOB_NOT_FOUND; IbmError
   */
  resultText(): Promise<string> {
    this.#text ??= this.#fetchText().catch((error: unknown) => {
      this.#text = undefined;
      throw error;
    });
    return this.#text;
  }

  async #fetchText(): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const results = await this.#known(() => this.#client.jobs.results(this.id));
      if (results !== undefined) return results.text;
      if (attempt === RESULT_TRIES)
        throw new ProviderError(
          "JOB_NO_RESULT",
          `Job ${this.id} is done but the service has no result of it. The results of a private job can be read only once; otherwise try again later.`,
          { jobId: this.id },
        );
      await this.#clock.sleep(1000 * attempt);
    }
  }

  /** Forgets the text once it has been read, or to fetch it again; that of a private job is kept. */
  async releaseText(signal?: AbortSignal): Promise<boolean> {
    if ((await this.body(signal)).private === true) return false;
    this.#text = undefined;
    return true;
  }

  /** "ended" where it had ended before. */
  async cancel(): Promise<void> {
    if (this.#ended === undefined) await this.#known(() => this.#client.jobs.cancel(this.id));
  }

  async metrics(signal?: AbortSignal): Promise<JobMetrics> {
    return this.#known(() => this.#client.jobs.metrics(this.id, { signal }));
  }

  async logs(signal?: AbortSignal): Promise<string> {
    return withoutForms(await this.#known(() => this.#client.jobs.logs(this.id, { signal })));
  }

  /** What it was charged; undefined where the service does not tell. */
  async charge(signal?: AbortSignal): Promise<IbmCharge | undefined> {
    const charge = chargeOf(await this.metrics(signal));
    return charge ?? chargeOf(undefined, await this.body(signal));
  }

  /** @throws the error of a job that has ended without a result, with what it was charged */
  async assertDone(state: IbmJobState): Promise<void> {
    if (state.status === "done") return;
    // That the charge cannot be told must not hide why it failed.
    const charge = await this.charge().catch(() => undefined);
    throw endedError(this.id, state, charge);
  }

  async #known<Value>(call: () => Promise<Value>): Promise<Value> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof IbmError) || error.status !== 404 || error.code !== "IBM_NOT_FOUND") throw error;
      throw new ProviderError(
        "JOB_NOT_FOUND",
        `Job ${this.id} is not in this instance: it was deleted, is older than the service keeps jobs (3 years), or belongs to another instance. ${error.message}`,
        { jobId: this.id, cause: error },
      );
    }
  }
}
