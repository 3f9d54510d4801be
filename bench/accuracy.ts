import { loadavg } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { Rng } from "../circuits/index.ts";
import { loadDigits } from "../examples/digits/data.ts";
import { buildModel } from "../examples/digits/models.ts";
import { predict, quantumLayerOf } from "../examples/digits/training.ts";
import { localSimulator } from "../providers/index.ts";
import { plan } from "../src/index.ts";
import { train } from "../src/tfjs.ts";
import type { BenchOptions } from "./arguments.ts";
import { installPeers } from "./environments.ts";
import { Peer } from "./peer.ts";
import { duration, figures, saveResults, table } from "./report.ts";
import { gatesForPeers, observablesForPeers } from "./task.ts";

const BATCH = 32;
const LEARNING_RATE = 0.05;
/** Adam's ε of TensorFlow.js, which PyTorch is told. */
const EPSILON = 1e-7;
/** Of the test rows. Stated beforehand, and nothing is chosen by it: some points below what the model comes to. */
const TARGET = 0.8;
const MOST_STEPS = 2000;
/** Steps between two looks at the test rows, which are not timed. */
const EVERY = 20;
const SEEDS = [0, 1, 2];

interface Trained {
  readonly steps: number;
  /** Of the steps alone. */
  readonly seconds: number;
  /** Of the processor, which other work on the machine changes less. */
  readonly cpuSeconds: number;
  readonly accuracy: number;
  /** Of the first steps. */
  readonly losses: readonly number[];
  /** Circuits that a step runs on the simulator, a row of the batch counted as one. */
  readonly executionsPerStep: number;
  /** As on hardware, with gradients by parameter shift. */
  readonly shiftExecutionsPerStep: number;
}

interface PeerTrained extends Trained {
  readonly versions: Readonly<Record<string, string>>;
}

/** The second takes minutes for one seed, and its steps are the same; ours are compared on the same seeds. */
const PEERS = [
  {
    id: "pennylane-torch",
    name: "PennyLane {pennylane} default.qubit, backprop, torch {torch}",
    method: "backprop",
    seeds: SEEDS,
  },
  {
    id: "lightning",
    name: "PennyLane {pennylane} lightning.qubit, adjoint, torch {torch}",
    method: "adjoint",
    seeds: SEEDS.slice(0, 1),
  },
] as const;

/** The rows of each step, new in every epoch. */
function orderOf(seed: number, numRows: number): readonly Int32Array[] {
  const steps: Int32Array[] = [];
  for (let epoch = 0; steps.length < MOST_STEPS; epoch++) {
    const order = Rng.seed(seed).fork("order", epoch).permutation(numRows);
    for (let from = 0; from + BATCH <= numRows; from += BATCH) steps.push(order.slice(from, from + BATCH));
  }
  return steps.slice(0, MOST_STEPS);
}

const digits = loadDigits();

async function ours(seed: number, order: readonly Int32Array[]): Promise<Trained> {
  const model = buildModel("hybrid", seed);
  const { numFeatures, x, y } = digits.train;
  const rows = order.flatMap((step) => [...step]);
  const inOrder = {
    x: tf.tensor2d(
      Float32Array.from(rows.flatMap((row) => [...x.subarray(row * numFeatures, (row + 1) * numFeatures)])),
      [rows.length, numFeatures],
    ),
    y: tf.cast(
      tf.oneHot(
        tf.tensor1d(
          rows.map((row) => y[row]!),
          "int32",
        ),
        10,
      ),
      "float32",
    ) as tf.Tensor2D,
  };
  const options = { loss: "categoricalCrossentropy", batchSize: BATCH, shuffle: false } as const;
  let seconds = 0;
  let cpuSeconds = 0;
  let cpu = process.cpuUsage();
  let accuracy = 0;
  let executions = 0;
  const losses: number[] = [];
  const optimizer = tf.train.adam(LEARNING_RATE, 0.9, 0.999, EPSILON);
  const { steps } = await train(model, inOrder, {
    ...options,
    optimizer,
    epochs: 1,
    callbacks: {
      onBatchEnd(report, control) {
        const { user, system } = process.cpuUsage(cpu);
        cpuSeconds += (user + system) / 1e6;
        seconds += report.seconds;
        executions += report.executions;
        if (losses.length < 3) losses.push(report.loss);
        if (report.step % EVERY === 0) {
          const found = predict(model, digits.test);
          accuracy = found.reduce((sum, label, row) => sum + (label === digits.test.y[row] ? 1 : 0), 0) / found.length;
          if (accuracy >= TARGET) control.stop();
        }
        cpu = process.cpuUsage();
      },
    },
  });
  const first = { x: tf.slice(inOrder.x, [0, 0], [BATCH, numFeatures]), y: tf.slice(inOrder.y, [0, 0], [BATCH, 10]) };
  const shifted = await plan(model, first, { ...options, provider: localSimulator(), gradient: "parameter-shift" });
  tf.dispose([inOrder.x, inOrder.y, first.x, first.y]);
  const perStep = { executionsPerStep: executions / steps, shiftExecutionsPerStep: shifted.step.rows };
  return { steps, seconds, cpuSeconds, accuracy, losses, ...perStep };
}

/** What peers need to build the same model and take the same steps. */
function taskOf(seed: number, order: readonly Int32Array[]): object {
  const model = buildModel("hybrid", seed);
  const { circuit, observables } = quantumLayerOf(model).quantum;
  return {
    kind: "training",
    numQubits: circuit.numQubits,
    gates: gatesForPeers(circuit),
    numPreparing: 0,
    numInputs: circuit.numInputs,
    numWeights: circuit.numWeights,
    batch: BATCH,
    inputs: new Array(BATCH * circuit.numInputs).fill(0),
    weights: [...model.layers[1]!.getWeights()[0]!.dataSync()],
    cotangents: [],
    observables: observablesForPeers(observables),
    training: {
      numFeatures: digits.train.numFeatures,
      features: [...digits.train.x],
      labels: [...digits.train.y],
      testFeatures: [...digits.test.x],
      testLabels: [...digits.test.y],
      order: order.map((step) => [...step]),
      batchSize: BATCH,
      every: EVERY,
      target: TARGET,
      dense: [model.layers[0]!, model.layers[2]!].map((layer) =>
        layer.getWeights().map((weight) => ({ shape: weight.shape, values: [...weight.dataSync()] })),
      ),
      learningRate: LEARNING_RATE,
      epsilon: EPSILON,
    },
  };
}

interface Side {
  readonly name: string;
  readonly runs: readonly (Trained & { readonly seed: number })[];
}

/** @throws Error where two sides do not take the same first steps, so that their times would be of different work */
function assertSameSteps(seed: number, a: Trained, b: Trained): void {
  for (const [i, loss] of a.losses.entries())
    if (!(Math.abs(loss - b.losses[i]!) < 1e-3))
      throw new Error(`With seed ${seed} the losses of the first steps differ: ${a.losses} and ${b.losses}.`);
}

const sumOf = (runs: Side["runs"], of: (run: Trained) => number): number => runs.reduce((sum, run) => sum + of(run), 0);

/** A1: the digits example's hybrid model, from the same weights on the same rows, to a stated test accuracy. */
export async function runAccuracy(options: BenchOptions): Promise<void> {
  tf.enableProdMode();
  const [load] = loadavg();
  const chosen = PEERS.filter(({ id }) => options.peers && (options.peer.length === 0 || options.peer.includes(id)));
  const python = chosen.length === 0 ? "" : installPeers("torch");
  // The first run compiles; its time is not counted.
  await ours(SEEDS[0]!, orderOf(SEEDS[0]!, digits.train.numRows).slice(0, EVERY));
  const own: (Trained & { readonly seed: number })[] = [];
  const others = new Map<string, (Trained & { readonly seed: number })[]>();
  for (const seed of SEEDS) {
    const order = orderOf(seed, digits.train.numRows);
    const trained = await ours(seed, order);
    own.push({ seed, ...trained });
    for (const { name, method } of chosen.filter(({ seeds }) => seeds.includes(seed))) {
      const peer = new Peer(python, "accuracy.py", [method], 1);
      try {
        const { versions, ...found } = await peer.ask<PeerTrained>(taskOf(seed, order), 10 * options.limit);
        assertSameSteps(seed, trained, found);
        const full = name.replaceAll(/\{([\w-]+)\}/g, (_, id: string) => versions[id]!);
        others.set(full, [...(others.get(full) ?? []), { seed, ...found }]);
      } finally {
        peer.close();
      }
    }
  }
  const sides: readonly Side[] = [
    { name: "lepton, train", runs: own },
    ...[...others].map(([name, runs]) => ({ name, runs })),
  ];
  const rows = sides.map(({ name, runs }) => {
    const same = own.filter((run) => runs.some((other) => other.seed === run.seed));
    const seconds = sumOf(runs, (run) => run.seconds) / runs.length;
    const cpuSeconds = sumOf(runs, (run) => run.cpuSeconds) / runs.length;
    return {
      side: name,
      reached: runs.filter(({ accuracy }) => accuracy >= TARGET).length,
      steps: sumOf(runs, ({ steps }) => steps) / runs.length,
      seconds,
      cpuSeconds,
      executions: sumOf(runs, (run) => run.steps * run.executionsPerStep) / runs.length,
      shiftExecutions: sumOf(runs, (run) => run.steps * run.shiftExecutionsPerStep) / runs.length,
      ratio: seconds / (sumOf(same, (run) => run.seconds) / same.length),
      cpuRatio: cpuSeconds / (sumOf(same, (run) => run.cpuSeconds) / same.length),
      runs,
    };
  });
  console.log(
    table(
      ["side", "reached", "steps", "executions", "by parameter shift", "seconds", "ratio", "CPU", "ratio"],
      rows.map(
        ({
          side,
          reached,
          runs: { length: runs },
          steps,
          executions,
          shiftExecutions,
          seconds,
          ratio,
          cpuSeconds,
          cpuRatio,
        }) => [
          side,
          `${reached} of ${runs}`,
          figures(steps),
          executions.toFixed(0),
          shiftExecutions.toFixed(0),
          duration(seconds),
          `${ratio.toFixed(2)}x`,
          duration(cpuSeconds),
          `${cpuRatio.toFixed(2)}x`,
        ],
      ),
    ),
  );
  if (chosen.length > 0) saveResults("accuracy", { target: TARGET, batch: BATCH, every: EVERY, load, rows });
}
