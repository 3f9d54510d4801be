import {
  Circuit,
  type CircuitJSON,
  describeValue,
  optionsFault,
  type ParameterVector,
  Rng,
  SparsePauliOp,
  slotsOf,
} from "../../circuits/index.ts";
import type { ExpectationProgram, ObservableLike } from "../../providers/index.ts";
import { ModelError } from "../errors.ts";
import { type CircuitTemplate, resolveTemplate } from "./circuit-template.ts";
import {
  type BatchInputs,
  type ForwardOptions,
  type PreparedForward,
  QuantumEvaluation,
  type QuantumForward,
} from "./quantum-forward.ts";
import {
  drawWeights,
  initializersByName,
  type WeightInitializer,
  type WeightInitializers,
} from "./weight-initializer.ts";

interface CommonOptions {
  /** What is measured, one output each; Z on every qubit by default. */
  readonly observables?: readonly ObservableLike[];
  /** How weights start; uniform in ±π by default. */
  readonly initializer?: WeightInitializers;
  /** Decides the starting weights; 0 by default. */
  readonly seed?: number | string;
}

/** A layer as a perception (data to state), a connection (trained circuit) and what to measure. */
export interface ComposedLayerOptions extends CommonOptions {
  readonly qubits: number;
  readonly perception: CircuitTemplate | Circuit;
  /** May be left out where the perception has weights of its own; several are applied in order. */
  readonly connection?: CircuitTemplate | Circuit | readonly (CircuitTemplate | Circuit)[];
}

/** A layer as a whole circuit: its inputs and weights are found by their roles. */
export interface CircuitLayerOptions extends CommonOptions {
  readonly circuit: Circuit;
}

export type QuantumLayerOptions = ComposedLayerOptions | CircuitLayerOptions;

/** A layer as plain data; `format` changes when old files would be read differently. */
export interface QuantumLayerConfig {
  readonly format: "lepton-quantum-layer@1";
  readonly circuit: CircuitJSON;
  readonly observables: readonly ReturnType<SparsePauliOp["toJSON"]>[];
  readonly initializer: Readonly<Record<string, WeightInitializer>>;
  readonly seed: number | string;
}

/** What is known about one input of a layer before anything runs. */
export interface InputGradient {
  /** The parameter's name, such as `x[2]`. */
  readonly name: string;
  /** `exact`: by the chain rule through every gate that holds it. `none`: no gate holds it, so its gradient is 0. */
  readonly gradient: "exact" | "none";
}

/**
 * A quantum layer: inputs [B, D] and weights [W] to expectation values [B, K]. It fits itself to its circuit: D inputs,
 * W weights, and one output for each observable.
 * @throws CircuitError CIRCUIT_NOT_UNITARY when the circuit measures, resets or branches; ModelError LAYER_NO_INPUTS,
 * LAYER_NO_WEIGHTS, LAYER_NO_OBSERVABLES, LAYER_OBSERVABLE, LAYER_PART, LAYER_QUBITS, LAYER_WEIGHT_NAME,
 * LAYER_INITIALIZER, LAYER_OPTION
 * @example const layer = quantumLayer({ qubits: 4, perception: perception.angle(), connection: connection.stronglyEntangling({ layers: 2 }) });
 */
export function quantumLayer(options: QuantumLayerOptions): QuantumLayer {
  if (typeof options === "object" && options !== null && "circuit" in options) {
    checkNames(options, ["circuit"]);
    const { circuit, observables, initializer = { type: "uniform" }, seed = 0 } = options;
    return new QuantumLayer(circuit, observables, initializer, seed);
  }
  checkNames(options, ["qubits", "perception", "connection"]);
  const { qubits, observables, initializer, seed = 0 } = options;
  if (!Number.isSafeInteger(qubits) || qubits < 1)
    throw new ModelError("LAYER_QUBITS", `A quantum layer has 1 qubit or more, not ${describeValue(qubits)}.`);
  const first = resolveTemplate(options.perception, "perception", qubits, []);
  let circuit = first.circuit;
  let suggested = first.initializers ?? {};
  const { connection = [] } = options;
  const parts: readonly (CircuitTemplate | Circuit)[] = isList(connection) ? connection : [connection];
  for (const part of parts) {
    const made = resolveTemplate(
      part,
      "connection",
      qubits,
      circuit.vectors.filter(({ role }) => role === "weight"),
    );
    circuit = circuit.compose(made.circuit);
    suggested = { ...suggested, ...made.initializers };
  }
  if (circuit.numWeights === 0)
    throw new ModelError(
      "LAYER_NO_WEIGHTS",
      "The layer has no weights to train: give it a connection, such as connection.basicEntangler({ layers: 2 }), or quantumLayer({ circuit }) for a fixed circuit.",
    );
  const given = initializer ?? suggested;
  return new QuantumLayer(
    circuit,
    observables,
    typeof given !== "object" || given === null || typeof given.type === "string" ? given : { ...suggested, ...given },
    seed,
  );
}

function checkNames(options: QuantumLayerOptions, own: readonly string[]): void {
  const fault = optionsFault("A quantum layer", options, [...own, "observables", "initializer", "seed"]);
  if (fault !== undefined) throw new ModelError("LAYER_OPTION", fault);
}

function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}

export class QuantumLayer {
  readonly circuit: Circuit;
  readonly observables: readonly SparsePauliOp[];
  /** Columns of the inputs: D. */
  readonly numInputs: number;
  /** Weights in row order: W. */
  readonly numWeights: number;
  /** Columns of the outputs: K. */
  readonly numOutputs: number;
  /** The circuit's weight vectors in row order, with names and shapes. */
  readonly weightVectors: readonly ParameterVector[];
  /** For every input whether it has a gradient. */
  readonly inputGradients: readonly InputGradient[];
  readonly initializer: Readonly<Record<string, WeightInitializer>>;
  readonly seed: number | string;
  readonly #evaluation: QuantumEvaluation;

  /** @internal Use `quantumLayer` or `QuantumLayer.fromConfig`. */
  constructor(
    circuit: Circuit,
    observables: readonly ObservableLike[] | undefined,
    initializer: WeightInitializers,
    seed: number | string,
  ) {
    if (!(circuit instanceof Circuit))
      throw new ModelError(
        "LAYER_PART",
        "The circuit of a quantum layer must be a Circuit; make one with Circuit.build.",
      );
    // Asking for the inverse says which operation is not unitary.
    if (!circuit.isUnitary) circuit.inverse();
    if (circuit.numInputs === 0)
      throw new ModelError(
        "LAYER_NO_INPUTS",
        "The circuit has no input parameters, so a batch would give equal rows; declare data with input(). To train a circuit without data use minimize.",
      );
    this.circuit = circuit;
    this.observables = Object.freeze(readObservables(observables, circuit.numQubits));
    this.numInputs = circuit.numInputs;
    this.numWeights = circuit.numWeights;
    this.numOutputs = this.observables.length;
    this.weightVectors = Object.freeze(circuit.vectors.filter(({ role }) => role === "weight"));
    const used = new Set(slotsOf(circuit).flatMap(({ expression }) => expression.parameters.map(({ name }) => name)));
    this.inputGradients = Object.freeze(
      circuit.parameters
        .slice(0, circuit.numInputs)
        .map(({ name }) => ({ name, gradient: used.has(name) ? ("exact" as const) : ("none" as const) })),
    );
    this.initializer = Object.freeze(initializersByName(initializer, this.weightVectors));
    this.seed = seed;
    this.initialWeights();
    this.#evaluation = new QuantumEvaluation(circuit, this.observables);
  }

  /** Starting weights [W] in radians; the same for the same seed. */
  initialWeights(): Float64Array {
    const rng = Rng.seed(this.seed);
    const weights = new Float64Array(this.numWeights);
    let offset = 0;
    for (const vector of this.weightVectors) {
      weights.set(drawWeights(this.initializer[vector.name]!, vector, rng.fork("weights", vector.name)), offset);
      offset += vector.size;
    }
    return weights;
  }

  /**
   * Expectation values for a batch, with what is needed to differentiate them. On a backend with adjoint gradients and no
   * sampling nothing is submitted; on others one job holds the values and all evaluations their gradients need.
   * @param inputs [B, D], radians
   * @param weights [W] in row order, radians
   * @throws ModelError LAYER_INPUT_SHAPE, LAYER_WEIGHT_SHAPE, LAYER_NOT_FINITE; GradientError; the backend's errors
   */
  forward(inputs: BatchInputs, weights: ArrayLike<number>, options: ForwardOptions): Promise<QuantumForward> {
    return this.#evaluation.forward(inputs, Float64Array.from(weights), options);
  }

  /**
   * The first half of `forward`, for callers that run several layers in one job with `runExpectations`. Of the options
   * only those that say what is needed count here.
   * @throws as `forward`
   */
  prepare(inputs: BatchInputs, weights: ArrayLike<number>, options: ForwardOptions): PreparedForward {
    return this.#evaluation.prepare(inputs, Float64Array.from(weights), options);
  }

  /**
   * The circuit compiled for a provider that needs no jobs for what the options ask: it simulates here, and differentiates by
   * adjoint. Undefined for all others.
   * @throws GradientError; the provider's errors
   */
  simulation(options: ForwardOptions): ExpectationProgram | undefined {
    return this.#evaluation.simulation(options);
  }

  toConfig(): QuantumLayerConfig {
    return {
      format: "lepton-quantum-layer@1",
      circuit: this.circuit.toJSON(),
      observables: this.observables.map((observable) => observable.toJSON()),
      initializer: this.initializer,
      seed: this.seed,
    };
  }
  /** @throws ModelError LAYER_CONFIG, and what `quantumLayer` throws */
  static fromConfig(config: QuantumLayerConfig): QuantumLayer {
    if (config?.format !== "lepton-quantum-layer@1" || !Array.isArray(config.observables))
      throw new ModelError(
        "LAYER_CONFIG",
        `Expected a layer of format "lepton-quantum-layer@1" but found ${JSON.stringify(config?.format)}.`,
      );
    return new QuantumLayer(
      Circuit.fromJSON(config.circuit),
      config.observables.map((json) => SparsePauliOp.fromJSON(json)),
      config.initializer,
      config.seed,
    );
  }
}

/** @throws ModelError LAYER_NO_OBSERVABLES, LAYER_OBSERVABLE */
function readObservables(given: readonly ObservableLike[] | undefined, numQubits: number): SparsePauliOp[] {
  if (given === undefined) return Array.from({ length: numQubits }, (_, qubit) => SparsePauliOp.z(numQubits, qubit));
  if (!Array.isArray(given) || given.length === 0)
    throw new ModelError(
      "LAYER_NO_OBSERVABLES",
      'A quantum layer measures one observable or more, as a list such as ["ZZ", "XX"]; leave it out for Z on every qubit.',
    );
  return given.map((one: ObservableLike, index) => {
    let observable: SparsePauliOp;
    try {
      if (one instanceof SparsePauliOp) observable = one;
      else if (typeof one === "string") observable = SparsePauliOp.parse(one);
      else if (typeof one !== "object" || one === null)
        throw new ModelError(
          "LAYER_OBSERVABLE",
          `it is ${String(one)}; give a label such as "ZI", a map such as { 0: "Z" }, or a SparsePauliOp.`,
        );
      else observable = SparsePauliOp.fromMaps(numQubits, [[one, 1]]);
    } catch (error) {
      throw new ModelError("LAYER_OBSERVABLE", `Observable ${index}: ${(error as Error).message}`, { cause: error });
    }
    if (observable.numQubits !== numQubits)
      throw new ModelError(
        "LAYER_OBSERVABLE",
        `Observable ${index} acts on ${observable.numQubits} qubit(s), but the circuit has ${numQubits}.`,
      );
    return observable;
  });
}
