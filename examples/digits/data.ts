import {
  type Dataset,
  datasetFromTable,
  type FittedTransform,
  minMax,
  readCsv,
  splitByNames,
  textsOf,
} from "../../src/data/index.ts";

export interface Digits {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Fitted on the training rows alone. */
  readonly scaler: FittedTransform;
}

/** The table of the digits; where the package is built, data lie beside the module that names them. */
export const DIGITS_FILE = new URL("./digits8x8.csv", import.meta.url);

/** 1,797 digits of 8×8 pixels by their own split, pixels scaled by their range in the training rows. */
export function loadDigits(): Digits {
  const table = readCsv(DIGITS_FILE);
  const parts = splitByNames(datasetFromTable(table, { target: "label" }), textsOf(table, "split"), ["train", "test"]);
  const scaler = minMax().fit(parts.train);
  return { train: scaler.transform(parts.train), test: scaler.transform(parts.test), scaler };
}
