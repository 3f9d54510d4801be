import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { Target } from "../../circuits/index.ts";
import { isRemote } from "../../providers/index.ts";
import { CompressionError } from "../errors.ts";
import { KerasQuantumLayer } from "../layers/tensorflow.ts";
import { ensureBuilt, modelParts } from "../layers/tensorflow-model-parts.ts";
import { cosineDecay } from "../optimizers/index.ts";
import { rowsFor, takeRows } from "../training/tensorflow-data.ts";
import { compileObjective } from "../training/tensorflow-objective.ts";
import { predictRows } from "../training/tensorflow-predict.ts";
import { evaluate } from "../training/train.ts";
import { type CompressedPoint, hardwareCost, type RowScore, type Score } from "./circuit/index.ts";
import { checkedScore, isWithinBudget } from "./circuit/search.ts";
import { sizeOf } from "./circuit/trained-circuit.ts";
import { modelSize, type WeightGrids } from "./classical/index.ts";
import { copyModel } from "./classical/tensorflow-copy.ts";
import type { CompressedModelSearch, CompressModelOptions } from "./compress-model.ts";
import { checkCompressModel } from "./compress-model-options.ts";
import { frontOf, leastOf, type ModelPoint } from "./model-point.ts";
import { compressLayer } from "./tensorflow-circuit.ts";
import { classicalModels, type Retrain } from "./tensorflow-classical-search.ts";
import { type Snapshot, snapshotOf } from "./tensorflow-snapshot.ts";

const LEARNING_RATE = 0.02;
const STEPS = 100;
/** Rows that go through the model together where nothing is trained. */
const SCORING_ROWS = 256;
const TIMED_ROWS = 32;
const TIMINGS = 5;

/** What `compressModel` does, once TensorFlow.js is there. */
export async function searchModel(model: LayersModel, options: CompressModelOptions): Promise<CompressedModelSearch> {
  checkCompressModel(options);
  ensureBuilt(model);
  return new ModelSearch(model, options).run();
}

class ModelSearch {
  readonly #model: LayersModel;
  readonly #options: CompressModelOptions;
  readonly #loss: NonNullable<CompressModelOptions["loss"]>;
  readonly #snapshots = new Map<ModelPoint, Snapshot>();
  /** Those of fine-tunings, which nobody else frees. */
  readonly #optimizers = new Set<tf.Optimizer>();
  #base: Score | undefined;
  #fineTunes = 0;

  constructor(model: LayersModel, options: CompressModelOptions) {
    const loss = options.loss ?? (model.loss as CompressModelOptions["loss"]);
    if (loss == null)
      throw new CompressionError(
        "COMPRESSION_MODEL",
        `Model ${model.name} is not compiled; give { loss: "categoricalCrossentropy" } or the like.`,
      );
    this.#model = model;
    this.#loss = loss;
    this.#options = options;
  }

  async run(): Promise<CompressedModelSearch> {
    try {
      return await this.#run();
    } finally {
      for (const optimizer of this.#optimizers) optimizer.dispose();
    }
  }

  async #run(): Promise<CompressedModelSearch> {
    const { budget, signal } = this.#options;
    signal?.throwIfAborted();
    const base = await this.#score(this.#model);
    this.#base = base;
    if ("accuracy" in budget && base.accuracy === undefined)
      throw new CompressionError(
        "COMPRESSION_BUDGET",
        "The budget is one of accuracy, but the model has only a loss; give { loss: 0.02 } or the like.",
      );
    const quantum = quantumLayers(this.#model);
    const given = await this.#point(this.#model, { circuit: quantum.length > 0 ? "given" : undefined, score: base });
    const within: ModelPoint[] = [];
    for (const { model, stage } of await this.#circuits(quantum.length > 0)) {
      try {
        const score = await this.#score(model);
        // The same gates in another order may round apart; the exact reduction is the given model for all that.
        if (stage !== "given" && isWithinBudget(budget, score, base))
          within.push(await this.#point(model, { circuit: stage, score, grids: new Map() }));
        await this.#classical(model, stage, within);
      } finally {
        model.dispose();
      }
    }
    const best = leastOf(given, within);
    const modelOf = async (point: ModelPoint) => this.#modelOf(point);
    return {
      given,
      best,
      points: frontOf([given, ...within]),
      ...(await modelOf(best)),
      modelOf,
      fineTunes: this.#fineTunes,
    };
  }

  /** Models with the circuits that go on, the largest first; the model itself where it has none. */
  async #circuits(
    hasCircuit: boolean,
  ): Promise<readonly { readonly model: LayersModel; readonly stage: ModelPoint["circuit"] }[]> {
    if (!hasCircuit) return [{ model: await copyModel(this.#model), stage: undefined }];
    const { circuits = 2, classical, onProgress, ...options } = this.#options;
    const found = await compressLayer(this.#model, {
      ...options,
      ...this.#training(),
      step: this.#step(),
      onProgress: ({ stage, accepted, score: { loss, accuracy } }) => {
        this.#fineTunes++;
        onProgress?.({ half: "circuit", tried: stage, accepted, loss, accuracy, fineTunes: this.#fineTunes });
      },
    });
    found.model.dispose();
    const pairs = ({ hardware, size }: CompressedPoint): number => hardware?.twoQubitGates ?? size.entanglers;
    const others = found.points.filter((point) => point !== found.best);
    // Circuits that are more accurate but no smaller would only be searched in vain where others are.
    const smaller = others.filter((point) => pairs(point) < pairs(found.given));
    const made = [];
    for (const point of evenly([...(smaller.length > 0 ? smaller : others), found.best], circuits))
      made.push({ model: await found.modelOf(point), stage: point.stage });
    return made;
  }

  async #classical(model: LayersModel, stage: ModelPoint["circuit"], within: ModelPoint[]): Promise<void> {
    const { classical, maxFineTunes = 100, signal, onProgress, budget } = this.#options;
    let left = maxFineTunes;
    const retrain: Retrain = () => {
      left--;
      this.#fineTunes++;
      return { ...this.#training(), data: this.#options.train };
    };
    const search = classicalModels(model, classical ?? {}, retrain);
    let next = await search.next();
    while (!next.done) {
      const { model: tried, grids, what } = next.value;
      signal?.throwIfAborted();
      const score = await this.#score(tried);
      const accepted = isWithinBudget(budget, score, this.#base!);
      if (accepted) within.push(await this.#point(tried, { circuit: stage, classical: what, score, grids }));
      const { loss, accuracy } = score;
      onProgress?.({ half: "classical", tried: what, accepted, loss, accuracy, fineTunes: this.#fineTunes });
      next = left <= 0 ? await search.return() : await search.next(accepted);
    }
  }

  #training() {
    const { optimizer, steps = STEPS, learningRate, batchSize, provider, precision, seed, signal } = this.#options;
    const made = optimizer ?? (() => tf.train.adam(LEARNING_RATE));
    const usual = optimizer === undefined ? { learningRate: cosineDecay({ rate: LEARNING_RATE, steps }) } : {};
    const remembered = (): tf.Optimizer => {
      const one = made();
      this.#optimizers.add(one);
      return one;
    };
    return {
      ...usual,
      ...defined({ learningRate, batchSize, provider, precision, seed, signal }),
      ...{ optimizer: remembered, steps, loss: this.#loss },
    };
  }

  /** The training step that is told; layers in front of the circuit are trained too where there are any. */
  #step(): NonNullable<CompressModelOptions["step"]> {
    const layers = modelParts(this.#model).layers.filter((layer) => !("layers" in layer));
    const { layer: name } = this.#options;
    const at = layers.findIndex(
      (layer) => layer instanceof KerasQuantumLayer && (name === undefined || layer.name === name),
    );
    const inputGradients = layers.slice(0, at).some((layer) => layer.trainableWeights.length > 0);
    return { inputGradients, ...this.#options.step };
  }

  async #score(model: LayersModel): Promise<Score> {
    const { train, validation, metrics = ["accuracy"], provider, precision, seed, signal } = this.#options;
    const settings = { batchSize: SCORING_ROWS, ...defined({ provider, precision, seed, signal }) };
    // What a model is compiled with stands by itself, so that the given one stays as it was.
    const scored = await copyModel(model);
    const optimizer = tf.train.sgd(0);
    try {
      compileObjective(scored, { optimizer, loss: this.#loss, metrics });
      const on = async (rows: typeof train): Promise<RowScore> => {
        const { loss, metrics: found } = await evaluate(scored, rows, settings);
        const accuracy = Object.entries(found).find(([name]) => /(^|_)(acc|accuracy)$/i.test(name))?.[1];
        return accuracy === undefined ? { loss } : { loss, accuracy };
      };
      return checkedScore({ ...(await on(validation)), training: await on(train) });
    } finally {
      scored.dispose();
      optimizer.dispose();
    }
  }

  /** A row of the table. Without grids it is the given model, whose weights are saved as f32. */
  async #point(
    model: LayersModel,
    found: {
      readonly circuit: ModelPoint["circuit"];
      readonly classical?: string;
      readonly score: Score;
      readonly grids?: WeightGrids;
    },
  ): Promise<ModelPoint> {
    const { circuit, classical = "f32", score, grids } = found;
    const { parameters, nonzero, bytes } = modelSize(model, grids);
    const { loss, accuracy, training } = score;
    const point: ModelPoint = {
      ...{ circuit, classical, loss, accuracy, training: training!, parameters, nonzero },
      bytes: grids === undefined ? 4 * parameters : bytes,
      ...this.#costs(model),
      milliseconds: await this.#milliseconds(model),
    };
    this.#snapshots.set(point, snapshotOf(model, grids));
    return point;
  }

  #costs(model: LayersModel): Pick<ModelPoint, "size" | "hardware"> {
    const { layer, target, compile } = this.#options;
    const all = quantumLayers(model);
    const quantum = layer === undefined ? all[0] : all.find(({ name }) => name === layer);
    if (quantum === undefined) return { size: undefined, hardware: undefined };
    const { circuit, observables } = quantum.quantum;
    const trained = { circuit, observables, weights: quantum.flatWeights() };
    const options = { step: this.#step(), ...defined({ compile }) };
    return {
      size: sizeOf(trained),
      hardware: target instanceof Target ? hardwareCost(trained, target, options) : undefined,
    };
  }

  async #milliseconds(model: LayersModel): Promise<number | undefined> {
    const { train, provider, precision, seed, signal } = this.#options;
    // Nothing is sent for a timing, which would be that of a queue.
    if (provider !== undefined && isRemote(provider)) return undefined;
    const { x, numRows } = await rowsFor(model, train);
    const rows = Math.min(TIMED_ROWS, numRows);
    const batch = takeRows(
      x,
      Int32Array.from({ length: rows }, (_, row) => row),
    );
    let least = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < TIMINGS; turn++) {
      const start = performance.now();
      const { outputs } = await predictRows(model, batch, {
        batchSize: rows,
        ...defined({ provider, precision, seed, signal }),
      });
      least = Math.min(least, performance.now() - start);
      tf.dispose(outputs as tf.Tensor[]);
    }
    tf.dispose(batch);
    return least / rows;
  }

  async #modelOf(point: ModelPoint) {
    const snapshot = this.#snapshots.get(point);
    if (snapshot === undefined)
      throw new CompressionError(
        "COMPRESSION_OPTION",
        "modelOf takes a row of this search: given, best, one of points.",
      );
    const { metrics = ["accuracy"], optimizer = () => tf.train.adam(LEARNING_RATE) } = this.#options;
    const model = await snapshot.model();
    compileObjective(model, { optimizer: optimizer(), loss: this.#loss, metrics });
    return { model, grids: snapshot.grids };
  }
}

function quantumLayers(model: LayersModel): readonly KerasQuantumLayer[] {
  return modelParts(model).layers.filter((layer) => layer instanceof KerasQuantumLayer);
}

/** The first, the last, and between them so many that there are `count`. */
function evenly<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items;
  if (count === 1) return [items.at(-1)!];
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]!);
}

function defined<Options extends object>(options: Options): { [Name in keyof Options]?: NonNullable<Options[Name]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
