import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import {
  columns,
  type Dataset,
  fromArrays,
  pca,
  randomSplit,
  readCsv,
  selectRows,
  standardise,
  type Table,
} from "../../../src/data/index.ts";
import { engine, loadEngine } from "../../../src/engine/index.ts";
import {
  connection,
  deviceSimulator,
  loadTarget,
  localSimulator,
  memoryStore,
  perception,
  quantumLayer,
  Rng,
} from "../../../src/index.ts";
import { modelCardText } from "../../../src/models/model-card.ts";
import { train } from "../../../src/tfjs.ts";

/** Two classes of points in six columns, each of which tells them apart a little. */
function points(): Dataset {
  const rng = Rng.seed(4);
  const rows = Array.from({ length: 120 }, (_, i) => {
    const label = i % 2;
    return [
      3 * label + rng.normal(),
      2 * label - rng.normal(),
      ...Array.from({ length: 4 }, () => label + rng.normal()),
    ];
  });
  const y = rows.map((_, i) => (i % 2 === 0 ? "left" : "right"));
  return fromArrays(rows, y, { targetName: "side" });
}
const all = points();
const parts = randomSplit(all, { train: 0.6, validation: 0.2, test: 0.2 }, { seed: 1, stratified: true });

const layer = (qubits: number) =>
  quantumLayer({
    qubits,
    perception: perception.angle(),
    connection: connection.stronglyEntangling({ layers: 1 }),
    seed: 3,
  });
const sides = engine({
  name: "sides",
  data: parts,
  features: [standardise(), pca({ numComponents: 2 })],
  quantum: layer(2),
  optimize: { learningRate: 0.1, epochs: 6, batchSize: 12 },
  seed: 5,
});

describe("an engine", () => {
  test("trains, evaluates and predicts, with features fitted on the training rows alone", async () => {
    const result = await sides.train({ provider: localSimulator() });
    expect(result.steps).toBe(6 * 6);
    expect(result.history.at(-1)!.validation!.metrics.acc).toBeGreaterThan(0.8);
    const { metrics, confusion, numRows } = await sides.evaluate("test");
    expect(numRows).toBe(24);
    expect(metrics.accuracy).toBeGreaterThan(0.85);
    expect(Object.keys(metrics).sort()).toEqual(
      ["accuracy", "auc", "brier", "calibrationError", "f1", "logLoss", "sensitivity", "specificity"].sort(),
    );
    const right = confusion![0]![0]! + confusion![1]![1]!;
    expect(metrics.accuracy).toBe(right / 24);
    expect(metrics.sensitivity).toBe(confusion![1]![1]! / (confusion![1]![0]! + confusion![1]![1]!));

    // The same by hand, from rows that have no targets.
    const { x, numFeatures, featureNames } = parts.test;
    const { outputs, labels, numOutputs } = await sides.predict({ x, numRows: 24, numFeatures, featureNames });
    expect([outputs.length, numOutputs]).toEqual([48, 2]);
    const hits = labels!.filter((label, row) => label === all.classes![parts.test.y[row]!]).length;
    expect(hits).toBe(right);
    const scaler = standardise().fit(parts.train);
    const components = pca({ numComponents: 2 }).fit(scaler.transform(parts.train));
    const model = await sides.model();
    const byHand = components.transform(scaler.transform(parts.test));
    const direct = tf.tidy(() =>
      (model.predict(tf.tensor2d(new Float32Array(byHand.x), [24, 2])) as tf.Tensor).dataSync(),
    );
    for (let i = 0; i < 48; i++) expect(outputs[i]).toBeCloseTo(direct[i]!, 5);
  });

  test("does nothing that its parts do not do alone: the same weights, bit for bit", async () => {
    const once = sides.with({});
    const model = await once.model();
    const twin = sides.with({});
    const twinModel = await twin.model();
    await once.train();
    const scaler = standardise().fit(parts.train);
    const components = pca({ numComponents: 2 }).fit(scaler.transform(parts.train));
    const features = (rows: Dataset) => components.transform(scaler.transform(rows));
    await train(twinModel, features(parts.train), {
      optimizer: tf.train.adam(0.1),
      loss: "categoricalCrossentropy",
      metrics: ["accuracy"],
      epochs: 6,
      batchSize: 12,
      seed: 5,
      validation: features(parts.validation),
    });
    for (const [i, weight] of model.getWeights().entries())
      expect(weight.dataSync()).toEqual(twinModel.getWeights()[i]!.dataSync());
  });

  test("can be put together anew: without the circuit, with another one, with layers of one's own", async () => {
    const without = sides.with({ quantum: undefined, classical: { hidden: [3], activation: "tanh" } });
    expect((await without.model()).countParams()).toBe(2 * 3 + 3 + 3 * 2 + 2);
    const wide = sides.with({ features: standardise(), quantum: { layer: layer(3), bottleneck: true } });
    expect((await wide.model()).countParams()).toBe(6 * 3 + 3 + 9 + 3 * 2 + 2);
    const plain = sides.with({ features: standardise(), quantum: { layer: layer(3), bottleneck: { bias: false } } });
    expect((await plain.model()).countParams()).toBe(6 * 3 + 9 + 3 * 2 + 2);
    const own = sides.with({
      quantum: ({ numInputs }) => layer(numInputs),
      classical: ({ numInputs, numOutputs }) => [
        layers.dense({ inputShape: [numInputs], units: numOutputs, activation: "softmax", useBias: false }),
      ],
    });
    expect((await own.model()).countParams()).toBe(6 + 2 * 2);
    expect((await own.train({ steps: 1 })).steps).toBe(1);
  });

  test("predicts numbers where the targets are numbers", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
    const data = fromArrays(
      rows,
      Float64Array.from(rows, ([a, b]) => 2 * a! - b!),
      { task: "regression" },
    );
    const line = engine({ data: { train: data, test: data }, optimize: { learningRate: 0.1, epochs: 40 } });
    const history = await line.fit();
    expect(history.epoch).toHaveLength(40);
    const { metrics, confusion } = await line.evaluate();
    expect(metrics.r2).toBeGreaterThan(0.95);
    expect(metrics.rmse).toBeGreaterThanOrEqual(metrics.mae!);
    expect(confusion).toBeUndefined();
    expect((await line.predict(data)).labels).toBeUndefined();
  });

  test("takes tables whose columns become features, saved and loaded with what they learned", async () => {
    const lines = Array.from(
      { length: 60 },
      (_, i) => `${Math.sin(i)},${["red", "green", "blue"][i % 3]},${i % 3 === 0 ? "yes" : "no"}`,
    );
    const table = readCsv({ text: ["size,colour,ripe", ...lines].join("\n") });
    const part = (from: number, to: number) =>
      selectRows(
        table,
        Array.from({ length: to - from }, (_, i) => from + i),
      );
    const fruit = engine({
      name: "fruit",
      data: { train: part(0, 45), test: part(45, 60) },
      features: [
        columns({ target: "ripe", number: [{ columns: ["size"], transform: standardise() }], categorical: ["colour"] }),
        pca({ numComponents: 3 }),
      ],
      optimize: { learningRate: 0.1, epochs: 30 },
    });
    await fruit.train();
    const { metrics } = await fruit.evaluate("test");
    expect(metrics.accuracy).toBe(1);
    // New rows have no target.
    const unknown = readCsv({ text: "size,colour\n0.1,red\n0.2,blue" });
    expect((await fruit.predict(unknown)).labels).toEqual(["yes", "no"]);
    const folder = mkdtempSync(join(tmpdir(), "lepton-engine-"));
    await fruit.save(folder);
    const loaded = await loadEngine<Table>(folder);
    expect((await loaded.predict(unknown)).outputs).toEqual((await fruit.predict(unknown)).outputs);
    expect((await loaded.evaluate(part(45, 60))).metrics).toEqual(metrics);
  });

  test("follows a schedule of learning rates", async () => {
    const rates: number[] = [];
    const schedule = (step: number) => {
      rates.push(step);
      return step < 2 ? 0.1 : 0;
    };
    const scheduled = sides.with({ optimize: { learningRate: schedule, steps: 4, batchSize: 12 } });
    const weights = async () => [...(await scheduled.model()).getWeights()[0]!.dataSync()];
    const seen: number[][] = [];
    await scheduled.train({ callbacks: { onBatchEnd: async () => seen.push(await weights()) } });
    expect(new Set(rates)).toEqual(new Set([0, 1, 2, 3]));
    expect(seen[1]).not.toEqual(seen[0]);
    expect(seen[3]).toEqual(seen[1]);
    expect(await scheduled.summary()).toContain("adam at a scheduled rate, 4 steps");
    await expect(scheduled.fit()).rejects.toMatchObject({ code: "ENGINE_OPTION" });
  });

  test("computes on the compute unit where asked, to the same numbers, and says which layers do", async () => {
    const fast = sides.with({ compute: "wasm", classical: { hidden: [5], activation: "tanh" } });
    const slow = fast.with({ compute: "tensorflow" });
    const text = await fast.summary();
    expect(text).toMatch(/quantum +2 → 2 +6 +local simulator/);
    expect(text).toMatch(/hidden_1 +2 → 5 +15 +compute unit/);
    expect(text).toMatch(/head +5 → 2 +12 +compute unit/);
    expect(await slow.summary()).not.toContain("compute unit");
    expect(await slow.summary({ compute: "wasm" })).toContain("compute unit");
    await fast.train();
    await slow.train();
    const { outputs } = await fast.predict(parts.test);
    const expected = (await slow.predict(parts.test)).outputs;
    for (const [i, output] of outputs.entries()) expect(output).toBeCloseTo(expected[i]!, 4);
    await expect(fast.fit()).rejects.toMatchObject({ code: "ENGINE_OPTION" });
    const folder = mkdtempSync(join(tmpdir(), "lepton-engine-"));
    await fast.save(folder);
    expect(await (await loadEngine(folder, { compute: "wasm" })).summary()).toContain("compute unit");
  });

  test("loads its data once, when they are needed, and tries again after a failure", async () => {
    let calls = 0;
    const lazy = sides.with({
      data: async () => {
        if (++calls === 1) throw new Error("The disk is away.");
        return parts;
      },
    });
    await expect(lazy.model()).rejects.toThrow("The disk is away.");
    await Promise.all([lazy.model(), lazy.evaluate("validation"), lazy.summary()]);
    expect(calls).toBe(2);
  });

  test("is kept by a store like any run, and goes on where it stood", async () => {
    const store = memoryStore();
    const whole = sides.with({});
    await whole.train({ store: memoryStore(), id: "whole", steps: 8 });
    const first = sides.with({});
    const run = first.train({ store, id: "night", steps: 8 });
    for await (const { step } of run) if (step === 3) run.stop();
    const second = sides.with({});
    const { steps } = await second.train({ store, id: "night", steps: 8 });
    expect(steps).toBe(8);
    const weights = async (from: typeof sides) => (await from.model()).getWeights().map((one) => [...one.dataSync()]);
    expect(await weights(second)).toEqual(await weights(whole));
  });

  test("is told whole by its summary", async () => {
    const provider = deviceSimulator(loadTarget("manila"), { seed: 1 });
    const text = await sides.summary({ provider, precision: 0.1, steps: 2 });
    for (const words of ["sides: side: left, right", "72 train, 24 validation, 24 test", "standardise", "pca", "2 → 2"])
      expect(text).toContain(words);
    expect(text).toContain("adam at 0.1, 2 steps of 12 rows");
    expect(text).toContain("In all 12 parameters.");
    expect(text).toMatch(/Circuit: 2 qubits, depth \d+, 2 two-qubit gates, 6 weights, 2 observables\./);
    expect(text).toMatch(/A training step: 1 job, 1 PUB, .* s of the quantum computer; all 2: 4 jobs/);
    const own = await sides.summary();
    expect(own).toContain("adam at 0.1, 6 epochs of 12 rows");
    expect(own).toContain("A training step simulates 12 rows with their gradients; no job.");
    const wider = await sides.summary({ batchSize: 30 });
    expect(wider).toContain("adam at 0.1, 6 epochs of 30 rows");
    expect(wider).toContain("A training step simulates 30 rows");
    expect(await sides.with({ quantum: undefined }).summary()).toMatch(/A training step takes 12 rows\.\n$/);
  });

  test("is saved whole, read by TensorFlow.js too, and predicts the same when loaded; trained further with data", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lepton-engine-"));
    await sides.save(folder);
    const loaded = await loadEngine(folder);
    expect([loaded.name, loaded.seed]).toEqual(["sides", 5]);
    expect((await loaded.predict(parts.test)).outputs).toEqual((await sides.predict(parts.test)).outputs);
    expect((await loaded.evaluate(parts.test)).metrics).toEqual((await sides.evaluate("test")).metrics);
    await expect(loaded.train()).rejects.toMatchObject({ code: "ENGINE_NO_DATA" });
    await expect(loaded.evaluate("test")).rejects.toMatchObject({ code: "ENGINE_NO_DATA" });
    expect(await loaded.summary()).toContain("none loaded");
    const further = await loadEngine(folder, { data: parts, optimize: { learningRate: 0.01 } });
    expect((await further.train({ steps: 2 })).steps).toBe(2);
    expect(JSON.parse(readFileSync(join(folder, "model.json"), "utf8")).userDefinedMetadata.leptonEngine.format).toBe(
      "lepton-engine@1",
    );
    const other = fromArrays([[1, 2, 3, 4, 5, 6]], ["up"]);
    await expect((await loadEngine(folder, { data: { train: other } })).train()).rejects.toMatchObject({
      code: "ENGINE_CLASSES",
    });
  });
});

describe("a model card", () => {
  test("is saved with the model and says what was done, on what, and what is not known", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lepton-engine-"));
    const fresh = sides.with({});
    await fresh.save(folder);
    const before = readFileSync(join(folder, "model-card.md"), "utf8");
    for (const words of ["Not evaluated.", "Source and licence: not stated.", "No accuracy on test rows is known."])
      expect(before).toContain(words);

    await fresh.train({ steps: 3 });
    const device = deviceSimulator(loadTarget("manila"), { seed: 1 });
    await fresh.evaluate("train");
    const { metrics } = await fresh.evaluate("test", { provider: device, precision: 0.1 });
    const groups = { age: Array.from({ length: 24 }, (_, row) => (row % 3 === 0 ? "old" : "young")) };
    await fresh.save(folder, {
      card: { source: "Made up, CC0", intendedUse: "Tests.", split: "stratified", limits: ["Points alone."], groups },
    });
    const text = readFileSync(join(folder, "model-card.md"), "utf8");
    for (const words of [
      "# Model card: sides",
      "## Intended use\nTests.",
      "Source and licence: Made up, CC0",
      "Target: side, one of left, right",
      "72 train, 24 validation, 24 test",
      "- 12 parameters",
      "standardise, fitted on the training rows",
      "- 3 steps from seed 5 on local simulator",
      `| 24 test | ${device.name} |`,
      metrics.accuracy!.toFixed(4),
      "| age | rows | base rate |",
      "| old | 8 |",
      "Nothing that is known of: its circuits were simulated",
      "- Points alone.",
      `24 test rows tell an accuracy of ${metrics.accuracy!.toFixed(3)} to about ± ${Math.sqrt((metrics.accuracy! * (1 - metrics.accuracy!)) / 24).toFixed(3)} `,
      "One seed (5)",
    ])
      expect(text).toContain(words);
    expect(text).toMatch(/About \d+ J: \d+\.\d s of processor time at an assumed 15 W a core/);
    expect(JSON.parse(readFileSync(join(folder, "model-card.json"), "utf8")).evaluations[1].metrics).toEqual(metrics);

    // More training makes what was found before untrue.
    await fresh.train({ steps: 1 });
    expect((await fresh.card()).evaluations).toEqual([]);
    await expect(fresh.card({ groups })).rejects.toMatchObject({ code: "ENGINE_CARD" });
    await fresh.evaluate("test");
    await expect(fresh.card({ groups: { age: ["old"] } })).rejects.toMatchObject({ code: "ENGINE_CARD" });
    await expect(fresh.card({ group: {} } as never)).rejects.toMatchObject({ code: "ENGINE_OPTION" });
  });

  test("tells where circuits went", () => {
    const training = { steps: 3, seed: 1, seconds: 9, executions: 100, quantumSeconds: 6, jobs: 3 };
    const evaluation = { part: "test", provider: "ibm_torino", remote: true, numRows: 10, metrics: { rmse: 1 } };
    const card = {
      name: "n",
      data: { numRows: {} },
      model: { params: 1, parts: [] },
      trainings: [{ ...training, provider: "ibm_fez", remote: true }],
      evaluations: [evaluation],
    };
    const text = modelCardText(card);
    expect(text).toContain("Circuits went to ibm_fez (3 jobs), ibm_torino (jobs not counted).");
    expect(text).toContain("on ibm_fez: 9.0 s, 100 circuit executions, 3 jobs, 6.0 s of the quantum computer");
    expect(text).toContain("Processor time was not measured.");
    expect(text).toContain("One seed (1)");
    expect(text).not.toContain("That a circuit is part of it");
    const two = modelCardText({
      ...card,
      model: { ...card.model, circuit: "Circuit: 2 qubits." },
      trainings: [1, 2].map((seed) => ({ ...card.trainings[0]!, seed, cpuSeconds: 30 })),
      watts: 7,
    });
    expect(two).not.toContain("One seed");
    expect(two).toContain("That a circuit is part of it is no claim that it does better");
    expect(two).toContain("About 420 J: 60.0 s of processor time at an assumed 7 W a core.");
    expect(two).toContain("Circuits went to ibm_fez (6 jobs)");
    expect(modelCardText({ ...card, trainings: [], evaluations: [] })).toContain(
      "Nothing that is known of: it has no circuit.",
    );
  });
});

describe("an engine that cannot work says so", () => {
  const code = (wanted: string) => expect.objectContaining({ code: wanted });
  test("before anything runs", () => {
    expect(() => engine({ data: parts, feature: 1 } as never)).toThrow(code("ENGINE_OPTION"));
    expect(() => engine({ data: parts, name: "a/b" })).toThrow(code("ENGINE_OPTION"));
    expect(() => engine({ data: parts, seed: 0.5 })).toThrow(code("ENGINE_OPTION"));
    expect(() => engine({} as never)).toThrow(code("ENGINE_OPTION"));
  });
  test.each([
    [
      "ENGINE_SHAPE",
      { quantum: layer(3) },
      /2 column\(s\), but the circuit has 3 input\(s\).*pca\(\{ numComponents: 3 \}\)/,
    ],
    ["ENGINE_UNIT", { quantum: {} }, /quantumLayer/],
    ["ENGINE_UNIT", { classical: { hidden: [0] } }, /hidden\[0\] is 0/],
    ["ENGINE_UNIT", { optimize: { learningRate: -1 } }, /above 0/],
    ["ENGINE_UNIT", { optimize: { optimizer: "adamax", learningRate: 1 } }, /adagrad, adam/],
    ["ENGINE_OPTION", { data: {} }, /no training rows/],
    [
      "ENGINE_TARGETS",
      {
        data: { train: { x: new Float64Array(2), numRows: 1, numFeatures: 2, featureNames: ["a", "b"] } },
        features: [],
      },
      /no targets/,
    ],
    [
      "DATA_CLASSES",
      { data: { train: parts.train, test: fromArrays([[1, 2, 3, 4, 5, 6]], ["up"]) } },
      /split one dataset/,
    ],
  ] as const)("%s", async (wanted, changes, words) => {
    const failing = sides.with(changes as never).train({ steps: 1 });
    await expect(failing).rejects.toMatchObject({ code: wanted, message: expect.stringMatching(words) });
  });
  test("where the classical unit ends in another width", async () => {
    const wrong = sides.with({ classical: ({ numInputs }) => [layers.dense({ inputShape: [numInputs], units: 5 })] });
    await expect(wrong.model()).rejects.toMatchObject({ code: "ENGINE_SHAPE" });
  });
  test("where compress is given no budget", async () => {
    await expect(sides.compress(undefined as never)).rejects.toMatchObject({ code: "ENGINE_OPTION" });
  });
  test("where fit is to do what only train does, and where a folder holds another model", async () => {
    await expect(sides.with({ optimize: { steps: 3 } }).fit()).rejects.toMatchObject({ code: "ENGINE_OPTION" });
    const folder = mkdtempSync(join(tmpdir(), "lepton-engine-"));
    const { saveModel } = await import("../../../src/tfjs.ts");
    await saveModel(await sides.model(), folder);
    await expect(loadEngine(folder)).rejects.toMatchObject({ code: "ENGINE_FILE" });
    await expect(loadEngine(join(folder, "none"))).rejects.toMatchObject({ code: "MODEL_FOLDER_MISSING" });
  });
});
