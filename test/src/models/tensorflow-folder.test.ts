import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Circuit, input, weight } from "../../../circuits/index.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { folderHandler, KerasQuantumLayer, loadModel, quantum, saveModel } from "../../../src/tfjs.ts";
import { TENSOR_BACKENDS, useTensorBackend } from "../../support/tensorflow.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lepton-model-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const x = () =>
  tf.tensor2d([
    [0.3, -1.2, 0.5, 2],
    [1, 1, -1, 0],
  ]);
function hybrid(functional: boolean, seed = 1): tfl.LayersModel {
  const first = tfl.layers.dense({ units: 2, inputShape: [4] });
  const second = quantum(
    quantumLayer({
      qubits: 2,
      perception: perception.reuploading({ layers: 2, trainableScaling: true }),
      connection: connection.realAmplitudes({ reps: 1 }),
      observables: ["ZZ", "XI", "0.5*YY - 0.25*IZ"],
      seed,
    }),
    { name: "quantum" },
  );
  const last = tfl.layers.dense({ units: 2, activation: "softmax" });
  if (!functional) return tfl.sequential({ layers: [first, second, last] });
  const inputs = tfl.input({ shape: [4] });
  const outputs = last.apply(second.apply(first.apply(inputs))) as tfl.SymbolicTensor;
  return tfl.model({ inputs, outputs });
}
const bytes = (model: tfl.LayersModel) => Buffer.from((model.predict(x()) as tf.Tensor).dataSync().slice().buffer);

describe.each(TENSOR_BACKENDS)("on backend %s", (backend) => {
  beforeAll(() => useTensorBackend(backend));

  test.each([
    ["sequential", false],
    ["functional", true],
  ])("a %s model predicts the same bytes after saving and loading", async (_, functional) => {
    const model = hybrid(functional);
    model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });
    await model.fit(
      x(),
      tf.tensor2d([
        [1, 0],
        [0, 1],
      ]),
      { epochs: 3, verbose: 0 },
    );
    await saveModel(model, folder);
    const loaded = await loadModel(folder);
    expect(bytes(loaded).equals(bytes(model))).toBe(true);
    expect(loaded.getLayer("quantum")).toBeInstanceOf(KerasQuantumLayer);
    expect((await readdir(folder)).sort()).toEqual(["model.json", "weights.bin"]);
  });
});

describe("the folder", () => {
  beforeAll(() => useTensorBackend("cpu"));

  test.each([
    ["W", "seed"],
    ["my_weight", "My_Seed"],
    ["Wabc_Def", "_"],
    ["θ_Σ", "Ωmega"],
    ["_w", "__x"],
  ])("names such as %s and seeds such as %s come back as they were", async (name, seed) => {
    const xs = input("In_Put", 2);
    const circuit = Circuit.build(2, (c) =>
      c
        .ry(xs.at(0), 0)
        .rx(xs.at(1), 1)
        .gate("xx_plus_yy", [weight(name, 2).at(0), weight(name, 2).at(1)], [0, 1])
        .unitary(new Float64Array([0, 0, 1, 0, 1, 0, 0, 0]), [0], "My_Unitary É"),
    );
    const layer = quantumLayer({ circuit, observables: ["ZZ", "0.5*XI - YY"], seed });
    const model = tfl.sequential({ layers: [quantum(layer, { name: "My_Layer" }), tfl.layers.dense({ units: 1 })] });
    await saveModel(model, folder);
    const loaded = await loadModel(folder);
    const back = loaded.layers[0] as KerasQuantumLayer;
    expect(back.quantum.toConfig()).toEqual(layer.toConfig());
    const features = tf.tensor2d([[0.3, -1.2]]);
    expect((loaded.predict(features) as tf.Tensor).dataSync()).toEqual(
      (model.predict(features) as tf.Tensor).dataSync(),
    );
    expect(Object.keys(back.namedWeights())).toEqual([name]);
  });

  test("a layer that was saved frozen can be trained after loading", async () => {
    const model = hybrid(false);
    model.layers[1]!.trainable = false;
    await saveModel(model, folder);
    const loaded = await loadModel(folder);
    expect(loaded.trainableWeights.length).toBe(4);
    loaded.layers[1]!.trainable = true;
    expect(loaded.trainableWeights.length).toBe(hybrid(false).trainableWeights.length);
  });

  test("what cannot be saved with the optimizer is refused before anything is written", async () => {
    const mine = () => tf.scalar(0);
    const compiled: readonly (tfl.ModelCompileArgs | undefined)[] = [
      undefined,
      { optimizer: "sgd", loss: mine },
      { optimizer: "sgd", loss: "meanSquaredError", metrics: [mine] },
      { optimizer: "adamax", loss: "meanSquaredError" },
    ];
    for (const settings of compiled) {
      const model = hybrid(false);
      if (settings !== undefined) model.compile(settings);
      await expect(saveModel(model, folder, { includeOptimizer: true })).rejects.toMatchObject({
        code: "MODEL_OPTIMIZER",
      });
      expect(await readdir(folder)).toEqual([]);
      await saveModel(model, folder);
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
    }
  });

  test("is in the format of TensorFlow.js, with Lepton's version beside", async () => {
    const model = hybrid(false);
    await saveModel(model, folder);
    const json = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
    expect(json.format).toBe("layers-model");
    expect(json.weightsManifest).toEqual([{ paths: ["weights.bin"], weights: expect.any(Array) }]);
    expect(json.lepton.version).toBe(JSON.parse(readFileSync("package.json", "utf8")).version);
    // TensorFlow.js alone, without the loader of this package.
    const weights = readFileSync(join(folder, "weights.bin"));
    const alone = await tfl.loadLayersModel(
      tf.io.fromMemory({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: new Uint8Array(weights).buffer,
      }),
    );
    expect(bytes(alone).equals(bytes(model))).toBe(true);
  });

  test("works as TensorFlow.js's own handler, and leaks no tensor", async () => {
    const model = hybrid(true);
    const info = await model.save(folderHandler(folder));
    expect(info.modelArtifactsInfo.weightDataBytes).toBe(readFileSync(join(folder, "weights.bin")).length);
    const before = tf.memory().numTensors;
    const loaded = await tfl.loadLayersModel(folderHandler(folder));
    expect(bytes(loaded).equals(bytes(model))).toBe(true);
    loaded.dispose();
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 4);
  });

  test("goes on training where it was, with the optimizer saved too", async () => {
    const y = tf.tensor2d([
      [1, 0],
      [0, 1],
    ]);
    const model = hybrid(false);
    model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });
    await model.fit(x(), y, { epochs: 2, verbose: 0 });
    await saveModel(model, folder, { includeOptimizer: true });
    const loaded = await loadModel(folder);
    const go = (one: tfl.LayersModel) => one.fit(x(), y, { epochs: 2, verbose: 0, shuffle: false });
    const [a, b] = [await go(model), await go(loaded)].map(({ history }) => history.loss as number[]);
    // TensorFlow.js saves the count of steps and computes Adam's powers of beta from it anew: equal to a float32's last bits.
    for (const [epoch, loss] of a!.entries()) expect(b![epoch]).toBeCloseTo(loss, 6);
  });

  test("is replaced as a whole: a save that is cut off leaves the old model or the new", async () => {
    const [old, next] = [hybrid(false, 1), hybrid(false, 2)];
    const other = mkdtempSync(join(tmpdir(), "lepton-model-"));
    await saveModel(old, folder);
    await saveModel(next, other);
    // Before the first rename.
    await writeFile(join(folder, "weights.bin.next"), readFileSync(join(other, "weights.bin")));
    await writeFile(join(folder, "model.json.next"), readFileSync(join(other, "model.json")));
    expect(bytes(await loadModel(folder)).equals(bytes(old))).toBe(true);
    // Between the renames.
    await rename(join(folder, "model.json.next"), join(folder, "model.json"));
    expect(bytes(await loadModel(folder)).equals(bytes(next))).toBe(true);
    // And then a save that cannot write the second file.
    mkdirSync(join(folder, "model.json.next"));
    await expect(saveModel(old, folder)).rejects.toMatchObject({ code: "MODEL_FOLDER" });
    expect(bytes(await loadModel(folder)).equals(bytes(next))).toBe(true);
    rmSync(join(folder, "model.json.next"), { recursive: true });
    await saveModel(old, folder);
    expect(bytes(await loadModel(folder)).equals(bytes(old))).toBe(true);
    rmSync(other, { recursive: true });
  });

  test.each<[string, (folder: string) => unknown, RegExp]>([
    ["MODEL_FOLDER_MISSING", (path) => rmSync(path, { recursive: true }), /no folder/],
    ["MODEL_FOREIGN", (path) => rmSync(join(path, "model.json")), /holds no model/],
    ["MODEL_FOREIGN", (path) => writeFileSync(join(path, "model.json"), "{"), /no JSON/],
    ["MODEL_FOREIGN", (path) => writeFileSync(join(path, "model.json"), "null"), /layers format/],
    ["MODEL_FOREIGN", (path) => writeFileSync(join(path, "model.json"), '{"name": "package"}'), /layers format/],
    ["MODEL_FOREIGN", (path) => edit(path, (json) => ({ ...json, format: "graph-model" })), /graph-model/],
    ["MODEL_FOREIGN", (path) => edit(path, (json) => ({ ...json, lepton: { format: "lepton-model@9" } })), /@9/],
    [
      "MODEL_FOREIGN",
      (path) => edit(path, (json) => ({ ...json, weightsManifest: [{ paths: ["../w.bin"], weights: [] }] })),
      /one file in the same folder/,
    ],
    ["MODEL_FOREIGN", (path) => edit(path, (json) => ({ ...json, modelTopology: { a: 1 } })), /cannot be built/],
    ["MODEL_WEIGHTS_CORRUPT", (path) => rmSync(join(path, "weights.bin")), /cannot be read/],
    [
      "MODEL_WEIGHTS_CORRUPT",
      (path) => writeFileSync(join(path, "weights.bin"), readFileSync(join(path, "weights.bin")).subarray(4)),
      /byte\(s\), but the model's weights take/,
    ],
    [
      "MODEL_WEIGHTS_CORRUPT",
      (path) => {
        const weights = readFileSync(join(path, "weights.bin"));
        weights[5]! ^= 1;
        writeFileSync(join(path, "weights.bin"), weights);
      },
      /SHA-256/,
    ],
  ])("%s when loading from a damaged one (case %#)", async (code, damage, message) => {
    await saveModel(hybrid(false), folder);
    damage(folder);
    const error = await loadModel(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "ModelError", code });
    expect((error as Error).message).toMatch(message);
  });

  test("MODEL_FOLDER when it cannot be made", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(saveModel(hybrid(false), join(folder, "file", "model"))).rejects.toMatchObject({
      code: "MODEL_FOLDER",
    });
  });
});

function edit(path: string, change: (json: Record<string, unknown>) => unknown): void {
  const file = join(path, "model.json");
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, "utf8")))));
}
