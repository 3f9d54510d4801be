import { ProviderError, type RemoteBackend } from "../../providers/index.ts";
import { listingLag } from "./listing-lag.ts";
import type { RunJournal } from "./run-journal.ts";
import type { RunJob } from "./run-state.ts";
import { settle, settleAsReserved, sweep } from "./sweep.ts";
import { FIRST_WAIT_MS, longerWait } from "./waits.ts";

/** How long the end of a run waits for charges to be final. */
const CHARGE_PATIENCE_MS = 60_000;
const FIRST_CHARGE_WAIT_MS = 500;
/** After so many of the times within which a service lists what it has accepted, also what came late is listed. */
const LAGS = 5;

/** Compares what the service knows of a run's jobs with the run's journal, when there is a reason to. */
export class JobAudit {
  readonly #remote: RemoteBackend;
  readonly #journal: RunJournal;
  readonly #signal: AbortSignal | undefined;
  #again = Number.POSITIVE_INFINITY;
  /** Of a job that no step uses. */
  #notFinal = false;
  /** Why the service could not be asked for all charges when it last was. */
  #unheard: ProviderError | undefined;

  constructor(remote: RemoteBackend, journal: RunJournal, signal: AbortSignal | undefined) {
    this.#remote = remote;
    this.#journal = journal;
    this.#signal = signal;
  }

  /** Milliseconds after which a job that arrived late is listed, too; none where a service has one job for each key. */
  get lateness(): number {
    if (this.#remote.capabilities.idempotentSubmit === "native") return 0;
    return LAGS * listingLag(this.#remote);
  }

  /**
   * After a doubt, and once more when what came late is listed, and while a charge is not final. A service that cannot be
   * reached is asked at the next step.
   */
  async afterStep(): Promise<void> {
    const { doubtful } = this.#journal.state;
    const now = this.#journal.clock.now();
    if (!doubtful && now < this.#again && !this.#notFinal) return;
    try {
      this.#notFinal = (await sweep(this.#remote, this.#journal, this.#signal)) > 0;
    } catch (error) {
      if (passes(error)) return;
      throw error;
    }
    if (doubtful) this.#again = now + this.lateness;
    else if (now >= this.#again) this.#again = Number.POSITIVE_INFINITY;
  }

  /** Nobody asks any more when a run is finished, so the service is waited for. */
  async atEnd(): Promise<void> {
    const { everDoubtful, resubmittedAt, refusedAt } = this.#journal.state;
    if (resubmittedAt !== undefined)
      await this.#untilListed(
        resubmittedAt,
        this.lateness,
        "A submit was repeated, since nothing was heard of it; what may have come of it twice is looked for.",
      );
    if (refusedAt !== undefined && this.lateness > 0)
      await this.#untilListed(
        refusedAt,
        listingLag(this.#remote),
        "A submit was refused; whether a job was made of it all the same is looked for.",
      );
    if (everDoubtful) await this.#sweepInTheEnd();
    await this.#settleInTheEnd();
  }

  /** Until what came of a submit of that time is listed: a submit that was sent again may have been accepted twice. */
  async #untilListed(since: number, lag: number, words: string): Promise<void> {
    const left = since + lag - (await this.#journal.store.now());
    if (left > 0) await this.#journal.wait(words, Math.min(left, lag), this.#signal);
  }

  async #sweepInTheEnd(): Promise<void> {
    let until: number | undefined;
    for (let wait = FIRST_WAIT_MS; ; wait = longerWait(wait)) {
      let words: string;
      try {
        const notFinal = await sweep(this.#remote, this.#journal, this.#signal);
        const now = this.#journal.clock.now();
        until ??= now + CHARGE_PATIENCE_MS;
        if (notFinal === 0 || now >= until) return;
        words = `The service has not said yet what ${notFinal} job(s) that no step uses were charged.`;
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (!passes(error)) throw error;
        words = `The run ends when its jobs at the service are compared with the journal: ${error.message}`;
      }
      await this.#journal.wait(words, wait, this.#signal);
    }
  }

  /** Asks once more for charges that were not final; those that still are not keep what was set aside for them. */
  async settleOpen(): Promise<readonly RunJob[]> {
    const left: RunJob[] = [];
    this.#unheard = undefined;
    for (const job of [...this.#journal.state.jobs.values()]) {
      if ((job.result ?? job.rejected)?.final !== false) continue;
      const { final, unheard } = await settle(this.#remote, this.#journal, job);
      if (!final) left.push(job);
      this.#unheard ??= unheard;
    }
    return left;
  }

  async #settleInTheEnd(): Promise<void> {
    const journal = this.#journal;
    let until: number | undefined;
    for (let wait = FIRST_CHARGE_WAIT_MS; ; wait = longerWait(wait)) {
      const left = await this.settleOpen();
      if (left.length === 0) return;
      const now = journal.clock.now();
      const asked = `what ${left.length} job(s) were charged`;
      if (this.#unheard === undefined) {
        until ??= now + CHARGE_PATIENCE_MS;
        if (now >= until) {
          for (const job of left) await settleAsReserved(journal, job);
          return;
        }
        journal.activity(`The service has not said yet ${asked}.`);
        await journal.clock.sleep(Math.min(wait, until - now), this.#signal);
      } else await journal.wait(`The service cannot be asked ${asked}: ${this.#unheard.message}`, wait, this.#signal);
    }
  }
}

function passes(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.retryable;
}
