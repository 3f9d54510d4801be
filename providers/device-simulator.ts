import {
  type Circuit,
  CompileCache,
  type CompiledCircuit,
  type CompileOptions,
  describeValue,
  isaFaults,
  metricsOf,
  type SparsePauliOp,
  Target,
  TranspilerError,
} from "../circuits/index.ts";
import { PubError, SimulatorError } from "./errors.ts";
import { isaEstimatorPubs, isaSamplerPubs, planIsaPubs } from "./isa-pubs.ts";
import { sizeOf } from "./ndarray.ts";
import { assertNotAborted, checkOptions } from "./options.ts";
import type {
  Backend,
  BackendStatus,
  Capabilities,
  Estimator,
  EstimatorOptions,
  EstimatorPub,
  JobPlan,
  NDArray,
  ObservablesLike,
  Sampler,
  SamplerOptions,
  SamplerPub,
} from "./primitives.ts";
import { checkEstimatorPubs, checkPrecision, checkSamplerPubs, checkShots, numRows, type PubLimits } from "./pub.ts";
import type { ParameterRows } from "./pub-values.ts";
import { localSimulator } from "./simulator/local-simulator.ts";
import { NoiseModel } from "./simulator/noise/noise-model.ts";
import type { NoisyMethod } from "./simulator/noise/noisy-parts.ts";
import { noisySimulator } from "./simulator/noise/noisy-simulator.ts";

const METHODS = ["auto", "density-matrix", "trajectories", "statevector"] as const;

export interface DeviceSimulatorOptions {
  /** The device's own noise (true, the default; see `NoiseModel.fromTarget`), none, or another. */
  readonly noise?: NoiseModel | boolean;
  /** Decides all samples; 0 by default. */
  readonly seed?: number;
  /** Standard error of estimated values where neither estimator nor PUB gives one; 0 (exact) by default. */
  readonly precision?: number;
  /** Shots where neither sampler nor PUB gives them; 1024 by default. */
  readonly shots?: number;
  /** As of `noisySimulator`; without noise also `statevector`, which `auto` then takes. */
  readonly method?: (typeof METHODS)[number];
  /**
   * True (the default), or how to compile circuits for the device. False takes circuits that are compiled already, on the
   * device's qubits, and refuses others.
   */
  readonly compile?: boolean | CompileOptions;
  /** Bytes that states and results may take; by default most of what the machine has free. */
  readonly maxMemoryBytes?: number;
}

/** An estimator that says what the device itself would take. */
export interface PlanningEstimator extends Estimator {
  plan(pubs: readonly EstimatorPub[]): Promise<JobPlan>;
}

/** A sampler that says what the device itself would take. */
export interface PlanningSampler extends Sampler {
  plan(pubs: readonly SamplerPub[]): Promise<JobPlan>;
}

/** What `deviceSimulator` makes. */
export interface DeviceSimulator extends Backend {
  readonly target: Target;
  estimator(options?: EstimatorOptions): PlanningEstimator;
  sampler(options?: SamplerOptions): PlanningSampler;
}

/**
 * A device simulated in this process: circuits are compiled for it and run with its noise, of which only the qubits that
 * something happens to are simulated. Expectation values are means of bits that are read with the device's read-out errors;
 * exact at precision 0 up to 10 qubits. Same seed, same bytes, as `localSimulator`. It charges nothing; what `plan` says is what
 * the device itself would take.
 * @param device a Target, or a backend that has one
 * @example deviceSimulator(loadTarget("torino"), { seed: 1 })
 * @throws PubError PUB_FORM, PUB_PRECISION, PUB_SHOTS; SimulatorError NOISE_MODEL, NOISE_METHOD, MEMORY_LIMIT;
 * ParameterError SEED
 */
export function deviceSimulator(
  device: Target | { readonly target?: Target | undefined },
  options?: DeviceSimulatorOptions,
): DeviceSimulator {
  const target = device instanceof Target ? device : device?.target;
  if (!(target instanceof Target))
    throw new PubError(
      "PUB_FORM",
      `deviceSimulator takes a Target, such as loadTarget("torino"), or a backend that has one, not ${describeValue(device)}.`,
    );
  const checked = checkOptions(options, "deviceSimulator", [
    "noise",
    "seed",
    "precision",
    "shots",
    "method",
    "compile",
    "maxMemoryBytes",
  ]);
  return new SimulatedDevice(target, checked);
}

class SimulatedDevice implements DeviceSimulator {
  readonly name: string;
  readonly target: Target;
  readonly settings: string;
  readonly #inner: Backend;
  readonly #compile: CompileOptions | undefined;
  readonly #compiled = new CompileCache();
  readonly #limits: PubLimits;
  readonly #precision: number;
  readonly #shots: number;

  constructor(target: Target, options: DeviceSimulatorOptions) {
    const { noise = true, method = "auto", compile = true, precision = 0, shots = 1024, ...rest } = options;
    this.name = `${target.name} simulator`;
    this.target = target;
    this.#inner = innerBackend(target, noise, method, rest);
    if (typeof compile !== "boolean" && (typeof compile !== "object" || compile === null))
      throw new PubError("PUB_FORM", `compile is ${describeValue(compile)}; give true, false or options of compile.`);
    this.#compile = compile === false ? undefined : compile === true ? {} : compile;
    this.#precision = checkPrecision(precision);
    this.#shots = checkShots(shots);
    this.settings = JSON.stringify({ precision, compile: this.#compile ?? null, inner: this.#inner.settings });
    const { maxShots } = this.#inner.capabilities.limits;
    this.#limits = { maxShots, maxResultBytes: options.maxMemoryBytes };
  }

  get capabilities(): Capabilities {
    const inner = this.#inner.capabilities;
    const { numQubits } = this.target;
    // Compiled circuits are as wide as the device, whatever they use of it.
    const maxQubits = this.#compile === undefined ? numQubits : Math.min(numQubits, inner.limits.maxQubits);
    return { ...inner, adjoint: false, limits: { ...inner.limits, maxQubits } };
  }

  estimator(options?: EstimatorOptions): PlanningEstimator {
    const { precision = this.#precision, ...seed } = checkOptions(options, "estimator", ["precision", "seed"]);
    checkPrecision(precision);
    const inner = this.#inner.estimator({ precision, ...seed });
    return {
      run: async (pubs, runOptions) => {
        const checked = checkEstimatorPubs(pubs, precision, this.#limits);
        assertNotAborted(runOptions);
        const forDevice = checked.map((pub, index): EstimatorPub => {
          const { circuit, values, place } = this.#onDevice(pub, index);
          const { shape, distinct, indices } = pub.observables;
          const placed = distinct.map(place);
          return {
            circuit,
            observables: nested(shape, (element) => placed[indices[element]!]!),
            parameterValues: values,
            precision: pub.precision,
          };
        });
        return inner.run(forDevice, runOptions);
      },
      plan: async (pubs) => {
        const checked = checkEstimatorPubs(pubs, precision, this.#limits);
        return planIsaPubs(isaEstimatorPubs(checked, this.#compiledAmong(checked)).pubs);
      },
    };
  }

  sampler(options?: SamplerOptions): PlanningSampler {
    const { shots = this.#shots, ...seed } = checkOptions(options, "sampler", ["shots", "seed"]);
    checkShots(shots);
    const inner = this.#inner.sampler({ shots, ...seed });
    return {
      run: async (pubs, runOptions) => {
        const checked = checkSamplerPubs(pubs, shots, this.#limits);
        assertNotAborted(runOptions);
        const forDevice = checked.map((pub, index): SamplerPub => {
          const { circuit, values } = this.#onDevice(pub, index);
          return { circuit, parameterValues: values, shots: pub.shots };
        });
        return inner.run(forDevice, runOptions);
      },
      plan: async (pubs) => {
        const checked = checkSamplerPubs(pubs, shots, this.#limits);
        return planIsaPubs(isaSamplerPubs(checked, this.#compiledAmong(checked)));
      },
    };
  }

  async status(): Promise<BackendStatus> {
    return this.#inner.status();
  }

  /** A PUB's circuit as the device runs it, its rows of angles, and where its observables go. */
  #onDevice(
    pub: { readonly circuit: Circuit; readonly values: ParameterRows },
    index: number,
  ): {
    readonly circuit: Circuit;
    readonly values: NDArray;
    readonly place: (observable: SparsePauliOp) => SparsePauliOp;
  } {
    const { values } = pub;
    const compiled = this.#compiledForPub(pub.circuit, index);
    const { circuit } = compiled;
    return {
      circuit,
      values: {
        shape: [...values.shape, circuit.parameters.length],
        data: compiled.bindRows(values.data, numRows(pub)),
      },
      place: (observable) => compiled.applyLayout(observable),
    };
  }

  /** Compiles circuits of these PUBs, and names the PUB of one that it cannot. */
  #compiledAmong(pubs: readonly { readonly circuit: Circuit }[]): (circuit: Circuit) => CompiledCircuit {
    return (circuit) =>
      this.#compiledForPub(
        circuit,
        pubs.findIndex((pub) => pub.circuit === circuit),
      );
  }

  /** @throws PubError PUB_NOT_ISA when the circuit is to be compiled already and is not; TranspilerError */
  #compiledForPub(circuit: Circuit, index: number): CompiledCircuit {
    if (this.#compile === undefined) {
      const [fault] = isaFaults(circuit, this.target, { maxFaults: 1 });
      if (fault !== undefined)
        throw new PubError(
          "PUB_NOT_ISA",
          `PUB ${index}: ${this.target.name} cannot run the circuit as it is. ${fault.message} Leave out compile: false, or compile it first.`,
        );
      return compiledAlready(circuit, this.target);
    }
    try {
      return this.#compiled.compile(circuit, this.target, this.#compile);
    } catch (error) {
      if (!(error instanceof TranspilerError)) throw error;
      throw new TranspilerError(error.code, `PUB ${index}: ${error.message}`, { cause: error });
    }
  }
}

/** A circuit that was compiled elsewhere, as what it is: its own compiled form. */
function compiledAlready(circuit: Circuit, target: Target): CompiledCircuit {
  const layout = Array.from({ length: circuit.numQubits }, (_, qubit) => qubit);
  return {
    source: circuit,
    target,
    effort: 0,
    seed: 0,
    circuit,
    initialLayout: layout,
    finalLayout: layout,
    // Only plans look at it.
    get metrics() {
      return metricsOf(circuit, target);
    },
    bindRows: (values) => values,
    applyLayout: (observable) => observable,
  };
}

function innerBackend(
  target: Target,
  noise: NoiseModel | boolean,
  method: (typeof METHODS)[number],
  options: Pick<DeviceSimulatorOptions, "seed" | "maxMemoryBytes">,
): Backend {
  if (typeof noise !== "boolean" && !(noise instanceof NoiseModel))
    throw new SimulatorError(
      "NOISE_MODEL",
      `noise is ${describeValue(noise)}; give true for the device's own, false for none, or a NoiseModel.`,
    );
  if (!METHODS.includes(method))
    throw new SimulatorError("NOISE_METHOD", `method is ${describeValue(method)}; give one of ${METHODS.join(", ")}.`);
  if (noise === false && (method === "auto" || method === "statevector")) return localSimulator(options);
  if (method === "statevector")
    throw new SimulatorError(
      "NOISE_METHOD",
      "A state vector cannot hold a device's noise; use density-matrix or trajectories, or noise: false.",
    );
  const model = noise === true ? NoiseModel.fromTarget(target) : noise === false ? NoiseModel.build(() => {}) : noise;
  return noisySimulator({ ...options, noise: model, method: method satisfies NoisyMethod });
}

/** Nested arrays of a shape; `leaf` gives the element at a flat place. */
function nested(shape: readonly number[], leaf: (element: number) => SparsePauliOp): ObservablesLike {
  const build = (axis: number, from: number): ObservablesLike => {
    if (axis === shape.length) return leaf(from);
    const stride = sizeOf(shape.slice(axis + 1));
    return Array.from({ length: shape[axis]! }, (_, i) => build(axis + 1, from + i * stride));
  };
  return build(0, 0);
}
