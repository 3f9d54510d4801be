import {
  type Estimator,
  type EstimatorOptions,
  type EstimatorPub,
  type EstimatorPubResult,
  type Job,
  type JobPlan,
  type JobSplit,
  type JobUsage,
  ProviderError,
  type RemoteBackend,
  type RemoteEstimator,
  type RunOptions,
} from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import { reached } from "./crash-points.ts";
import type { JobPlace } from "./events.ts";
import { hashOf } from "./hash.ts";
import { listingLag } from "./listing-lag.ts";
import type { CalibrationWatch } from "./recalibration.ts";
import { assertResults } from "./result-checks.ts";
import type { KeptRecord, RunJournal } from "./run-journal.ts";
import type { LostResultPolicy } from "./run-policies.ts";
import { placeKey, type RunJob, sentBy } from "./run-state.ts";
import { packState, unpackState } from "./snapshot.ts";
import { type SendOptions, Submission } from "./submission.ts";
import { hashPubs, submitKey } from "./submit-key.ts";
import { chargeOf, settlementOf } from "./sweep.ts";
import { waitForJob } from "./wait-for-job.ts";
import { FIRST_WAIT_MS, longerWait } from "./waits.ts";

/** Attempts at one job that failed at the service for reasons which may pass. */
const MAX_ATTEMPTS = 3;
/** Reads of a result that cannot be right, before the run stops. */
const MAX_READS = 3;

export interface JournaledOptions {
  readonly calibrations: CalibrationWatch;
  readonly lostResults: LostResultPolicy | undefined;
}

interface ReadOptions {
  readonly signal: AbortSignal | undefined;
  readonly since: number | undefined;
  readonly split: JobSplit | undefined;
}

/** An estimator whose every job is found again by the process that takes up its run. */
export class JournaledEstimator implements Estimator {
  readonly #remote: RemoteBackend;
  readonly #estimator: RemoteEstimator;
  readonly #journal: RunJournal;
  readonly #calibrations: CalibrationWatch;
  readonly #lostResults: LostResultPolicy;
  readonly #options: EstimatorOptions;

  constructor(
    remote: RemoteBackend,
    journal: RunJournal,
    { calibrations, lostResults = "stop" }: JournaledOptions,
    options: EstimatorOptions,
  ) {
    this.#remote = remote;
    this.#estimator = remote.estimator(options);
    this.#journal = journal;
    this.#calibrations = calibrations;
    this.#lostResults = lostResults;
    this.#options = options;
  }

  plan(pubs: readonly EstimatorPub[]): Promise<JobPlan> {
    return this.#estimator.plan(pubs);
  }

  /**
   * Resolves when the job is done and its values are in the ledger: from there where they are, from a job that is out where
   * there is one, and otherwise from a new job.
   * @throws as the provider's `run` and `result`; RunError RUN_NOT_DETERMINISTIC, RUN_RESULT_LOST, RUN_RESULT_WRONG,
   * RUN_PARKED, RUN_RECALIBRATED, RUN_FENCED, LEDGER_*; BudgetError BUDGET_USED_UP; the signal's reason
   */
  async run(
    pubs: readonly EstimatorPub[],
    { signal, tags, onSubmitted }: RunOptions = {},
  ): Promise<Job<EstimatorPubResult>> {
    const journal = this.#journal;
    signal?.throwIfAborted();
    const place = journal.nextPlace();
    const { checked, hash, circuits } = hashPubs(pubs, this.#options.precision ?? 1);
    for (let attempt = 0, failures = 0; ; attempt++) {
      const at: JobPlace = { ...place, attempt };
      const key = this.#key(at, hash);
      this.#assertSame(at, key);
      const known = journal.state.jobs.get(key);
      if (known?.result !== undefined) return finishedJob(known, await this.#stored(known.result.result));
      if (known?.rejected !== undefined) continue;
      const record = (): KeptRecord => journal.recordOf(circuits, () => this.#estimator.record(pubs));
      const job = await this.#submitted(key, at, pubs, { signal, tags, record });
      await onSubmitted?.(job.id);
      try {
        const results = await this.#results(job, pubs, checked, {
          signal,
          since: journal.state.jobs.get(key)?.submittedAt,
          split: splitOf(journal.state.jobs.get(key)),
        });
        return await this.#keep(key, job, results);
      } catch (error) {
        if (isLostResult(error) && this.#lostResults === "rebuy" && ++failures < MAX_ATTEMPTS) {
          await this.#cancelParts(key, job, signal);
          await this.#reject(key, job.id, error.cause, true);
          continue;
        }
        if (!isJobFailure(error)) throw error;
        await this.#cancelParts(key, job, signal);
        failures++;
        const replaced = error.retryable && failures < MAX_ATTEMPTS;
        await this.#reject(key, job.id, error, replaced);
        if (!replaced) throw error;
      }
    }
  }

  #key(place: JobPlace, pubs: string): string {
    const { name, account } = this.#remote;
    const { id, state } = this.#journal;
    return submitKey({
      runId: id,
      nonce: state.nonce,
      place,
      backend: name,
      account,
      pubs,
      options: { ...this.#options },
    });
  }

  /** @throws RunError RUN_NOT_DETERMINISTIC where another job stands at this place */
  #assertSame(place: JobPlace, key: string): void {
    const keys = this.#journal.state.attempts.get(placeKey(place));
    const before = keys?.[place.attempt];
    if (before === undefined || before === key) return;
    throw new RunError(
      "RUN_NOT_DETERMINISTIC",
      `Run ${this.#journal.id} sent other values in ${place.phase} before it was cut off than it would now, so the job that was paid for does not fit. Whatever decides its numbers must be the same each time: look for randomness without a seed in layers, callbacks or data, or another version of TensorFlow.js. To go on all the same, fork the run at its last step.`,
    );
  }

  async #stored(blob: string): Promise<readonly EstimatorPubResult[]> {
    return unpackState(await this.#journal.store.blob(blob)) as readonly EstimatorPubResult[];
  }

  /** The job of a key: the one that is out, or a new one. */
  async #submitted(
    key: string,
    place: JobPlace,
    pubs: readonly EstimatorPub[],
    options: SendOptions,
  ): Promise<Job<EstimatorPubResult>> {
    const known = this.#journal.state.jobs.get(key);
    const ids = known === undefined ? undefined : idsOf(known);
    if (ids !== undefined) return this.#estimator.attach(ids.join(","), pubs, splitOf(known));
    const parties = { remote: this.#remote, estimator: this.#estimator, calibrations: this.#calibrations };
    return new Submission(parties, this.#journal, key, place).send(pubs, options);
  }

  /** Values that fit the PUBs; what cannot be right is read again, and what is lost once more when it may have turned up. */
  async #results(
    job: Job<EstimatorPubResult>,
    pubs: readonly EstimatorPub[],
    checked: ReturnType<typeof hashPubs>["checked"],
    { signal, since, split }: ReadOptions,
  ): Promise<readonly EstimatorPubResult[]> {
    let current = job;
    let lost = 0;
    for (let read = 1; ; read++) {
      try {
        const results = await waitForJob(current, this.#journal, this.#remote.name, signal, since);
        assertResults(results, checked, current.id);
        return results;
      } catch (error) {
        if (isLostResult(error) && lost++ === 0) {
          const words = `${error.cause.message} The service is asked once more for the values of job ${job.id}.`;
          await this.#journal.wait(words, listingLag(this.#remote), signal);
        } else {
          const wrong = error instanceof RunError && error.code === "RUN_RESULT_WRONG";
          if (!wrong || read >= MAX_READS) throw error;
          await this.#journal.wait(`${error.message} Reading it again.`, 1000 * read, signal);
        }
        current = this.#estimator.attach(job.id, pubs, split);
      }
    }
  }

  /** Of a job that was split the other parts are of no use any more. */
  async #cancelParts(key: string, job: Job<EstimatorPubResult>, signal: AbortSignal | undefined): Promise<void> {
    if ((this.#journal.state.jobs.get(key)?.parts ?? 1) > 1) await this.#cancel(job, signal);
  }

  /** For as long as the service cannot be reached; what it does not cancel then is counted when it has run. */
  async #cancel(job: Job<EstimatorPubResult>, signal: AbortSignal | undefined): Promise<void> {
    const journal = this.#journal;
    for (let wait = FIRST_WAIT_MS; ; wait = longerWait(wait)) {
      try {
        await job.cancel();
        return;
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof ProviderError)) throw error;
        if (!error.retryable) {
          journal.mention(`Job ${job.id} cannot be cancelled: ${error.message}`);
          return;
        }
        await journal.wait(`Job ${job.id} is not cancelled yet: ${error.message}`, wait, signal);
      }
    }
  }

  async #keep(
    key: string,
    job: Job<EstimatorPubResult>,
    results: readonly EstimatorPubResult[],
  ): Promise<Job<EstimatorPubResult>> {
    const journal = this.#journal;
    const blob = packState(results.map(({ shape, evs, stds }) => ({ shape, evs, stds, metadata: {} })));
    const known = journal.state.jobs.get(key)!;
    const { quantumSeconds, executions, final } = await chargeOf(this.#remote, known, job.plan?.executions);
    const charge = { quantumSeconds, executions, final };
    reached("k9");
    await journal.append({
      blobs: [blob],
      settle: settlementOf(known, charge),
      events: [
        {
          type: "result",
          key,
          jobId: job.id,
          result: hashOf(blob),
          ...sentBy(known.submits.filter((submit) => submit.jobId !== undefined)),
          ...charge,
        },
      ],
    });
    reached("k10");
    journal.activity(undefined);
    return finishedJob(journal.state.jobs.get(key)!, await this.#stored(hashOf(blob)));
  }

  async #reject(key: string, jobId: string, error: ProviderError, replaced: boolean): Promise<void> {
    const journal = this.#journal;
    const known = journal.state.jobs.get(key)!;
    const { quantumSeconds, final, executions } = await chargeOf(this.#remote, known);
    await journal.append({
      settle: settlementOf(known, { quantumSeconds, final, executions }),
      events: [
        {
          type: "rejected",
          key,
          jobId,
          code: error.code,
          words: error.message,
          quantumSeconds,
          final,
          replaced,
        },
      ],
    });
  }
}

/** The job itself ended without values, whatever asks for them. */
function isJobFailure(error: unknown): error is ProviderError {
  return error instanceof ProviderError && /^JOB_(FAILED|CANCELLED|RAN_TOO_LONG)$/.test(error.code);
}

function isLostResult(error: unknown): error is RunError & { readonly cause: ProviderError } {
  return error instanceof RunError && error.code === "RUN_RESULT_LOST";
}

/** Of all parts in order; undefined while one is not known. */
function idsOf({ submits, parts }: RunJob): readonly string[] | undefined {
  const ids = new Map<string, string>();
  for (const { key, jobId } of submits) if (jobId !== undefined) ids.set(key, jobId);
  if (ids.size < parts) return undefined;
  const number = (key: string): number => Number(/-(\d+)$/.exec(key)?.[1] ?? 0);
  return [...ids].sort(([a], [b]) => number(a) - number(b)).map(([, id]) => id);
}

function splitOf(job: RunJob | undefined): JobSplit | undefined {
  return job?.submits.find(({ split }) => split !== undefined)?.split;
}

/** The same whether it has just come in or is read again: a step's costs are then the same, too. */
function finishedJob({ result, told }: RunJob, results: readonly EstimatorPubResult[]): Job<EstimatorPubResult> {
  const { jobId } = result!;
  const { quantumSeconds, executions, final } = told!;
  const usage: JobUsage = { quantumSeconds, executions, ...(final === undefined ? {} : { final }) };
  return {
    id: jobId,
    status: async () => "done",
    result: async () => results,
    cancel: async () => {},
    usage: async () => usage,
  };
}
