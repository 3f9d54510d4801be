import { ProviderError, type RemoteBackend } from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import { NO_AMOUNT } from "./budget.ts";
import type { JobPlace, RejectedEvent } from "./events.ts";
import type { RunJournal } from "./run-journal.ts";
import type { RecalibrationPolicy } from "./run-policies.ts";
import { placeKey, type RunJob, type RunState } from "./run-state.ts";

/** Why the values of a job that was done are not used. */
export const STEP_RESTARTED = "STEP_RESTARTED";
/** Follows the phase of a step that is taken once more. */
const AGAIN = "-again";

/** Thrown once the jobs of a step so far are given up; the step is then taken again, from its first job. */
export class StepRestart extends RunError {
  constructor(runId: string, words: string) {
    super("RUN_RECALIBRATED", `Run ${runId}: ${words} Resume it to go on.`);
  }
}

/** The phase under which the jobs of a part of the run are now. */
export function currentPhase(state: RunState, phase: string): string {
  return lastAt(state, phase, 0)?.rejected?.code === STEP_RESTARTED ? `${phase}${AGAIN}` : phase;
}

/** Takes a step, and once more where the device was calibrated anew between its jobs and the run is to restart it then. */
export async function takingStep<Outcome>(
  journal: RunJournal | undefined,
  step: number,
  take: () => Promise<Outcome>,
): Promise<Outcome> {
  for (;;) {
    journal?.phase(`step-${step}`);
    try {
      return await take();
    } catch (error) {
      if (!(error instanceof StepRestart)) throw error;
    }
  }
}

/** Notices before each job that the device was calibrated anew. */
export class CalibrationWatch {
  readonly #remote: RemoteBackend;
  readonly #journal: RunJournal;
  readonly #policy: RecalibrationPolicy;
  #last: string | undefined;

  /** @throws RunError RUN_PROVIDER where the policy needs to know and the backend cannot tell */
  constructor(remote: RemoteBackend, journal: RunJournal, policy: RecalibrationPolicy = "continue") {
    if (policy !== "continue" && remote.calibration === undefined)
      throw new RunError(
        "RUN_PROVIDER",
        `Backend ${remote.name} cannot say when its device was calibrated, so recalibration: "${policy}" cannot be kept; leave it out.`,
      );
    this.#remote = remote;
    this.#journal = journal;
    this.#policy = policy;
  }

  /**
   * Asks when the device was calibrated, and writes down what is new of it.
   * @param compiled for which calibration the job's circuits are compiled
   * @returns what the service says; undefined where it does not
   * @throws RunError RUN_RECALIBRATED where the run is to pause; StepRestart; ProviderError unless the run goes on in any case
   */
  async beforeJob(
    key: string,
    place: JobPlace,
    compiled: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const now = await this.#ask(signal);
    if (now === undefined) return undefined;
    const { id, state } = this.#journal;
    const before = this.#last ?? compiled;
    const changed = before !== undefined && before !== now;
    const since = `${this.#remote.name} was calibrated anew at ${now}`;
    if (this.#policy === "pause" && compiled !== undefined && compiled !== now)
      throw new RunError(
        "RUN_RECALIBRATED",
        `${since}, and the circuits of run ${id} are compiled for the calibration of ${compiled}. Nothing more was submitted. Resume the run with a backend that was asked for anew: from a new process, or with provider.backend(name, { refresh: true }).`,
      );
    const isMixed = earlierJobs(state, place).some((job) => isOther(job, now));
    const [, step] = /^step-(\d+)$/.exec(place.phase) ?? [];
    // What may be at the service already is looked for, not given up.
    const isUnsent = (state.jobs.get(key)?.submits ?? []).length === 0;
    if (isMixed && step !== undefined && isUnsent && this.#policy === "restart-step")
      await this.#restart(key, place, `${since}, so step ${step} is taken again, all of it under one calibration.`);
    const isNews = changed || isOther(lastAt(state, place.phase, place.index - 1), now);
    if (isNews) {
      const mixed = isMixed ? "; jobs before this one in the same step ran under another calibration" : "";
      const circuits = compiled === undefined ? "" : ` with circuits compiled for that of ${compiled}`;
      await this.#tell(`${since}; the run goes on${circuits}${mixed}.`);
    }
    this.#last = now;
    return now;
  }

  async #ask(signal: AbortSignal | undefined): Promise<string | undefined> {
    try {
      return await this.#remote.calibration?.(signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      // It would only be told.
      if (this.#policy === "continue" && error instanceof ProviderError) return undefined;
      throw error;
    }
  }

  async #tell(words: string): Promise<void> {
    await this.#journal.append({ events: [{ type: "waiting", words }] });
  }

  /** The jobs of the step so far are paid for, and not used. */
  async #restart(key: string, place: JobPlace, words: string): Promise<never> {
    const { id, state } = this.#journal;
    const given = { type: "rejected", code: STEP_RESTARTED, words, quantumSeconds: 0, replaced: true } as const;
    const done = earlierJobs(state, place).map(
      (job): RejectedEvent => ({ ...given, key: job.key, ...(job.result && { jobId: job.result.jobId }) }),
    );
    // One that was refused so far has made no job.
    const refused: readonly RejectedEvent[] = state.jobs.has(key) ? [{ ...given, key }] : [];
    await this.#journal.append({
      events: [...done, ...refused],
      settle: refused.map((event) => ({ key: event.key, scopes: [], amount: NO_AMOUNT })),
    });
    throw new StepRestart(id, words);
  }
}

/** The jobs before this one in its phase, each by its last attempt. */
function earlierJobs(state: RunState, { phase, index }: JobPlace): readonly RunJob[] {
  return Array.from({ length: index }, (_, before) => lastAt(state, phase, before) ?? []).flat();
}

function lastAt({ attempts, jobs }: RunState, phase: string, index: number): RunJob | undefined {
  const key = attempts.get(placeKey({ phase, index }))?.at(-1);
  return key === undefined ? undefined : jobs.get(key);
}

function isOther(job: RunJob | undefined, calibration: string): boolean {
  return job?.submits.some(({ calibratedAt = calibration }) => calibratedAt !== calibration) ?? false;
}
