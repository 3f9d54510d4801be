import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel, layers } from "@tensorflow/tfjs-layers";
import { CompressionError } from "../../errors.ts";
import { rowsFor, takeRows } from "../../training/tensorflow-data.ts";
import { compileObjective } from "../../training/tensorflow-objective.ts";
import { type ChannelPath, channelPaths } from "./tensorflow-channel-paths.ts";
import { copyModel, type LayerDescription, rebuildModel } from "./tensorflow-copy.ts";
import { type CompressedModel, checkNumber, checkOptions, compressed } from "./tensorflow-report.ts";
import { type Evaluation, type Retraining, retrain } from "./tensorflow-score.ts";

type Layer = layers.Layer;

const UNIT_IMPORTANCES = ["l1", "l2", "taylor"] as const;
/**
 * What a unit or filter is worth: the norm of its weights, or how much the loss would change without it, to first order: the
 * mean over batches of (Σ weight · gradient)² (Molchanov et al., arXiv 1906.10771, equation 8).
 */
export type UnitImportance = (typeof UNIT_IMPORTANCES)[number];

export interface PruneUnitsOptions {
  /** Share of the units that go, from 0 to below 1; each layer keeps one at least. */
  readonly ratio: number;
  /** `l2` by default; `taylor` needs `training` for its data and loss. */
  readonly importance?: UnitImportance;
  /** Whether the share is of each layer or of all units together, whose importances are then divided by their layer's root mean square; `layer` by default. */
  readonly scope?: "layer" | "global";
  /** Names of the layers; all that can be pruned by default. */
  readonly layers?: readonly string[];
  /** Trains the smaller model afterwards. */
  readonly training?: Retraining;
  readonly evaluation?: Evaluation;
}

/** Batches by which Taylor importance is found. */
const TAYLOR_BATCHES = 20;

/**
 * Takes whole units of dense layers and filters of convolutions out of a model, and with them the rows of the next layer that read them: the
 * model becomes smaller and faster. Layers stay whole whose outputs go to a quantum layer, a branch or out of the model.
 * @throws CompressionError COMPRESSION_OPTION; COMPRESSION_LAYER where no layer can be pruned; with `training` as `train`
 * @example const { model } = await pruneUnits(trained, { ratio: 0.5, importance: "taylor", training: { data, optimizer: "adam", loss, epochs: 5 } });
 */
export async function pruneUnits(model: LayersModel, options: PruneUnitsOptions): Promise<CompressedModel> {
  checkOptions("pruneUnits", options, ["ratio", "importance", "scope", "layers", "training", "evaluation"]);
  const { ratio, importance = "l2", scope = "layer", layers, training, evaluation } = options;
  checkNumber("ratio", ratio, 0, 1);
  if (!UNIT_IMPORTANCES.includes(importance) || !["layer", "global"].includes(scope))
    throw new CompressionError(
      "COMPRESSION_OPTION",
      `There is no importance "${importance}" by ${scope}; there are ${UNIT_IMPORTANCES.join(", ")}, by layer or global.`,
    );
  if (importance === "taylor" && training === undefined)
    throw new CompressionError("COMPRESSION_OPTION", 'Importance "taylor" needs `training`, for its data and loss.');
  const whole = await copyModel(model);
  try {
    const { smaller, done } = await prunedCopy(whole, ratio, importance, scope, layers, training);
    if (training !== undefined) await retrain(smaller, training);
    return await compressed(model, smaller, evaluation, { layers: done });
  } finally {
    whole.dispose();
  }
}

async function prunedCopy(
  whole: LayersModel,
  ratio: number,
  importance: UnitImportance,
  scope: "layer" | "global",
  names: readonly string[] | undefined,
  training: Retraining | undefined,
) {
  const paths = prunable(whole, names);
  const worth =
    importance === "taylor"
      ? await taylorImportance(whole, paths, training!)
      : paths.map((path) => normImportance(path, importance));
  const kept = chooseKept(worth, ratio, scope);
  const smaller = await cutUnits(whole, paths, kept);
  const done = Object.fromEntries(
    paths.map(({ producer }, i) => [producer.name, `${kept[i]!.length} of ${worth[i]!.length} units kept`]),
  );
  return { smaller, done };
}

function prunable(model: LayersModel, names: readonly string[] | undefined): readonly ChannelPath[] {
  const all = channelPaths(model);
  const found = all.map(({ producer }) => producer.name);
  const odd = names?.find((name) => !found.includes(name));
  if (odd !== undefined || all.length === 0)
    throw new CompressionError(
      "COMPRESSION_LAYER",
      `${odd === undefined ? "No layer" : `Not layer "${odd}"`} of model ${model.name} can lose units; those can whose outputs go to one dense or conv2d layer alone: ${found.join(", ") || "none"}.`,
    );
  return names === undefined ? all : all.filter(({ producer }) => names.includes(producer.name));
}

/** Values of a layer's weights: its kernel, with outputs along the last axis, and its bias. */
function weightsOf(layer: Layer): readonly Float32Array[] {
  return layer.weights.map((weight) => (weight.read() as tf.Tensor).dataSync() as Float32Array);
}

function unitsOf({ producer }: ChannelPath): number {
  return producer.weights[0]!.shape.at(-1)!;
}

function normImportance(path: ChannelPath, importance: "l1" | "l2"): Float64Array {
  const units = unitsOf(path);
  const worth = new Float64Array(units);
  for (const [i, weight] of weightsOf(path.producer)[0]!.entries())
    worth[i % units]! += importance === "l1" ? Math.abs(weight) : weight ** 2;
  return importance === "l1" ? worth : worth.map(Math.sqrt);
}

async function taylorImportance(
  model: LayersModel,
  paths: readonly ChannelPath[],
  { data, optimizer, loss, batchSize = 32 }: Retraining,
): Promise<readonly Float64Array[]> {
  const objective = compileObjective(model, { optimizer, loss });
  const rows = await rowsFor(model, data);
  const worth = paths.map((path) => new Float64Array(unitsOf(path)));
  const layers = paths.map(({ producer }) => producer.weights.map((weight) => weight.read() as tf.Variable));
  const batches = Math.min(TAYLOR_BATCHES, Math.ceil(rows.numRows / batchSize));
  for (let batch = 0; batch < batches; batch++) {
    const count = Math.min(batchSize, rows.numRows - batch * batchSize);
    const order = Int32Array.from({ length: count }, (_, row) => batch * batchSize + row);
    tf.tidy(() => {
      const [x, y] = [takeRows(rows.x, order), takeRows(rows.y, order)];
      const { grads } = tf.variableGrads(() => {
        const made = model.apply(x.length === 1 ? x[0]! : x) as tf.Tensor | tf.Tensor[];
        return objective.trainingLoss(y, Array.isArray(made) ? made : [made]);
      }, layers.flat());
      for (const [i, variables] of layers.entries()) {
        const change = new Float64Array(worth[i]!.length);
        for (const variable of variables) {
          const values = variable.dataSync();
          for (const [k, gradient] of grads[variable.name]!.dataSync().entries())
            change[k % change.length]! += gradient * values[k]!;
        }
        for (const [unit, value] of change.entries()) worth[i]![unit]! += value ** 2 / batches;
      }
    });
  }
  return worth;
}

/** The units that stay, ascending; of equally important ones the later. */
function chooseKept(worth: readonly Float64Array[], ratio: number, scope: "layer" | "global"): readonly number[][] {
  const all = worth.flatMap((values, layer) => {
    const size = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length) || 1;
    return Array.from(values, (value, unit) => ({ layer, unit, value: value / size }));
  });
  const kept = worth.map((values) => new Set(values.keys()));
  const drop = (units: typeof all, count: number): void => {
    const order = units.toSorted((a, b) => a.value - b.value || a.layer - b.layer || a.unit - b.unit);
    let left = count;
    for (const { layer, unit } of order) {
      if (left === 0) return;
      if (kept[layer]!.size === 1) continue;
      kept[layer]!.delete(unit);
      left--;
    }
  };
  if (scope === "global") drop(all, Math.round(ratio * all.length));
  else
    for (const [layer, { length }] of worth.entries())
      drop(
        all.filter((unit) => unit.layer === layer),
        Math.round(ratio * length),
      );
  return kept.map((units) => [...units].sort((a, b) => a - b));
}

async function cutUnits(
  model: LayersModel,
  paths: readonly ChannelPath[],
  kept: readonly (readonly number[])[],
): Promise<LayersModel> {
  const weights = new Map<string, readonly tf.Tensor[]>();
  const sizes = new Map<string, number>();
  const now = (layer: Layer): readonly tf.Tensor[] => weights.get(layer.name) ?? layer.getWeights();
  const made: tf.Tensor[] = [];
  const cut = (weight: tf.Tensor, axis: number, units: readonly number[], before: number, times: number): tf.Tensor => {
    const part = cutAxis(weight, axis, units, before, times);
    made.push(part);
    return part;
  };
  tf.tidy(() => {
    for (const [i, { producer, normalisations, consumer, repeats }] of paths.entries()) {
      const units = kept[i]!;
      const before = unitsOf(paths[i]!);
      sizes.set(producer.name, units.length);
      weights.set(
        producer.name,
        now(producer).map((weight) => cut(weight, weight.rank - 1, units, before, 1)),
      );
      for (const { layer, repeats: times } of normalisations)
        weights.set(
          layer.name,
          now(layer).map((weight) => cut(weight, 0, units, before, times)),
        );
      const [kernel, ...rest] = now(consumer);
      weights.set(consumer.name, [cut(kernel!, kernel!.rank - 2, units, before, repeats), ...rest]);
    }
  });
  try {
    return await rebuildModel(model, (list) => list.map((layer) => resized(layer, sizes)), weights);
  } finally {
    tf.dispose(made);
  }
}

/** The entries of an axis that belong to units that stay, where `before` units repeat so often along it. */
function cutAxis(
  weight: tf.Tensor,
  axis: number,
  units: readonly number[],
  before: number,
  repeats: number,
): tf.Tensor {
  const indices = Array.from({ length: repeats }, (_, place) => units.map((unit) => place * before + unit)).flat();
  return tf.keep(tf.gather(weight, tf.tensor1d(indices, "int32"), axis));
}

function resized(layer: LayerDescription, sizes: ReadonlyMap<string, number>): LayerDescription {
  const size = sizes.get(layer.config.name);
  if (size === undefined) return layer;
  const name = layer.class_name === "Dense" ? "units" : "filters";
  return { ...layer, config: { ...layer.config, [name]: size } };
}
