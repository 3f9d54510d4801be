import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { startEmulator } from "../../providers/emulator/index.ts";
import { findCredentials, type IbmBackend, ibmProvider } from "../../providers/ibm/index.ts";
import type { DemoProgress, DemoRow, Hardware } from "../../src/cli/demo.ts";
import { selectRows } from "../../src/data/index.ts";
import { evaluate, formatPlan, LeptonError, plan, planPrediction, printQasm3, train } from "../../src/index.ts";
import { workText } from "../../src/training/index.ts";
import type { Digits } from "./data.ts";
import { quantumLayerOf } from "./training.ts";

/** 256 shots: a standard error of 1/16 for each value. */
const PRECISION = 1 / 16;
const STEPS = 3;
const BATCH_SIZE = 8;
const LEARNING_RATE = 0.02;
const QUICK_TEST_ROWS = 48;

/** A quantum computer, or what stands for one. */
export interface OpenDevice {
  readonly backend: IbmBackend;
  /** As the table names it. */
  readonly label: string;
  close(): Promise<void>;
}

/**
 * IBM Quantum where the environment has credentials, else an emulator of it that runs in this process, with the noise of a
 * snapshot of ibm_torino. Credentials that are there and wrong are an error, not a reason to emulate. Those that Qiskit has
 * saved count only where IBM is asked for by name: a file from another project is no consent to pay.
 */
export async function openDevice(
  hardware: Hardware,
  seed: number,
  progress: DemoProgress,
): Promise<OpenDevice | undefined> {
  if (hardware === "none") return undefined;
  if (hardware !== "emulator" && hasCredentials(hardware)) {
    const provider = ibmProvider({ notify: (line) => progress.note(line) });
    const backend = await provider.leastBusy({ simulator: false });
    return { backend, label: backend.name, close: async () => {} };
  }
  const emulator = await startEmulator({ devices: ["torino"], seed, clock: "automatic" });
  const { url, iamUrl, token, crn } = emulator;
  const provider = ibmProvider({ url, iamUrl, token, instance: crn, poll: { firstSeconds: 0.1, runningSeconds: 0.2 } });
  const backend = await provider.backend("ibm_torino");
  return { backend, label: `${backend.name}, emulated`, close: () => emulator.close() };
}

function hasCredentials(hardware: Hardware): boolean {
  try {
    findCredentials(hardware === "auto" ? { accountFile: false } : {});
    return true;
  } catch (error) {
    if (hardware === "auto" && error instanceof LeptonError && error.code === "IBM_TOKEN_MISSING") return false;
    throw error;
  }
}

export interface DeviceOutcome {
  /** As the table names it. */
  readonly device: string;
  /** Exact, on the device, and on the device after fine-tuning there. */
  readonly rows: readonly DemoRow[];
  /** What was planned before anything was sent. */
  readonly plan: string;
  /** The circuit as it was sent: compiled, its angles free. */
  readonly isaQasm: string;
  readonly jobIds: readonly string[];
}

/**
 * Recognises test digits on a device, trains what lies behind the first layer for three more steps there, and looks again.
 * The model is as before afterwards.
 */
export async function runOnDevice(
  model: LayersModel,
  digits: Digits,
  device: OpenDevice,
  options: { readonly seed: number; readonly quick: boolean },
  progress: DemoProgress,
): Promise<DeviceOutcome> {
  const { backend, label } = device;
  const { seed, quick } = options;
  const test = quick ? selectRows(digits.test, [...Array(QUICK_TEST_ROWS).keys()]) : digits.test;
  const weights = model.getWeights().map((weight) => weight.clone());
  // Shifting the inputs of the circuit as well, which the first layer would need, takes a third more executions.
  const [first] = model.layers;
  first!.trainable = false;
  const onDevice = { provider: backend, precision: PRECISION, seed };
  const optimizer = tf.train.adam(LEARNING_RATE);
  const fineTuning = {
    ...onDevice,
    optimizer,
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
    steps: STEPS,
    batchSize: BATCH_SIZE,
  };
  try {
    const oneJob = { ...onDevice, batchSize: test.numRows };
    const inference = await planPrediction(model, { shape: [test.numRows, test.numFeatures], data: test.x }, oneJob);
    const training = await plan(model, digits.train, fineTuning);
    const planned = `Test digits, twice: ${workText(inference)} each time.\nFine-tuning: ${formatPlan(training)}`;
    for (const line of planned.trimEnd().split("\n")) progress.note(line);

    const timed = async <Result extends { readonly jobIds: readonly string[] }>(
      name: string,
      work: () => Promise<Result>,
    ): Promise<Result & { wall: number }> => {
      const start = performance.now();
      progress.update(name, 0, 1);
      const result = await work();
      progress.update(name, 1, 1);
      // What has been paid for can be read again, whatever becomes of the rest.
      if (result.jobIds.length > 0) progress.note(`${name}: job ${result.jobIds.join(", ")}`);
      return { ...result, wall: (performance.now() - start) / 1000 };
    };
    const params = model.countParams();
    const count = `${test.numRows} test digits`;
    const exact = await timed(`hybrid, exact: ${count}`, () => evaluate(model, test, { batchSize: test.numRows }));
    const noisy = await timed(`${label}: test digits`, () => evaluate(model, test, oneJob));
    const tuning = await timed(`${label}: fine-tuning`, async () => train(model, digits.train, fineTuning));
    const tuned = await timed(`${label}: test digits again`, () => evaluate(model, test, oneJob));
    const rowOf = (name: string, seen: typeof noisy, costs: typeof noisy | typeof tuning): DemoRow => ({
      model: name,
      params,
      metric: "test accuracy",
      value: seen.metrics.acc!,
      spread: null,
      values: [seen.metrics.acc!],
      circuitExecutions: costs.executions,
      jobs: costs.jobIds.length,
      quantumSeconds: costs.quantumSeconds,
      seconds: costs.wall,
    });
    return {
      device: label,
      rows: [
        { ...rowOf(`hybrid, exact, ${count}`, exact, exact), jobs: 0, quantumSeconds: 0 },
        rowOf(`the same on ${label}`, noisy, noisy),
        rowOf(`after ${STEPS} steps of fine-tuning there`, tuned, tuning),
      ],
      plan: planned,
      isaQasm: printQasm3(backend.compile(quantumLayerOf(model).quantum.circuit).circuit, {
        qubits: "physical",
        parameterNames: "ordered",
        directives: false,
      }),
      jobIds: [...noisy.jobIds, ...tuning.jobIds, ...tuned.jobIds],
    };
  } finally {
    first!.trainable = true;
    model.setWeights(weights);
    tf.dispose(weights);
    optimizer.dispose();
  }
}
