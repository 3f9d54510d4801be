import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Backend, localSimulator } from "../../../providers/index.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { fit as fitModel, quantum, train } from "../../../src/tfjs.ts";
import { TENSOR_BACKENDS, useTensorBackend } from "../../support/tensorflow.ts";

// LEPTON_TEST_LONG=1 takes ten times as many steps, in about a minute.
const STEPS = process.env.LEPTON_TEST_LONG === "1" ? 10_000 : 1_000;
const BATCH = 6;
const WARM = STEPS / 5;
/** What one step may add to the heap: its report, which a run keeps for those who iterate over it. */
const REPORT_BYTES = 512;
/** How far readings are off, whatever the number of steps: compiled code on the heap, small arrays in flight. */
const HEAP_NOISE = 2 ** 20;
const BUFFER_NOISE = 4096;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

interface Reading {
  readonly tensors: number;
  readonly tensorBytes: number;
  readonly heap: number;
  readonly buffers: number;
}

function read(): Reading {
  // Buffers that the first collection finds are freed beside the program; the second one waits for that.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const { numTensors, numBytes } = tf.memory();
  return { tensors: numTensors, tensorBytes: numBytes, heap: heapUsed, buffers: arrayBuffers };
}

/** Reads memory after step `WARM` and after the last. */
class Watch {
  readonly readings: Reading[] = [];
  #steps = 0;
  readonly onBatchEnd = async (): Promise<void> => {
    this.#steps++;
    if (this.#steps === WARM || this.#steps === STEPS) this.readings.push(read());
  };

  expectLevel(): void {
    expect(this.#steps).toBe(STEPS);
    const [early, late] = this.readings as [Reading, Reading];
    expect(late.tensors).toBe(early.tensors);
    expect(late.tensorBytes).toBe(early.tensorBytes);
    expect(late.buffers - early.buffers).toBeLessThan(BUFFER_NOISE);
    expect(late.heap - early.heap).toBeLessThan(HEAP_NOISE + REPORT_BYTES * (STEPS - WARM));
  }
}

const model = (): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 2, inputShape: [2] }),
      quantum(
        quantumLayer({
          qubits: 2,
          perception: perception.angle(),
          connection: connection.basicEntangler({ layers: 1 }),
        }),
      ),
      tfl.layers.dense({ units: 1 }),
    ],
  });
const compile = () => ({ optimizer: tf.train.adam(0.01), loss: "meanSquaredError", metrics: ["mae"] });

/** The simulator as one that needs a job for each step. */
function jobsOnly(): Backend {
  const inner = localSimulator();
  return {
    name: "jobs only",
    capabilities: { ...inner.capabilities, adjoint: false },
    estimator: (options) => inner.estimator(options),
    sampler: (options) => inner.sampler(options),
    status: () => inner.status(),
  };
}

describe.each(TENSOR_BACKENDS)(`memory over ${STEPS} steps, on backend %s`, (backend) => {
  beforeAll(() => useTensorBackend(backend));
  // One epoch: TensorFlow.js's history keeps a few tensors of each epoch until it ends.
  const rows = BATCH * STEPS;
  const data = () => ({ x: tf.randomNormal([rows, 2], 0, 1, "float32", 1), y: tf.ones([rows, 1]) });

  test.each<[string, () => Backend]>([
    ["by adjoint", () => localSimulator()],
    ["in jobs", jobsOnly],
  ])("train, %s", { timeout: 120_000 }, async (_, provider) => {
    const watch = new Watch();
    await train(model(), data(), { ...compile(), provider: provider(), batchSize: BATCH, callbacks: watch });
    watch.expectLevel();
  });

  test("model.fit with the Keras layer", { timeout: 120_000 }, async () => {
    const watch = new Watch();
    const trained = model();
    trained.compile(compile());
    const { x, y } = data();
    const callbacks = { onBatchEnd: watch.onBatchEnd };
    await trained.fit(x, y, { batchSize: BATCH, epochs: 1, verbose: 0, yieldEvery: "never", callbacks });
    watch.expectLevel();
  });

  test("fit", { timeout: 120_000 }, async () => {
    const watch = new Watch();
    const callbacks = { onBatchEnd: watch.onBatchEnd };
    await fitModel(model(), data(), { ...compile(), batchSize: BATCH, callbacks });
    watch.expectLevel();
  });
});

test("what was read of a run is given back when it is over", async () => {
  await useTensorBackend("cpu");
  const trained = model();
  const rows = { x: tf.randomNormal([4 * BATCH, 2]), y: tf.ones([4 * BATCH, 1]) };
  const steps = (options: object) => train(trained, rows, { batchSize: BATCH, steps: WARM, ...options });
  await steps(compile());
  const before = read();
  for (let run = 0; run < 3; run++) await steps({});
  const after = read();
  expect(after.tensors).toBe(before.tensors);
  expect(after.buffers - before.buffers).toBeLessThan(BUFFER_NOISE);
  expect(after.heap - before.heap).toBeLessThan(HEAP_NOISE);
});
