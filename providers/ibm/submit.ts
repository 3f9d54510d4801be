import type { Clock } from "../clock.ts";
import { ProviderError } from "../errors.ts";
import type { IbmClient } from "./client.ts";
import { IbmError } from "./ibm-error.ts";
import { jobState } from "./job-state.ts";
import type { EstimatorJobRequest, JobBody, SamplerJobRequest } from "./schemas.ts";

export interface SubmitOptions {
  readonly client: IbmClient;
  readonly clock: Clock;
  /** The tag by which the job is found again; no other job has it. */
  readonly key: string;
  /** The `submitKey` by which another run takes the job over; undefined where none would, as the run is broken off. */
  readonly again: string | undefined;
  /** The key was used before, perhaps: look before the first submit. */
  readonly lookFirst: boolean;
  /** Seconds after a submit within which the service lists a job that it has accepted. */
  readonly lagSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Submitted {
  readonly id: string;
  /** It was there already, from a submit whose answer was lost. */
  readonly adopted: boolean;
  /** Further jobs of the same key, which were cancelled. */
  readonly surplus: readonly string[];
}

/** Submits of one key after which to give up, each followed by a search for its job. */
const MAX_POSTS = 3;
const FIRST_GAP_SECONDS = 1;

/**
 * Submits a job once. The service knows no idempotency key, so the job bears a tag of its own; when the answer is lost, jobs
 * with that tag are looked for until the service would have listed it, and only then is it submitted again, under the same
 * tag. There is no second job as long as the service lists what it accepts within `lagSeconds`; otherwise a later search
 * finds both, keeps one and cancels the other.
 * @throws IbmError when the service refuses; ProviderError IBM_SUBMIT_UNKNOWN, IBM_SUBMIT_KEY; the signal's reason
 */
export async function submitOnce(
  body: EstimatorJobRequest | SamplerJobRequest,
  options: SubmitOptions,
): Promise<Submitted> {
  const { client, key, signal } = options;
  if (options.lookFirst) {
    const found = await jobsWithTag(client, key, signal);
    if (found.length > 0) return adopt(found, body, options);
  }
  for (let post = 1; ; post++) {
    try {
      const { id } = await client.jobs.create(body, { signal });
      return { id, adopted: false, surplus: [] };
    } catch (error) {
      if (!(error instanceof IbmError) || error.outcome === "rejected") throw error;
      if (signal?.aborted) throw unknownSubmit(options, signal.reason);
      client.notify(
        `Whether a job was accepted is not known: ${error.message} Reconciling: looking for its tag ${key} for up to ${options.lagSeconds} s before it is sent again.`,
      );
      const found = await reconcile(options);
      if (found.length > 0) return adopt(found, body, options);
      if (post === MAX_POSTS) throw unknownSubmit(options, error);
    }
  }
}

/** Searches with growing gaps until a job of the key is found or none can appear any more. */
async function reconcile(options: SubmitOptions): Promise<readonly JobBody[]> {
  const { client, clock, key, lagSeconds, signal } = options;
  const until = clock.now() + 1000 * lagSeconds;
  for (let gap = FIRST_GAP_SECONDS; ; gap *= 2) {
    try {
      const found = await jobsWithTag(client, key, signal);
      if (found.length > 0) return found;
    } catch (error) {
      if (signal?.aborted) throw unknownSubmit(options, signal.reason);
      // Without a list nothing is known, and nothing may be submitted.
      if (!(error instanceof IbmError) || !error.retryable || clock.now() >= until) throw unknownSubmit(options, error);
    }
    const left = until - clock.now();
    if (left <= 0) return [];
    try {
      await clock.sleep(Math.min(1000 * gap, left), signal);
    } catch {
      throw unknownSubmit(options, signal?.reason);
    }
  }
}

/**
 * By the service's filter, and, as the filter may lag behind, among the newest jobs. No time bounds the search: a clock that
 * goes wrong would hide the job, and a second one would be paid for.
 */
async function jobsWithTag(
  client: IbmClient,
  tag: string,
  signal: AbortSignal | undefined,
): Promise<readonly JobBody[]> {
  const found: JobBody[] = [];
  for await (const job of client.jobs.listAll({ tags: [tag], exclude_params: true }, { signal })) found.push(job);
  if (found.length > 0) return found;
  const { jobs } = await client.jobs.list({ exclude_params: true, limit: 200 }, { signal });
  return jobs.filter((job) => job.tags?.includes(tag) === true);
}

async function adopt(
  found: readonly JobBody[],
  body: EstimatorJobRequest | SamplerJobRequest,
  { client, key }: SubmitOptions,
): Promise<Submitted> {
  const other = found.find(
    (job) => job.program.id !== body.program_id || (job.backend !== undefined && job.backend !== body.backend),
  );
  if (other !== undefined)
    throw new ProviderError(
      "IBM_SUBMIT_KEY",
      `Job ${other.id} bears the tag ${key} but runs ${other.program.id} on ${other.backend}; a submit key belongs to one job. Give each job another.`,
      { jobId: other.id },
    );
  const byAge = [...found].sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : 0));
  const hasFailed = (job: JobBody): boolean => ["failed", "cancelled"].includes(jobState(job).status);
  const kept = byAge.find((job) => !hasFailed(job)) ?? byAge[0]!;
  const surplus = byAge.filter((job) => job !== kept);
  for (const job of surplus)
    if (!hasFailed(job))
      // The job that is kept is right whether or not this can be done; the caller is told of the others.
      await client.jobs.cancel(job.id).catch(() => {});
  return { id: kept.id, adopted: true, surplus: surplus.map(({ id }) => id) };
}

function unknownSubmit({ key, again }: SubmitOptions, cause: unknown): ProviderError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const advice =
    again === undefined
      ? `find it with provider.jobs({ tags: ["${key}"] }) and cancel it: it is one of several, and those before it were cancelled.`
      : `run it again with submitKey "${again}", and it is taken over instead of submitted twice.`;
  return new ProviderError(
    "IBM_SUBMIT_UNKNOWN",
    `Whether the job was accepted is not known: ${why} If it was, it bears the tag ${key}; ${advice}`,
    { cause, retryable: true },
  );
}
