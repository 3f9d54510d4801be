import { describe, expect, test } from "vitest";
import {
  type Dataset,
  datasetFromTable,
  pca,
  pipeline,
  randomSplit,
  readCsv,
  standardise,
  type Transform,
} from "../../../src/data/index.ts";
import {
  fitEncoding,
  fitKernel,
  linearKernel,
  rbfKernel,
  supportVectorClassifier,
} from "../../../src/kernels/index.ts";
import { perception } from "../../../src/layers/index.ts";
import { accuracy, meanAndSpread } from "../../../src/metrics/index.ts";

const table = readCsv(new URL("../../../examples/medicine/breast-cancer.csv", import.meta.url));
const rows = datasetFromTable(table, { target: "label", exclude: ["split"] });
const candidates = { qubits: [4], bandwidths: [0.05, 0.1, 0.2, 0.4], C: [1, 10, 100] } as const;
const reduced = pipeline([standardise(), pca({ numComponents: 4 })]);
const classical = {
  linear: linearKernel(),
  rbf: rbfKernel(),
  ...Object.fromEntries([0.003, 0.01, 0.03, 0.1].map((gamma) => [`rbf ${gamma}`, rbfKernel({ gamma })])),
};

/** Class of each held row by what was chosen and learned on training rows alone. */
type Predict = (train: Dataset, held: Dataset, seed: number) => Promise<Float64Array>;

const byEncoding =
  (tried: object): Predict =>
  async (train, held, seed) => {
    const { encoder } = await fitEncoding(train, { candidates: { ...candidates, ...tried }, seed });
    const classifier = await encoder.classifier().fit(encoder.encode(train));
    return classifier.predict(encoder.encode(held));
  };
const byClassicalKernel =
  (preprocessing: Transform): Predict =>
  async (train, held, seed) => {
    const { chosen, transform } = await fitKernel(train, { kernels: classical, C: candidates.C, preprocessing, seed });
    const options = { kernel: classical[chosen.kernel as keyof typeof classical], C: chosen.C };
    const classifier = await supportVectorClassifier(options).fit(transform!.transform(train));
    return classifier.predict(transform!.transform(held));
  };

// docs/kernels.md tells these figures.
describe("breast cancer, five splits, everything chosen by cross-validation on training rows alone", () => {
  test.each<readonly [string, Predict, number]>([
    ["quantum kernel on 4 components, angle or ZZ encoding", byEncoding({}), 0.92],
    ["quantum kernel on 4 components, ZZ encoding", byEncoding({ featureMaps: { zz: perception.zz() } }), 0.92],
    ["classical kernel on 4 components", byClassicalKernel(reduced), 0.92],
    ["classical kernel on all 30 features", byClassicalKernel(standardise()), 0.95],
  ])(
    "%s",
    async (what, predict, least) => {
      const accuracies: number[] = [];
      for (let seed = 0; seed < 5; seed++) {
        const { train, test: held } = randomSplit(rows, { train: 0.7, test: 0.3 }, { seed, stratified: true });
        accuracies.push(accuracy(held.y, await predict(train, held, seed)));
      }
      const { mean, spread } = meanAndSpread(accuracies);
      console.info(`${what}: ${mean.toFixed(4)} ± ${spread!.toFixed(4)}`);
      expect(mean).toBeGreaterThanOrEqual(least);
    },
    180_000,
  );
});
