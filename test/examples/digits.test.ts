import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { isaFaults } from "../../circuits/index.ts";
import { confusionChart, lineChart } from "../../examples/digits/charts.ts";
import { loadDigits } from "../../examples/digits/data.ts";
import { openDevice } from "../../examples/digits/hardware.ts";
import { buildModel } from "../../examples/digits/models.ts";
import { writeReport } from "../../examples/digits/report.ts";
import { run } from "../../examples/digits/run.ts";
import { predict, quantumLayerOf } from "../../examples/digits/training.ts";
import { loadPictureTools, type PicturePackages } from "../../examples/picture-tools.ts";
import { confusionMatrix, loadTarget, parseQasm } from "../../src/index.ts";
import { loadModel } from "../../src/tfjs.ts";

const missing = (name: string) => () =>
  Promise.reject(Object.assign(new Error(`Cannot find package '${name}'`), { code: "ERR_MODULE_NOT_FOUND" }));

describe("the digits", () => {
  const digits = loadDigits();

  test("are 1,437 to train and 360 to test, of 10 classes each", () => {
    expect([digits.train.numRows, digits.test.numRows]).toEqual([1437, 360]);
    expect(digits.train.numFeatures).toBe(64);
    expect(digits.train.classes).toEqual([..."0123456789"]);
    for (const part of [digits.train, digits.test]) expect(new Set(part.y).size).toBe(10);
  });

  test("are scaled by the training rows alone", () => {
    expect(Math.min(...digits.train.x)).toBe(0);
    expect(Math.max(...digits.train.x)).toBe(1);
    const pixels = digits.scaler.inverse(digits.train);
    for (let i = 0; i < 640; i++) expect(pixels.x[i]).toBeCloseTo(Math.round(pixels.x[i]!), 9);
  });
});

test("an account that Qiskit has saved is no consent to pay: without credentials in the environment it is emulated", async () => {
  const home = mkdtempSync(join(tmpdir(), "lepton-home-"));
  mkdirSync(join(home, ".qiskit"));
  const account = {
    channel: "ibm_quantum_platform",
    token: "saved-elsewhere-123",
    instance: "crn:v1:bluemix:public:quantum-computing:us-east:a/account:instance::",
    url: "http://127.0.0.1:9",
  };
  writeFileSync(join(home, ".qiskit", "qiskit-ibm.json"), JSON.stringify({ mine: account }), { mode: 0o600 });
  vi.stubEnv("HOME", home);
  for (const name of ["LEPTON_IBM_TOKEN", "QISKIT_IBM_TOKEN"]) vi.stubEnv(name, undefined);
  try {
    const device = await openDevice("auto", 1, { update: () => {}, note: () => {} });
    expect(device!.label).toBe("ibm_torino, emulated");
    await device!.close();
    vi.stubEnv("LEPTON_IBM_TOKEN", "a-key-without-an-instance");
    await expect(openDevice("auto", 1, { update: () => {}, note: () => {} })).rejects.toMatchObject({
      code: "IBM_INSTANCE_MISSING",
    });
  } finally {
    vi.unstubAllEnvs();
  }
});

test("the whole job, cut short: every row, every file, and a model that predicts the same when loaded again", async () => {
  const out = mkdtempSync(join(tmpdir(), "lepton-digits-"));
  const seen: string[] = [];
  const result = await run(
    // Never by what the environment says: a test must not pay for a quantum computer.
    { seed: 3, seeds: 2, steps: 4, quick: false, hardware: "emulator", out },
    { update: (label, done, total) => seen.push(`${label} ${done}/${total}`), note: () => {} },
  );
  expect(result.rows.map(({ model, params, circuitExecutions }) => [model, params, circuitExecutions])).toEqual([
    ["hybrid", 64 * 4 + 4 + 24 + 4 * 10 + 10, 4 * 32],
    ["same without the circuit", 64 * 4 + 4 + 4 * 10 + 10, 0],
    ["equal-parameter MLP", 64 * 4 + 4 + (4 * 3 + 3) + (3 * 4 + 4) + 4 * 10 + 10, 0],
    ["logistic regression", 64 * 10 + 10, 0],
    ["hybrid, exact, 360 test digits", 334, 360],
    ["the same on ibm_torino, emulated", 334, 360 * 256],
    // The value and two shifts of each weight but those of the last rz of each qubit, which no Z can see.
    ["after 3 steps of fine-tuning there", 334, 3 * 8 * (1 + 2 * 20) * 256],
  ]);
  expect(result.rows.slice(4).map(({ jobs }) => jobs)).toEqual([0, 1, 3]);
  for (const { quantumSeconds, jobs } of result.rows.slice(5)) expect(quantumSeconds).toBeGreaterThan(2 * jobs!);
  expect(seen.filter((line) => !/^(ibm_torino|hybrid, exact)/.test(line))).toHaveLength(4 * 2 * 4);
  expect(readFileSync(join(out, "index.html"), "utf8")).toContain("<h2>On ibm_torino, emulated</h2>");
  expect(seen[4]).toBe("hybrid 2/2 1/4");
  for (const file of result.files) expect(existsSync(file), file).toBe(true);

  const card = readFileSync(join(out, "model", "model-card.md"), "utf8");
  for (const words of ["334 parameters", "4 steps from seed 3 on local simulator", "1,437 train, 360 test"])
    expect(card).toContain(words);
  const record = JSON.parse(readFileSync(join(out, "result.json"), "utf8"));
  const model = await loadModel(join(out, "model"));
  const digits = loadDigits();
  const predictions = predict(model, digits.test);
  const counts = confusionMatrix(digits.test.y, predictions, { numClasses: 10 });
  expect(counts.map((row) => Array.from(row))).toEqual(record.confusion);
  // What went to the device is compiled for it, and the model is as it was before it went.
  const sent = parseQasm(readFileSync(join(out, "isa.qasm"), "utf8"));
  expect(isaFaults(sent, loadTarget("torino"))).toEqual([]);
  // The OpenQASM text is the loaded model's circuit.
  const layer = quantumLayerOf(model);
  const bound = layer.quantum.circuit.bind(layer.namedWeights());
  expect(parseQasm(readFileSync(join(out, "circuit.qasm"), "utf8")).hash).toBe(bound.hash);
});

describe("pictures", () => {
  test("are SVGs with title, units and every series, and PNGs", async () => {
    const found = await loadPictureTools();
    if (!("tools" in found)) throw new Error(`not installed: ${found.missing}`);
    const chart = lineChart(found.tools, {
      title: "A title",
      subtitle: "A subtitle",
      yLabel: "loss (nats)",
      yDomain: [0, 2],
      series: ["one", "two", "three"].map((label, i) => ({
        label,
        points: [0, 10, 20].map((step) => ({ step, value: 1 + 0.01 * i })),
      })),
    });
    for (const text of ["A title", "A subtitle", "loss (nats)", "training step", "one", "two", "three", "1.02"])
      expect(chart).toContain(text);
    expect(chart).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>$/);
    const png = found.tools.toPng(chart);
    expect([...png.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
    // IHDR: twice the size of the SVG.
    expect(new DataView(png.buffer, png.byteOffset).getUint32(16)).toBe(1800);
    const matrix = confusionChart(found.tools, {
      title: "t",
      subtitle: "s",
      classes: ["cat", "dog"],
      counts: [
        [7, 1],
        [0, 8],
      ],
    });
    for (const text of ["cat", "dog", "predicted digit", "true digit", ">7<", ">8<", ">1<"])
      expect(matrix).toContain(text);
    expect(matrix).not.toContain(">0<");
  });

  test("are left out by name where packages are not installed; other failures are not hidden", async () => {
    const packages = {
      "@observablehq/plot": () => import("@observablehq/plot"),
      linkedom: missing("linkedom"),
      "@resvg/resvg-js": missing("@resvg/resvg-js"),
    } as unknown as PicturePackages;
    expect(await loadPictureTools(packages)).toEqual({ missing: ["linkedom", "@resvg/resvg-js"] });
    const broken = { ...packages, linkedom: () => Promise.reject(new Error("broken")) } as unknown as PicturePackages;
    await expect(loadPictureTools(broken)).rejects.toThrow("broken");
  });

  test("that cannot be drawn do not keep the rest of a report from being written", async () => {
    const { test: rows, scaler } = loadDigits();
    const out = mkdtempSync(join(tmpdir(), "lepton-digits-"));
    const row = {
      params: 1,
      metric: "test accuracy",
      value: 0.5,
      spread: null,
      values: [0.5],
      circuitExecutions: 0,
      seconds: 1,
    };
    const outcome = {
      params: 1,
      seed: 0,
      testAccuracy: 0.5,
      predictions: new Int32Array(rows.numRows),
      circuitExecutions: 0,
      seconds: 1,
      history: [{ step: 1, loss: 2, trainAccuracy: 0.1, testAccuracy: 0.5 }],
    };
    const notes: string[] = [];
    const files = await writeReport(
      {
        out,
        result: {
          name: "digits",
          rows: ["a", "b"].map((model) => ({ model, ...row })),
          seeds: [0],
          steps: 1,
          seconds: 1,
        },
        outcomes: ["a", "b"].map((model) => ({ model, ...outcome })),
        test: rows,
        scaler,
        circuit: quantumLayerOf(buildModel("hybrid", 0)).quantum.circuit,
        weights: { w: new Float64Array(24) },
        saveModel: async () => {},
      },
      { update: () => {}, note: (text) => notes.push(text) },
      async () => ({ missing: ["linkedom", "@resvg/resvg-js"] }),
    );
    expect(notes).toEqual([expect.stringContaining("npm install linkedom @resvg/resvg-js")]);
    expect(files.some((path) => path.endsWith(".png"))).toBe(false);
    for (const name of [
      "index.html",
      "result.json",
      "circuit.txt",
      "circuit.svg",
      "circuit.qasm",
      "preprocessing.json",
    ])
      expect(existsSync(join(out, name)), name).toBe(true);
    const page = readFileSync(join(out, "index.html"), "utf8");
    expect([...page.matchAll(/<img src="([^"]+)"/g)].map(([, source]) => source)).toEqual(["circuit.svg"]);
  });
});
