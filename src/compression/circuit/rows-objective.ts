import { Rng } from "../../../circuits/index.ts";
import { type Backend, localSimulator } from "../../../providers/index.ts";
import { CompressionError } from "../../errors.ts";
import { gradientProgram } from "../../gradients/index.ts";
import { adam, type GradientOptimizer } from "../../optimizers/index.ts";
import type { CircuitObjective, RowScore, Score } from "./objective.ts";
import { checkOptions, checkSetting, type TrainedCircuit } from "./trained-circuit.ts";

/** What the outputs of one row are worth. */
export interface RowLoss {
  readonly loss: number;
  /** [K] The slope of the loss in each output. */
  readonly slopes: ArrayLike<number>;
  /** Whether the row is classified right, of losses that classify. */
  readonly correct?: boolean;
}

/** Rows of inputs for a circuit, and what their outputs should be. */
export interface LabelledRows {
  /** [B, D] radians. */
  readonly inputs: Float64Array;
  /** [B] */
  readonly targets: ArrayLike<number>;
}

export interface RowsObjectiveOptions {
  readonly train: LabelledRows;
  /** Rows that are not trained on: compression keeps within its budget on these. */
  readonly validation: LabelledRows;
  /** Of the outputs [K] of one row; the objective is its mean over rows. */
  readonly loss: (outputs: Float64Array, target: number) => RowLoss;
  /** The local simulator by default. */
  readonly provider?: Backend;
  /** `adam({ learningRate: 0.02 })` by default. */
  readonly optimizer?: GradientOptimizer;
  /** Steps of every fine-tuning; 50 by default. */
  readonly steps?: number;
  /** 32 by default. */
  readonly batchSize?: number;
  /** Target standard error of the outputs; 0 is exact, and undefined leaves it to the provider. */
  readonly precision?: number;
  readonly seed?: number;
}

const OPTIONS = "train validation loss provider optimizer steps batchSize precision seed".split(" ");

/**
 * A circuit whose outputs are judged row by row, without classical layers: fine-tuned on batches of training rows in an order
 * that the seed decides, scored on validation rows and on training rows.
 * @throws CompressionError COMPRESSION_OPTION, COMPRESSION_ROWS
 */
export function rowsObjective(options: RowsObjectiveOptions): CircuitObjective {
  checkOptions("rowsObjective", options, OPTIONS);
  const { train, validation, loss, provider = localSimulator(), steps = 50, batchSize = 32, seed = 0 } = options;
  const { optimizer = adam({ learningRate: 0.02 }), precision } = options;
  for (const [name, value] of Object.entries({ steps, batchSize }))
    checkSetting("rowsObjective", name, value, Number.isSafeInteger(value) && value >= 1, "an integer of 1 or more");
  checkSetting("rowsObjective", "loss", loss, typeof loss === "function", "a function of one row's outputs and target");
  const sampled = precision === undefined ? {} : { precision };

  const outputsOf = async (trained: TrainedCircuit, { inputs, targets }: LabelledRows, signal?: AbortSignal) => {
    const rows = rowsOf(trained, { inputs, targets });
    const program = gradientProgram(trained.circuit, trained.observables, {
      provider,
      wants: { weights: false },
      rows,
      ...sampled,
    });
    const point = { weights: trained.weights, inputs, rows };
    const { values } = await program.evaluate(point, { seed, ...(signal === undefined ? {} : { signal }) });
    return { rows, judged: judged(values, targets, rows, loss) };
  };

  return {
    async score(trained, signal): Promise<Score> {
      const training = meanOf((await outputsOf(trained, train, signal)).judged);
      return { ...meanOf((await outputsOf(trained, validation, signal)).judged), training };
    },
    async slopes(trained, signal) {
      const { rows, judged: found } = await outputsOf(trained, train, signal);
      return { inputs: train.inputs, rows, slopes: Float64Array.from(found.flatMap((row) => Array.from(row.slopes))) };
    },
    async fineTune(trained, signal): Promise<TrainedCircuit> {
      const { circuit, observables } = trained;
      if (circuit.numWeights === 0) return trained;
      const rows = rowsOf(trained, train);
      const program = gradientProgram(circuit, observables, { provider, rows: Math.min(batchSize, rows), ...sampled });
      const rng = Rng.seed(seed);
      let weights = trained.weights;
      let state = optimizer.init(weights);
      let order: Int32Array | readonly number[] = [];
      for (let step = 0, at = 0; step < steps; step++, at += batchSize) {
        if (at >= order.length) {
          order = Int32Array.from(rng.fork("order", step).permutation(rows));
          at = 0;
        }
        const chosen = order.slice(at, at + batchSize);
        const inputs = new Float64Array(chosen.length * circuit.numInputs);
        for (const [place, row] of chosen.entries())
          inputs.set(
            train.inputs.subarray(row * circuit.numInputs, (row + 1) * circuit.numInputs),
            place * circuit.numInputs,
          );
        const point = { weights, inputs, rows: chosen.length };
        const evaluation = await program.evaluate(point, {
          seed: rng.fork("step", step).uint32(),
          ...(signal === undefined ? {} : { signal }),
        });
        const targets = Array.from(chosen, (row) => train.targets[row]!);
        const found = judged(evaluation.values, targets, chosen.length, loss);
        const cotangents = Float64Array.from(
          found.flatMap((row) => Array.from(row.slopes, (slope) => slope / chosen.length)),
        );
        ({ weights, state } = optimizer.update(evaluation.pullback(cotangents).weights!, state, weights));
      }
      return { ...trained, weights };
    },
  };
}

function meanOf(found: readonly RowLoss[]): RowScore {
  const loss = found.reduce((sum, row) => sum + row.loss, 0) / found.length;
  if (found.some(({ correct }) => correct === undefined)) return { loss };
  return { loss, accuracy: found.filter(({ correct }) => correct === true).length / found.length };
}

function judged(
  values: Float64Array,
  targets: ArrayLike<number>,
  rows: number,
  loss: RowsObjectiveOptions["loss"],
): readonly RowLoss[] {
  const width = values.length / rows;
  return Array.from({ length: rows }, (_, row) => loss(values.slice(row * width, (row + 1) * width), targets[row]!));
}

/** @throws CompressionError COMPRESSION_ROWS */
function rowsOf({ circuit }: TrainedCircuit, { inputs, targets }: LabelledRows): number {
  const rows = targets?.length ?? 0;
  if (rows >= 1 && inputs instanceof Float64Array && inputs.length === rows * circuit.numInputs) return rows;
  throw new CompressionError(
    "COMPRESSION_ROWS",
    `rowsObjective: ${rows} target(s) need inputs of ${rows} row(s) by ${circuit.numInputs}, a Float64Array of ${rows * circuit.numInputs}, and one row or more; there are ${inputs?.length}.`,
  );
}
