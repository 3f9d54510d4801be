import { type Angle, Circuit, type Initializer, mapOperation, Rng, weight, zeroWeights } from "../../circuits/index.ts";
import { TrainingError } from "../errors.ts";
import type { Optimizer } from "../optimizers/index.ts";
import { minimize } from "./minimize.ts";
import type { MinimizeOptions, MinimizeResult } from "./minimize-options.ts";
import { checkNames } from "./options.ts";

/**
 * The circuit with its first weights replaced by numbers, so that only the others are trained and paid for: one vector of as
 * many as are left, in the same order. Inputs stay.
 * @throws TrainingError TRAINING_SHAPE for more values than weights, or one that is not finite
 */
export function freezeWeights(circuit: Circuit, values: ArrayLike<number>): Circuit {
  const count = values?.length;
  const bad = Array.from(values ?? []).findIndex((value) => !Number.isFinite(value));
  if (!Number.isSafeInteger(count) || count > circuit.numWeights || bad >= 0)
    throw new TrainingError(
      "TRAINING_SHAPE",
      bad >= 0
        ? `Value ${bad} of the weights to freeze is ${values[bad]}; it must be finite.`
        : `The circuit has ${circuit.numWeights} weight(s), of which ${count ?? "no number of"} cannot be frozen.`,
    );
  if (count === 0) return circuit;
  const weights = circuit.parameters.slice(circuit.numInputs);
  const place = new Map(weights.map(({ name }, index) => [name, index]));
  const inputs = circuit.vectors.filter(({ role }) => role === "input");
  const taken = new Set(inputs.map(({ name }) => name));
  let name = "free";
  while (taken.has(name)) name += "_";
  const free = count === weights.length ? undefined : weight(name, weights.length - count);
  const angle = (given: Angle): Angle =>
    typeof given === "number"
      ? given
      : given.substitute((parameter) => {
          const index = place.get(parameter.name);
          return index === undefined ? undefined : index < count ? values[index]! : free!.at(index - count);
        });
  return Circuit.build(circuit.numQubits, (c) => {
    for (const { name: register, size } of circuit.registers) c.register(register, size);
    for (const vector of inputs) c.declare(vector);
    if (free !== undefined) c.declare(free);
    for (const operation of circuit.operations) c.append(mapOperation(operation, { angle }));
  });
}

/** What is trained at one time. */
export interface LayerwiseStage {
  /** "layer-1", ..., and "all" at the end. */
  readonly name: string;
  /** Layers of its circuit. */
  readonly layers: number;
  /** Its weights are those that are trained; those of the layers before are numbers in it. */
  readonly circuit: Circuit;
  /** Starting values of `circuit`'s weights. */
  readonly initial: Float64Array;
}

export interface LayerwiseOptions {
  /** How many in the end. */
  readonly layers: number;
  /** The circuit of so many layers, whose first weights and gates are those of the one with fewer. */
  readonly circuit: (layers: number) => Circuit;
  /** How the weights of a new layer start; at zero by default. */
  readonly initializer?: Initializer;
  /** Layers that are added at a time; 1 by default. */
  readonly layersAtOnce?: number;
  /** Trains a stage and gives its circuit's weights. */
  readonly train: (stage: LayerwiseStage) => Promise<ArrayLike<number>>;
  /** Decides starting weights; 0 by default. */
  readonly seed?: number | string;
}

/**
 * Layer-wise training (Skolik et al., arXiv:2006.14904): shallow circuits have gradients where deep ones have none, so layers are
 * added and trained one after the other, with those before as they are, and all of them together at the end. The stages of
 * runs that are kept can be kept runs themselves, each with a name of its own: so a whole that is killed goes on where it was.
 * @returns the whole circuit and its weights
 * @throws TrainingError TRAINING_LAYERS; what `train` throws
 */
export async function trainLayerwise(
  options: LayerwiseOptions,
): Promise<{ readonly circuit: Circuit; readonly weights: Float64Array }> {
  checkNames("trainLayerwise", options, ["layers", "circuit", "initializer", "layersAtOnce", "train", "seed"]);
  const { layers, initializer = zeroWeights, layersAtOnce = 1, train, seed = 0 } = options;
  for (const [name, value] of Object.entries({ layers, layersAtOnce }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new TrainingError("TRAINING_LAYERS", `${name} is ${value}; it must be an integer of 1 or more.`);
  const rng = Rng.seed(seed);
  let weights = new Float64Array(0);
  let circuit: Circuit | undefined;
  const trained = async (name: string, count: number, from: Circuit, initial: Float64Array, before: number) => {
    const found = Float64Array.from(await train({ name, layers: count, circuit: from, initial }));
    if (found.length !== from.numWeights)
      throw new TrainingError(
        "TRAINING_SHAPE",
        `Stage ${name} has ${from.numWeights} weight(s) to train, but ${found.length} came back.`,
      );
    return Float64Array.from([...weights.subarray(0, before), ...found]);
  };
  for (let done = 0; done < layers; ) {
    const count = Math.min(layers, done + layersAtOnce);
    const next = options.circuit(count);
    if (!(next instanceof Circuit) || next.numWeights <= weights.length)
      throw new TrainingError(
        "TRAINING_LAYERS",
        `The circuit of ${count} layer(s) has no more weights than the ${weights.length} of the one of ${done}; give circuit: (layers) => stronglyEntangling({ numQubits, layers }) or the like.`,
      );
    circuit = next;
    const stage = freezeWeights(next, weights);
    const name = count - done === 1 ? `layer-${count}` : `layers-${done + 1}-${count}`;
    weights = await trained(name, count, stage, initializer(stage, rng.fork("layer", count)), weights.length);
    done = count;
  }
  if (layers > layersAtOnce) weights = await trained("all", layers, circuit!, weights, 0);
  return { circuit: circuit!, weights };
}

export interface LayerwiseMinimizeOptions
  extends Omit<MinimizeOptions, "circuit" | "optimizer" | "steps" | "initial" | "from">,
    Omit<LayerwiseOptions, "train" | "seed"> {
  /** One for all stages, each of which starts it anew, or one for each circuit. */
  readonly optimizer: Optimizer | ((circuit: Circuit) => Optimizer);
  /** Of each stage but the last. */
  readonly stepsPerLayer: number;
  /** With all layers together, at the end. */
  readonly steps: number;
}

export interface LayerwiseMinimizeResult {
  readonly circuit: Circuit;
  readonly weights: Float64Array;
  /** At these weights. */
  readonly value: number;
  readonly stderr: number;
  /** One for each stage, in order; the steps of one are its `history`. */
  readonly stages: readonly (MinimizeResult & { readonly name: string })[];
  readonly executions: number;
  readonly quantumSeconds: number;
}

/**
 * `minimize` layer by layer; see `trainLayerwise`. Each stage is a run; where runs are kept and this one has an id, they are
 * named `ID-layer-1` and so on, and a `budget` is that of each. A stage that was asked to stop ends the whole.
 * @throws as `minimize` and `trainLayerwise`
 * @example const { weights, value } = await minimizeLayerwise({ layers: 4, circuit: (layers) => stronglyEntangling({ numQubits: 6, layers }), observable, optimizer: adam({ learningRate: 0.1 }), provider, stepsPerLayer: 30, steps: 60 });
 */
export async function minimizeLayerwise(options: LayerwiseMinimizeOptions): Promise<LayerwiseMinimizeResult> {
  const { layers, circuit, initializer, layersAtOnce, optimizer, stepsPerLayer, steps, id, ...rest } = options;
  const stages: (MinimizeResult & { readonly name: string })[] = [];
  const found = await trainLayerwise({
    layers,
    circuit,
    ...(initializer === undefined ? {} : { initializer }),
    ...(layersAtOnce === undefined ? {} : { layersAtOnce }),
    ...(rest.seed === undefined ? {} : { seed: rest.seed }),
    async train({ name, circuit: own, initial }) {
      const result = await minimize({
        ...rest,
        circuit: own,
        optimizer: typeof optimizer === "function" ? optimizer(own) : optimizer,
        initial,
        steps: name === "all" || layers <= (layersAtOnce ?? 1) ? steps : stepsPerLayer,
        ...(id === undefined ? {} : { id: `${id}-${name}` }),
      });
      stages.push({ name, ...result });
      if (result.ended === "stopped")
        throw new TrainingError("TRAINING_LAYERS", `Stage ${name} was stopped, so those after it were not begun.`);
      return result.weights;
    },
  });
  const total = (key: "executions" | "quantumSeconds"): number => stages.reduce((sum, stage) => sum + stage[key], 0);
  const { value, stderr } = stages.at(-1)!;
  return { ...found, value, stderr, stages, executions: total("executions"), quantumSeconds: total("quantumSeconds") };
}
