import { CompileCache, optionsFault } from "../../circuits/index.ts";
import { ProviderError } from "../errors.ts";
import { nearNames } from "../near-names.ts";
import { checkOptions } from "../options.ts";
import type { JobStatus } from "../primitives.ts";
import { BACKEND_OPTIONS, IbmBackend, type IbmBackendOptions, targetOf } from "./backend.ts";
import { backendInfo, filtered, type IbmBackendFilter, type IbmBackendInfo } from "./backend-info.ts";
import { createIbmClient, type IbmClient, type IbmClientOptions } from "./client.ts";
import { type Clock, systemClock } from "./clock.ts";
import { serviceJob } from "./device.ts";
import { foundResults, type IbmPubResult } from "./found-job.ts";
import { IbmError } from "./ibm-error.ts";
import { IbmJob } from "./job.ts";
import { chargeOf, jobState } from "./job-state.ts";
import { IBM_LIMITS, type IbmLimits } from "./limits.ts";
import { optionError } from "./program-options.ts";
import type { DiscoveredInstance } from "./resources/discovery.ts";
import type { BackendConfiguration, BackendProperties, JobBody } from "./schemas.ts";
import { DEFAULT_POLL_POLICY, type PollPolicy } from "./service-job.ts";
import { IbmSession, type SessionOptions } from "./session.ts";

export interface IbmProviderOptions extends IbmClientOptions {
  /** A client that is there already, in place of the options that make one. */
  readonly client?: IbmClient;
  /**
   * Seconds within which the service lists a job that it has accepted; 120 by default. A submit whose answer was lost is
   * repeated only after that long without a sign of its job.
   */
  readonly lagSeconds?: number;
  /** Ask for the instance's usage before each submit, and refuse to submit where none is left. True by default. */
  readonly checkUsage?: boolean;
  /** Other limits than the service is known to have. */
  readonly limits?: Partial<IbmLimits>;
  readonly poll?: Partial<PollPolicy>;
  /** Most bytes that the compressed arrays of one result may unpack to; 256 MiB by default. */
  readonly maxInflatedBytes?: number;
}

const OWN_OPTIONS = ["client", "lagSeconds", "checkUsage", "limits", "poll", "maxInflatedBytes"] as const;

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

export interface IbmUsage {
  readonly consumedSeconds: number;
  readonly limitSeconds: number | undefined;
  readonly limitReached: boolean;
  /** ISO 8601. */
  readonly periodStart: string | undefined;
  readonly periodEnd: string | undefined;
}

interface Calibrated {
  readonly configuration: BackendConfiguration;
  readonly properties: BackendProperties | undefined;
}

/**
 * IBM Quantum, by the instance that the options, the environment or Qiskit's file of accounts name.
 * @example
 * const backend = await ibmProvider().backend("ibm_torino");
 * const job = await backend.estimator({ precision: 0.02 }).run([[circuit, ["ZZ", "XX"]]]);
 * @throws ProviderError IBM_OPTION, and what `findCredentials` throws; nothing is sent yet
 */
export function ibmProvider(options: IbmProviderOptions = {}): IbmProvider {
  return new IbmProvider(options);
}

export class IbmProvider {
  readonly client: IbmClient;
  readonly #clock: Clock;
  readonly #limits: IbmLimits;
  readonly #poll: PollPolicy;
  readonly #lagSeconds: number;
  readonly #checkUsage: boolean;
  readonly #maxInflatedBytes: number | undefined;
  readonly #cache = new CompileCache();
  readonly #calibrated = new Map<string, Promise<Calibrated>>();

  /** @internal Use `ibmProvider`. */
  constructor(options: IbmProviderOptions) {
    if (typeof options !== "object" || options === null) throw optionError("ibmProvider takes an object of options.");
    const { client, lagSeconds = 120, checkUsage = true, limits, poll, maxInflatedBytes } = options;
    const clientOptions = Object.fromEntries(
      Object.entries(options).filter(([name]) => !(OWN_OPTIONS as readonly string[]).includes(name)),
    );
    this.client = client ?? createIbmClient(clientOptions);
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...IBM_LIMITS, ...checkNumbers("limits", limits, Object.keys(IBM_LIMITS)) };
    this.#poll = { ...DEFAULT_POLL_POLICY, ...checkNumbers("poll", poll, Object.keys(DEFAULT_POLL_POLICY)) };
    if (!(Number.isFinite(lagSeconds) && lagSeconds >= 0)) throw optionError("lagSeconds is a number of 0 or more.");
    this.#lagSeconds = lagSeconds;
    this.#checkUsage = checkUsage;
    this.#maxInflatedBytes = maxInflatedBytes;
  }

  /** Backends of the instance. @throws IbmError; PubError PUB_FORM for a filter that there is not */
  async backends(filter?: IbmBackendFilter): Promise<readonly IbmBackendInfo[]> {
    const listed = await this.client.backends.list({ fields: "wait_time_seconds" });
    return filtered(listed.filter((backend) => backend.class !== "mock").map(backendInfo), filter);
  }

  /** Of those that are online and pass the filter the one with the shortest queue. @throws ProviderError IBM_NO_BACKEND */
  async leastBusy(filter?: IbmBackendFilter, options?: IbmBackendOptions): Promise<IbmBackend> {
    const all = await this.backends();
    const fit = filtered(all, { ...filter, online: true });
    const [best] = [...fit].sort((a, b) => a.pendingJobs - b.pendingJobs);
    if (best === undefined)
      throw new ProviderError(
        "IBM_NO_BACKEND",
        `No backend that is online passes the filter. The instance has ${all.map(({ name, status, numQubits }) => `${name} (${status}, ${numQubits ?? "?"} qubits)`).join(", ") || "none"}.`,
      );
    return this.backend(best.name, options);
  }

  /**
   * A backend by its name, with its calibration as of the first call (or of this one with `refresh`).
   * @throws ProviderError IBM_BACKEND_UNKNOWN with near names, IBM_OPTION; IbmError
   */
  async backend(name: string, options?: IbmBackendOptions): Promise<IbmBackend> {
    const {
      fractionalGates = false,
      refresh = false,
      sessionId,
      ...compileOptions
    } = checkOptions(options, "backend", BACKEND_OPTIONS);
    if (typeof name !== "string" || name === "") throw optionError('backend takes a name, such as "ibm_torino".');
    const { configuration, properties } = await this.#calibration(name, refresh);
    return new IbmBackend(
      {
        client: this.client,
        name,
        target: targetOf(configuration, properties, fractionalGates),
        limits: this.#limits,
        clock: this.#clock,
        poll: this.#poll,
        decode: this.#decode,
        lagSeconds: this.#lagSeconds,
        checkUsage: this.#checkUsage,
        sessionId,
      },
      configuration,
      this.#cache,
      compileOptions,
    );
  }

  /**
   * A job by its id, whoever submitted it. Its results have the shapes that the service tells; to get them in the shapes
   * of PUBs that are at hand, use `attach` of an estimator or sampler of its backend.
   * @throws ProviderError JOB_NOT_FOUND; IbmError
   */
  async job(id: string): Promise<IbmJob<IbmPubResult>> {
    if (typeof id !== "string" || id === "") throw optionError("job takes the id of a job.");
    const jobs = id
      .split(",")
      .map((part) => serviceJob({ client: this.client, clock: this.#clock, poll: this.#poll }, part));
    for (const job of jobs) await job.state();
    return new IbmJob<IbmPubResult>({
      jobs,
      plan: undefined,
      clock: this.#clock,
      decodeOptions: this.#decode,
      assemble: foundResults,
    });
  }

  /** Jobs of the instance, newest first. @throws IbmError; PubError PUB_FORM for a filter that there is not */
  async jobs(filter?: IbmJobFilter): Promise<readonly IbmJobInfo[]> {
    const names = [
      "backend",
      "program",
      "tags",
      "sessionId",
      "pending",
      "createdAfter",
      "createdBefore",
      "limit",
    ] as const;
    const {
      backend,
      program,
      tags,
      sessionId,
      pending,
      createdAfter,
      createdBefore,
      limit = 50,
    } = checkOptions(filter, "jobs", names);
    const query = defined({
      backend,
      program,
      tags: tags === undefined ? undefined : [...tags],
      session_id: sessionId,
      pending,
      created_after: isoText(createdAfter),
      created_before: isoText(createdBefore),
      limit: Math.min(200, Math.max(1, limit)),
      exclude_params: true,
    });
    const found: IbmJobInfo[] = [];
    if (limit < 1) return found;
    for await (const job of this.client.jobs.listAll(query)) {
      found.push(jobInfo(job));
      if (found.length >= limit) break;
    }
    return found;
  }

  /**
   * A session of its own on a backend; not on the open plan. Declare it with `await using`, and give its `id` to
   * `backend(name, { sessionId })`.
   * @throws IbmError IBM_SESSION_PLAN on the open plan; ProviderError IBM_SESSION_OPTIONS
   */
  session(options: Omit<SessionOptions, "mode">): Promise<IbmSession> {
    return IbmSession.open(this.client.sessions, { ...options, mode: "dedicated" });
  }

  /** A batch: jobs that may run side by side. @throws IbmError; ProviderError IBM_SESSION_OPTIONS */
  batch(options: Omit<SessionOptions, "mode">): Promise<IbmSession> {
    return IbmSession.open(this.client.sessions, { ...options, mode: "batch" });
  }

  /** A session or batch that was opened before. @throws IbmError */
  resumeSession(id: string): Promise<IbmSession> {
    return IbmSession.resume(this.client.sessions, id);
  }

  /** Seconds that the instance has used and may use in the running period. @throws IbmError */
  async usage(): Promise<IbmUsage> {
    const usage = await this.client.instances.usage();
    const limit = usage.usage_limit_seconds ?? usage.usage_allocation_seconds ?? undefined;
    const consumed = usage.usage_consumed_seconds;
    return {
      consumedSeconds: consumed,
      limitSeconds: limit,
      limitReached: usage.usage_limit_reached ?? (limit !== undefined && consumed >= limit),
      periodStart: usage.usage_period?.start_time,
      periodEnd: usage.usage_period?.end_time,
    };
  }

  /** All instances of the account; slow, since IBM Cloud is searched. @throws IbmError */
  instances(): Promise<readonly DiscoveredInstance[]> {
    return this.client.discovery.instances();
  }

  get #decode(): { readonly maxResultBytes?: number } {
    return this.#maxInflatedBytes === undefined ? {} : { maxResultBytes: this.#maxInflatedBytes };
  }

  async #calibration(name: string, refresh: boolean): Promise<Calibrated> {
    const known = refresh ? undefined : this.#calibrated.get(name);
    if (known !== undefined) return known;
    const asked = this.#readCalibration(name);
    this.#calibrated.set(name, asked);
    try {
      return await asked;
    } catch (error) {
      this.#calibrated.delete(name);
      throw error;
    }
  }

  async #readCalibration(name: string): Promise<Calibrated> {
    try {
      const configuration = await this.client.backends.configuration(name);
      return { configuration, properties: await this.#properties(name) };
    } catch (error) {
      if (!(error instanceof IbmError) || error.code !== "IBM_NOT_FOUND") throw error;
      const names = (await this.client.backends.list()).map((backend) => backend.name);
      const near = nearNames(name, names);
      throw new ProviderError(
        "IBM_BACKEND_UNKNOWN",
        `The instance has no backend ${JSON.stringify(name.slice(0, 60))}.${near.length === 0 ? "" : ` Did you mean ${near.join(" or ")}?`} It has ${names.join(", ") || "none"}.`,
        { cause: error },
      );
    }
  }

  /** Simulators may have none. */
  async #properties(name: string): Promise<BackendProperties | undefined> {
    try {
      return await this.client.backends.properties(name);
    } catch (error) {
      if (error instanceof IbmError && error.code === "IBM_NOT_FOUND") return undefined;
      throw error;
    }
  }
}

function jobInfo(job: JobBody): IbmJobInfo {
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

/** @throws ProviderError IBM_OPTION unless the options are positive numbers of known names */
function checkNumbers<Options extends object>(
  what: string,
  options: Options | undefined,
  known: readonly string[],
): Options | undefined {
  if (options === undefined) return undefined;
  const fault = optionsFault(what, options, known);
  if (fault !== undefined) throw optionError(fault);
  for (const [name, value] of Object.entries(options))
    if (!(typeof value === "number" && value > 0)) throw optionError(`${what}.${name} is a positive number.`);
  return options;
}

function isoText(time: Date | string | undefined): string | undefined {
  return time instanceof Date ? time.toISOString() : time;
}

function defined<Value extends object>(value: Value): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;
}
