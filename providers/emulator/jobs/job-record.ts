import type { JobParams } from "../program/prepare.ts";

export const JOB_STATUSES = ["Queued", "Running", "Completed", "Failed", "Cancelled"] as const;
export type EmulatedStatus = (typeof JOB_STATUSES)[number];

/** How a job shall end, told beforehand instead of by its circuits. */
export interface ScriptedOutcome {
  readonly status: "Failed" | "Cancelled";
  readonly reason?: string;
  /** 1305 is "ran too long". */
  readonly reasonCode?: number;
  readonly solution?: string;
  /** What it is charged; 2 by default. */
  readonly quantumSeconds?: number;
}

/** Everything the emulator knows of a job; plain data, as the state file keeps it. Times in milliseconds since 1970. */
export interface JobRecord {
  readonly id: string;
  /** Position in the order of acceptance over all backends. */
  readonly number: number;
  readonly backend: string;
  readonly program: "sampler" | "estimator";
  readonly params: JobParams;
  tags: readonly string[];
  readonly sessionId: string | undefined;
  readonly private: boolean;
  /** Most seconds it may take. */
  readonly cost: number;
  readonly calibrationId: string | undefined;
  readonly caller: string | undefined;
  readonly created: number;
  /** What it will take, as estimated when it was accepted; undefined where its circuits cannot be read. */
  readonly estimatedSeconds: number | undefined;
  readonly pubs: number;
  /** Rows of parameter values over all PUBs; 0 where they cannot be read. */
  readonly rows: number;
  /** Circuit executions: shots over all rows and measurement settings. */
  readonly executions: number;
  readonly outcome: ScriptedOutcome | undefined;
  status: EmulatedStatus;
  reason?: string | undefined;
  reasonCode?: number | undefined;
  solution?: string | undefined;
  started?: number | undefined;
  ended?: number | undefined;
  /** What was charged. */
  quantumSeconds?: number | undefined;
  /** JSON as it is answered. */
  result?: string | undefined;
  /** A private job's result can be read once. */
  resultTaken?: boolean | undefined;
}

export type JobChange = Partial<
  Pick<
    JobRecord,
    | "tags"
    | "status"
    | "reason"
    | "reasonCode"
    | "solution"
    | "started"
    | "ended"
    | "quantumSeconds"
    | "result"
    | "resultTaken"
  >
>;

export function isFinal({ status }: JobRecord): boolean {
  return status !== "Queued" && status !== "Running";
}

/** A session or batch; plain data. Times in milliseconds since 1970. */
export interface SessionRecord {
  readonly id: string;
  readonly backend: string;
  readonly mode: "dedicated" | "batch";
  readonly maxSeconds: number;
  readonly interactiveSeconds: number;
  readonly created: number;
  state: "open" | "active" | "inactive" | "closed";
  stateReason: string | undefined;
  acceptingJobs: boolean;
  activated: number | undefined;
  closed: number | undefined;
  lastJobStarted: number | undefined;
  lastJobCompleted: number | undefined;
  timestamps: readonly { readonly status: string; readonly timestamp: number }[];
}

/** Seconds that the instance was charged at a time. */
export interface Charge {
  readonly at: number;
  readonly seconds: number;
}
