import type { Clock } from "../clock.ts";
import { ProviderError } from "../errors.ts";
import type { EarlierSubmit, JobSplit, SubmitIntent, SubmitLimit } from "../primitives.ts";
import { adopt, bodyHash, type SubmitBody } from "./adopt.ts";
import type { BackendSession } from "./backend-session.ts";
import type { IbmClient } from "./client.ts";
import { IbmError } from "./ibm-error.ts";
import { optionError } from "./program-options.ts";
import type { JobBody } from "./schemas.ts";
import { taggedJobs } from "./tagged-jobs.ts";

/** One job to be submitted, and what is to be known of it. */
export interface SubmitOptions {
  readonly client: IbmClient;
  readonly clock: Clock;
  /** The tag by which the job is found again; no other job has it. */
  readonly key: string;
  readonly part: number;
  readonly parts: number;
  /** Where it is one of several. */
  readonly split: JobSplit | undefined;
  /** What the job is planned to take. */
  readonly quantumSeconds: number;
  readonly executions: number;
  /** The `submitKey` by which another run takes the job over; undefined where none would, as the run is broken off. */
  readonly again: string | undefined;
  /** What became of the key before; undefined where nobody kept it. */
  readonly earlier: readonly EarlierSubmit[] | undefined;
  /** The key was used before, perhaps: look once before the first submit. Says nothing beside `earlier`. */
  readonly lookFirst: boolean;
  /** Seconds within which the service lists a job that it has accepted. */
  readonly lagSeconds: number;
  /** Where the job runs, unless its body says. */
  readonly session?: BackendSession | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Awaited before the first submit, where there is one. */
  readonly beforeFirst?: (() => Promise<void>) | undefined;
  readonly beforeSubmit?:
    | ((submit: SubmitIntent) => SubmitLimit | undefined | Promise<SubmitLimit | undefined>)
    | undefined;
  readonly onReconciling?: ((words: string) => void) | undefined;
}

export interface Submitted {
  readonly id: string;
  /** It was told as known. */
  readonly known: boolean;
  /** It was there already, from a submit whose answer was lost. */
  readonly adopted: boolean;
  /** Further jobs of the same key, which were cancelled. */
  readonly surplus: readonly string[];
}

/** Submits of one key after which to give up, each followed by a search for its job. */
const MAX_POSTS = 3;
const FIRST_GAP_SECONDS = 1;
const LAST_GAP_SECONDS = 30;
/** The service tells its time in whole seconds. */
const DATE_RESOLUTION_MS = 1000;

/**
 * Submits a job once. The service knows no idempotency key, so the job bears a tag of its own; when the answer is lost, jobs
 * with that tag are looked for until the service would have listed it, and only then is it submitted again, under the same
 * tag. There is no second job as long as the service lists what it accepts within `lagSeconds`; otherwise a later search
 * finds both, keeps one and cancels the other.
 * @throws IbmError when the service refuses; ProviderError IBM_SUBMIT_UNKNOWN, IBM_SUBMIT_KEY, IBM_OPTION; the signal's
 * reason; what `beforeFirst` and `beforeSubmit` throw
 */
export async function submitOnce(body: SubmitBody, options: SubmitOptions): Promise<Submitted> {
  const { client, clock, key, earlier, lagSeconds, signal } = options;
  const known = earlier?.findLast(({ jobId }) => jobId !== undefined);
  if (known?.jobId !== undefined) return { id: known.jobId, known: true, adopted: true, surplus: [] };
  const hashes = earlier === undefined ? undefined : new Set(earlier.map((submit) => submit.bodyHash));
  const times = (earlier ?? []).map(({ serviceTime }) => serviceTime);
  const taken = async (found: readonly JobBody[]): Promise<Submitted> => {
    try {
      const { id, surplus } = await adopt(found, { client, key, body, hashes, signal });
      return { id, known: false, adopted: true, surplus };
    } catch (error) {
      if (signal?.aborted) throw unknownSubmit(options, signal.reason);
      throw error instanceof IbmError ? unknownSubmit(options, error) : error;
    }
  };
  if (times.length > 0) {
    const allowance = 1000 * (client.jobs.submitTimeoutSeconds + lagSeconds) + DATE_RESOLUTION_MS;
    const started = clock.now();
    const latest = Math.max(...times);
    // None of them was sent later than now, whatever the clocks said then.
    const deadline = (): number => Math.min(started, latest - client.serverNow() + clock.now()) + allowance;
    const found = await reconcile("An earlier submit was broken off.", Math.min(...times), deadline, options);
    if (found.length > 0) return taken(found);
  } else if (options.lookFirst && earlier === undefined) {
    const found = await taggedJobs(client.jobs, key, { signal });
    if (found.length > 0) return taken(found);
  }
  await options.beforeFirst?.();
  const hash = bodyHash(body);
  for (let posts = 1; ; posts++) {
    const answer = await post(body, hash, options);
    if ("id" in answer) return { id: answer.id, known: false, adopted: false, surplus: [] };
    if ("found" in answer) return taken(answer.found);
    const { lost } = answer;
    if (signal?.aborted) throw unknownSubmit(options, signal.reason);
    times.push(answer.serviceTime);
    const until = clock.now() + 1000 * lagSeconds;
    const found = await reconcile(lost.message, Math.min(...times), () => until, options);
    if (found.length > 0) return taken(found);
    if (posts === MAX_POSTS) throw unknownSubmit(options, lost);
  }
}

type Posted =
  | { readonly id: string }
  | { readonly found: readonly JobBody[] }
  | { readonly lost: IbmError; readonly serviceTime: number };

/** @throws whatever is sure to have made no job */
async function post(body: SubmitBody, hash: string, options: SubmitOptions): Promise<Posted> {
  const { client, key, part, parts, split, quantumSeconds, executions, session, signal, beforeSubmit } = options;
  for (let reopened = false; ; reopened = true) {
    const sessionId = body.session_id ?? (await session?.id(signal));
    const capSeconds = body.cost!;
    const since = client.serverNow();
    let serviceTime = since;
    let tries = 0;
    let found: readonly JobBody[] = [];
    let prevented: { readonly reason: unknown } | undefined;
    const prepare = async (): Promise<SubmitBody> => {
      try {
        // It was refused, so there is nothing to be found; but to look costs little, and to be wrong costs a job.
        if (tries++ > 0) found = await taggedJobs(client.jobs, key, { since, signal, retries: 0 }).catch(() => []);
        if (found.length > 0) throw new Error("it is there");
        serviceTime = client.serverNow();
        const planned = { quantumSeconds, executions, capSeconds, ...(split === undefined ? {} : { split }) };
        const intent = { key, part, parts, bodyHash: hash, serviceTime, ...planned };
        const cost = limited(capSeconds, await beforeSubmit?.(intent));
        return { ...body, cost, ...(sessionId === undefined ? {} : { session_id: sessionId }) };
      } catch (reason) {
        prevented = { reason };
        throw reason;
      }
    };
    try {
      return await client.jobs.create(prepare, { signal });
    } catch (error) {
      if (found.length > 0) return { found };
      if (prevented !== undefined) throw prevented.reason;
      if (!(error instanceof IbmError)) throw error;
      if (error.outcome !== "rejected") return { lost: error, serviceTime };
      const isOurs = session !== undefined && sessionId !== body.session_id;
      if (error.code !== "IBM_SESSION_CLOSED" || !isOurs || reopened) throw error;
      session.forget(sessionId!);
    }
  }
}

/** @throws ProviderError IBM_OPTION */
function limited(cost: number, limit: SubmitLimit | undefined): number {
  if (limit === undefined) return cost;
  const seconds = Math.floor(limit.maxQuantumSeconds);
  if (!(seconds >= 1))
    throw optionError(
      `beforeSubmit limits a job to ${limit.maxQuantumSeconds} s; the service takes whole seconds, 1 or more.`,
    );
  return Math.min(cost, seconds);
}

/**
 * Searches with growing gaps until a job of the key is found or none can appear any more.
 * @param since service time of the first submit
 * @param deadline time by our clock from which on the service lists what it has accepted, as it is known after a search
 */
async function reconcile(
  why: string,
  since: number,
  deadline: () => number,
  options: SubmitOptions,
): Promise<readonly JobBody[]> {
  const { client, clock, key, signal } = options;
  const seconds = Math.max(0, Math.ceil((deadline() - clock.now()) / 1000));
  tell(
    options,
    `Whether a job was accepted is not known: ${why} Reconciling: looking for its tag ${key} ${seconds === 0 ? "" : `for up to ${seconds} s `}before it is sent again.`,
  );
  for (let gap = FIRST_GAP_SECONDS; ; gap = Math.min(LAST_GAP_SECONDS, 2 * gap)) {
    const began = clock.now();
    try {
      const found = await taggedJobs(client.jobs, key, { since, signal });
      if (found.length > 0) {
        tell(options, `Reconciled: the tag ${key} is that of job ${found.map(({ id }) => id).join(", ")}.`);
        return found;
      }
      if (began >= deadline()) {
        tell(options, `Reconciled: no job bears the tag ${key}, so it is sent again.`);
        return [];
      }
    } catch (error) {
      if (signal?.aborted) throw unknownSubmit(options, signal.reason);
      // Without a list nothing is known, and nothing may be submitted.
      if (!(error instanceof IbmError) || !error.retryable || began >= deadline()) throw unknownSubmit(options, error);
    }
    const left = Math.max(0, deadline() - clock.now());
    await clock.sleep(Math.min(1000 * gap, left), signal).catch(() => {
      throw unknownSubmit(options, signal?.reason);
    });
  }
}

function tell({ client, onReconciling }: SubmitOptions, words: string): void {
  client.notify(words);
  onReconciling?.(words);
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
