import type { RequestOptions } from "./http-client.ts";
import type { Jobs } from "./resources/jobs.ts";
import type { JobBody, JobQuery } from "./schemas.ts";

/** The most that the service gives at once. */
const PAGE = 200;
/** By how much a job may seem older than its submit: clocks of the service's machines, and dates in whole seconds. */
const MARGIN_MS = 600_000;

/**
 * Jobs with exactly this tag, by the service's filter and, as the filter may lag behind, among the newest of all jobs.
 * Whether the service filters, matches loosely or gives shorter pages than asked for makes no difference: tags are compared
 * here, and a list is read until a page brings nothing new, whatever it says its length is.
 * @param since where jobs that are older need not be looked for: the service's time in milliseconds since 1970. It bounds
 * only how far lists that hold other jobs are read, so that a clock that goes wrong hides nothing from a filter that works.
 */
export async function taggedJobs(
  jobs: Jobs,
  tag: string,
  { since, ...options }: RequestOptions & { readonly since?: number | undefined } = {},
): Promise<readonly JobBody[]> {
  const found = new Map<string, JobBody>();
  const isTooOld = (oldest: number): boolean => since !== undefined && oldest < since - MARGIN_MS;
  for (const tags of [[tag], []]) {
    // Jobs that are made while we read move the others to later places, so that one can come twice.
    const seen = new Set<string>();
    const query: JobQuery = { ...(tags.length === 0 ? {} : { tags }), exclude_params: true, limit: PAGE };
    for (let offset = 0, others = false; ; ) {
      const page = (await jobs.list({ ...query, offset }, options)).jobs;
      const before = seen.size;
      let oldest = Number.POSITIVE_INFINITY;
      for (const job of page) {
        seen.add(job.id);
        oldest = Math.min(oldest, Date.parse(job.created));
        if (job.tags?.includes(tag) === true) found.set(job.id, job);
        else others = true;
      }
      offset += page.length;
      if (seen.size === before || (others && isTooOld(oldest))) break;
      if (tags.length === 0 && since === undefined && seen.size >= PAGE) break;
    }
  }
  return [...found.values()];
}
