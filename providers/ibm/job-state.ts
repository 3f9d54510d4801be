import { ProviderError, type ProviderErrorOptions } from "../errors.ts";
import type { JobStatus } from "../primitives.ts";
import type { JobBody, JobMetrics } from "./schemas.ts";
import { withoutForms } from "./secrets.ts";

/** How a job stands, as the service tells it. */
export interface IbmJobState {
  /** As Lepton counts it. A word that it does not know counts as "queued" until the job ends. */
  readonly status: JobStatus;
  /** The service's own word, such as "Completed". */
  readonly word: string;
  /** Why it failed or was cancelled: IBM's words, but for secrets and what a terminal would obey. */
  readonly reason: string | undefined;
  /** IBM's code of the reason, such as "1517". */
  readonly reasonCode: string | undefined;
  readonly reasonSolution: string | undefined;
  /** It ended unfinished with its session: nobody has cancelled it by hand. */
  readonly withSession: boolean;
}

const STATUSES: Readonly<Record<string, JobStatus>> = {
  queued: "queued",
  running: "running",
  completed: "done",
  failed: "failed",
  cancelled: "cancelled",
  canceled: "cancelled",
};
/** The code of a job that the service stopped since it took longer than its `cost`. */
export const RAN_TOO_LONG = "1305";

/** The code of a job whose session was closed before it could run. */
const SESSION_OVER = "4001";

/** Reads `state`, never the older top-level status alone. */
export function jobState(body: JobBody): IbmJobState {
  const { state } = body;
  const word = withoutForms(typeof state?.status === "string" ? state.status : String(body.status ?? ""));
  const code = state?.reason_code ?? state?.reasonCode;
  const reasonCode = code === undefined || code === null ? undefined : withoutForms(String(code));
  const known = STATUSES[word.trim().toLowerCase()];
  // The service calls it cancelled, but nobody asked for it.
  const tooLong =
    known === "cancelled" &&
    (reasonCode === RAN_TOO_LONG || /ran too long/i.test(`${body.status} ${state.reason ?? ""}`));
  return {
    status: tooLong ? "failed" : (known ?? (/^cancel/i.test(word) ? "cancelled" : "queued")),
    word,
    reason: textOf(state?.reason),
    reasonCode: tooLong ? RAN_TOO_LONG : reasonCode,
    reasonSolution: textOf(state?.reason_solution),
    withSession:
      reasonCode === SESSION_OVER || /\bsession\b.*\b(clos|end|expir|maximum time)/i.test(state?.reason ?? ""),
  };
}

function textOf(told: string | null | undefined): string | undefined {
  return told === undefined || told === null ? undefined : withoutForms(String(told));
}

export function hasEnded({ status }: IbmJobState): boolean {
  return status === "done" || status === "failed" || status === "cancelled";
}

/** A job that failed at the service, with what it says about it. */
export class IbmJobError extends ProviderError {
  /** IBM's reason; see `IbmJobState`. */
  readonly reason: string | undefined;
  /** IBM's code of the reason, such as "1517". */
  readonly reasonCode: string | undefined;
  readonly reasonSolution: string | undefined;

  constructor(code: string, message: string, state: IbmJobState, options: ProviderErrorOptions) {
    super(code, message, options);
    this.reason = state.reason;
    this.reasonCode = state.reasonCode;
    this.reasonSolution = state.reasonSolution;
  }
}

/** Failures of the service itself, after which the same job may succeed. */
const PASSING: ReadonlySet<string> = new Set(["1000", "1006", "1008", "1010", "1011", "1999", "5203"]);

/** Why there is no result of a job that has ended so. */
export function endedError(id: string, state: IbmJobState, charge: IbmCharge | undefined): ProviderError {
  const { status, word, reason, reasonCode, reasonSolution, withSession } = state;
  const costSoFar = charge === undefined ? undefined : { quantumSeconds: charge.quantumSeconds };
  const cost =
    charge === undefined ? "" : ` It was charged ${charge.quantumSeconds} s${charge.final ? "" : " so far"}.`;
  const said = [reasonCode === undefined ? "" : `${reasonCode}:`, reason ?? "", reasonSolution ?? ""]
    .filter((part) => part !== "")
    .join(" ");
  const told = said === "" ? "" : ` IBM says: ${said}`;
  if (status === "cancelled") {
    const why = withSession ? " by the service, since its session ended before it could run" : "";
    return new IbmJobError(
      "JOB_CANCELLED",
      `Job ${id} was cancelled${why}; run it again for a result.${cost}${told}`,
      state,
      // Nobody wanted it to stop.
      { jobId: id, costSoFar, retryable: withSession },
    );
  }
  if (reasonCode === RAN_TOO_LONG)
    return new IbmJobError(
      "JOB_RAN_TOO_LONG",
      `Job ${id} took longer than it may (its maxExecutionSeconds, or 3 hours) and was stopped. Give it more, or fewer rows, shots or PUBs.${cost}${told}`,
      state,
      { jobId: id, costSoFar },
    );
  const retryable =
    withSession || (reasonCode !== undefined && (PASSING.has(reasonCode) || /^97\d\d$/.test(reasonCode)));
  const hope = withSession
    ? " Its session ended before it could run: run it again, in another one."
    : " The service itself failed: it may succeed when it is run again.";
  return new IbmJobError("JOB_FAILED", `Job ${id} ended as ${word}.${cost}${told}${retryable ? hope : ""}`, state, {
    jobId: id,
    costSoFar,
    retryable,
  });
}

/** What a job was charged. */
export interface IbmCharge {
  readonly quantumSeconds: number;
  /** False while the service may still change it. */
  readonly final: boolean;
}

/** The charge, by the fields of this and of older versions of the API; undefined where none is told. */
export function chargeOf(metrics: JobMetrics | undefined, body?: JobBody): IbmCharge | undefined {
  for (const usage of [metrics?.usage, body?.usage]) {
    const seconds = usage?.qpu_charge_time_seconds ?? usage?.quantum_seconds ?? usage?.seconds;
    if (typeof seconds === "number" && Number.isFinite(seconds))
      return { quantumSeconds: seconds, final: usage?.status?.toLowerCase() !== "pending" };
  }
  const old = metrics?.bss?.seconds;
  return typeof old === "number" && Number.isFinite(old) ? { quantumSeconds: old, final: true } : undefined;
}
