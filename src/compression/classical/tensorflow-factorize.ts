import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel, layers } from "@tensorflow/tfjs-layers";
import { CompressionError } from "../../errors.ts";
import { type Factors, factorsOf, rankOfEnergy } from "./low-rank.ts";
import { copyModel, type LayerDescription, rebuildModel } from "./tensorflow-copy.ts";
import { type CompressedModel, checkNumber, checkOptions, compressed } from "./tensorflow-report.ts";
import { type Evaluation, type Retraining, retrain, scoreOf } from "./tensorflow-score.ts";

type Layer = layers.Layer;

export interface FactorizeOptions {
  /** Rank of every layer, no larger than its matrix allows; layers are factorised also where that saves nothing. */
  readonly rank?: number;
  /** Share of the squared singular values that is kept, above 0 to 1; 0.9 by default. */
  readonly energy?: number;
  /** Instead of an energy: the least ranks with which the score on these rows, which must not be test rows, falls by no more than `tolerance`. */
  readonly validation?: { readonly data: Evaluation; readonly tolerance: number };
  /** Names of dense layers; all by default. */
  readonly layers?: readonly string[];
  /** Trains the factors afterwards. */
  readonly training?: Retraining;
  readonly evaluation?: Evaluation;
}

interface Candidate {
  readonly layer: Layer;
  readonly inputs: number;
  readonly units: number;
  readonly factors: Factors;
}

/**
 * Replaces dense layers [inputs, units] by two of rank r, [inputs, r] and [r, units], by the best approximation of that rank. Unless a
 * rank is given, a layer stays as it is where r · (inputs + units) is not below inputs · units.
 * @throws CompressionError COMPRESSION_OPTION, COMPRESSION_LAYER; with `training` as `train`
 */
export async function factorizeDense(model: LayersModel, options: FactorizeOptions = {}): Promise<CompressedModel> {
  checkOptions("factorizeDense", options, ["rank", "energy", "validation", "layers", "training", "evaluation"]);
  const { rank, energy = 0.9, validation, layers, training, evaluation } = options;
  if (rank !== undefined) checkNumber("rank", rank, 1, Number.MAX_SAFE_INTEGER, true);
  checkNumber("energy", energy, Number.MIN_VALUE, 1);
  if ([rank, options.energy, validation].filter((choice) => choice !== undefined).length > 1)
    throw new CompressionError("COMPRESSION_OPTION", "Give one of rank, energy and validation.");
  const whole = await copyModel(model);
  try {
    const candidates = candidatesOf(whole, layers);
    const ranks = new Map<string, number>();
    if (validation !== undefined) await searchRanks(whole, candidates, validation, ranks);
    else
      for (const candidate of candidates) {
        const { inputs, units, layer, factors } = candidate;
        const r = Math.min(rank ?? rankOfEnergy(factors.singularValues, energy), inputs, units);
        if (rank !== undefined || saves(candidate, r)) ranks.set(layer.name, r);
      }
    const made = await withRanks(whole, candidates, ranks);
    if (training !== undefined) await retrain(made, training);
    const done = Object.fromEntries(
      candidates.map(({ layer, inputs, units }) => {
        const r = ranks.get(layer.name);
        const text =
          r === undefined ? `left as it is: [${inputs}, ${units}]` : `rank ${r} of ${Math.min(inputs, units)}`;
        return [layer.name, text];
      }),
    );
    return await compressed(model, made, evaluation, { layers: done });
  } finally {
    whole.dispose();
  }
}

const saves = ({ inputs, units }: Candidate, rank: number): boolean => rank * (inputs + units) < inputs * units;

function candidatesOf(model: LayersModel, names: readonly string[] | undefined): readonly Candidate[] {
  const dense = model.layers.filter((layer) => layer.getClassName() === "Dense" && isUsedOnce(layer));
  const found = dense.map(({ name }) => name);
  const odd = names?.find((name) => !found.includes(name));
  if (odd !== undefined || dense.length === 0)
    throw new CompressionError(
      "COMPRESSION_LAYER",
      `${odd === undefined ? "There is no dense layer" : `"${odd}" is no dense layer`} that could be factorised in model ${model.name}; there are: ${found.join(", ") || "none"}.`,
    );
  return dense
    .filter(({ name }) => names === undefined || names.includes(name))
    .map((layer) => {
      const kernel = layer.weights[0]!.read() as tf.Tensor;
      const [inputs, units] = kernel.shape as [number, number];
      return { layer, inputs, units, factors: factorsOf(kernel.dataSync(), inputs, units) };
    })
    .filter(({ inputs, units }) => Math.min(inputs, units) > 1);
}

function isUsedOnce(layer: Layer): boolean {
  return new Set(layer.inboundNodes.map(({ inputTensors }) => inputTensors.map(({ id }) => id).join())).size <= 1;
}

/** For each layer in turn the least rank that the score allows, by halving. */
async function searchRanks(
  model: LayersModel,
  candidates: readonly Candidate[],
  { data, tolerance }: NonNullable<FactorizeOptions["validation"]>,
  ranks: Map<string, number>,
): Promise<void> {
  checkNumber("validation.tolerance", tolerance, 0, Number.MAX_VALUE);
  const least = (await scoreOf(model, data)) - tolerance;
  for (const candidate of candidates) {
    const { name } = candidate.layer;
    const { inputs, units } = candidate;
    // From the largest rank that saves anything downwards.
    let high = Math.ceil((inputs * units) / (inputs + units)) - 1;
    let low = 1;
    let best: number | undefined;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const tried = await withRanks(model, candidates, new Map([...ranks, [name, middle]]));
      const score = await scoreOf(tried, data);
      tried.dispose();
      if (score >= least) {
        best = middle;
        high = middle - 1;
      } else low = middle + 1;
    }
    if (best !== undefined) ranks.set(name, best);
  }
}

async function withRanks(
  model: LayersModel,
  candidates: readonly Candidate[],
  ranks: ReadonlyMap<string, number>,
): Promise<LayersModel> {
  const weights = new Map<string, readonly tf.Tensor[]>();
  const made: tf.Tensor[] = [];
  for (const { layer, inputs, units, factors } of candidates) {
    const rank = ranks.get(layer.name);
    if (rank === undefined) continue;
    const [left, right] = [
      tf.tensor(factors.left(rank), [inputs, rank]),
      tf.tensor(factors.right(rank), [rank, units]),
    ];
    made.push(left, right);
    weights.set(firstName(layer.name), [left]);
    weights.set(layer.name, [right, ...layer.getWeights().slice(1)]);
  }
  try {
    return await rebuildModel(model, (list) => list.flatMap((layer) => factorised(layer, ranks)), weights);
  } finally {
    tf.dispose(made);
  }
}

const firstName = (name: string): string => `${name}_factor`;

/** The second factor takes the layer's name, bias and activation, so that what follows finds it in its place. */
function factorised(layer: LayerDescription, ranks: ReadonlyMap<string, number>): readonly LayerDescription[] {
  const { name } = layer.config;
  const rank = ranks.get(name);
  if (rank === undefined) return [layer];
  const first = firstName(name);
  const linear = { name: first, units: rank, use_bias: false, activation: "linear", bias_regularizer: null };
  const { batch_input_shape: given, ...rest } = layer.config;
  const inbound = layer.inbound_nodes;
  const isGraph = inbound !== undefined;
  return [
    {
      ...layer,
      ...(layer.name === undefined ? {} : { name: first }),
      config: { ...layer.config, ...linear, activity_regularizer: null },
    },
    {
      ...layer,
      config: isGraph || given === undefined ? layer.config : { ...rest, name },
      ...(isGraph ? { inbound_nodes: inbound.map(() => [[first, 0, 0, {}] as const]) } : {}),
    },
  ];
}
