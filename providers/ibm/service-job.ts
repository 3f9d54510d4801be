import type { Clock } from "../clock.ts";
import { ProviderError } from "../errors.ts";
import type { WaitStatus } from "../primitives.ts";
import { abortable } from "./abortable.ts";
import type { IbmClient } from "./client.ts";
import type { RequestOptions } from "./http-client.ts";
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

type Listener = (status: WaitStatus) => void;

interface Polling {
  readonly end: Promise<IbmJobState>;
  readonly stop: AbortController;
  readonly listeners: Set<Listener>;
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
    return this.#retrieve({ signal });
  }

  async #retrieve(options: RequestOptions): Promise<JobBody> {
    this.#body = await this.#known(() => this.#client.jobs.retrieve(this.id, options));
    return this.#body;
  }

  /**
   * Waits until the job has ended, for days if need be; a network that fails meanwhile is waited for, too.
   * @param onStatus told of each answer, and of each question that got none
   * @throws ProviderError JOB_NOT_FOUND; IbmError that no waiting cures, such as IBM_UNAUTHORIZED; the signal's reason; what
   * `onStatus` throws
   */
  async ended(signal?: AbortSignal, onStatus?: Listener): Promise<IbmJobState> {
    if (this.#ended !== undefined) return this.#ended;
    signal?.throwIfAborted();
    this.#polling ??= this.#startPolling();
    const polling = this.#polling;
    const broken = Promise.withResolvers<never>();
    const listener: Listener = (status) => {
      try {
        onStatus?.(status);
      } catch (error) {
        broken.reject(error);
      }
    };
    polling.waiting++;
    polling.listeners.add(listener);
    try {
      return await abortable(Promise.race([polling.end, broken.promise]), signal);
    } finally {
      polling.listeners.delete(listener);
      polling.waiting--;
      if (polling.waiting === 0) {
        polling.stop.abort();
        if (this.#polling === polling) this.#polling = undefined;
      }
    }
  }

  #startPolling(): Polling {
    const stop = new AbortController();
    const listeners = new Set<Listener>();
    const end = this.#poll(stop.signal, listeners);
    end.catch(() => {});
    return { end, stop, listeners, waiting: 0 };
  }

  async #poll(signal: AbortSignal, listeners: ReadonlySet<Listener>): Promise<IbmJobState> {
    const { firstSeconds, queuedSeconds, runningSeconds } = this.#policy;
    let wait = firstSeconds;
    let unreadable = 0;
    let lost: { readonly since: number; times: number } | undefined;
    let told = "";
    const tell = (status: WaitStatus["status"], words: string, brief: string): void => {
      if (brief !== told && brief !== "") this.#client.notify(`Job ${this.id}: ${brief}.`);
      told = brief;
      for (const listener of listeners) listener({ status, words });
    };
    for (;;) {
      let running = false;
      let least = 0;
      try {
        // One question at a time: the gaps between them are this loop's.
        const body = await this.#retrieve({ signal, retries: 0 });
        const state = jobState(body);
        tell(state.status, statusWords(state, body.backend), hasEnded(state) ? "" : state.word.toLowerCase());
        if (hasEnded(state)) {
          this.#ended = state;
          return state;
        }
        unreadable = 0;
        lost = undefined;
        running = state.status === "running";
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof IbmError)) throw error;
        // The job is at the service, whatever becomes of the way there.
        const passing = error.retryable || (error.code === "IBM_RESPONSE_JSON" && ++unreadable < MAX_UNREADABLE);
        if (!passing) throw error;
        lost ??= { since: this.#clock.now(), times: 0 };
        lost.times++;
        const since = new Date(lost.since).toISOString();
        const asked = lost.times === 1 ? "" : `, asked ${lost.times} times`;
        tell("unreachable", `no answer since ${since}${asked}: ${error.message}`, `no answer since ${since}`);
        least = error.retryAfterSeconds ?? 0;
      }
      if (running) wait = Math.min(wait, runningSeconds);
      await this.#clock.sleep(1000 * Math.max(least, wait), signal);
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
  async cancel(signal?: AbortSignal): Promise<void> {
    if (this.#ended === undefined) await this.#known(() => this.#client.jobs.cancel(this.id, { signal }));
  }

  async metrics(signal?: AbortSignal): Promise<JobMetrics> {
    return this.#known(() => this.#client.jobs.metrics(this.id, { signal }));
  }

  async logs(signal?: AbortSignal): Promise<string> {
    return withoutForms(await this.#known(() => this.#client.jobs.logs(this.id, { signal })));
  }

  /** What it was charged, undefined where the service does not tell; and the metrics by which it was asked for. */
  async charge(
    signal?: AbortSignal,
  ): Promise<{ readonly charge: IbmCharge | undefined; readonly metrics: JobMetrics }> {
    const metrics = await this.metrics(signal);
    return { charge: chargeOf(metrics) ?? chargeOf(undefined, await this.body(signal)), metrics };
  }

  /** @throws the error of a job that has ended without a result, with what it was charged */
  async assertDone(state: IbmJobState): Promise<void> {
    if (state.status === "done") return;
    // That the charge cannot be told must not hide why it failed.
    const charge = await this.charge().then(
      (told) => told.charge,
      () => undefined,
    );
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

/** Such as "queued at ibm_torino". */
function statusWords({ status, word }: IbmJobState, backend = "the service"): string {
  const own = word.trim().toLowerCase();
  const isOurs = own === status || (status === "done" && own === "completed");
  return `${status} at ${backend}${isOurs ? "" : ` (${word})`}`;
}
