import {
  type Circuit,
  type CompileCache,
  type CompiledCircuit,
  type CompileOptions,
  type IbmConfiguration,
  type IbmProperties,
  Target,
} from "../../circuits/index.ts";
import type { Clock } from "../clock.ts";
import { checkOptions } from "../options.ts";
import type { BackendStatus, Capabilities, JobUsage, RemoteBackend, TaggedJob } from "../primitives.ts";
import { calibrationOf } from "./calibrations.ts";
import { compileChecked, type IbmDevice, serviceJob } from "./device.ts";
import { IbmEstimator } from "./estimator.ts";
import { usageOf } from "./job.ts";
import { jobState } from "./job-state.ts";
import {
  ESTIMATOR_OPTIONS,
  type IbmEstimatorOptions,
  type IbmSamplerOptions,
  optionError,
  SAMPLER_OPTIONS,
} from "./program-options.ts";
import { IbmSampler } from "./sampler.ts";
import type { BackendConfiguration, BackendProperties } from "./schemas.ts";
import { taggedJobs } from "./tagged-jobs.ts";

/** How circuits are compiled for a backend, and where its jobs run. */
export interface IbmBackendOptions extends CompileOptions {
  /** Compile to the fractional gates rx and rzz where the device has them; false by default, as at IBM. */
  readonly fractionalGates?: boolean;
  /** Ask for the calibration anew; by default what the provider read before is used. */
  readonly refresh?: boolean;
  /** Jobs go to this session or batch unless an estimator or sampler names another. */
  readonly sessionId?: string;
  /**
   * Jobs go to a batch or a dedicated session that is opened when the first one is submitted, and again when the service has
   * closed it. With `sessionId` that one is used until it is closed.
   */
  readonly session?: "batch" | "dedicated";
  /** Waited for before a session that was opened gets its first job, so that its id can be kept. */
  readonly onSession?: (id: string) => void | Promise<void>;
}

export const BACKEND_OPTIONS = [
  "fractionalGates",
  "refresh",
  "sessionId",
  "session",
  "onSession",
  "effort",
  "seed",
  "initialLayout",
  "scheduling",
  "dynamicalDecoupling",
] as const satisfies readonly (keyof IbmBackendOptions)[];

/** One of IBM's quantum computers. Circuits of any gates are compiled for it; its estimators and samplers submit jobs. */
export class IbmBackend implements RemoteBackend {
  readonly name: string;
  /** How circuits are compiled. */
  readonly settings: string;
  /** The device as it was calibrated when it was last asked for. */
  readonly target: Target;
  /** As the service tells it. */
  readonly configuration: BackendConfiguration;
  /** SHA-256 of the instance's CRN. */
  readonly account: string;
  /** Undefined at a loopback address, where an emulator says itself what is too much. */
  readonly submitsPerMinute: number | undefined;
  /** The provider's. */
  readonly lagSeconds: number;
  readonly clock: Clock;
  readonly #device: IbmDevice;

  /** @internal Use `provider.backend`. */
  constructor(
    device: Omit<IbmDevice, "compile">,
    configuration: BackendConfiguration,
    cache: CompileCache,
    options: CompileOptions,
    fractionalGates: boolean,
  ) {
    this.name = device.name;
    this.settings = JSON.stringify({ fractionalGates, ...options });
    this.target = device.target;
    this.configuration = configuration;
    this.account = device.client.credentials.instanceHash ?? "";
    const { submitsPerMinute } = device.client.jobs;
    this.submitsPerMinute = Number.isFinite(submitsPerMinute) ? submitsPerMinute : undefined;
    this.lagSeconds = device.lagSeconds;
    this.clock = device.clock;
    this.#device = { ...device, compile: (circuit) => cache.compile(circuit, device.target, options) };
  }

  get capabilities(): Capabilities {
    const { target, limits } = this.#device;
    return {
      local: false,
      adjoint: false,
      exact: false,
      dynamicCircuits: target.supportedInstructions.includes("if_else"),
      idempotentSubmit: "reconcile",
      limits: { maxQubits: target.numQubits, maxShots: limits.maxShots },
    };
  }

  /** @throws PubError PUB_FORM, PUB_PRECISION; ProviderError IBM_OPTION */
  estimator(options?: IbmEstimatorOptions): IbmEstimator {
    const known = checkOptions(options, "estimator", ESTIMATOR_OPTIONS);
    this.#checkRepDelay(known);
    return new IbmEstimator(this.#device, known);
  }

  /** @throws PubError PUB_FORM, PUB_SHOTS; ProviderError IBM_OPTION */
  sampler(options?: IbmSamplerOptions): IbmSampler {
    const known = checkOptions(options, "sampler", SAMPLER_OPTIONS);
    this.#checkRepDelay(known);
    return new IbmSampler(this.#device, known);
  }

  /** Options are in seconds, the device's range in microseconds. */
  #checkRepDelay({ execution }: IbmEstimatorOptions | IbmSamplerOptions): void {
    const [least, most] = this.configuration.rep_delay_range ?? [];
    const repDelay = execution?.repDelay;
    if (typeof repDelay !== "number" || least === undefined || most === undefined) return;
    const microseconds = 1e6 * repDelay;
    if (microseconds < least * (1 - 1e-9) || microseconds > most * (1 + 1e-9))
      throw optionError(`execution.repDelay is ${repDelay} s; ${this.name} takes ${least * 1e-6} to ${most * 1e-6} s.`);
  }

  /** The circuit as jobs here run it. @throws IbmCheckError IBM_CIRCUIT_TOO_WIDE; TranspilerError */
  compile(circuit: Circuit): CompiledCircuit {
    return compileChecked(this.#device, circuit);
  }

  /** Ids of the sessions that were opened for the option `session`, in order. */
  get sessionIds(): readonly string[] {
    return this.#device.session?.opened ?? [];
  }

  /** Lets the session of the option `session` take no more jobs; those in its queue still run. @throws IbmError */
  async closeSession(): Promise<void> {
    await this.#device.session?.close();
  }

  /** @returns ends it */
  watch(listener: (words: string) => void): () => void {
    const { client, session } = this.#device;
    const ends = [client.watch(listener), session?.watch(listener)];
    return () => {
      for (const end of ends) end?.();
    };
  }

  /** When the device was calibrated, as the service tells it now. @throws IbmError; the signal's reason */
  async calibration(options?: { readonly signal?: AbortSignal }): Promise<string | undefined> {
    const { signal } = checkOptions(options, "calibration", ["signal"]);
    return calibrationOf(this.#device.client, this.name, signal);
  }

  /** Jobs of the instance with exactly this tag, over all pages, oldest first. @throws IbmError; the signal's reason */
  async jobsTagged(tag: string, options?: { readonly signal?: AbortSignal }): Promise<readonly TaggedJob[]> {
    const { signal } = checkOptions(options, "jobsTagged", ["signal"]);
    const found = await taggedJobs(this.#device.client.jobs, tag, { signal });
    return found
      .map((job) => ({
        id: job.id,
        tags: job.tags ?? [],
        status: jobState(job).status,
        created: Date.parse(job.created),
      }))
      .sort((a, b) => a.created - b.created);
  }

  /** Asks a job to stop; one that has ended stays as it is. @throws ProviderError JOB_NOT_FOUND; IbmError */
  async cancelJob(id: string, options?: { readonly signal?: AbortSignal }): Promise<void> {
    const { signal } = checkOptions(options, "cancelJob", ["signal"]);
    for (const part of id.split(",")) await serviceJob(this.#device, part).cancel(signal);
  }

  /** What a job was charged. @throws ProviderError JOB_NOT_FOUND; IbmError; the signal's reason */
  async jobUsage(id: string, options?: { readonly signal?: AbortSignal }): Promise<JobUsage> {
    const { signal } = checkOptions(options, "jobUsage", ["signal"]);
    return usageOf(
      id.split(",").map((part) => serviceJob(this.#device, part)),
      signal,
    );
  }

  /** @throws IbmError */
  async status(): Promise<BackendStatus> {
    const { state, status, message, length_queue } = await this.#device.client.backends.status(this.name);
    const words = [status, message].filter((word) => word !== undefined && word !== "");
    return {
      operational: state && status === "active",
      pendingJobs: length_queue,
      message: [...new Set(words)].join(": "),
    };
  }
}

/** @throws TranspilerError TARGET_CONFIGURATION */
export function targetOf(
  configuration: BackendConfiguration,
  properties: BackendProperties | undefined,
  fractionalGates: boolean,
): Target {
  const { dt, coords, coupling_map: pairs, ...rest } = configuration;
  const known = {
    ...rest,
    coupling_map: pairs ?? null,
    ...(typeof dt === "number" ? { dt } : {}),
    ...(coords === undefined ? {} : { coords }),
  };
  // A simulator may have no properties, or an empty object of them.
  const calibrated = Array.isArray(properties?.qubits) && Array.isArray(properties.gates);
  return Target.fromIbm(
    known as unknown as IbmConfiguration,
    calibrated ? (properties as unknown as IbmProperties) : undefined,
    { fractionalGates },
  );
}
