import "@tensorflow/tfjs-backend-cpu";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, type LayersModel, layers, sequential } from "@tensorflow/tfjs-layers";
import { Rng } from "../circuits/index.ts";
import { loadDigits } from "../examples/digits/data.ts";
import { buildModel } from "../examples/digits/models.ts";
import { type Dataset, selectRows } from "../src/data/index.ts";
import { quantizeNetwork } from "../src/index.ts";
import {
  type CompressedModel,
  distill,
  factorizeDense,
  pruneUnits,
  pruneWeights,
  quantizeModel,
  readNetwork,
  train,
} from "../src/tfjs.ts";
import type { BenchOptions } from "./arguments.ts";
import { fillTable } from "./page-table.ts";
import { saveResults, table } from "./report.ts";

const SEEDS = [0, 1, 2, 3, 4];
const EPOCHS = 8;

interface Found {
  readonly parameters: number;
  readonly bytes: number;
  readonly accuracy: number;
}

/**
 * What each way of compressing leaves of a 64-64-10 net on the digits, and of the hybrid model by distillation: mean over five seeds of weights and
 * order. Ranks are chosen on rows that are held out of the training rows; the test rows decide nothing.
 */
export async function runCompression({ only }: BenchOptions): Promise<void> {
  tf.enableProdMode();
  setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm")))}/`);
  await tf.setBackend("wasm");
  const { train: all, test } = loadDigits();
  const order = Rng.seed("held out").permutation(all.numRows);
  const held = selectRows(all, order.subarray(0, 200));
  const rows = selectRows(all, order.subarray(200));
  const found = new Map<string, Found[]>();
  for (const seed of SEEDS)
    for (const [name, measure] of await studies(rows, held, test, seed)) {
      if (only !== undefined && !name.includes(only) && name !== "trained") continue;
      const { parameters, bytes, accuracy } = await measure();
      found.set(name, [...(found.get(name) ?? []), { parameters, bytes, accuracy: accuracy! }]);
    }
  const lines = [...found].map(([name, list]) => {
    const mean = (of: (one: Found) => number): number => list.reduce((sum, one) => sum + of(one), 0) / list.length;
    const accuracy = mean((one) => one.accuracy);
    const spread = Math.sqrt(list.reduce((sum, one) => sum + (one.accuracy - accuracy) ** 2, 0) / (list.length - 1));
    return { name, parameters: mean((one) => one.parameters), bytes: mean((one) => one.bytes), accuracy, spread };
  });
  const head = ["model", "parameters", "bytes", "test accuracy, %"];
  const cells = lines.map(({ name, parameters, bytes, accuracy, spread }) => [
    name,
    parameters.toFixed(0),
    bytes.toFixed(0),
    `${(100 * accuracy).toFixed(1)} ± ${(100 * spread).toFixed(1)}`,
  ]);
  console.log(table(head, cells));
  if (only !== undefined) return;
  saveResults("compression", { seeds: SEEDS.length, rows: lines });
  fillTable("compression.md", "compression", head, cells);
}

type Measure = () => Promise<{ readonly parameters: number; readonly bytes: number; readonly accuracy?: number }>;

async function studies(
  rows: Dataset,
  held: Dataset,
  test: Dataset,
  seed: number,
): Promise<readonly (readonly [name: string, measure: Measure])[]> {
  const model = await trained(rows, seed);
  const training = (epochs = EPOCHS) =>
    ({ data: rows, optimizer: tf.train.adam(0.003), loss: "categoricalCrossentropy", epochs, seed }) as const;
  const after = (made: Promise<CompressedModel>) => made.then(({ report }) => report.after);
  const calibration = tf.tensor(Float32Array.from(rows.x.subarray(0, 64 * 512)), [512, 64]);
  const list: [string, Measure][] = [
    ["trained", async () => (await pruneWeights(model, { sparsity: 0, evaluation: test })).report.before],
    ["int8, run in integers", async () => inIntegers(model, rows, test)],
  ];
  for (const bits of [8, 4, 3, 2]) {
    const options = { weightBits: bits, activationBits: bits, calibration, evaluation: test };
    list.push([`${bits} bits`, () => after(quantizeModel(model, options))]);
    if (bits < 8)
      list.push([`${bits} bits, trained`, () => after(quantizeModel(model, { ...options, training: training() }))]);
  }
  for (const sparsity of [0.8, 0.9]) {
    const options = { sparsity, evaluation: test };
    list.push([`${100 * sparsity} % zeros`, () => after(pruneWeights(model, options))]);
    list.push([
      `${100 * sparsity} % zeros, trained`,
      () => after(pruneWeights(model, { ...options, training: training() })),
    ]);
  }
  for (const importance of ["l2", "taylor"] as const)
    for (const ratio of [0.5, 0.75])
      list.push([
        `${100 * ratio} % of units gone by ${importance}, trained`,
        () => after(pruneUnits(model, { ratio, importance, evaluation: test, training: training(5) })),
      ]);
  list.push([
    "ranks by held-out rows",
    () => after(factorizeDense(model, { validation: { data: held, tolerance: 0.005 }, evaluation: test })),
  ]);
  list.push([
    "units halved, then 80 % zeros, then 4 bits, trained each time",
    async () => {
      const units = await pruneUnits(model, { ratio: 0.5, training: training(5) });
      const zeros = await pruneWeights(units.model, { sparsity: 0.8, training: training() });
      return after(quantizeModel(zeros.model, { weightBits: 4, activationBits: 4, calibration, evaluation: test }));
    },
  ]);
  for (const name of ["hybrid", "same without the circuit"] as const) {
    const lesson = () => ({ data: rows, optimizer: tf.train.adam(0.05), epochs: 15, seed });
    for (const alpha of [0, 0.7])
      list.push([
        `${name}, ${alpha === 0 ? "taught by targets alone" : "distilled"}`,
        () => after(distill(model, buildModel(name, seed), { alpha, training: lesson(), evaluation: test })),
      ]);
  }
  return list;
}

async function trained(rows: Dataset, seed: number): Promise<LayersModel> {
  const seeded = (index: number) => initializers.glorotUniform({ seed: 1 + 10 * seed + index });
  const model = sequential({
    layers: [
      layers.dense({ inputShape: [64], units: 64, activation: "relu", kernelInitializer: seeded(1) }),
      layers.dense({ units: 10, activation: "softmax", kernelInitializer: seeded(2) }),
    ],
  });
  const options = { optimizer: tf.train.adam(0.005), loss: "categoricalCrossentropy", epochs: 25, seed };
  await train(model, rows, options);
  return model;
}

function inIntegers(model: LayersModel, rows: Dataset, test: Dataset): Found {
  const small = quantizeNetwork(readNetwork(model), { calibration: rows.x.slice(0, 64 * 512) });
  const made = small.predict(test.x);
  let right = 0;
  for (let row = 0; row < test.numRows; row++) {
    const scores = made.subarray(10 * row, 10 * row + 10);
    if (scores.indexOf(Math.max(...scores)) === test.y[row]) right++;
  }
  return { parameters: model.countParams(), bytes: small.bytes, accuracy: right / test.numRows };
}
