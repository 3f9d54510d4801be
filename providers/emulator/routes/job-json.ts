import { isFinal, type JobRecord } from "../jobs/job-record.ts";
import { iso } from "../service.ts";

/** Versions of the API in which the shape of usage changed. */
const WITHOUT_QUANTUM_SECONDS = "2026-03-15";
const CIRCUIT_TIME_AT_ROOT = "2026-04-15";

/** A job as it is answered. */
export function jobJson(job: JobRecord, version: string, withParams: boolean): Readonly<Record<string, unknown>> {
  const shown = withParams && !job.private;
  return {
    id: job.id,
    backend: job.backend,
    state: {
      status: job.status,
      ...(job.reason ? { reason: job.reason } : {}),
      ...(job.reasonCode ? { reason_code: job.reasonCode } : {}),
      ...(job.solution ? { reason_solution: job.solution } : {}),
    },
    status: job.reasonCode === 1305 ? "Cancelled - Ran too long" : job.status,
    program: { id: job.program },
    created: iso(job.created),
    ...(job.ended ? { ended: iso(job.ended) } : {}),
    cost: job.cost,
    tags: job.tags,
    ...(job.sessionId ? { session_id: job.sessionId } : {}),
    user_id: "IBMid-emulator",
    usage: usageJson(job, version),
    private: job.private,
    ...(job.estimatedSeconds ? { estimated_running_time_seconds: job.estimatedSeconds } : {}),
    ...(job.calibrationId ? { calibration_id: job.calibrationId } : {}),
    ...(shown ? { params: job.params } : {}),
  };
}

/** Times and charge of a job. */
export function metricsJson(
  job: JobRecord,
  version: string,
  position: number | undefined,
): Readonly<Record<string, unknown>> {
  const { created, started, ended } = job;
  return {
    timestamps: { created: iso(created), running: iso(started) ?? null, finished: iso(ended) ?? null },
    usage: usageJson(job, version),
    ...(version >= CIRCUIT_TIME_AT_ROOT ? { circuits_execution_time_ns: circuitNanoseconds(job) } : {}),
    ...(version < WITHOUT_QUANTUM_SECONDS ? { bss: { seconds: job.quantumSeconds ?? 0 } } : {}),
    ...(position === undefined ? {} : { position_in_queue: position }),
    num_circuits: job.pubs,
    executions: job.executions,
    caller: job.caller ?? null,
  };
}

function usageJson(job: JobRecord, version: string): Readonly<Record<string, unknown>> {
  const seconds = job.quantumSeconds ?? 0;
  return {
    qpu_charge_time_seconds: seconds,
    status: isFinal(job) ? "complete" : "pending",
    ...(version < WITHOUT_QUANTUM_SECONDS ? { quantum_seconds: seconds, seconds } : {}),
    ...(version < CIRCUIT_TIME_AT_ROOT ? { circuits_execution_time_ns: circuitNanoseconds(job) } : {}),
  };
}

/** What is left of the charge without the overhead of a job. */
function circuitNanoseconds({ status, quantumSeconds }: JobRecord): number {
  return status === "Completed" ? Math.round(1e9 * Math.max(0, (quantumSeconds ?? 0) - 2)) : 0;
}
