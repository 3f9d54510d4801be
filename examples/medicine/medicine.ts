import "@tensorflow/tfjs-backend-cpu";
import {
  crossValidate,
  type Dataset,
  datasetFromTable,
  fromArrays,
  kFold,
  minMax,
  pca,
  pipeline,
  randomSplit,
  readCsv,
  standardise,
} from "../../src/data/index.ts";
import { connection, engine, type LeptonEngine, perception, quantumLayer } from "../../src/index.ts";
import {
  type Classification,
  fitEncoding,
  fitKernel,
  type Kernel,
  supportVectorClassifier,
} from "../../src/kernels/index.ts";

export type Split = Readonly<Record<"train" | "test", Dataset>>;

/** How long and how carefully to train. */
export interface Effort {
  readonly steps: number;
  readonly folds: number;
  /** Features are stretched to ±range, radians. */
  readonly ranges: readonly number[];
  readonly bandwidths: readonly number[];
}

/** 569 tumours, 30 measures of each; malignant ones are class 1. Split 70/30 by the seed, each class in its share. */
export function loadTumours(seed: number): Split {
  const table = readCsv(new URL("./breast-cancer.csv", import.meta.url));
  const { x, y, numRows, numFeatures, featureNames } = datasetFromTable(table, { target: "label", exclude: ["split"] });
  const rows = Array.from({ length: numRows }, (_, row) => x.subarray(row * numFeatures, (row + 1) * numFeatures));
  const kinds = Array.from(y, (label) => (label === 1 ? "benign" : "malignant"));
  const all = fromArrays(rows, kinds, { featureNames, targetName: "tumour", classes: ["benign", "malignant"] });
  return randomSplit(all, { train: 0.7, test: 0.3 }, { seed, stratified: true });
}

const QUBITS = 4;

/** Four principal components as angles, two strongly entangling layers, and a softmax over the four expectation values. */
export function variational(data: Split, range: number, steps: number, seed: number): LeptonEngine {
  return engine({
    name: "tumours",
    data,
    features: [standardise(), pca({ numComponents: QUBITS }), minMax({ range: [-range, range] })],
    quantum: quantumLayer({
      qubits: QUBITS,
      perception: perception.angle({ rotation: "Y" }),
      connection: connection.stronglyEntangling({ layers: 2 }),
      initializer: { type: "gaussian", std: 0.1 },
      seed,
    }),
    optimize: { learningRate: 0.05, steps, batchSize: 32 },
    seed,
  });
}

/** The range of angles with the best mean accuracy over folds of the training rows; test rows are not looked at. */
export async function chooseRange({ train }: Split, { ranges, folds, steps }: Effort, seed: number): Promise<number> {
  let best = { range: ranges[0]!, accuracy: -1 };
  for (const range of ranges) {
    let accuracy = 0;
    for (const fold of crossValidate(train, kFold(train, { folds, stratified: true, seed }))) {
      const trained = variational({ train: fold.train, test: fold.validation }, range, Math.ceil(steps / 2), seed);
      await trained.train();
      accuracy += (await trained.evaluate("test")).metrics.accuracy! / folds;
      trained.dispose();
    }
    if (accuracy > best.accuracy) best = { range, accuracy };
  }
  return best.range;
}

/** Test rows classified, and what cross-validation chose. */
export type KernelOutcome = { readonly result: Classification; readonly chosen: string } & Costs;
type Costs = { readonly executions: number; readonly params: number };

/** A support vector machine on the fidelity kernel of a feature map; map, bandwidth and C by cross-validation on the training rows. */
export async function quantumKernelMachine(
  { train, test }: Split,
  effort: Effort,
  seed: number,
): Promise<KernelOutcome> {
  const candidates = { qubits: [QUBITS], bandwidths: effort.bandwidths };
  const { chosen, encoder, executions } = await fitEncoding(train, { candidates, folds: effort.folds, seed });
  const machine = await encoder.classifier({ probability: true, seed }).fit(encoder.encode(train));
  const result = await machine.classify(encoder.encode(test));
  return {
    result,
    chosen: `${chosen.featureMap} map, bandwidth ${chosen.bandwidth}, C ${chosen.C}`,
    executions: executions + machine.costs.executions + result.executions,
    params: machine.support.numRows + 1,
  };
}

/** The same on a classical kernel, of as many principal components or, without a number, of all measures. */
export async function classicalKernelMachine(
  { train, test }: Split,
  kernels: Readonly<Record<string, Kernel>>,
  components: number | undefined,
  { folds }: Effort,
  seed: number,
): Promise<KernelOutcome> {
  const reduce = components === undefined ? [] : [pca({ numComponents: components })];
  const preprocessing = pipeline([standardise(), ...reduce]);
  const { chosen, transform } = await fitKernel(train, { kernels, preprocessing, folds, seed });
  const settings = { kernel: kernels[chosen.kernel]!, C: chosen.C, probability: true, seed };
  const machine = await supportVectorClassifier(settings).fit(transform!.transform(train));
  const result = await machine.classify(transform!.transform(test));
  return { result, chosen: `${chosen.kernel}, C ${chosen.C}`, executions: 0, params: machine.support.numRows + 1 };
}
