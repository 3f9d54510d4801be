import "@tensorflow/tfjs-backend-cpu";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { train as optimizers } from "@tensorflow/tfjs-core";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { columns, minMax, readCsv, splitByNames, textsOf } from "../../../src/data/index.ts";
import { connection, engine, loadEngine, perception, quantumLayer } from "../../../src/index.ts";
import { createdEvent } from "../../../src/runs/new-run.ts";
import { openStore } from "../../../src/runs/open-store.ts";
import { loadModel, quantum, saveModel } from "../../../src/tfjs.ts";
import { file, pathOf, run, runJson } from "./run.ts";

const rng = Rng.seed("rows");
const lines = Array.from({ length: 120 }, (_, i) => {
  const [a, b] = [rng.uniform(), rng.uniform()];
  return `${a},${b},${a > b ? "over" : "under"},${i % 4 === 0 ? "validation" : i % 4 === 1 ? "test" : "train"}`;
});
const csv = file("compress-rows.csv", `a,b,side,part\n${lines.join("\n")}\n`);
const plain = pathOf("plain-model");
const whole = pathOf("engine-model");
const number = pathOf("number-model");
const rows = ["--data", csv, "--target", "side", "--split", "part"];

const layer = () =>
  quantumLayer({ qubits: 2, perception: perception.angle(), connection: connection.stronglyEntangling({ layers: 1 }) });

beforeAll(async () => {
  const model = sequential({
    layers: [
      quantum(layer(), { name: "circuit" }),
      layers.dense({
        name: "head",
        units: 2,
        activation: "softmax",
        kernelInitializer: initializers.glorotUniform({ seed: 1 }),
      }),
    ],
  });
  await saveModel(model, plain);
  model.dispose();
  const regression = sequential({ layers: [layers.dense({ inputShape: [1], units: 1, name: "line" })] });
  await saveModel(regression, number);
  regression.dispose();
  const table = readCsv(csv);
  const data = splitByNames(table, textsOf(table, "part"), ["train", "validation", "test"]);
  const pipeline = engine({
    name: "sides",
    data,
    features: [columns({ number: ["a", "b"], target: "side" }), minMax()],
    quantum: layer(),
    optimize: { optimizer: optimizers.adam(0.1), steps: 30 },
  });
  await pipeline.train();
  await pipeline.save(whole);
});

describe("compress", () => {
  test("makes an engine smaller, prints one object, and saves an engine that predicts the same", async () => {
    const out = pathOf("engine-smaller");
    const line = [
      "compress",
      whole,
      ...rows,
      "--budget",
      "accuracy=-0.05",
      "--device",
      "manila",
      "--quick",
      "--out",
      out,
    ];
    const { status, json, err } = await runJson(line);
    expect(status).toBe(0);
    expect(json.rows).toEqual({ train: 60, validation: 30, test: 30 });
    expect(json.given.bytes).toBe(4 * json.given.parameters);
    expect(json.best.bytes).toBeLessThan(json.given.bytes);
    expect(json.best.hardware.twoQubitGates).toBeLessThanOrEqual(json.given.hardware.twoQubitGates);
    expect(json.best.accuracy).toBeGreaterThanOrEqual(json.given.accuracy - 0.05 - 1e-6);
    expect(json.best.training.accuracy).toBeGreaterThanOrEqual(json.given.training.accuracy - 0.05 - 1e-6);
    expect(json.points.map(({ bytes }: { bytes: number }) => bytes)).toContain(json.best.bytes);
    const weights = join(out, "weights.bin");
    expect(json.files).toContainEqual({ file: weights, bytes: json.best.bytes });
    expect(statSync(weights).size).toBe(json.best.bytes);
    const { limits } = JSON.parse(readFileSync(join(out, "model-card.json"), "utf8"));
    expect(limits.at(-1)).toContain(`${json.best.bytes} of ${json.given.bytes} bytes of weights`);
    expect(err).toMatch(/1\. circuit: .*accuracy 0\.\d{4}/);

    const loaded = await loadEngine(out);
    const { metrics } = await loaded.evaluate(
      splitByNames(readCsv(csv), textsOf(readCsv(csv), "part"), ["train", "validation", "test"]).test as never,
    );
    expect(metrics.accuracy).toBeCloseTo(json.test.best.accuracy, 6);
  });

  test("makes a model without an engine smaller, and prints a table of the same", async () => {
    const out = pathOf("plain-smaller");
    const line = ["compress", plain, ...rows, "--features", "a,b", "--budget", "loss=0.5", "--quick", "--seed", "3"];
    const { json, err } = await runJson(line);
    expect(err).toContain("Loss: categoricalCrossentropy");
    expect(json.best.loss).toBeLessThanOrEqual(json.given.loss + 0.5);
    const { status, out: text } = await run([...line, "--out", out]);
    expect(status).toBe(0);
    expect(text).toMatch(/^given +given +f32 /m);
    const best = text.split("\n").find((row) => row.startsWith("best "))!;
    const { circuit, classical, accuracy, bytes } = json.best;
    // Cells are apart by two blanks, the mark by the column's width.
    expect(best.split(/ {2,}/).slice(1, 4)).toEqual([circuit, classical, accuracy.toFixed(4)]);
    const share = ((100 * bytes) / json.given.bytes).toFixed(1);
    expect(text).toContain(
      `Best within the budget (loss may rise by 0.5, on 60 training and 30 validation rows): ${share} % of the bytes`,
    );
    expect(text).toContain("Test rows, not looked at before (30)");
    expect(text).toContain(`Wrote ${join(out, "weights.bin")}, ${bytes} bytes`);
    const model = await loadModel(out);
    expect(model.layers.map(({ name }) => name)).toEqual(["circuit", "head"]);
    model.dispose();
  });

  test("takes the model of a finished run, and refuses one that is not", async () => {
    const points = Array.from({ length: 60 }, () => [rng.uniform(), rng.uniform()]);
    const targets = points.map(([a, b]) => (a! > b! ? [1, 0] : [0, 1]));
    const part = (from: number, to: number) =>
      JSON.stringify({ x: points.slice(from, to), y: targets.slice(from, to) });
    const config = file(
      "a run.mjs",
      `import { train } from ${JSON.stringify(import.meta.resolve("@tensorflow/tfjs-core"))};
import { initializers, layers, sequential } from ${JSON.stringify(import.meta.resolve("@tensorflow/tfjs-layers"))};
const kernelInitializer = initializers.glorotUniform({ seed: 1 });
export default () => ({
  model: () => sequential({ layers: [
    layers.dense({ name: "hidden", inputShape: [2], units: 8, activation: "relu", kernelInitializer }),
    layers.dense({ name: "head", units: 2, activation: "softmax", kernelInitializer }),
  ] }),
  data: ${part(0, 40)},
  validation: ${part(40, 60)},
  optimizer: train.adam(0.05), loss: "categoricalCrossentropy", metrics: ["accuracy"], steps: 30,
});
`,
    );
    const [store, out] = [pathOf("runs.db"), pathOf("run-smaller")];
    const never = new Promise<void>(() => {});
    expect((await run(["train", config, "--run", "sides", "--store", store], "", never)).status).toBe(0);
    const line = ["compress", "sides", "--store", store, "--budget", "accuracy=-0.05", "--quick"];
    const { status, json } = await runJson([...line, "--out", out]);
    expect(status).toBe(0);
    expect(json.rows).toEqual({ train: 40, validation: 20, test: 0 });
    expect(json.best.bytes).toBeLessThan(json.given.bytes / 2);
    expect(statSync(join(out, "weights.bin")).size).toBe(json.best.bytes);

    const refusal = async (argv: readonly string[]) => (await runJson(argv)).json.error.code;
    expect(await refusal(["compress", "other", ...line.slice(2)])).toBe("RUN_UNKNOWN");
    expect(await refusal([...line, "--target", "side"])).toBe("USAGE");
    const ledger = await openStore(store);
    await ledger.create({ id: "begun", task: { config, options: {} }, events: [createdEvent()] });
    await ledger.close();
    expect(await refusal(["compress", "begun", ...line.slice(2)])).toBe("COMPRESS_RUN");
  });

  test("judges a model of numbers by its loss alone", async () => {
    const regression = [
      "compress",
      number,
      "--data",
      csv,
      "--target",
      "b",
      "--features",
      "a",
      "--split",
      "part",
      "--regression",
      "--quick",
    ];
    const { json } = await runJson([...regression, "--budget", "loss=0.1"]);
    expect([json.given.accuracy, json.given.circuit, json.best.hardware]).toEqual([null, null, null]);
    expect(json.best.loss).toBeLessThanOrEqual(json.given.loss + 0.1);
    const { status, json: refused } = await runJson([...regression, "--budget", "accuracy=-0.1"]);
    expect([status, refused.error.code]).toEqual([2, "COMPRESSION_BUDGET"]);
  });

  test("holds rows out where there are none to choose by", async () => {
    // What follows fails, so that nothing is trained.
    const { err } = await run([
      "compress",
      plain,
      "--data",
      csv,
      "--target",
      "side",
      "--features",
      "a",
      "--budget",
      "loss=0",
    ]);
    expect(err).toContain("24 of 120 training rows are held out");
  });

  test.each([
    ["a folder that there is not", [pathOf("nowhere"), ...rows], "MODEL_FOLDER_MISSING"],
    ["a budget that gains", [plain, ...rows, "--budget", "accuracy=0.01"], "COMPRESS_BUDGET"],
    ["a budget without a name", [plain, ...rows, "--budget", "-1%"], "COMPRESS_BUDGET"],
    ["no target column", [plain, "--data", csv, "--target", "sides"], "DATA_COLUMN_UNKNOWN"],
    ["another target than the engine's", [whole, "--data", csv, "--target", "a"], "COMPRESS_MODEL"],
    ["features of an engine", [whole, ...rows, "--features", "a"], "COMPRESS_MODEL"],
    ["its own folder as --out", [plain, ...rows, "--out", plain], "COMPRESS_OUT"],
    ["a device that there is not", [plain, ...rows, "--device", "rome"], "DEVICE_UNKNOWN"],
    ["rows of other width", [plain, ...rows, "--features", "a"], "DATA_SHAPE"],
    ["a split column of other names", [plain, "--data", csv, "--target", "part", "--split", "side"], "DATA_SPLIT"],
  ])("refuses %s", async (_, given, code) => {
    const budget = given.includes("--budget") ? [] : ["--budget", "loss=0.5"];
    const { status, json } = await runJson(["compress", ...given, ...budget, "--quick"]);
    expect([status, json.error.code]).toEqual([2, code]);
  });

  test("asks for a budget, and leaves no folder behind where it refuses", async () => {
    const { status, json } = await runJson(["compress", plain, ...rows, "--out", pathOf("unmade")]);
    expect([status, json.error.code]).toEqual([2, "USAGE"]);
    expect(json.error.message).toContain("--budget");
    const bare = await runJson(["compress", plain, "--budget", "loss=0.5"]);
    expect([bare.status, bare.json.error.code]).toEqual([2, "USAGE"]);
    expect(existsSync(pathOf("unmade"))).toBe(false);
  });
});
