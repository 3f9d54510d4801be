import type { Capabilities, EarlierSubmit, JobUsage } from "../../providers/index.ts";
import type { Amount, Budget } from "./budget.ts";
import type { RunTask } from "./run-task.ts";

/** What happened in a run, one row of its journal each. Events are only ever added; a run is what they fold to. */
export type RunEvent =
  | CreatedEvent
  | DescribedEvent
  | ClaimedEvent
  | BudgetEvent
  | TaskEvent
  | IntentEvent
  | RefusedEvent
  | SubmittedEvent
  | UnknownEvent
  | ResultEvent
  | SettledEvent
  | RejectedEvent
  | OrphanEvent
  | SweptEvent
  | WaitingEvent
  | ParkedEvent
  | StepEvent
  | EpochEvent
  | StoppedEvent
  | FailedEvent
  | FinishedEvent;

export interface CreatedEvent {
  readonly type: "created";
  /** Version of Lepton and of Node that created it. */
  readonly versions: Readonly<Record<string, string>>;
  /** Enters into submit keys: tells the run from one of the same name in another ledger of the account. */
  readonly nonce?: string;
  /** The run and step that it was forked from; its own steps up to there are copies. */
  readonly parent?: { readonly run: string; readonly step: number };
}

/** What decides the run's numbers, found out when it is first driven. A resumed run must have the same. */
export interface DescribedEvent {
  readonly type: "described";
  readonly description: RunDescription;
  /** SHA-256 of the blob with the state before the first step; absent where a forked run has one already. */
  readonly snapshot?: string;
}

export interface RunDescription {
  readonly kind: "train" | "minimize";
  /** Where jobs run: what a replay needs in place of it. Absent on a local simulator. */
  readonly remote?: { readonly name: string; readonly account: string; readonly capabilities: Capabilities };
  /** Each a value or a hash, such as { model, data, optimizer, batchSize, seed, backend, account }. */
  readonly parts: Readonly<Record<string, string | number | boolean | null>>;
  /** Of libraries that compute the numbers; for readers, since a resumed run may have others. */
  readonly versions?: Readonly<Record<string, string>>;
}

/** A process drives the run from here on. */
export interface ClaimedEvent {
  readonly type: "claimed";
  readonly owner: Owner;
  /** The last owner had not let go. */
  readonly takeover: boolean;
}

export interface Owner {
  /** Another one for each driver, also within one process. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** When the process started; milliseconds since 1970. */
  readonly processStart: number;
  /**
   * Tells the process from all others of its machine, also from a later one of the same number; absent where the system has
   * nothing that does.
   */
  readonly process?: string;
}

/** What the run may spend from here on, in place of what it might before: its driver was given another budget. */
export interface BudgetEvent {
  readonly type: "budget";
  readonly budget: Budget;
}

/** What is to be run from here on, in place of what the run's row said before: its driver was given other options. */
export interface TaskEvent {
  readonly type: "task";
  readonly task: RunTask;
}

/** Where a job stands in its run: the `index`-th (from 0) of a phase such as "step-12", "step-12-again" or "validation-3". */
export interface JobPlace {
  readonly phase: string;
  readonly index: number;
  /** From 0; one more after each job that failed at the service and was replaced. */
  readonly attempt: number;
}

/** A submit is about to be sent; it may or may not have been. */
export interface IntentEvent extends Pick<EarlierSubmit, "bodyHash" | "serviceTime" | "split"> {
  readonly type: "intent";
  /** The submit key of the whole job. */
  readonly key: string;
  /** The key of this part; the same where nothing is split. */
  readonly partKey: string;
  readonly part: number;
  readonly parts: number;
  readonly place: JobPlace;
  readonly backend: string;
  /** Granted by the budget for the whole job; the service is told to stop it there. */
  readonly reserved: Amount;
  /** Planned. */
  readonly executions: number;
  readonly quantumSeconds: number;
  /** SHA-256 of the blob with the circuits as they are sent, and when the device that they are compiled for was calibrated. */
  readonly record?: string;
  readonly calibration?: string;
  /** When the device was calibrated last, as the service said right before. */
  readonly calibratedAt?: string;
}

/** The last submit of a part was refused, so it surely made no job. */
export interface RefusedEvent {
  readonly type: "refused";
  readonly key: string;
  readonly partKey: string;
  readonly words: string;
}

export interface SubmittedEvent {
  readonly type: "submitted";
  readonly key: string;
  readonly partKey: string;
  readonly jobId: string;
  readonly adopted: boolean;
  readonly surplus: readonly string[];
}

/** Whether a job was accepted is not known; it is being looked for. */
export interface UnknownEvent {
  readonly type: "unknown";
  readonly key: string;
  readonly words: string;
}

/** The values of a job; what they cost may change until it is final. */
export interface ResultEvent extends JobUsage {
  readonly type: "result";
  readonly key: string;
  readonly jobId: string;
  /** SHA-256 of the blob with the values. */
  readonly result: string;
  /** As of its intent; absent where it may have been one of several that differ. */
  readonly record?: string;
  readonly calibration?: string;
}

/** The service has told more of what a job was charged. */
export interface SettledEvent extends JobUsage {
  readonly type: "settled";
  readonly key: string;
}

/** A job ended without values, or its values are given up since its step is taken again (code STEP_RESTARTED). */
export interface RejectedEvent {
  readonly type: "rejected";
  readonly key: string;
  readonly jobId?: string;
  readonly code: string;
  readonly words: string;
  readonly quantumSeconds: number;
  /** False while the service may still change the charge. */
  readonly final?: boolean;
  /** Another attempt, or the step that is taken again, takes its place. */
  readonly replaced: boolean;
}

/** A job of this run at the service that no step uses. */
export interface OrphanEvent {
  readonly type: "orphan";
  readonly jobId: string;
  readonly words: string;
  readonly cancelled: boolean;
  readonly quantumSeconds: number;
}

/** The jobs of the run at the service were compared with the journal. */
export interface SweptEvent {
  readonly type: "swept";
  readonly jobs: number;
  readonly orphans: number;
}

/** Something is waited for, such as a backend that is paused; for those who read the history. */
export interface WaitingEvent {
  readonly type: "waiting";
  readonly words: string;
}

/** Nothing is done before `wakeAt`; whoever drives the run may leave. */
export interface ParkedEvent {
  readonly type: "parked";
  readonly words: string;
  /** Milliseconds since 1970. */
  readonly wakeAt: number;
}

/** A step is done: its report, and the state from which the next one starts. */
export interface StepEvent {
  readonly type: "step";
  /** From 1. */
  readonly step: number;
  readonly report: unknown;
  /** SHA-256 of the blob with the state. */
  readonly snapshot: string;
}

/** An epoch is done: its report, and the state after validation and callbacks. */
export interface EpochEvent {
  readonly type: "epoch";
  /** From 1. */
  readonly epoch: number;
  /** Steps so far. */
  readonly step: number;
  readonly report: unknown;
  readonly snapshot: string;
  /** The run had no more steps to take in it: a fork with more goes on with it. */
  readonly isCut?: boolean;
}

/** The driver left on purpose, at a request or since the process was asked to end. */
export interface StoppedEvent {
  readonly type: "stopped";
  readonly words: string;
}

export interface FailedEvent {
  readonly type: "failed";
  readonly error: { readonly name: string; readonly code?: string; readonly message: string };
}

export interface FinishedEvent {
  readonly type: "finished";
  /** SHA-256 of the blob with the result. */
  readonly result: string;
  /** SHA-256 of the blob with the state at the end. */
  readonly snapshot?: string;
}

/** An event as it stands in the journal. */
export interface RunRecord {
  /** From 1, without gaps. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The epoch of the lease under which it was written; 0 before the first. */
  readonly epoch: number;
  readonly event: RunEvent;
}
