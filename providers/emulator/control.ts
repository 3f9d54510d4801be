import { describeValue, optionsFault } from "../../circuits/index.ts";
import { ProviderError } from "../errors.ts";
import { type EmulatorClock, VirtualClock } from "./clock.ts";
import { BACKEND_STATES, type BackendState, type EmulatedDevice } from "./device.ts";
import type { FaultRules } from "./faults/fault-rules.ts";
import type { JobRecord, ScriptedOutcome } from "./jobs/job-record.ts";
import type { Journal } from "./journal.ts";
import { iso, type Service } from "./service.ts";

/** Settings that can be changed while the emulator runs; what is left out stays. */
export interface ControlSettings {
  /** A new job is not listed before it is so many seconds old; 0 by default. */
  readonly listLagSeconds?: number;
  /** The same where jobs are listed by tags, if that is longer; 0 by default. */
  readonly tagLagSeconds?: number;
  /** Lists of jobs come whatever tags are asked for; false by default. */
  readonly ignoreTagFilter?: boolean;
  /** At most so many jobs a page, whatever limit is asked for; null for what is asked for. */
  readonly pageCap?: number | null;
  /** Seconds that the instance may use; null for any number. */
  readonly usageLimitSeconds?: number | null;
  /** Seconds that count as used besides those of the jobs. */
  readonly usageConsumedSeconds?: number;
  readonly submissionsPerMinute?: number | null;
}

/** What is true of a job, whatever lists and answers say. */
export interface JobTruth {
  readonly id: string;
  readonly backend: string;
  readonly program: string;
  readonly status: string;
  readonly reasonCode: number | undefined;
  readonly tags: readonly string[];
  readonly sessionId: string | undefined;
  readonly pubs: number;
  /** Rows of parameter values over all PUBs. */
  readonly rows: number;
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly created: string;
}

const SETTINGS = [
  "listLagSeconds",
  "tagLagSeconds",
  "ignoreTagFilter",
  "pageCap",
  "usageLimitSeconds",
  "usageConsumedSeconds",
  "submissionsPerMinute",
] as const satisfies readonly (keyof ControlSettings)[];

/** Makes the emulator misbehave, moves its clock, and tells what is true; the control route does the same over HTTP. */
export class EmulatorControl {
  /** Rules for requests to go wrong. */
  readonly faults: FaultRules;
  readonly #service: Service;
  readonly #journal: Journal;
  readonly #clock: EmulatorClock;

  constructor(service: Service, faults: FaultRules, journal: Journal) {
    this.faults = faults;
    this.#service = service;
    this.#journal = journal;
    this.#clock = service.clock;
  }

  /** Jobs in order of acceptance. */
  jobs(): readonly JobTruth[] {
    return this.#service.queue.jobs.map(truthOf);
  }

  /** How many jobs were created, and the PUBs of each. */
  counts(): {
    readonly jobs: number;
    readonly pubs: readonly number[];
    readonly requests: number;
    readonly tokens: number;
  } {
    const jobs = this.jobs();
    return {
      jobs: jobs.length,
      pubs: jobs.map(({ pubs }) => pubs),
      requests: this.#journal.count,
      tokens: this.#service.tokens.issued,
    };
  }

  /**
   * Moves a virtual clock; resolves when all that was due has happened.
   * @throws ProviderError EMULATOR_CONTROL with a real clock, or unless `seconds` is a number of 0 or more
   */
  async advance(seconds: number): Promise<void> {
    if (!(this.#clock instanceof VirtualClock))
      throw new ProviderError(
        "EMULATOR_CONTROL",
        'The real clock cannot be moved; start the emulator with clock: "virtual".',
      );
    if (!(typeof seconds === "number" && seconds >= 0 && Number.isFinite(seconds)))
      throw new ProviderError("EMULATOR_CONTROL", `seconds is ${describeValue(seconds)}; give a number of 0 or more.`);
    await this.#clock.advance(seconds);
  }

  /** @throws ProviderError EMULATOR_CONTROL */
  set(settings: ControlSettings): void {
    const fault = optionsFault("control.set", settings, SETTINGS);
    if (fault !== undefined) throw new ProviderError("EMULATOR_CONTROL", fault);
    const { behaviour, usage } = this.#service;
    for (const [name, value] of Object.entries(settings)) {
      if (value === undefined) continue;
      const nullable = name === "pageCap" || name === "usageLimitSeconds" || name === "submissionsPerMinute";
      const fits =
        name === "ignoreTagFilter"
          ? typeof value === "boolean"
          : (value === null && nullable) || (typeof value === "number" && value >= 0);
      if (!fits)
        throw new ProviderError(
          "EMULATOR_CONTROL",
          `${name} of control.set is ${name === "ignoreTagFilter" ? "true or false" : "a number of 0 or more"}${nullable ? ", or null" : ""}, not ${describeValue(value)}.`,
        );
    }
    const { listLagSeconds, tagLagSeconds, ignoreTagFilter, pageCap, usageLimitSeconds, usageConsumedSeconds } =
      settings;
    if (listLagSeconds !== undefined) behaviour.listLagSeconds = listLagSeconds;
    if (tagLagSeconds !== undefined) behaviour.tagLagSeconds = tagLagSeconds;
    if (ignoreTagFilter !== undefined) behaviour.ignoreTagFilter = ignoreTagFilter;
    if (pageCap !== undefined) behaviour.pageCap = pageCap ?? undefined;
    if (usageLimitSeconds !== undefined) usage.limitSeconds = usageLimitSeconds ?? undefined;
    if (usageConsumedSeconds !== undefined) usage.extraSeconds = usageConsumedSeconds;
    if (settings.submissionsPerMinute !== undefined)
      behaviour.submissionsPerMinute = settings.submissionsPerMinute ?? undefined;
  }

  /** How the next jobs end, in order of acceptance. @throws ProviderError EMULATOR_CONTROL */
  nextJobs(outcomes: readonly ScriptedOutcome[]): void {
    if (!Array.isArray(outcomes))
      throw new ProviderError("EMULATOR_CONTROL", 'nextJobs takes a list, such as [{ status: "Failed" }].');
    for (const outcome of outcomes) {
      const fault = optionsFault("an outcome of nextJobs", outcome, [
        "status",
        "reason",
        "reasonCode",
        "solution",
        "quantumSeconds",
      ]);
      if (fault !== undefined) throw new ProviderError("EMULATOR_CONTROL", fault);
      const { status, reason, reasonCode, solution, quantumSeconds } = outcome as ScriptedOutcome;
      if (
        (status !== "Failed" && status !== "Cancelled") ||
        ![reason, solution].every((text) => text === undefined || typeof text === "string") ||
        ![reasonCode, quantumSeconds].every((value) => value === undefined || (typeof value === "number" && value >= 0))
      )
        throw new ProviderError(
          "EMULATOR_CONTROL",
          "An outcome of nextJobs has the status Failed or Cancelled, reason and solution as texts, reasonCode and quantumSeconds as numbers.",
        );
    }
    this.#service.queue.script(outcomes);
  }

  /** All bearer tokens that were given out stop to hold. */
  expireTokens(): void {
    this.#service.tokens.expireAll();
  }

  /** @throws ProviderError EMULATOR_CONTROL */
  setBackend(name: string, state: BackendState): void {
    const device = this.#deviceOf(name);
    if (!BACKEND_STATES.includes(state))
      throw new ProviderError(
        "EMULATOR_CONTROL",
        `The state of a backend is one of ${BACKEND_STATES.join(", ")}, not ${describeValue(state)}.`,
      );
    device.state = state;
    this.#service.queue.resume();
  }

  /**
   * The device tells from now on that it was calibrated anew, at this moment; its errors, and so all values, stay.
   * @throws ProviderError EMULATOR_CONTROL
   */
  recalibrate(name: string): void {
    const device = this.#deviceOf(name);
    device.properties = { ...device.properties, last_update_date: iso(this.#clock.now())! };
  }

  /** @throws ProviderError EMULATOR_CONTROL */
  #deviceOf(name: string): EmulatedDevice {
    const { devices } = this.#service;
    const device = devices.find((candidate) => candidate.name === name);
    if (device !== undefined) return device;
    throw new ProviderError(
      "EMULATOR_CONTROL",
      `There is no backend ${describeValue(name)}; there are ${devices.map((known) => known.name).join(", ")}.`,
    );
  }

  /** Closes a session as its time limit would. @throws ProviderError EMULATOR_CONTROL */
  closeSession(id: string): void {
    const session = this.#service.sessions.find(id);
    if (session === undefined) throw new ProviderError("EMULATOR_CONTROL", "There is no such session.");
    this.#service.sessions.close(session, "max_ttl_reached");
  }
}

function truthOf(job: JobRecord): JobTruth {
  return {
    id: job.id,
    backend: job.backend,
    program: job.program,
    status: job.status,
    reasonCode: job.reasonCode,
    tags: job.tags,
    sessionId: job.sessionId,
    pubs: job.pubs,
    rows: job.rows,
    executions: job.executions,
    quantumSeconds: job.quantumSeconds ?? 0,
    created: iso(job.created)!,
  };
}
