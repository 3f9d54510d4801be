import "@tensorflow/tfjs-backend-cpu";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, type LayersModel, layers, sequential } from "@tensorflow/tfjs-layers";
import { loadDigits } from "../examples/digits/data.ts";
import { quantizeNetwork } from "../src/compute/int8/index.ts";
import { readNetwork } from "../src/compute/tensorflow-network.ts";
import { oneHot } from "../src/data/index.ts";
import * as metrics from "../src/metrics/index.ts";
import { train } from "../src/tfjs.ts";
import type { BenchOptions } from "./arguments.ts";
import { fillTable } from "./page-table.ts";
import { duration, median, saveResults, table } from "./report.ts";

const CLASSES = 10;
const BATCHES = [1, 32, 256] as const;
const CALIBRATION_ROWS = 512;

interface Part {
  readonly x: Float32Array;
  readonly y: ArrayLike<number>;
  readonly rows: number;
}

/** A net, and the size to which the 8×8 digits are brought for it. */
interface Net {
  readonly name: string;
  readonly side: number;
  readonly shape: readonly number[];
  readonly epochs: number;
  layers(seeded: (seed: number) => ReturnType<typeof initializers.glorotUniform>): readonly layers.Layer[];
}

const NETS: readonly Net[] = [
  {
    name: "64-64-10",
    side: 8,
    shape: [64],
    epochs: 25,
    layers: (seeded) => [
      layers.dense({ inputShape: [64], units: 64, activation: "relu", kernelInitializer: seeded(1) }),
      layers.dense({ units: CLASSES, activation: "softmax", kernelInitializer: seeded(2) }),
    ],
  },
  {
    name: "784-128-10",
    side: 28,
    shape: [784],
    epochs: 10,
    layers: (seeded) => [
      layers.dense({ inputShape: [784], units: 128, activation: "relu", kernelInitializer: seeded(1) }),
      layers.dense({ units: CLASSES, activation: "softmax", kernelInitializer: seeded(2) }),
    ],
  },
  {
    name: "CNN 8-16",
    side: 8,
    shape: [8, 8, 1],
    epochs: 8,
    layers: (seeded) => [
      layers.conv2d({
        inputShape: [8, 8, 1],
        filters: 8,
        kernelSize: 3,
        padding: "same",
        activation: "relu",
        kernelInitializer: seeded(1),
      }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 16, kernelSize: 3, padding: "same", activation: "relu", kernelInitializer: seeded(2) }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: CLASSES, activation: "softmax", kernelInitializer: seeded(3) }),
    ],
  },
];

/** Int8 inference beside TensorFlow.js's wasm backend on the same nets and rows, in turns; and what accuracy it keeps. */
export async function runInt8({ rounds, slice, only, batch }: BenchOptions): Promise<void> {
  tf.enableProdMode();
  setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm")))}/`);
  const cases: object[] = [];
  const lines: string[][] = [];
  for (const net of NETS.filter(({ name }) => only === undefined || name.includes(only))) {
    const parts = dataOf(net.side);
    // The wasm backend has no gradients of convolutions.
    await tf.setBackend("cpu");
    const model = await trained(net, parts.train);
    const calibration = parts.train.x.subarray(0, CALIBRATION_ROWS * net.side ** 2);
    const int8 = quantizeNetwork(readNetwork(model), { calibration, method: "mse" });
    const weights = model.getWeights().map((weight) => [weight.shape, weight.dataSync()] as const);
    await tf.setBackend("wasm");
    const fast = sequential({ layers: [...net.layers((seed) => initializers.glorotUniform({ seed }))] });
    fast.setWeights(weights.map(([shape, values]) => tf.tensor(values, shape)));
    const accuracy = {
      float: accuracyOf(predictWith(fast, net, parts.test.x, parts.test.rows), parts.test),
      int8: accuracyOf(int8.predict(parts.test.x), parts.test),
    };
    const bytes = { float: 4 * fast.countParams(), int8: int8.bytes };
    for (const rows of BATCHES.filter((rows) => batch.length === 0 || batch.includes(rows))) {
      const x = parts.train.x.slice(0, rows * net.side ** 2);
      const sides = [() => void int8.predict(x), () => void predictWith(fast, net, x, rows)];
      const seconds = inTurns(sides, rounds, slice);
      const [ours, theirs] = seconds.map((took) => ({
        median: median(took),
        best: took.reduce((a, b) => Math.min(a, b)),
      }));
      const ratio = { median: theirs!.median / ours!.median, best: theirs!.best / ours!.best };
      cases.push({ net: net.name, batch: rows, lepton: ours, tensorflow: theirs, ratio, accuracy, bytes });
      lines.push([
        net.name,
        String(rows),
        duration(ours!.median),
        duration(theirs!.median),
        `${ratio.median.toFixed(1)}x`,
        `${ratio.best.toFixed(1)}x`,
        (100 * accuracy.float).toFixed(2),
        (100 * accuracy.int8).toFixed(2),
        String(bytes.float),
        String(bytes.int8),
      ]);
    }
  }
  const head = [
    "net",
    "rows",
    "int8",
    "TensorFlow.js wasm",
    "ratio",
    "of least",
    "test f32, %",
    "int8, %",
    "bytes f32",
    "int8",
  ];
  console.log(table(head, lines));
  if (only !== undefined || batch.length > 0) return;
  saveResults("int8", { tensorflow: tf.version_core, cases });
  fillTable("compression.md", "int8", head, lines);
}

/** Digits of another size by their nearest pixels. */
function dataOf(side: number): { readonly train: Part; readonly test: Part } {
  const { train, test } = loadDigits();
  const part = ({ x, y, numRows }: typeof train): Part => {
    const pixels = side ** 2;
    const values = Float32Array.from({ length: numRows * pixels }, (_, i) => {
      const [row, pixel] = [Math.floor(i / pixels), i % pixels];
      const [v, h] = [Math.floor((Math.floor(pixel / side) * 8) / side), Math.floor(((pixel % side) * 8) / side)];
      return x[row * 64 + v * 8 + h]!;
    });
    return { x: values, y, rows: numRows };
  };
  return { train: part(train), test: part(test) };
}

async function trained(net: Net, { x, y, rows }: Part): Promise<LayersModel> {
  const model = sequential({ layers: [...net.layers((seed) => initializers.glorotUniform({ seed }))] });
  const data = {
    x: tf.tensor(x, [rows, ...net.shape]),
    y: tf.tensor(Float32Array.from(oneHot(y, CLASSES)), [rows, CLASSES]),
  };
  await train(model, data, { optimizer: tf.train.adam(0.005), loss: "categoricalCrossentropy", epochs: net.epochs });
  return model;
}

function predictWith(model: LayersModel, { shape }: Net, x: Float32Array, rows: number): Float32Array {
  return tf.tidy(
    () => (model.predict(tf.tensor(x, [rows, ...shape]), { batchSize: rows }) as tf.Tensor).dataSync() as Float32Array,
  );
}

function accuracyOf(outputs: Float32Array, { y }: Part): number {
  return metrics.accuracy(y, metrics.predictedClasses(outputs, CLASSES));
}

/** Seconds of each run of each side, in `rounds` turns of `slice` seconds; each side has run once before. */
function inTurns(sides: readonly (() => void)[], rounds: number, slice: number): readonly (readonly number[])[] {
  for (const run of sides) run();
  const took = sides.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, run] of sides.entries()) {
      const end = performance.now() + 1000 * slice;
      do {
        const begin = performance.now();
        run();
        took[i]!.push((performance.now() - begin) / 1000);
      } while (performance.now() < end);
    }
  return took;
}
