import { Rng } from "../../circuits/index.ts";
import { DataError } from "../errors.ts";
import type { Dataset } from "./dataset.ts";
import { checkOptions } from "./options.ts";

/** Some rows of a dataset, copied. */
export interface Batch {
  /** [numRows, numFeatures], row-major. */
  readonly x: Float64Array;
  /** [numRows] */
  readonly y: Float64Array;
  readonly numRows: number;
  /** The rows' positions in the dataset. */
  readonly rows: Int32Array;
}

export interface BatchOptions {
  readonly batchSize: number;
  /** Required to shuffle: order depends on `seed` and `epoch` alone, so any epoch can be replayed by itself. */
  readonly seed?: number;
  /** From 0. */
  readonly epoch?: number;
  /** True by default. */
  readonly shuffle?: boolean;
  /** Leaves out a last batch that is smaller than the others. */
  readonly dropRemainder?: boolean;
}

/**
 * One epoch as batches: every row exactly once (but for a dropped remainder).
 * @throws DataError DATA_BATCH_SIZE, DATA_BATCH_SEED
 */
export function* batches(source: Dataset, options: BatchOptions): Generator<Batch, void, undefined> {
  checkOptions("batches", options, ["batchSize", "seed", "epoch", "shuffle", "dropRemainder"]);
  const { batchSize, seed, epoch = 0, shuffle = true, dropRemainder = false } = options;
  if (!(Number.isSafeInteger(batchSize) && batchSize >= 1))
    throw new DataError("DATA_BATCH_SIZE", `A batch has 1 row or more, not ${batchSize}.`);
  if (dropRemainder && batchSize > source.numRows)
    throw new DataError("DATA_BATCH_SIZE", `No batch of ${batchSize} rows can be made of ${source.numRows} row(s).`);
  if (shuffle && seed === undefined)
    throw new DataError("DATA_BATCH_SEED", "Shuffling needs a seed; give one, or pass { shuffle: false }.");
  const order = shuffle
    ? Rng.seed(seed!).fork("batches", epoch).permutation(source.numRows)
    : Int32Array.from({ length: source.numRows }, (_, i) => i);
  const { numFeatures } = source;
  for (let start = 0; start < source.numRows; start += batchSize) {
    const rows = order.slice(start, start + batchSize);
    if (dropRemainder && rows.length < batchSize) return;
    const x = new Float64Array(rows.length * numFeatures);
    const y = new Float64Array(rows.length);
    for (const [i, row] of rows.entries()) {
      x.set(source.x.subarray(row * numFeatures, (row + 1) * numFeatures), i * numFeatures);
      y[i] = source.y[row]!;
    }
    yield { x, y, numRows: rows.length, rows };
  }
}
