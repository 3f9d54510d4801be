import "@tensorflow/tfjs-backend-cpu";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, type LayersModel, layers, sequential } from "@tensorflow/tfjs-layers";
import { Rng } from "../circuits/index.ts";
import { compileNetwork, layerWeights, numParameters } from "../src/compute/index.ts";
import { readNetwork } from "../src/compute/tensorflow-network.ts";
import type { BenchOptions } from "./arguments.ts";
import { type Measured, measure, ownSide, type PeerSpec, type Side } from "./measure.ts";
import { type Case, duration, saveResults, table } from "./report.ts";

const CLASSES = 10;
const BATCHES = [32, 64] as const;
const RATE = 0.001;
/** Adam's ε of TensorFlow.js, which PyTorch is told. */
const EPSILON = 1e-7;
/** The losses of the first steps, which all sides must find. */
const COMPARED_STEPS = 4;

const TORCH: PeerSpec = {
  id: "torch",
  name: "PyTorch {torch}",
  environment: "torch",
  script: "compute_torch.py",
  // One core beside one core: a second thread gains nothing at these sizes.
  threads: [1],
};

type Seeded = (seed: number) => ReturnType<typeof initializers.glorotUniform>;

const NETS: Readonly<Record<string, (seeded: Seeded) => readonly layers.Layer[]>> = {
  "64-64-10": (seeded) => dense(64, 64, seeded),
  "784-128-10": (seeded) => dense(784, 128, seeded),
  "CNN 8×8": (seeded) => convolutional(8, [8, 16], seeded),
  "CNN 28×28": (seeded) => convolutional(28, [8, 16], seeded),
};

const dense = (inputs: number, units: number, seeded: Seeded): readonly layers.Layer[] => [
  layers.dense({ inputShape: [inputs], units, activation: "relu", kernelInitializer: seeded(1) }),
  layers.dense({ units: CLASSES, activation: "softmax", kernelInitializer: seeded(2) }),
];

/** Two convolutions of 3×3 with a pooling of 2×2 after each. */
const convolutional = (side: number, filters: readonly number[], seeded: Seeded): readonly layers.Layer[] => [
  ...filters.flatMap((count, i) => [
    layers.conv2d({
      ...(i === 0 ? { inputShape: [side, side, 1] } : {}),
      filters: count,
      kernelSize: 3,
      padding: "same",
      activation: "relu",
      kernelInitializer: seeded(i + 1),
    }),
    layers.maxPooling2d({ poolSize: 2 }),
  ]),
  layers.flatten(),
  layers.dense({ units: CLASSES, activation: "softmax", kernelInitializer: seeded(9) }),
];

interface Task {
  readonly model: () => LayersModel;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly batch: number;
}

function taskOf(name: string, batch: number): Task {
  const model = (): LayersModel =>
    sequential({ layers: [...NETS[name]!((seed) => initializers.glorotUniform({ seed }))] });
  const size = readNetwork(model()).inputShape.reduce((product, length) => product * length, 1);
  const rng = Rng.seed(batch);
  const x = Float32Array.from({ length: batch * size }, () => rng.uniform());
  const y = new Float32Array(batch * CLASSES);
  for (let row = 0; row < batch; row++) y[row * CLASSES + rng.integer(CLASSES)] = 1;
  return { model, x, y, batch };
}

function computeSide({ model, x, y, batch }: Task): Side {
  return ownSide("compute unit", () => {
    const network = readNetwork(model());
    const compile = () =>
      compileNetwork(network, {
        batchSize: batch,
        loss: "categoricalCrossentropy",
        optimizer: { name: "adam", learningRate: RATE, epsilon: EPSILON },
      });
    const first = compile();
    const check = Array.from({ length: COMPARED_STEPS }, () => first.trainStep(x, y));
    const compiled = compile();
    return { run: () => void compiled.trainStep(x, y), check: () => check };
  });
}

/** `trainOnBatch`, which `model.fit` calls for each batch, on one of TensorFlow.js's backends. */
async function tensorFlowSide(backend: "wasm" | "cpu", { model, x, y, batch }: Task): Promise<Side> {
  await tf.setBackend(backend);
  const trained = (): { step: () => Promise<number> } => {
    const built = model();
    built.compile({ optimizer: tf.train.adam(RATE, 0.9, 0.999, EPSILON), loss: "categoricalCrossentropy" });
    const tx = tf.tensor(x, [batch, ...(built.inputs[0]!.shape.slice(1) as number[])]);
    const ty = tf.tensor2d(y, [batch, CLASSES]);
    return { step: async () => (await built.trainOnBatch(tx, ty)) as number };
  };
  const first = trained();
  const start = performance.now();
  const check = [await first.step()];
  const firstSeconds = (performance.now() - start) / 1000;
  while (check.length < COMPARED_STEPS) check.push(await first.step());
  const { step } = trained();
  return {
    name: `TensorFlow.js ${tf.version_core}, ${backend}`,
    threads: undefined,
    firstSeconds,
    async take({ seconds, repeats }) {
      await tf.setBackend(backend);
      const took: number[] = [];
      const end = performance.now() + 1000 * seconds;
      do {
        const begin = performance.now();
        await step();
        took.push((performance.now() - begin) / 1000);
      } while (took.length < repeats && performance.now() < end);
      return { seconds: took, check };
    },
    close() {},
  };
}

/** What PyTorch needs to build the same network and take the same steps. */
function torchTask({ model, x, y, batch }: Task): object {
  const network = readNetwork(model());
  return {
    inputShape: network.inputShape,
    batch,
    x: [...x],
    labels: Array.from({ length: batch }, (_, row) => y.subarray(row * CLASSES, (row + 1) * CLASSES).indexOf(1)),
    layers: network.layers.map((layer) => ({
      ...layer,
      ...Object.fromEntries(Object.entries(layerWeights(layer)).map(([weight, values]) => [weight, [...values]])),
    })),
    learningRate: RATE,
    epsilon: EPSILON,
    comparedSteps: COMPARED_STEPS,
  };
}

/** A training step of small networks: forward, softmax cross-entropy, backward, Adam; float32 on all sides. */
export async function runCompute(options: BenchOptions): Promise<void> {
  tf.enableProdMode();
  await tf.setBackend("cpu");
  setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm")))}/`);
  const cases: (Case & { readonly parameters: number })[] = [];
  for (const name of Object.keys(NETS))
    for (const batch of BATCHES) {
      const task = taskOf(name, batch);
      const measured: Measured = {
        workload: "compute",
        name,
        numQubits: 0,
        batch,
        task: torchTask(task),
        peers: [TORCH],
        ours: () => computeSide(task),
        // The wasm backend has no gradient of a convolution.
        otherSides: [() => tensorFlowSide(name.startsWith("CNN") ? "cpu" : "wasm", task)],
        tolerance: 1e-4,
        maxRepeats: 3000,
      };
      if (options.batch.length > 0 && !options.batch.includes(batch)) continue;
      if (options.only !== undefined && !name.includes(options.only)) continue;
      const parameters = readNetwork(task.model()).layers.reduce((sum, layer) => sum + numParameters(layer), 0);
      cases.push({ ...(await measure(measured, options)), parameters });
    }
  console.log(
    table(
      ["network", "parameters", "rows", "side", "runs", "median", "least", "ratio", "of least"],
      cases.flatMap(({ name, parameters, batch, rows }) =>
        rows.map((row) => [
          name!,
          String(parameters),
          String(batch),
          row.side,
          String(row.runs ?? ""),
          row.medianSeconds === undefined ? row.note! : duration(row.medianSeconds),
          row.minSeconds === undefined ? "" : duration(row.minSeconds),
          row.ratio === undefined ? "" : `${row.ratio.toFixed(2)}x`,
          row.minRatio === undefined ? "" : `${row.minRatio.toFixed(2)}x`,
        ]),
      ),
    ),
  );
  const isWhole = cases.length === BATCHES.length * Object.keys(NETS).length && options.peers;
  if (isWhole) saveResults("compute", { cases });
  console.log(
    isWhole
      ? "ratio: the side's median over the compute unit's in the same run; all found the same losses within 1e-4."
      : "Without --peers, or with a part of the cases, bench/results/ stays as it is.",
  );
}
