import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { createdEvent } from "../../../src/runs/new-run.ts";
import { readSafetensors } from "../../../src/runs/safetensors.ts";
import { executeRun } from "../../../src/worker/execute-run.ts";
import { taskFiles } from "../../support/task-file.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

beforeAll(() => useTensorBackend("cpu"));
const files = taskFiles();
const require = createRequire(import.meta.url);

const tfjs = JSON.stringify(fileURLToPath(new URL("../../../src/tfjs.ts", import.meta.url)));
const MODEL = `import { Circuit, input, quantumLayer, weight } from "lepton";
import { quantum } from ${tfjs};
import tf from ${JSON.stringify(require.resolve("@tensorflow/tfjs-core"))};
import layers from ${JSON.stringify(require.resolve("@tensorflow/tfjs-layers"))};
const circuit = Circuit.build(1, (c) => c.rx(input("x", 1).at(0), 0).ry(weight("w", 1).at(0), 0));
const seen = (globalThis.leptonSeen = []);
export default ({ lr = 0.1 }) => ({
  model() {
    const model = layers.sequential();
    model.add(quantum(quantumLayer({ circuit, observables: ["Z"], seed: 3 }), { inputShape: [1], name: "q" }));
    return model;
  },
  data: async () => ({ x: Array.from({ length: 10 }, (_, i) => [i / 10]), y: Array.from({ length: 10 }, () => [0]) }),
  loss: "meanSquaredError",
  optimizer: tf.train.adam(lr),
  epochs: 2,
  callbacks: { onBatchEnd: ({ step }) => void seen.push(step) },
});
`;

test("a model is made, trained in the task's steps, goes on where it was left, and gives its weights", async () => {
  const config = files.write("model.mjs", MODEL);
  const store = memoryStore();
  const create = (id: string) =>
    store.create({ id, task: { config, options: { batchSize: 4, lr: 0.05 } }, events: [createdEvent()] });
  await create("straight");
  const totals: (number | undefined)[] = [];
  const straight = await executeRun(store, "straight", {
    weights: true,
    onStep: (_, total) => void totals.push(total),
  });
  // Batches of 4, 4 and 2 rows, twice.
  expect(totals).toEqual(Array(6).fill(6));
  expect(straight).toMatchObject({ kind: "train", result: { steps: 6, epochs: 2, ended: "completed" } });
  expect((globalThis as { leptonSeen?: unknown }).leptonSeen).toEqual([1, 2, 3, 4, 5, 6]);

  await create("left");
  const controller = new AbortController();
  const left = executeRun(store, "left", {
    signal: controller.signal,
    onStep: ({ step }) => {
      if (step === 4) controller.abort(new Error("left"));
    },
  });
  await expect(left).rejects.toThrow("left");
  const resumed = await executeRun(store, "left", { weights: true });
  const tensors = ({ weights }: { readonly weights?: Uint8Array }) => [...readSafetensors(weights!).tensors];
  expect(tensors(resumed)).toEqual(tensors(straight));
  expect(tensors(resumed).length).toBe(1);
  // A run that has ended gives them to a model that was made anew.
  expect(tensors(await executeRun(store, "left", { weights: true }))).toEqual(tensors(straight));
});
