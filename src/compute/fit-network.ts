import { Rng } from "../../circuits/index.ts";
import { ComputeError } from "../errors.ts";
import type { CompiledNetwork } from "./compiled-network.ts";
import { checkCount, checkOptions } from "./options.ts";

/** Rows of numbers, row-major. */
export type NetworkRows = Float32Array | Float64Array;

export interface NetworkData {
  /** [rows, inputSize] */
  readonly x: NetworkRows;
  /** Targets [rows, outputSize], or classes [rows] for sparse cross-entropy. */
  readonly y: NetworkRows | Int32Array;
}

export interface NetworkFitOptions {
  /** Default: 1. */
  readonly epochs?: number;
  /** A new order of rows in every epoch. Default: true. */
  readonly shuffle?: boolean;
  /** Decides the order of rows. Default: 0. */
  readonly seed?: number;
  /** Its loss is told after every epoch. */
  readonly validation?: NetworkData;
  /** Ends after the step at hand. */
  readonly signal?: AbortSignal;
  /** Called, and waited for, after every epoch; the learning rate may be changed there. False ends the training. */
  readonly onEpochEnd?: (report: NetworkEpoch) => unknown;
}

export interface NetworkEpoch {
  /** Counted from 1. */
  readonly epoch: number;
  /** The network's steps so far. */
  readonly steps: number;
  /** Mean over the epoch's rows, each before its step. */
  readonly loss: number;
  readonly validationLoss?: number;
  /** Wall time of the epoch. */
  readonly seconds: number;
}

/** Milliseconds after which other work has its turn. */
const TURN = 20;

/**
 * Trains a compiled network in batches of its `batchSize`; the last one of an epoch may have fewer rows. The same seed, data
 * and first weights give the same bits.
 * @throws ComputeError COMPUTE_OPTION, COMPUTE_ROWS, COMPUTE_TARGET, COMPUTE_NOT_FINITE; the signal's reason
 * @example await fitNetwork(network, { x, y }, { epochs: 20, onEpochEnd: ({ epoch, loss }) => console.log(epoch, loss) });
 */
export async function fitNetwork(
  network: CompiledNetwork,
  data: NetworkData,
  options: NetworkFitOptions = {},
): Promise<readonly NetworkEpoch[]> {
  checkOptions("fitNetwork", options, ["epochs", "shuffle", "seed", "validation", "signal", "onEpochEnd"]);
  const { epochs = 1, shuffle = true, seed = 0, validation, signal, onEpochEnd } = options;
  checkCount("epochs", epochs, 1);
  const { inputSize, targetSize, batchSize } = network;
  if (typeof data?.x?.subarray !== "function" || typeof data.y?.subarray !== "function")
    throw new ComputeError(
      "COMPUTE_ROWS",
      "fitNetwork takes { x, y }, each a Float32Array or the like, row after row.",
    );
  const rows = data.x.length / inputSize;
  if (!Number.isInteger(rows) || rows < 1 || data.y.length !== rows * targetSize)
    throw new ComputeError(
      "COMPUTE_ROWS",
      `x has ${data.x.length} numbers and y ${data.y.length}; a row has ${inputSize} and ${targetSize} of them.`,
    );
  if (network.loss === "sparseCategoricalCrossentropy") checkClasses(data.y, network.outputSize / targetSize);
  const x = new Float32Array(batchSize * inputSize);
  const y = new Float32Array(batchSize * targetSize);
  const rng = Rng.seed(seed);
  const history: NetworkEpoch[] = [];
  let turn = performance.now();
  for (let epoch = 0; epoch < epochs; epoch++) {
    const began = performance.now();
    const order = shuffle ? rng.fork("epoch", epoch).permutation(rows) : undefined;
    let sum = 0;
    for (let first = 0; first < rows; first += batchSize) {
      const count = Math.min(batchSize, rows - first);
      for (let i = 0; i < count; i++) {
        const row = order === undefined ? first + i : order[first + i]!;
        x.set(data.x.subarray(row * inputSize, (row + 1) * inputSize), i * inputSize);
        y.set(data.y.subarray(row * targetSize, (row + 1) * targetSize), i * targetSize);
      }
      signal?.throwIfAborted();
      sum += count * network.trainStep(x.subarray(0, count * inputSize), y.subarray(0, count * targetSize));
      if (performance.now() - turn < TURN) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turn = performance.now();
    }
    const report: NetworkEpoch = {
      epoch: epoch + 1,
      steps: network.steps,
      loss: sum / rows,
      ...(validation === undefined ? {} : { validationLoss: network.evaluate(validation.x, validation.y) }),
      seconds: (performance.now() - began) / 1000,
    };
    history.push(report);
    if ((await onEpochEnd?.(report)) === false) break;
  }
  return history;
}

/** A step would name the row of its batch. */
function checkClasses(targets: ArrayLike<number>, numClasses: number): void {
  for (let row = 0; row < targets.length; row++)
    if (!(Number.isInteger(targets[row]) && targets[row]! >= 0 && targets[row]! < numClasses))
      throw new ComputeError(
        "COMPUTE_TARGET",
        `Target ${row} is ${targets[row]}; a class is an integer from 0 to ${numClasses - 1}.`,
      );
}
