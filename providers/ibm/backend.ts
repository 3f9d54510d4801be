import {
  type Circuit,
  type CompileCache,
  type CompiledCircuit,
  type CompileOptions,
  type IbmConfiguration,
  type IbmProperties,
  Target,
} from "../../circuits/index.ts";
import { checkOptions } from "../options.ts";
import type { Backend, BackendStatus, Capabilities } from "../primitives.ts";
import { compileChecked, type IbmDevice } from "./device.ts";
import { IbmEstimator } from "./estimator.ts";
import {
  ESTIMATOR_OPTIONS,
  type IbmEstimatorOptions,
  type IbmSamplerOptions,
  optionError,
  SAMPLER_OPTIONS,
} from "./program-options.ts";
import { IbmSampler } from "./sampler.ts";
import type { BackendConfiguration, BackendProperties } from "./schemas.ts";

/** How circuits are compiled for a backend, and where its jobs run. */
export interface IbmBackendOptions extends CompileOptions {
  /** Compile to the fractional gates rx and rzz where the device has them; false by default, as at IBM. */
  readonly fractionalGates?: boolean;
  /** Ask for the calibration anew; by default what the provider read before is used. */
  readonly refresh?: boolean;
  /** Jobs go to this session or batch unless an estimator or sampler names another. */
  readonly sessionId?: string;
}

export const BACKEND_OPTIONS = [
  "fractionalGates",
  "refresh",
  "sessionId",
  "effort",
  "seed",
  "initialLayout",
  "scheduling",
  "dynamicalDecoupling",
] as const satisfies readonly (keyof IbmBackendOptions)[];

/** One of IBM's quantum computers. Circuits of any gates are compiled for it; its estimators and samplers submit jobs. */
export class IbmBackend implements Backend {
  readonly name: string;
  /** The device as it was calibrated when it was last asked for. */
  readonly target: Target;
  /** As the service tells it. */
  readonly configuration: BackendConfiguration;
  readonly #device: IbmDevice;

  /** @internal Use `provider.backend`. */
  constructor(
    device: Omit<IbmDevice, "compile">,
    configuration: BackendConfiguration,
    cache: CompileCache,
    options: CompileOptions,
  ) {
    this.name = device.name;
    this.target = device.target;
    this.configuration = configuration;
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
