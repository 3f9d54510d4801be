import {
  type Dataset,
  datasetFromTable,
  type Features,
  randomSplit,
  readCsv,
  selectRows,
  splitByNames,
  standardise,
  textsOf,
} from "../../src/data/index.ts";
import { Rng } from "../../src/index.ts";
import { SENSORS } from "./failure.ts";

/** Rows that are as they should be, to learn from and to set a threshold by, and others to judge by. */
export interface OneClass {
  readonly train: Features;
  readonly validation: Features;
  readonly test: Features;
  /** 1 for each test row that is an anomaly. */
  readonly truth: Float64Array;
  /** What kind of anomaly each test row is, where there are several; "" for none. */
  readonly kinds?: readonly string[];
}

function readings(): Readonly<Record<"train" | "test", Dataset>> {
  const table = readCsv(new URL("./maintenance.csv", import.meta.url));
  const all = datasetFromTable(table, { target: "broken", features: SENSORS });
  return splitByNames(all, textsOf(table, "split"), ["train", "test"]);
}

function rowsOf(data: Dataset, holds: (label: number) => boolean): Dataset {
  return selectRows(
    data,
    [...data.y.keys()].filter((row) => holds(data.y[row]!)),
  );
}

/** Sensor readings of machines that are not broken; those of broken ones are the anomalies. */
export function brokenMachines(seed: number): OneClass {
  const { train, test } = readings();
  const good = randomSplit(
    rowsOf(train, (label) => label === 0),
    { train: 0.75, validation: 0.25 },
    { seed },
  );
  return { ...good, test, truth: test.y };
}

const FAULTS = ["drift", "spike", "swap"] as const;
const FAULTY_OF_EACH = 30;

/** The same readings; the anomalies are 90 test rows with a made-up fault, drawn by the seed. */
export function faultySensors(seed: number): OneClass {
  const { train, test } = readings();
  const good = randomSplit(train, { train: 0.75, validation: 0.25 }, { seed });
  return { ...good, ...withFaults(test, train, seed) };
}

/**
 * Puts faults into rows. Drift: one sensor is off by 1 to 4 standard deviations (of the training rows), the more the later. Spike: one is
 * off by 5. Swap: two sensors next to each other report in each other's place. Sensor and direction are drawn.
 */
export function withFaults(
  rows: Features,
  train: Features,
  seed: number,
): Required<Pick<OneClass, "test" | "truth" | "kinds">> {
  const rng = Rng.seed(seed).fork("faults");
  const scaler = standardise().fit(train);
  const { numRows, numFeatures } = rows;
  const z = scaler.transform(rows).x.slice();
  const swapped = new Map<number, number>();
  const truth = new Float64Array(numRows);
  const kinds = Array<string>(numRows).fill("");
  const chosen = rng.permutation(numRows).subarray(0, FAULTS.length * FAULTY_OF_EACH);
  for (const [i, row] of chosen.entries()) {
    const [kind, place] = [FAULTS[Math.floor(i / FAULTY_OF_EACH)]!, i % FAULTY_OF_EACH];
    const sensor = rng.integer(numFeatures);
    const off = kind === "spike" ? 5 : kind === "drift" ? 1 + (3 * place) / (FAULTY_OF_EACH - 1) : 0;
    z[row * numFeatures + sensor]! += rng.uniform() < 0.5 ? off : -off;
    if (kind === "swap") swapped.set(row, sensor);
    truth[row] = 1;
    kinds[row] = kind;
  }
  const x = scaler.inverse({ ...rows, x: z }).x.slice();
  for (const [row, sensor] of swapped) {
    const [a, b] = [row * numFeatures + sensor, row * numFeatures + ((sensor + 1) % numFeatures)];
    [x[a], x[b]] = [x[b]!, x[a]!];
  }
  const { featureNames } = rows;
  return { test: { x, numRows, numFeatures, featureNames }, truth, kinds };
}

/** Chemical analyses of wines of one cultivar, split anew by the seed; wines of two other cultivars are the anomalies. */
export function otherWines(seed: number): OneClass {
  const table = readCsv(new URL("./wine.csv", import.meta.url));
  const all = datasetFromTable(table, { target: "label", exclude: ["split"] });
  const own = randomSplit(
    rowsOf(all, (label) => label === 1),
    { train: 0.5, validation: 0.2, test: 0.3 },
    { seed },
  );
  const others = rowsOf(all, (label) => label !== 1);
  const { numFeatures, featureNames } = all;
  const numRows = own.test.numRows + others.numRows;
  const test = { x: Float64Array.of(...own.test.x, ...others.x), numRows, numFeatures, featureNames };
  return { ...own, test, truth: Float64Array.from({ length: numRows }, (_, row) => Number(row >= own.test.numRows)) };
}
