import { createHash } from "node:crypto";
import { LeptonError } from "../../../circuits/index.ts";
import type { EmulatorClock } from "../clock.ts";
import type { EmulatedDevice } from "../device.ts";
import type { DeviceBackends } from "../device-backends.ts";
import { JobFailure } from "../program/job-failure.ts";
import { OVERHEAD_SECONDS, type PreparedJob, prepareJob } from "../program/prepare.ts";
import { resultBody } from "../program/results.ts";
import { runJob } from "../program/run.ts";
import type { NewJob } from "./job-queue.ts";
import type { JobRecord } from "./job-record.ts";

/** How a job has ended. */
export interface JobOutcome {
  readonly status: "Completed" | "Failed" | "Cancelled";
  readonly reason: string | undefined;
  readonly reasonCode: number | undefined;
  readonly solution: string | undefined;
  readonly result: string | undefined;
  /** What it is charged. */
  readonly seconds: number;
}

export interface JobExecutionOptions {
  readonly clock: EmulatorClock;
  readonly devices: readonly EmulatedDevice[];
  readonly seed: number;
  readonly exact: boolean;
  readonly backends: DeviceBackends;
  readonly controlInstructionsPerQubit: number;
}

type Planned = Pick<JobRecord, "estimatedSeconds" | "pubs" | "rows" | "executions">;

/** Computes jobs one after another, in slices, so that the server goes on answering. */
export class JobExecution {
  readonly #options: JobExecutionOptions;
  /** Jobs that were read when they were accepted; one that cannot be read is kept as what is wrong with it. */
  readonly #prepared = new Map<object, PreparedJob | JobFailure>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: JobExecutionOptions) {
    this.#options = options;
  }

  /** What a job will take, as far as it can be read. */
  plan(job: NewJob): Planned {
    const pubs = job.params.pubs.length;
    const prepared = this.#prepare(job);
    if (prepared instanceof JobFailure) return { estimatedSeconds: undefined, pubs, rows: 0, executions: 0 };
    this.#prepared.set(job.params, prepared);
    const rows = prepared.pubs.reduce((sum, pub) => sum + pub.rows, 0);
    return { estimatedSeconds: prepared.quantumSeconds, pubs, rows, executions: prepared.executions };
  }

  /** How the job ends; never throws. */
  run(job: JobRecord, signal: AbortSignal): Promise<JobOutcome> {
    const outcome = this.#last.then(() => this.#run(job, signal));
    this.#last = outcome;
    return outcome;
  }

  forget({ params }: JobRecord): void {
    this.#prepared.delete(params);
  }

  /** Resolves when nothing is being computed. */
  async idle(): Promise<void> {
    await this.#last;
  }

  #prepare({ backend, program, params }: NewJob): PreparedJob | JobFailure {
    const known = this.#prepared.get(params);
    if (known !== undefined) return known;
    try {
      return prepareJob(program, params, this.#device(backend).target, this.#options.controlInstructionsPerQubit);
    } catch (error) {
      if (error instanceof JobFailure) return error;
      return new JobFailure(1000, `Internal error of the emulator, please report it: ${String(error)}`);
    }
  }

  #device(name: string): EmulatedDevice {
    const device = this.#options.devices.find((candidate) => candidate.name === name);
    if (device === undefined) throw new JobFailure(1004, `The backend ${name} is not available.`);
    return device;
  }

  async #run(job: JobRecord, signal: AbortSignal): Promise<JobOutcome> {
    const { outcome } = job;
    if (outcome !== undefined)
      return {
        status: outcome.status,
        reason: outcome.reason ?? `The job was ${outcome.status.toLowerCase()}.`,
        reasonCode: outcome.reasonCode,
        solution: outcome.solution,
        result: undefined,
        seconds: outcome.quantumSeconds ?? OVERHEAD_SECONDS,
      };
    const prepared = this.#prepare(job);
    if (prepared instanceof JobFailure) return failed(prepared);
    if (prepared.quantumSeconds > job.cost)
      return {
        status: "Cancelled",
        reason: `Ran too long: the job reached its maximum execution time of ${job.cost} seconds.`,
        reasonCode: 1305,
        solution: "Raise the cost of the job, or send less in one job.",
        result: undefined,
        seconds: job.cost,
      };
    try {
      const { clock, seed, exact, backends } = this.#options;
      const device = this.#device(job.backend);
      const start = new Date(clock.now()).toISOString();
      const measured = await runJob(prepared, backends.backend(device, prepared.readout), {
        seed: seedOf(seed, job),
        exact,
        signal,
        measured: (observables) => (prepared.mitigated ? backends.mitigated(device, observables) : observables),
      });
      const span = { start, stop: new Date(clock.now()).toISOString() };
      const body = await resultBody(prepared, measured, job.params.support_qiskit ?? true, span);
      return {
        status: "Completed",
        reason: undefined,
        reasonCode: undefined,
        solution: undefined,
        result: body.toString(),
        seconds: prepared.quantumSeconds,
      };
    } catch (error) {
      return failed(
        error instanceof JobFailure
          ? error
          : error instanceof LeptonError
            ? new JobFailure(1520, `The emulator cannot run the job: ${error.message}`, "Use fewer active qubits.")
            : new JobFailure(1000, `Internal error of the emulator, please report it: ${String(error)}`),
      );
    }
  }
}

/** What fails is charged all the same. */
function failed({ message, reasonCode, solution }: JobFailure): JobOutcome {
  return { status: "Failed", reason: message, reasonCode, solution, result: undefined, seconds: OVERHEAD_SECONDS };
}

/** From the emulator's seed and what the job measures alone: not from when it came, its tags or its session. */
function seedOf(seed: number, { program, backend, params }: JobRecord): number {
  const { support_qiskit: _encoding, ...measured } = params;
  const hash = createHash("sha256")
    .update(canonical([seed, program, backend, measured]))
    .digest("hex");
  return Number.parseInt(hash.slice(0, 13), 16);
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
