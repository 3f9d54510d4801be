import type { EarlierSubmit, JobUsage } from "../../providers/index.ts";
import type { Amount, Budget } from "./budget.ts";
import type {
  IntentEvent,
  JobPlace,
  Owner,
  RefusedEvent,
  RejectedEvent,
  ResultEvent,
  RunDescription,
  RunEvent,
  RunRecord,
  SettledEvent,
  SubmittedEvent,
} from "./events.ts";

/**
 * "ready": nobody has driven it; "running"; "parked" until its wake time; "stopped" and "failed" can be resumed; "finished".
 * A run whose driver died stays "running" until another takes it over.
 */
export type RunStatus = "ready" | "running" | "parked" | "stopped" | "failed" | "finished";

/** A submit, and what was sent as its intent tells. */
export interface RunSubmit extends EarlierSubmit {
  readonly record?: string | undefined;
  readonly calibration?: string | undefined;
  readonly calibratedAt?: string | undefined;
}

/** One job of a run, and what became of it. */
export interface RunJob {
  readonly key: string;
  readonly place: JobPlace;
  readonly parts: number;
  readonly backend: string;
  /** Set aside for all parts together, and planned for them. */
  readonly reserved: Amount;
  readonly planned: number;
  /** All submits that may have made a job, oldest first, with the ids of the jobs that are known. */
  readonly submits: readonly RunSubmit[];
  /** When the last id became known; milliseconds since 1970. */
  readonly submittedAt: number | undefined;
  readonly result: ResultEvent | undefined;
  /** What the result had cost when it came in, which its step reports, whatever was charged later on. */
  readonly told: JobUsage | undefined;
  readonly rejected: RejectedEvent | undefined;
}

/** A run as its events fold to it. */
export interface RunState {
  readonly status: RunStatus;
  /** Number of the last event; 0 before the first. */
  readonly seq: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly parent: { readonly run: string; readonly step: number } | undefined;
  readonly versions: Readonly<Record<string, string>>;
  readonly nonce: string | undefined;
  readonly description: RunDescription | undefined;
  readonly owner: Owner | undefined;
  /** The last that a driver was given; undefined where none ever was. */
  readonly budget: Budget | undefined;
  /** How many drivers in a row were replaced before they had come further. */
  readonly replaced: number;
  /** Steps and epochs done. */
  readonly step: number;
  readonly epoch: number;
  /** Steps done when it was last stopped. */
  readonly stoppedAt: number | undefined;
  /** Reports in order. */
  readonly steps: readonly unknown[];
  readonly epochs: readonly unknown[];
  /** Of each step its snapshot, and the last one of all. */
  readonly snapshots: readonly string[];
  readonly snapshot: string | undefined;
  readonly jobs: ReadonlyMap<string, RunJob>;
  /** By phase and index the keys of all attempts, in order. */
  readonly attempts: ReadonlyMap<string, readonly string[]>;
  /** Jobs that no step uses, and what each was charged. */
  readonly orphans: ReadonlyMap<string, number>;
  /** A submit was left without an answer, or a driver was replaced, since the last sweep of jobs. */
  readonly doubtful: boolean;
  /** There was such a doubt at any time. */
  readonly everDoubtful: boolean;
  /** When a submit of which nothing was heard was last repeated, or what came of it became known; milliseconds since 1970. */
  readonly resubmittedAt: number | undefined;
  /** When the service last refused a submit; milliseconds since 1970. */
  readonly refusedAt: number | undefined;
  readonly waiting: string | undefined;
  readonly wakeAt: number | undefined;
  readonly executions: number;
  /** Charged so far, as far as it is known, orphans included. */
  readonly quantumSeconds: number;
  readonly error: { readonly name: string; readonly code?: string; readonly message: string } | undefined;
  /** SHA-256 of the blob with the result of a finished run. */
  readonly result: string | undefined;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
interface Draft extends Mutable<Omit<RunState, "steps" | "epochs" | "snapshots" | "jobs" | "attempts" | "orphans">> {
  steps: unknown[];
  epochs: unknown[];
  snapshots: string[];
  jobs: Map<string, RunJob>;
  attempts: Map<string, string[]>;
  orphans: Map<string, number>;
}

export const EMPTY_RUN: RunState = Object.freeze({
  status: "ready",
  seq: 0,
  createdAt: 0,
  updatedAt: 0,
  parent: undefined,
  versions: {},
  nonce: undefined,
  description: undefined,
  owner: undefined,
  budget: undefined,
  replaced: 0,
  step: 0,
  epoch: 0,
  stoppedAt: undefined,
  steps: [],
  epochs: [],
  snapshots: [],
  snapshot: undefined,
  jobs: new Map<string, RunJob>(),
  attempts: new Map<string, string[]>(),
  orphans: new Map<string, number>(),
  doubtful: false,
  everDoubtful: false,
  resubmittedAt: undefined,
  refusedAt: undefined,
  waiting: undefined,
  wakeAt: undefined,
  executions: 0,
  quantumSeconds: 0,
  error: undefined,
  result: undefined,
});

/** What the records of a run, in order, fold to. */
export function foldRun(records: Iterable<RunRecord>): RunState {
  const fold = new RunFold();
  for (const record of records) fold.add(record);
  return fold.state;
}

/** A fold that goes on with each record; its state is the same object throughout. */
export class RunFold {
  readonly #draft: Draft = {
    ...EMPTY_RUN,
    steps: [],
    epochs: [],
    snapshots: [],
    jobs: new Map(),
    attempts: new Map(),
    orphans: new Map(),
  };

  get state(): RunState {
    return this.#draft;
  }

  add(record: RunRecord): void {
    apply(this.#draft, record);
  }
}

/** The status after one more event. */
export function statusAfter(status: RunStatus, { type }: RunEvent): RunStatus {
  // Who claims a run that has ended finds its result; nobody is to drive it again.
  if (status === "finished") return status;
  if (type === "parked" || type === "stopped" || type === "failed" || type === "finished") return type;
  // Whatever else its driver does, it goes on; what is found out about its jobs afterwards changes nothing.
  if (type === "created" || type === "settled" || type === "orphan" || type === "swept") return status;
  // A fork has steps before anybody drives it.
  return status === "ready" && type !== "claimed" ? "ready" : "running";
}

/** Where the attempts at one job of a run are found in `attempts`. */
export function placeKey({ phase, index }: Pick<JobPlace, "phase" | "index">): string {
  return `${phase}/${index}`;
}

/** Whoever writes one of these has come further than the driver before, or has left in order. */
const PROGRESS: ReadonlySet<RunEvent["type"]> = new Set([
  ...(["submitted", "result", "step", "epoch", "parked", "stopped", "failed", "finished"] as const),
]);

function apply(draft: Draft, { seq, at, event }: RunRecord): void {
  draft.seq = seq;
  draft.updatedAt = at;
  draft.status = statusAfter(draft.status, event);
  if (PROGRESS.has(event.type)) draft.replaced = 0;
  switch (event.type) {
    case "created":
      draft.createdAt = at;
      draft.versions = event.versions;
      draft.nonce = event.nonce;
      draft.parent = event.parent;
      break;
    case "described":
      draft.description = event.description;
      if (event.snapshot !== undefined) draft.snapshot = event.snapshot;
      break;
    case "claimed":
      draft.owner = event.owner;
      draft.waiting = undefined;
      draft.wakeAt = undefined;
      draft.error = undefined;
      if (event.takeover) {
        doubt(draft);
        draft.replaced++;
      }
      break;
    // Kept by the store, in the run's row.
    case "task":
      break;
    case "budget":
      draft.budget = event.budget;
      break;
    case "intent":
      addIntent(draft, event, at);
      break;
    case "refused":
      dropSubmit(draft, event);
      // Should the service have been wrong about it, the end of the run finds out.
      draft.everDoubtful = true;
      draft.refusedAt = at;
      break;
    case "submitted":
      addJobId(draft, event, at);
      // What these were charged is to be found out.
      if (event.surplus.length > 0) doubt(draft);
      draft.waiting = undefined;
      break;
    case "unknown":
      doubt(draft);
      draft.waiting = event.words;
      break;
    case "result":
      changeJob(draft, event.key, (job) => ({ ...job, result: event, told: event }));
      charge(draft, event);
      draft.waiting = undefined;
      break;
    case "settled":
      settle(draft, event);
      break;
    case "rejected":
      changeJob(draft, event.key, (job) => ({ ...job, rejected: event }));
      charge(draft, { executions: 0, quantumSeconds: event.quantumSeconds });
      break;
    case "orphan":
      charge(draft, { executions: 0, quantumSeconds: event.quantumSeconds - (draft.orphans.get(event.jobId) ?? 0) });
      draft.orphans.set(event.jobId, event.quantumSeconds);
      break;
    case "swept":
      draft.doubtful = false;
      break;
    case "waiting":
      draft.waiting = event.words;
      break;
    case "parked":
      draft.waiting = event.words;
      draft.wakeAt = event.wakeAt;
      break;
    case "step":
      draft.step = event.step;
      draft.steps.push(event.report);
      draft.snapshots.push(event.snapshot);
      draft.snapshot = event.snapshot;
      draft.waiting = undefined;
      break;
    case "epoch":
      draft.epoch = event.epoch;
      draft.epochs.push(event.report);
      draft.snapshot = event.snapshot;
      break;
    case "stopped":
      draft.stoppedAt = draft.step;
      draft.waiting = undefined;
      break;
    case "failed":
      draft.error = event.error;
      break;
    case "finished":
      draft.result = event.result;
      if (event.snapshot !== undefined) draft.snapshot = event.snapshot;
      draft.waiting = undefined;
      break;
  }
}

function doubt(draft: Draft): void {
  draft.doubtful = true;
  draft.everDoubtful = true;
}

function addIntent(draft: Draft, event: IntentEvent, at: number): void {
  const { key, partKey, parts, split, place, backend, bodyHash, serviceTime, reserved, quantumSeconds } = event;
  const { calibratedAt } = event;
  const kept = sentBy([event]);
  const submit: RunSubmit = {
    key: partKey,
    bodyHash,
    serviceTime,
    ...kept,
    ...(split === undefined ? {} : { split }),
    ...(calibratedAt === undefined ? {} : { calibratedAt }),
  };
  const known = draft.jobs.get(key);
  const before = known?.submits.filter((earlier) => earlier.key === partKey) ?? [];
  const isNew = before.length === 0;
  if (before.some(({ jobId }) => jobId === undefined)) {
    draft.resubmittedAt = at;
    draft.everDoubtful = true;
  }
  if (known === undefined) {
    const keys = draft.attempts.get(placeKey(place));
    if (keys === undefined) draft.attempts.set(placeKey(place), [key]);
    else keys.push(key);
  }
  draft.jobs.set(key, {
    ...(known ?? {
      key,
      place,
      parts,
      backend,
      submittedAt: undefined,
      result: undefined,
      told: undefined,
      rejected: undefined,
    }),
    reserved,
    // Each part once, however often it was submitted.
    planned: (known?.planned ?? 0) + (isNew ? quantumSeconds : 0),
    submits: [...(known?.submits ?? []), submit],
  });
}

function dropSubmit(draft: Draft, { key, partKey }: RefusedEvent): void {
  changeJob(draft, key, (job) => {
    const at = job.submits.findLastIndex((submit) => submit.key === partKey && submit.jobId === undefined);
    return at < 0 ? job : { ...job, submits: job.submits.toSpliced(at, 1) };
  });
}

function addJobId(draft: Draft, { key, partKey, jobId, adopted }: SubmittedEvent, submittedAt: number): void {
  changeJob(draft, key, (job) => {
    const submits = [...job.submits];
    // A repeated submit may have been on its way for as long as its answer was waited for.
    if (submits.filter((submit) => submit.key === partKey).length > 1) draft.resubmittedAt = submittedAt;
    const at = submits.findLastIndex((submit) => submit.key === partKey);
    // What answered is one of the submits of this part, whichever it was.
    if (at >= 0) {
      const isSure = !adopted || sentBy(submits.filter((submit) => submit.key === partKey)) !== undefined;
      const { record, calibration, ...submit } = submits[at]!;
      submits[at] = { ...submit, jobId, ...(isSure ? { record, calibration } : {}) };
    }
    return { ...job, submits, submittedAt };
  });
}

/** What was sent by each of these; undefined where they differ, or it is not known. */
export function sentBy(
  submits: readonly Pick<RunSubmit, "record" | "calibration">[],
): Pick<IntentEvent, "record" | "calibration"> | undefined {
  const [first] = submits;
  const { record, calibration } = first ?? {};
  if (record === undefined || submits.some((other) => other.record !== record || other.calibration !== calibration))
    return undefined;
  return { record, ...(calibration === undefined ? {} : { calibration }) };
}

function settle(draft: Draft, { key, quantumSeconds, executions, final }: SettledEvent): void {
  const { result, rejected } = draft.jobs.get(key) ?? {};
  const before = result ?? rejected;
  if (before === undefined) return;
  const counted = result?.executions ?? 0;
  charge(draft, { executions: executions - counted, quantumSeconds: quantumSeconds - before.quantumSeconds });
  const charged = { quantumSeconds, ...(final === undefined ? {} : { final }) };
  changeJob(draft, key, (job) =>
    result === undefined
      ? { ...job, rejected: { ...rejected!, ...charged } }
      : { ...job, result: { ...result, ...charged, executions } },
  );
}

function changeJob(draft: Draft, key: string, change: (job: RunJob) => RunJob): void {
  const job = draft.jobs.get(key);
  if (job !== undefined) draft.jobs.set(key, change(job));
}

function charge(draft: Draft, { executions, quantumSeconds }: { executions: number; quantumSeconds: number }): void {
  draft.executions += executions;
  draft.quantumSeconds += quantumSeconds;
}
