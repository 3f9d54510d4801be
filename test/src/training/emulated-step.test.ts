import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Circuit, input, Rng, SparsePauliOp, weight } from "../../../circuits/index.ts";
import { type Emulator, startEmulator } from "../../../providers/emulator/index.ts";
import { ibmProvider } from "../../../providers/ibm/index.ts";
import { type Backend, localSimulator } from "../../../providers/index.ts";
import { plan, train, valueAndGradient } from "../../../src/index.ts";
import { quantumLayer } from "../../../src/layers/index.ts";
import { quantum } from "../../../src/tfjs.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

/** Four qubits, an input each, eight weights. */
const x = input("x", 4);
const w = weight("w", [2, 4]);
const circuit = Circuit.build(4, (c) => {
  for (let qubit = 0; qubit < 4; qubit++) c.rx(x.at(qubit), qubit);
  for (let layer = 0; layer < 2; layer++) {
    for (let qubit = 0; qubit < 4; qubit++) c.ry(w.at(layer, qubit), qubit);
    for (let qubit = 0; qubit < 4; qubit++) c.cx(qubit, (qubit + 1) % 4);
  }
});
const observables = ["ZIII", "IZII", "IIZI", "IIIZ"];
const ROWS = 16;

const opened: Emulator[] = [];
const emulated = async (
  sampling: "shots" | "exact",
  noise: boolean,
): Promise<{ emulator: Emulator; backend: Backend }> => {
  const emulator = await startEmulator({ devices: ["torino"], sampling, noise, clock: "automatic", seed: 5 });
  opened.push(emulator);
  const { url, iamUrl, token, crn } = emulator;
  const poll = { firstSeconds: 0.02, runningSeconds: 0.02 };
  const provider = ibmProvider({ url, iamUrl, token, instance: crn, poll, environment: {}, accountFile: false });
  return { emulator, backend: await provider.backend("ibm_torino") };
};
afterAll(async () => {
  for (const emulator of opened) await emulator.close();
});
beforeAll(() => useTensorBackend("cpu"));

describe("training through the emulator", () => {
  test("a step of 8 weights and 16 rows is one job of one PUB, as planned, and its rows are those of the shifts", async () => {
    const { emulator, backend } = await emulated("shots", true);
    const model = tfl.sequential();
    const layer = quantumLayer({ circuit, observables });
    model.add(quantum(layer));
    model.add(tfl.layers.dense({ units: 1, kernelInitializer: tfl.initializers.glorotNormal({ seed: 1 }) }));
    const rng = Rng.seed("rows");
    const data = {
      x: Array.from({ length: 2 * ROWS }, () => Array.from({ length: 4 }, () => rng.uniform())),
      y: Array.from({ length: 2 * ROWS }, () => [rng.uniform()]),
    };
    const options = { provider: backend, batchSize: ROWS, precision: 0.1 };
    const planned = await plan(model, data, options);
    expect(emulator.control.jobs()).toEqual([]);
    const run = await train(model, data, { ...options, optimizer: tf.train.adam(0.05), loss: "meanSquaredError" });
    const jobs = emulator.control.jobs();
    expect(run.steps).toBe(2);
    expect(jobs.map(({ pubs, rows }) => [pubs, rows])).toEqual([
      [1, ROWS * (1 + 2 * 8)],
      [1, ROWS * (1 + 2 * 8)],
    ]);
    expect(jobs.map(({ id }) => id).sort()).toEqual([...run.jobIds].sort());
    expect(planned.step).toMatchObject({ jobs: 1, pubs: 1, rows: 272, executions: 27_200 });
    expect(planned.total.executions).toBe(jobs.reduce((sum, { executions }) => sum + executions, 0));
    // The plan knows neither the change of basis nor the read-out, some microseconds beside a delay of 250.
    expect(run.quantumSeconds / planned.total.quantumSeconds).toBeCloseTo(1, 3);
  });

  const point = () => {
    const rng = Rng.seed("point");
    return {
      inputs: Float64Array.from({ length: 3 * 4 }, () => 3 * rng.normal()),
      weights: Float64Array.from({ length: 8 }, () => 3 * rng.normal()),
      rows: 3,
    };
  };
  const gradientOn = (provider: Backend, precision?: number) =>
    valueAndGradient({
      circuit,
      observables: [SparsePauliOp.parse("ZZII + 0.5*IXXI + 0.25*IIIZ")],
      provider,
      ...point(),
      wants: { inputs: true, weights: true },
      ...(precision === undefined ? {} : { precision }),
    });

  test("gradients of the perfect device without shot noise are those of adjoint to 1e-9", async () => {
    const { backend } = await emulated("exact", false);
    const [exact, adjoint] = [await gradientOn(backend, 0.1), await gradientOn(localSimulator())];
    expect(adjoint.method).toBe("adjoint");
    expect(exact.method).toBe("parameter-shift");
    for (const [i, value] of adjoint.values.entries()) expect(exact.values[i]).toBeCloseTo(value, 9);
    for (const name of ["weightGradient", "inputGradient"] as const)
      for (const [i, value] of adjoint[name]!.entries())
        expect(Math.abs(exact[name]![i]! - value), `${name} ${i}`).toBeLessThan(1e-9);
  });

  test("sampled gradients of the perfect device are within four standard errors of adjoint", async () => {
    const { backend } = await emulated("shots", false);
    const [sampled, adjoint] = [await gradientOn(backend, 0.005), await gradientOn(localSimulator())];
    for (const [i, value] of adjoint.weightGradient!.entries()) {
      expect(sampled.weightStderr![i]).toBeGreaterThan(0);
      expect(Math.abs(sampled.weightGradient![i]! - value)).toBeLessThan(4 * sampled.weightStderr![i]!);
    }
    for (const [i, value] of adjoint.inputGradient!.entries())
      expect(Math.abs(sampled.inputGradient![i]! - value)).toBeLessThan(4 * sampled.inputStderr![i]! + 1e-12);
  });
});
