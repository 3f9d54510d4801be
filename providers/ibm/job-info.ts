import { checkOptions } from "../options.ts";
import type { JobStatus } from "../primitives.ts";
import { chargeOf, jobState } from "./job-state.ts";
import type { JobBody, JobQuery } from "./schemas.ts";

/** Which jobs to list. */
export interface IbmJobFilter {
  readonly backend?: string;
  readonly program?: string;
  /** All of them, exactly. */
  readonly tags?: readonly string[];
  readonly sessionId?: string;
  /** Only those that have not ended, or only those that have. */
  readonly pending?: boolean;
  readonly createdAfter?: Date | string;
  readonly createdBefore?: Date | string;
  /** At most so many, newest first; 50 by default. */
  readonly limit?: number;
}

/** A job as the service lists it. */
export interface IbmJobInfo {
  readonly id: string;
  readonly backend: string | undefined;
  readonly program: string;
  readonly status: JobStatus;
  /** The service's own word for the status. */
  readonly word: string;
  readonly reason: string | undefined;
  readonly reasonCode: string | undefined;
  readonly created: string;
  readonly tags: readonly string[];
  readonly sessionId: string | undefined;
  /** Most seconds that it may take. */
  readonly maxExecutionSeconds: number;
  /** What it was charged so far, where told. */
  readonly quantumSeconds: number | undefined;
}

const FILTERS = [
  "backend",
  "program",
  "tags",
  "sessionId",
  "pending",
  "createdAfter",
  "createdBefore",
  "limit",
] as const;
/** The service's own maximum. */
const MAX_PAGE = 200;

/** The query of a list of jobs. @throws PubError PUB_FORM for a filter that there is not */
export function jobQuery(filter: IbmJobFilter | undefined, limit: number): Omit<JobQuery, "offset"> {
  const { backend, program, tags, sessionId, pending, createdAfter, createdBefore } = checkOptions(
    filter,
    "jobs",
    FILTERS,
  );
  return defined({
    backend,
    program,
    tags: tags === undefined ? undefined : [...tags],
    session_id: sessionId,
    pending,
    created_after: isoText(createdAfter),
    created_before: isoText(createdBefore),
    limit: Math.min(MAX_PAGE, Math.max(1, limit)),
    exclude_params: true,
  });
}

export function jobInfo(job: JobBody): IbmJobInfo {
  const { status, word, reason, reasonCode } = jobState(job);
  return {
    id: job.id,
    backend: job.backend,
    program: job.program.id,
    status,
    word,
    reason,
    reasonCode,
    created: job.created,
    tags: job.tags ?? [],
    sessionId: job.session_id ?? undefined,
    maxExecutionSeconds: job.cost,
    quantumSeconds: chargeOf(undefined, job)?.quantumSeconds,
  };
}

function isoText(time: Date | string | undefined): string | undefined {
  return time instanceof Date ? time.toISOString() : time;
}

function defined<Value extends object>(value: Value): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;
}
