import { type Dataset, datasetFromTable, readCsv, selectRows } from "../../src/data/index.ts";

export const iris = datasetFromTable(readCsv(new URL("../fixtures/data/iris.csv", import.meta.url)), {
  target: "label",
  exclude: ["split"],
});

export function irisRows(keep: (row: number) => boolean): Dataset {
  return selectRows(iris, [...Array(iris.numRows).keys()].filter(keep));
}

/** Each row whose number `every` divides to train on, and the others. */
export function irisParts(every: number): { readonly train: Dataset; readonly held: Dataset } {
  return { train: irisRows((row) => row % every === 0), held: irisRows((row) => row % every !== 0) };
}
