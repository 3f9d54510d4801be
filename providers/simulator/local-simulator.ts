import { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import { PubError, SimulatorError } from "../errors.ts";
import { LocalJobs } from "../job.ts";
import { checkOptions } from "../options.ts";
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
import type { Dtype } from "./dtype.ts";
import type { Engine } from "./engine.ts";
import { LocalEstimator } from "./estimator.ts";
import { MAX_SHOTS, PrimitiveSettings } from "./primitive-settings.ts";
import { Programs } from "./programs.ts";
import { LocalSampler } from "./sampler.ts";
import { StateMemory } from "./state-memory.ts";
import { createStatevectorEngine } from "./statevector-engine.ts";

export interface LocalSimulatorOptions {
  /** Decides all samples; 0 by default. */
  readonly seed?: number;
  /** Standard error of estimated values where neither estimator nor PUB gives one; 0 (exact) by default. */
  readonly precision?: number;
  /** Shots where neither sampler nor PUB gives them; 1024 by default. */
  readonly shots?: number;
  /**
   * Bytes that states may take, and the results of one job; by default most of what the machine or its container has free.
   * Compiled programs, which are kept for when a circuit comes again, take at most a quarter of it besides.
   */
  readonly maxMemoryBytes?: number;
  /**
   * Of the amplitudes that exact expectation values and gradients of light cones of at most 14 qubits come from:
   * `float32` is 1.2 (4 qubits, 32 rows) to 1.9 times (12 qubits, 256 rows) as fast and right to about 1e-5, and the metadata
   * of a result say so. All else is float64, as everything is by default. Not together with `engine`, which has its own.
   */
  readonly dtype?: Dtype;
  /**
   * Threads that work on one state of 18 qubits or more, or share out a large batch of smaller ones, the caller's included; by
   * default as many as the machine runs at once, and never more. Results are the same to the last bit for any number. Not together with `engine`.
   */
  readonly threads?: number;
  /** What computes states; the statevector engine by default. */
  readonly engine?: Engine;
}

/**
 * The simulator in this process. Exact at precision 0; sampled values and bits depend only on the seed, the number of
 * earlier runs of the same estimator or sampler, and the PUBs: the same program gives the same bytes on every machine.
 * An estimator or sampler without a seed of its own takes the simulator's, forked by how many were made before.
 * Sampled estimates take ceil(1/precision²) shots for each row and each group of qubit-wise commuting terms.
 * Jobs run one after another, in slices, so that other work of the process gets its turn.
 * Circuits may measure, reset and branch; their expectation values are those of the final state, averaged over outcomes.
 * @example const job = await localSimulator().estimator().run([[bell, ["ZZ", "XX"]]]);
 * @throws PubError PUB_PRECISION, PUB_SHOTS, PUB_FORM (options that are no object); SimulatorError MEMORY_LIMIT,
 * DTYPE, THREAD_COUNT; ParameterError SEED
 */
export function localSimulator(options?: LocalSimulatorOptions): DifferentiableBackend {
  return new LocalSimulator(
    checkOptions(options, "localSimulator", [
      "seed",
      "precision",
      "shots",
      "maxMemoryBytes",
      "dtype",
      "threads",
      "engine",
    ]),
  );
}

class LocalSimulator implements DifferentiableBackend {
  readonly name = "local";
  readonly settings: string;
  readonly #programs: Programs;
  readonly #jobs = new LocalJobs("local");
  readonly #settings: PrimitiveSettings;

  constructor(options: LocalSimulatorOptions) {
    const { engine, maxMemoryBytes, dtype = "float64", threads } = options;
    if (engine !== undefined && options.dtype !== undefined)
      throw new SimulatorError("DTYPE", "localSimulator has an engine and a dtype; give the dtype to the engine.");
    if (engine !== undefined && threads !== undefined)
      throw new SimulatorError(
        "THREAD_COUNT",
        "localSimulator has an engine and threads; give the threads to the engine.",
      );
    this.#settings = new PrimitiveSettings(options);
    const { precision, seed } = options;
    this.settings = JSON.stringify({ precision, seed, dtype, engine: engine?.name });
    const memory = new StateMemory(maxMemoryBytes);
    this.#programs = new Programs(
      engine ?? createStatevectorEngine({ memory, dtype, ...(threads === undefined ? {} : { threads }) }),
      memory,
    );
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

  estimator(options?: EstimatorOptions): Estimator {
    const { precision, rng } = this.#settings.estimator(options);
    return new LocalEstimator(this.#programs, this.#jobs, rng, precision, this.#settings.limits);
  }

  sampler(options?: SamplerOptions): Sampler {
    const { shots, rng } = this.#settings.sampler(options);
    return new LocalSampler(this.#programs, this.#jobs, rng, shots, this.#settings.limits);
  }

  async status(): Promise<BackendStatus> {
    return { operational: true, pendingJobs: this.#jobs.pending, message: "in this process" };
  }

  differentiate(circuit: Circuit, observables: readonly SparsePauliOp[]): ExpectationProgram {
    if (!(circuit instanceof Circuit))
      throw new PubError("PUB_FORM", "differentiate takes a Circuit; make one with Circuit.build or parse it.");
    if (!Array.isArray(observables))
      throw new PubError(
        "PUB_OBSERVABLE",
        "differentiate takes a list of observables, such as [SparsePauliOp.z(2, 0)].",
      );
    for (const [index, observable] of observables.entries())
      if (!(observable instanceof SparsePauliOp))
        throw new PubError(
          "PUB_OBSERVABLE",
          `observables[${index}] is of type ${typeof observable}; differentiate takes SparsePauliOps, such as SparsePauliOp.parse("1.0*ZZ + 0.5*XX").`,
        );
    return this.#programs.differentiable(circuit, observables);
  }
}
