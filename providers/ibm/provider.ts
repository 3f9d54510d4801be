import { CompileCache, optionsFault } from "../../circuits/index.ts";
import { type Clock, systemClock } from "../clock.ts";
import { ProviderError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import { BACKEND_OPTIONS, IbmBackend, type IbmBackendOptions, targetOf } from "./backend.ts";
import { backendInfo, filtered, type IbmBackendFilter, type IbmBackendInfo } from "./backend-info.ts";
import { BackendSession } from "./backend-session.ts";
import { Calibrations } from "./calibrations.ts";
import { createIbmClient, type IbmClient, type IbmClientOptions } from "./client.ts";
import { serviceJob } from "./device.ts";
import { foundResults, type IbmPubResult } from "./found-job.ts";
import { IbmJob } from "./job.ts";
import { type IbmJobFilter, type IbmJobInfo, jobInfo, jobQuery } from "./job-info.ts";
import { IBM_LIMITS, type IbmLimits } from "./limits.ts";
import { optionError } from "./program-options.ts";
import type { DiscoveredInstance } from "./resources/discovery.ts";
import { assertMaySend, type Sending, sendingOf, stricterOf } from "./sending.ts";
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

const OWN_OPTIONS = ["client", "lagSeconds", "checkUsage", "send", "limits", "poll", "maxInflatedBytes"] as const;

export interface IbmUsage {
  readonly consumedSeconds: number;
  readonly limitSeconds: number | undefined;
  readonly limitReached: boolean;
  /** ISO 8601. */
  readonly periodStart: string | undefined;
  readonly periodEnd: string | undefined;
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
  readonly #sending: Sending;
  readonly #maxInflatedBytes: number | undefined;
  readonly #cache = new CompileCache();
  readonly #calibrations: Calibrations;

  /** @internal Use `ibmProvider`. */
  constructor(options: IbmProviderOptions) {
    if (typeof options !== "object" || options === null) throw optionError("ibmProvider takes an object of options.");
    const { client, lagSeconds = 120, checkUsage = true, limits, poll, maxInflatedBytes } = options;
    const clientOptions = Object.fromEntries(
      Object.entries(options).filter(([name]) => !(OWN_OPTIONS as readonly string[]).includes(name)),
    );
    const { clock: _clock, ...unused } = clientOptions;
    if (client !== undefined && Object.keys(unused).length > 0)
      throw optionError(
        `ibmProvider is given a client, so ${Object.keys(unused).join(", ")} would have no effect; give that to createIbmClient.`,
      );
    this.client = client ?? createIbmClient({ ...clientOptions, send: options.send });
    this.#calibrations = new Calibrations(this.client);
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...IBM_LIMITS, ...checkNumbers("limits", limits, Object.keys(IBM_LIMITS)) };
    this.#poll = { ...DEFAULT_POLL_POLICY, ...checkNumbers("poll", poll, Object.keys(DEFAULT_POLL_POLICY)) };
    if (!(Number.isFinite(lagSeconds) && lagSeconds >= 0)) throw optionError("lagSeconds is a number of 0 or more.");
    if (typeof checkUsage !== "boolean") throw optionError("checkUsage is true or false.");
    if (maxInflatedBytes !== undefined && !(Number.isFinite(maxInflatedBytes) && maxInflatedBytes > 0))
      throw optionError("maxInflatedBytes is a positive number.");
    this.#lagSeconds = lagSeconds;
    this.#checkUsage = checkUsage;
    this.#sending = stricterOf(sendingOf(options.send, options.environment), this.client.sending);
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
        // One that fits may be online again later.
        { retryable: filtered(all, { ...filter, online: false }).length > 0 },
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
      session: mode,
      onSession,
      ...compileOptions
    } = checkOptions(options, "backend", BACKEND_OPTIONS);
    if (typeof name !== "string" || name === "") throw optionError('backend takes a name, such as "ibm_torino".');
    if (mode !== undefined && mode !== "batch" && mode !== "dedicated")
      throw optionError('session of a backend is "batch" or "dedicated".');
    if (onSession !== undefined && (typeof onSession !== "function" || mode === undefined))
      throw optionError("onSession of a backend is a function that takes the id of a session, and needs session.");
    const { configuration, properties } = await this.#calibrations.get(name, refresh);
    const { sessions } = this.client;
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
        sending: this.#sending,
        sessionId: mode === undefined ? sessionId : undefined,
        session:
          mode === undefined
            ? undefined
            : new BackendSession({
                sessions,
                backend: name,
                mode,
                id: sessionId,
                onSession,
                notify: this.client.notify,
              }),
        calibration: properties?.last_update_date,
      },
      configuration,
      this.#cache,
      compileOptions,
      fractionalGates,
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
    const { limit = 50 } = filter ?? {};
    const query = jobQuery(filter, limit);
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
   * @throws IbmError IBM_SESSION_PLAN on the open plan; ProviderError IBM_SESSION_OPTIONS, IBM_SENDING_REFUSED
   */
  async session(options: Omit<SessionOptions, "mode">): Promise<IbmSession> {
    assertMaySend(this.#sending, "No session is opened");
    return IbmSession.open(this.client.sessions, { ...options, mode: "dedicated" });
  }

  /** A batch: jobs that may run side by side. @throws IbmError; ProviderError IBM_SESSION_OPTIONS */
  async batch(options: Omit<SessionOptions, "mode">): Promise<IbmSession> {
    assertMaySend(this.#sending, "No batch is opened");
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
