import "@tensorflow/tfjs-backend-cpu";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { loadDigits } from "../examples/digits/data.ts";
import { buildModel } from "../examples/digits/models.ts";
import { compressModel, type ModelPoint } from "../src/compression/index.ts";
import { type Dataset, selectRows } from "../src/data/index.ts";
import { type Backend, cosineDecay, deviceSimulator, loadTarget, meanAndSpread } from "../src/index.ts";
import { evaluate, type SaveModelOptions, saveModel, train } from "../src/tfjs.ts";
import type { BenchOptions } from "./arguments.ts";
import { fillTable } from "./page-table.ts";
import { saveResults, table } from "./report.ts";

const SEEDS = [0, 1, 2, 3, 4];
const DEVICE = "torino";
const BUDGET = { accuracy: -0.01 } as const;
/** As the digits example trains. */
const STEPS = 1800;
const LEARNING_RATE = 0.05;
const LOSS = "categoricalCrossentropy";

interface Side {
  /** Of weights.bin, as it lies on the disk, and of model.json beside it. */
  readonly bytes: number;
  readonly topologyBytes: number;
  readonly parameters: number;
  readonly twoQubitGates: number;
  readonly executionsPerStep: number;
  readonly quantumSeconds: number;
  readonly milliseconds: number;
  readonly testAccuracy: number;
  readonly noisyTestAccuracy: number;
}

interface Result {
  readonly seed: number;
  readonly circuit: string;
  readonly classical: string;
  readonly given: Side;
  readonly best: Side;
  /** Of the search, in wall time. */
  readonly seconds: number;
  readonly fineTunes: number;
}

/**
 * The digits' hybrid model made smaller by `compressModel` within a point of accuracy, with the settings that `lepton compress` has: five seeds of
 * weights, order and held-out rows. Every fifth training row is held out before the training; test rows decide nothing.
 */
export async function runCompress({ only }: BenchOptions): Promise<void> {
  tf.enableProdMode();
  const { train: all, test } = loadDigits();
  const target = loadTarget(DEVICE);
  const seeds = only === undefined ? SEEDS : SEEDS.filter((seed) => only.split(",").includes(String(seed)));
  const results: Result[] = [];
  for (const seed of seeds) {
    const rows = Array.from({ length: all.numRows }, (_, row) => row);
    const validation = selectRows(
      all,
      rows.filter((row) => row % 5 === seed),
    );
    const training = selectRows(
      all,
      rows.filter((row) => row % 5 !== seed),
    );
    const model = await trained(training, seed);
    const start = performance.now();
    const found = await compressModel(model, { train: training, validation, loss: LOSS, budget: BUDGET, target, seed });
    const seconds = (performance.now() - start) / 1000;
    const noisy = deviceSimulator(target);
    const side = async (point: ModelPoint, own: LayersModel, grids?: typeof found.grids): Promise<Side> => ({
      ...(await onDisk(own, grids)),
      parameters: point.parameters,
      twoQubitGates: point.hardware!.twoQubitGates,
      executionsPerStep: point.hardware!.executionsPerStep,
      quantumSeconds: point.hardware!.quantumSeconds,
      milliseconds: point.milliseconds!,
      testAccuracy: await accuracyOf(own, test),
      noisyTestAccuracy: await accuracyOf(own, test, noisy),
    });
    const result = {
      ...{ seed, circuit: found.best.circuit!, classical: found.best.classical },
      given: await side(found.given, model),
      best: await side(found.best, found.model, found.grids),
      ...{ seconds, fineTunes: found.fineTunes },
    };
    model.dispose();
    found.model.dispose();
    results.push(result);
    console.log(JSON.stringify(result));
  }
  const head = ["model", ...QUANTITIES.map(([name]) => name)];
  const lines = (["given", "best"] as const).map((which) => [
    which === "given" ? "given" : "best within the budget",
    ...QUANTITIES.map(([, text]) => text(results.map((one) => one[which]))),
  ]);
  console.log(table(head, lines));
  const share = (of: (side: Side) => number): string => {
    const sum = (which: "given" | "best"): number => results.reduce((total, one) => total + of(one[which]), 0);
    return `${((100 * sum("best")) / sum("given")).toFixed(1)} %`;
  };
  console.log(
    `${share(({ bytes }) => bytes)} of the bytes, ${share(({ twoQubitGates }) => twoQubitGates)} of the two-qubit gates.`,
  );
  console.log(`Searches of ${results.map(({ seconds }) => seconds.toFixed(0)).join(", ")} s.`);
  if (only !== undefined) return;
  saveResults("compress", { device: DEVICE, budget: BUDGET, steps: STEPS, results });
  fillTable("compression.md", "compress", head, lines);
}

/** Columns of the table: mean over the seeds, and ± standard deviation where it says something. */
const QUANTITIES: readonly (readonly [name: string, text: (sides: readonly Side[]) => string])[] = [
  ["bytes of weights", (sides) => spread(sides, ({ bytes }) => bytes, 0)],
  ["model.json", (sides) => spread(sides, ({ topologyBytes }) => topologyBytes, 0)],
  ["parameters", (sides) => spread(sides, ({ parameters }) => parameters, 0)],
  ["two-qubit gates", (sides) => spread(sides, ({ twoQubitGates }) => twoQubitGates, 1)],
  ["executions a step", (sides) => Math.round(mean(sides, (side) => side.executionsPerStep)).toLocaleString("en")],
  ["quantum seconds a step", (sides) => spread(sides, ({ quantumSeconds }) => quantumSeconds, 1)],
  ["test accuracy", (sides) => spread(sides, ({ testAccuracy }) => testAccuracy, 3)],
  ["test accuracy, noisy", (sides) => spread(sides, ({ noisyTestAccuracy }) => noisyTestAccuracy, 3)],
];

function mean(sides: readonly Side[], of: (side: Side) => number): number {
  return meanAndSpread(sides.map(of)).mean;
}

function spread(sides: readonly Side[], of: (side: Side) => number, digits: number): string {
  const { mean: middle, spread: deviation } = meanAndSpread(sides.map(of));
  return deviation ? `${middle.toFixed(digits)} ± ${deviation.toFixed(digits)}` : middle.toFixed(digits);
}

async function trained(rows: Dataset, seed: number): Promise<LayersModel> {
  const model = buildModel("hybrid", seed);
  const optimizer = tf.train.adam(LEARNING_RATE);
  const learningRate = cosineDecay({ rate: LEARNING_RATE, steps: STEPS });
  await train(model, rows, {
    optimizer,
    learningRate,
    loss: LOSS,
    metrics: ["accuracy"],
    steps: STEPS,
    batchSize: 32,
    seed,
  });
  return model;
}

async function accuracyOf(model: LayersModel, rows: Dataset, provider?: Backend): Promise<number> {
  const { metrics } = await evaluate(model, rows, { batchSize: 360, ...(provider === undefined ? {} : { provider }) });
  return metrics.acc!;
}

async function onDisk(model: LayersModel, grids: SaveModelOptions["grids"]) {
  const folder = mkdtempSync(join(tmpdir(), "lepton-compress-"));
  try {
    await saveModel(model, folder, grids === undefined ? {} : { grids });
    const size = (name: string): number => statSync(join(folder, name)).size;
    return { bytes: size("weights.bin"), topologyBytes: size("model.json") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
