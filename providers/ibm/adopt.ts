import { canonicalJson, jsonHash } from "../canonical-json.ts";
import { ProviderError } from "../errors.ts";
import type { IbmClient } from "./client.ts";
import { jobState } from "./job-state.ts";
import type { EstimatorJobRequest, JobBody, SamplerJobRequest } from "./schemas.ts";

export type SubmitBody = EstimatorJobRequest | SamplerJobRequest;

export interface AdoptOptions {
  readonly client: IbmClient;
  readonly key: string;
  /** What would be sent now, and is taken for sent. */
  readonly body: SubmitBody;
  /** Of what else was sent under the key; undefined where that is not known, and programs and backends alone are compared. */
  readonly hashes: ReadonlySet<string> | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface Adopted {
  readonly id: string;
  readonly surplus: readonly string[];
}

/** SHA-256 of what a job computes: not of its tags, its session or its cost. */
export function bodyHash({
  program_id,
  backend,
  params,
}: Pick<SubmitBody, "program_id" | "backend" | "params">): string {
  return jsonHash({ program_id, backend, params });
}

/**
 * Of jobs with one key the oldest that has not failed; the others are cancelled.
 * @throws ProviderError IBM_SUBMIT_KEY where one of them is none of those that were sent, and nothing is cancelled then;
 * IbmError
 */
export async function adopt(found: readonly JobBody[], options: AdoptOptions): Promise<Adopted> {
  for (const job of found) await assertSent(job, options);
  const byAge = [...found].sort((a, b) => Date.parse(a.created) - Date.parse(b.created) || (a.id < b.id ? -1 : 1));
  const hasFailed = (job: JobBody): boolean => ["failed", "cancelled"].includes(jobState(job).status);
  const kept = byAge.find((job) => !hasFailed(job)) ?? byAge[0]!;
  const surplus = byAge.filter((job) => job !== kept);
  for (const job of surplus)
    if (!hasFailed(job))
      // The job that is kept is right whether or not this can be done; the caller is told of the others.
      await options.client.jobs.cancel(job.id, { signal: options.signal }).catch(() => {});
  return { id: kept.id, surplus: surplus.map(({ id }) => id) };
}

async function assertSent(job: JobBody, { client, key, body, hashes, signal }: AdoptOptions): Promise<void> {
  const backend = job.backend ?? body.backend;
  if (job.program.id !== body.program_id || backend !== body.backend)
    throw new ProviderError(
      "IBM_SUBMIT_KEY",
      `Job ${job.id} bears the tag ${key} but runs ${job.program.id} on ${job.backend}; a submit key belongs to one job. Give each job another.`,
      { jobId: job.id },
    );
  if (hashes === undefined) return;
  const { params } = await client.jobs.retrieve(job.id, { includeParams: true, signal });
  // The service shows nobody what a private job was sent.
  if (job.private === true && params === undefined) return;
  if (hashes.has(jsonHash({ program_id: body.program_id, backend, params })) || contains(params, body.params)) return;
  throw new ProviderError(
    "IBM_SUBMIT_KEY",
    `Job ${job.id} bears the tag ${key} but was sent other circuits, values or options than are known under this key, so its result cannot be taken for this one's. Look where the job comes from; a submit key belongs to one job.`,
    { jobId: job.id },
  );
}

/** Whether a value holds all of another one; a service may fill in defaults. */
function contains(whole: unknown, part: unknown): boolean {
  if (typeof part !== "object" || part === null || Array.isArray(part))
    return canonicalJson(whole) === canonicalJson(part);
  return (
    typeof whole === "object" &&
    whole !== null &&
    Object.entries(part).every(([name, field]) => contains((whole as Record<string, unknown>)[name], field))
  );
}
