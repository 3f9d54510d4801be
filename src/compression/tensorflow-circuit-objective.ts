import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel, ModelCompileArgs } from "@tensorflow/tfjs-layers";
import { Rng } from "../../circuits/index.ts";
import { localSimulator } from "../../providers/index.ts";
import { CompressionError } from "../errors.ts";
import type { KerasQuantumLayer } from "../layers/tensorflow.ts";
import { callLayer, feed } from "../layers/tensorflow-call.ts";
import { planModel } from "../layers/tensorflow-plan.ts";
import { type Rows, rowsFor, type TrainingData, takeRows } from "../training/tensorflow-data.ts";
import { compileObjective } from "../training/tensorflow-objective.ts";
import { noCosts, release, runNodes } from "../training/tensorflow-walk.ts";
import { evaluate, train } from "../training/train.ts";
import type {
  CircuitObjective,
  CompressCircuitOptions,
  OutputSlopes,
  RowScore,
  Score,
  TrainedCircuit,
} from "./circuit/index.ts";
import type { CompressModelCircuitOptions } from "./model-circuit.ts";
import { findQuantumLayer, modelWithCircuit, otherWeights } from "./tensorflow-replace-circuit.ts";

export type ModelObjectiveOptions = Omit<CompressModelCircuitOptions, keyof CompressCircuitOptions | "layer">;

/** Rows that go through the model together where nothing is trained. */
const SCORING_ROWS = 256;

/**
 * A model of TensorFlow.js as what the circuit of one of its layers is compressed for: fine-tuned as a whole by `train`, scored on
 * validation rows and on training rows. A circuit's companion is the weights of the other layers.
 */
export class ModelObjective implements CircuitObjective {
  readonly #model: LayersModel;
  readonly #quantum: KerasQuantumLayer;
  readonly #options: ModelObjectiveOptions;
  readonly #loss: NonNullable<ModelCompileArgs["loss"]>;
  #trainRows: Rows | undefined;

  constructor(model: LayersModel, quantum: KerasQuantumLayer, options: ModelObjectiveOptions) {
    const loss = options.loss ?? (model.loss as ModelCompileArgs["loss"] | undefined);
    if (loss == null)
      throw new CompressionError(
        "COMPRESSION_MODEL",
        `Model ${model.name} is not compiled; give { loss: "categoricalCrossentropy" } or the like.`,
      );
    this.#model = model;
    this.#quantum = quantum;
    this.#options = options;
    this.#loss = loss;
  }

  /** The circuit as it is in the model. */
  get given(): TrainedCircuit {
    const { circuit, observables } = this.#quantum.quantum;
    const companion = otherWeights(this.#model, this.#quantum);
    return { circuit, observables, weights: this.#quantum.flatWeights(), companion };
  }

  /** A model of its own with the circuit in it, compiled. */
  async modelOf(trained: TrainedCircuit): Promise<LayersModel> {
    const model = await modelWithCircuit(this.#model, this.#quantum, trained);
    const { optimizer = defaultOptimizer, metrics = ["accuracy"] } = this.#options;
    compileObjective(model, { optimizer: optimizer(), loss: this.#loss, metrics });
    return model;
  }

  async score(trained: TrainedCircuit, signal?: AbortSignal): Promise<Score> {
    const { train: training, validation, provider, precision, seed } = this.#options;
    const settings = { batchSize: SCORING_ROWS, ...defined({ provider, precision, seed, signal }) };
    const scoreOn = async (model: LayersModel, rows: TrainingData): Promise<RowScore> => {
      const { loss, metrics } = await evaluate(model, rows, settings);
      const accuracy = Object.entries(metrics).find(([name]) => /(^|_)(acc|accuracy)$/i.test(name))?.[1];
      return accuracy === undefined ? { loss } : { loss, accuracy };
    };
    return this.#with(trained, async (model) => ({
      ...(await scoreOn(model, validation)),
      training: await scoreOn(model, training),
    }));
  }

  async fineTune(trained: TrainedCircuit, signal?: AbortSignal): Promise<TrainedCircuit> {
    const { train: data, steps = 100, batchSize = 32, provider, precision, seed, learningRate } = this.#options;
    return this.#with(trained, async (model) => {
      await train(model, data, { steps, batchSize, ...defined({ provider, precision, seed, learningRate, signal }) });
      const quantum = findQuantumLayer(model, this.#quantum.name);
      return { ...trained, weights: quantum.flatWeights(), companion: otherWeights(model, quantum) };
    });
  }

  async slopes(trained: TrainedCircuit, signal?: AbortSignal): Promise<OutputSlopes> {
    return this.#with(trained, async (model) => {
      this.#trainRows ??= await rowsFor(model, this.#options.train);
      const rows = this.#trainRows;
      const { numInputs } = trained.circuit;
      const width = trained.observables.length;
      const found = {
        inputs: new Float64Array(rows.numRows * numInputs),
        rows: rows.numRows,
        slopes: new Float64Array(rows.numRows * width),
      };
      for (let from = 0; from < rows.numRows; from += SCORING_ROWS) {
        const order = Int32Array.from({ length: Math.min(SCORING_ROWS, rows.numRows - from) }, (_, row) => from + row);
        const { inputs, slopes } = await this.#batchSlopes(model, rows, order, signal);
        found.inputs.set(inputs, from * numInputs);
        found.slopes.set(slopes, from * width);
      }
      return found;
    });
  }

  /** The quantum layer's inputs and the slopes of each row's loss in its outputs, for some rows. */
  async #batchSlopes(
    model: LayersModel,
    rows: Rows,
    order: Int32Array,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly inputs: ArrayLike<number>; readonly slopes: ArrayLike<number> }> {
    const plan = planModel(model);
    const objective = compileObjective(model, {});
    const { provider = localSimulator(), precision } = this.#options;
    const node = plan.nodes.find(({ layer }) => layer.name === this.#quantum.name)!;
    const rng = Rng.seed(0);
    const inputs = takeRows(rows.x, order);
    const targets = takeRows(rows.y, order);
    const values = feed(plan, inputs);
    try {
      const options = { provider, precision, gradient: "auto" as const, signal, tags: [] };
      await runNodes(plan.nodes, values, { training: false, gradients: false, rng }, options, noCosts());
      // Only what follows the layer is computed again, now with a gradient.
      const after = new Set(node.outputs);
      const following = plan.nodes.filter((one) => {
        const depends = one.inputs.some((value) => after.has(value));
        if (depends) for (const value of one.outputs) after.add(value);
        return depends;
      });
      const known = values.tensors.slice();
      const loss = (outputs: tf.Tensor): tf.Scalar => {
        const own = { tensors: known.slice(), masks: values.masks.slice() };
        own.tensors[node.outputs[0]!] = outputs;
        for (const one of following) callLayer(one, own, false, rng);
        return objective.trainingLoss(
          targets,
          plan.outputs.map((output) => own.tensors[output]!),
        );
      };
      const slopes = tf.tidy(() => tf.grad(loss)(known[node.outputs[0]!]!).dataSync());
      // The loss is a mean over the rows of the batch.
      const features = known[node.inputs[0]!]!.dataSync();
      return { inputs: features, slopes: Float64Array.from(slopes, (slope) => slope * order.length) };
    } finally {
      release(plan, values);
      tf.dispose([...inputs, ...targets]);
    }
  }

  async #with<Result>(trained: TrainedCircuit, work: (model: LayersModel) => Promise<Result>): Promise<Result> {
    const model = await this.modelOf(trained);
    const { optimizer } = model;
    try {
      return await work(model);
    } finally {
      model.dispose();
      optimizer.dispose();
    }
  }
}

function defaultOptimizer(): tf.Optimizer {
  return tf.train.adam(0.01);
}

function defined<Options extends object>(options: Options): { [Name in keyof Options]?: NonNullable<Options[Name]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
