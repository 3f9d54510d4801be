import { type Circuit, Rng, type SparsePauliOp } from "../../circuits/index.ts";
import { SimulatorError } from "../errors.ts";
import { LocalJobs } from "../job.ts";
import type {
  BackendStatus,
  Capabilities,
  DifferentiableBackend,
  Estimator,
  EstimatorOptions,
  ExpectationProgram,
  Sampler,
  SamplerOptions,
} from "../primitives.ts";
import { checkPrecision, checkShots } from "../pub.ts";
import type { Engine } from "./engine.ts";
import { LocalEstimator } from "./estimator.ts";
import { Programs } from "./programs.ts";
import { LocalSampler } from "./sampler.ts";
import { createStatevectorEngine } from "./statevector-engine.ts";

/** Shots of one PUB, or of one group of an observable at the smallest precision. */
const MAX_SHOTS = 10_000_000;
const DEFAULT_SHOTS = 1024;

export interface LocalSimulatorOptions {
  /** Decides all samples; 0 by default. */
  readonly seed?: number;
  /** Standard error of estimated values where neither estimator nor PUB gives one; 0 (exact) by default. */
  readonly precision?: number;
  /** Shots where neither sampler nor PUB gives them; 1024 by default. */
  readonly shots?: number;
  /** Bytes that states may take; by default most of what the machine or its container has free. */
  readonly maxMemoryBytes?: number;
  /** What computes states; the statevector engine by default. */
  readonly engine?: Engine;
}

/**
 * The simulator in this process. Exact at precision 0; sampled values and bits depend only on the seed, the number of
 * earlier runs of the same estimator or sampler, and the PUBs: the same program gives the same bytes on every machine.
 * An estimator or sampler without a seed of its own takes the simulator's, forked by how many were made before.
 * Sampled estimates take ceil(1/precision²) shots for each row and each group of qubit-wise commuting terms.
 * Circuits may measure, reset and branch; their expectation values are those of the final state, averaged over outcomes.
 * @example const job = await localSimulator().estimator().run([[bell, ["ZZ", "XX"]]]);
 * @throws PubError PUB_PRECISION, PUB_SHOTS; SimulatorError MEMORY_LIMIT; ParameterError SEED
 */
export function localSimulator(options: LocalSimulatorOptions = {}): DifferentiableBackend {
  return new LocalSimulator(options);
}

class LocalSimulator implements DifferentiableBackend {
  readonly name = "local";
  readonly #programs: Programs;
  readonly #jobs = new LocalJobs("local");
  readonly #rng: Rng;
  readonly #precision: number;
  readonly #shots: number;
  #made = 0;

  constructor(options: LocalSimulatorOptions) {
    const { seed = 0, precision = 0, shots = DEFAULT_SHOTS, maxMemoryBytes } = options;
    if (maxMemoryBytes !== undefined && !(maxMemoryBytes > 0))
      throw new SimulatorError("MEMORY_LIMIT", `maxMemoryBytes is ${maxMemoryBytes}; give a positive number of bytes.`);
    this.#precision = checkPrecision(precision);
    this.#shots = checkShots(shots);
    this.#rng = Rng.seed(seed);
    const engine =
      options.engine ?? createStatevectorEngine(maxMemoryBytes === undefined ? {} : { maxBytes: maxMemoryBytes });
    this.#programs = new Programs(engine, maxMemoryBytes);
  }

  get capabilities(): Capabilities {
    return {
      local: true,
      adjoint: true,
      exact: true,
      dynamicCircuits: true,
      idempotentSubmit: "native",
      limits: { maxQubits: this.#programs.engine.maxQubits, maxShots: MAX_SHOTS },
    };
  }

  estimator({ precision = this.#precision, seed }: EstimatorOptions = {}): Estimator {
    return new LocalEstimator(this.#programs, this.#jobs, this.#fork(seed), checkPrecision(precision), MAX_SHOTS);
  }

  sampler({ shots = this.#shots, seed }: SamplerOptions = {}): Sampler {
    return new LocalSampler(this.#programs, this.#jobs, this.#fork(seed), checkShots(shots), MAX_SHOTS);
  }

  async status(): Promise<BackendStatus> {
    return { operational: true, pendingJobs: this.#jobs.pending, message: "in this process" };
  }

  differentiate(circuit: Circuit, observables: readonly SparsePauliOp[]): ExpectationProgram {
    return this.#programs.engine.expectation(circuit, observables);
  }

  #fork(seed: number | undefined): Rng {
    return seed === undefined ? this.#rng.fork("primitive", this.#made++) : Rng.seed(seed);
  }
}
