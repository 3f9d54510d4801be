import { describeValue } from "../../../circuits/index.ts";
import { SimulatorError } from "../../errors.ts";
import { LocalJobs } from "../../job.ts";
import { checkOptions } from "../../options.ts";
import type {
  Backend,
  BackendStatus,
  Capabilities,
  Estimator,
  EstimatorOptions,
  Sampler,
  SamplerOptions,
} from "../../primitives.ts";
import { MAX_SHOTS, PrimitiveSettings } from "../primitive-settings.ts";
import { StateMemory } from "../state-memory.ts";
import { NoiseModel } from "./noise-model.ts";
import { NoisyEstimator } from "./noisy-estimator.ts";
import { MOST_QUBITS, MOST_TRAJECTORY_QUBITS, NOISY_METHODS, type NoisyMethod } from "./noisy-parts.ts";
import { NoisyPrograms } from "./noisy-programs.ts";
import { NoisySampler } from "./noisy-sampler.ts";

/** States that trajectories of the most shots hold. */
const TRAJECTORY_STATES = Math.ceil(Math.log2(MAX_SHOTS)) + 2;

export interface NoisySimulatorOptions {
  readonly noise: NoiseModel;
  /** Decides all samples; 0 by default. */
  readonly seed?: number;
  /** Standard error of estimated values where neither estimator nor PUB gives one; 0 (exact) by default. */
  readonly precision?: number;
  /** Shots where neither sampler nor PUB gives them; 1024 by default. */
  readonly shots?: number;
  /**
   * `density-matrix`: exact up to 13 qubits. `trajectories`: a state vector a shot, for sampled values only. `auto` (the
   * default) takes the first up to 10 qubits and the second above.
   */
  readonly method?: NoisyMethod;
  /** Bytes that states and results may take; by default most of what the machine has free. */
  readonly maxMemoryBytes?: number;
}

/**
 * A simulator of a noisy machine on which every gate works on any qubits: circuits run as they are, and only qubits that
 * can influence what is read are simulated. Expectation values are means of bits that are measured, and misread, in the
 * basis of each Pauli letter (turning to that basis is perfect), exact at precision 0. Same seed, same bytes, as
 * `localSimulator`.
 * @example noisySimulator({ noise: NoiseModel.build((n) => n.gate("cx", NoiseChannel.depolarizing(0.01, 2))) })
 * @throws PubError PUB_FORM, PUB_PRECISION, PUB_SHOTS; SimulatorError NOISE_MODEL, NOISE_METHOD, MEMORY_LIMIT;
 * ParameterError SEED
 */
export function noisySimulator(options: NoisySimulatorOptions): Backend {
  const { noise, method = "auto" } = checkOptions(options, "noisySimulator", [
    "noise",
    "seed",
    "precision",
    "shots",
    "method",
    "maxMemoryBytes",
  ]);
  if (!(noise instanceof NoiseModel))
    throw new SimulatorError(
      "NOISE_MODEL",
      `noisySimulator takes { noise }, a NoiseModel such as NoiseModel.build((n) => n.gate(...)), not ${describeValue(noise)}.`,
    );
  if (!NOISY_METHODS.includes(method))
    throw new SimulatorError(
      "NOISE_METHOD",
      `method is ${describeValue(method)}; noisy circuits are simulated by ${NOISY_METHODS.join(", ")}.`,
    );
  return new NoisySimulator({ ...options, noise, method });
}

class NoisySimulator implements Backend {
  readonly name = "noisy";
  readonly settings: string;
  readonly #programs: NoisyPrograms;
  readonly #jobs = new LocalJobs("noisy");
  readonly #settings: PrimitiveSettings;

  constructor(options: NoisySimulatorOptions & { readonly method: NoisyMethod }) {
    const { noise, method, maxMemoryBytes } = options;
    this.#settings = new PrimitiveSettings(options);
    const { precision, seed } = options;
    this.settings = JSON.stringify({ precision, seed, method, noise: noise.hash });
    this.#programs = new NoisyPrograms({ noise, method, memory: new StateMemory(maxMemoryBytes) });
  }

  get capabilities(): Capabilities {
    const { method, memory } = this.#programs.setting;
    const maxQubits =
      method === "density-matrix"
        ? MOST_QUBITS
        : Math.min(MOST_TRAJECTORY_QUBITS, memory.maxQubitsFor(TRAJECTORY_STATES));
    return {
      local: true,
      adjoint: false,
      exact: method !== "trajectories",
      dynamicCircuits: true,
      idempotentSubmit: "native",
      limits: { maxQubits, maxShots: MAX_SHOTS },
    };
  }

  estimator(options?: EstimatorOptions): Estimator {
    const { precision, rng } = this.#settings.estimator(options);
    return new NoisyEstimator(this.#programs, this.#jobs, rng, precision, this.#settings.limits);
  }

  sampler(options?: SamplerOptions): Sampler {
    const { shots, rng } = this.#settings.sampler(options);
    return new NoisySampler(this.#programs, this.#jobs, rng, shots, this.#settings.limits);
  }

  async status(): Promise<BackendStatus> {
    return { operational: true, pendingJobs: this.#jobs.pending, message: "in this process" };
  }
}
