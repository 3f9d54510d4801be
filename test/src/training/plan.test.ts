import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { Circuit, Rng, SparsePauliOp, weight } from "../../../circuits/index.ts";
import { type Backend, type JobPlan, loadTarget, localSimulator } from "../../../providers/index.ts";
import { adam, formatPlan, minimize, plan, planMinimize, planPrediction, predict, spsa } from "../../../src/index.ts";
import { connection, perception, quantumLayer } from "../../../src/layers/index.ts";
import { quantum, train } from "../../../src/tfjs.ts";
import { planningBackend } from "../../../src/training/planning-backend.ts";
import { recordingBackend, rowsOf } from "../../support/recording-backend.ts";
import { useTensorBackend } from "../../support/tensorflow.ts";

beforeAll(() => useTensorBackend("cpu"));

const layer = (seed: number, name: string) =>
  quantum(
    quantumLayer({
      qubits: 2,
      perception: perception.angle(),
      connection: connection.basicEntangler({ layers: 1 }),
      seed,
    }),
    {
      name,
    },
  );
const dense = (units: number, more: object = {}) =>
  tfl.layers.dense({ units, kernelInitializer: tfl.initializers.randomUniform({ seed: 1 }), ...more });
const MODELS = {
  "one circuit": () => tfl.sequential({ layers: [dense(2, { inputShape: [3] }), layer(1, "a"), dense(1)] }),
  "circuits in a row, with statistics": () =>
    tfl.sequential({
      layers: [
        dense(2, { inputShape: [3] }),
        tfl.layers.batchNormalization(),
        layer(1, "b"),
        dense(2),
        layer(2, "c"),
        dense(1),
      ],
    }),
};
const data = (rows: number) => {
  const rng = Rng.seed("plan");
  const numbers = (columns: number) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => rng.normal()));
  return { x: numbers(3), y: numbers(1) };
};

describe("plan", () => {
  test.each(Object.entries(MODELS))("%s: says what train then sends, and changes nothing", async (name, build) => {
    const model = build();
    const before = model.getWeights().map((weight) => Array.from(weight.dataSync()));
    const options = { epochs: 2, batchSize: 4, validation: data(5), precision: 0.1, seed: 3 };
    const planned = await plan(model, data(10), { ...options, provider: recordingBackend(localSimulator()) });
    expect(model.getWeights().map((weight) => Array.from(weight.dataSync()))).toEqual(before);

    const provider = recordingBackend(localSimulator());
    const run = await train(model, data(10), {
      ...options,
      provider,
      optimizer: tf.train.sgd(0.1),
      loss: "meanSquaredError",
    });
    expect(planned.steps).toBe(run.steps);
    expect(planned.epochs).toBe(run.epochs);
    expect(planned.total.jobs).toBe(provider.jobs.length);
    expect(planned.total.pubs).toBe(provider.jobs.flat().length);
    expect(planned.total.rows).toBe(provider.jobs.flat().reduce((sum, pub) => sum + rowsOf(pub), 0));
    expect(planned.total.executions).toBe(run.executions);
    expect(planned.step.jobs).toBe(name === "one circuit" ? 1 : 2);
  });

  test("asks the provider what a job takes, and multiplies by the price", async () => {
    const work: JobPlan = {
      pubs: 1,
      rows: 7,
      executions: 70,
      subJobs: 2,
      quantumSeconds: 3,
      circuits: [
        {
          numQubits: 2,
          twoQubitGates: 4,
          twoQubitDepth: 3,
          durationSeconds: 1e-6,
          estimatedSuccess: 0.9,
          rows: 7,
          executions: 70,
        },
      ],
    };
    const inner = recordingBackend(localSimulator());
    const provider: Backend = {
      ...inner,
      name: "paid",
      estimator: (options) => ({ ...inner.estimator(options), plan: async () => work }),
    };
    const planned = await plan(MODELS["one circuit"](), data(8), {
      provider,
      batchSize: 4,
      steps: 5,
      price: { perSecond: 1.6, currency: "USD" },
    });
    expect(planned.total).toEqual({ jobs: 10, pubs: 5, rows: 35, executions: 350, quantumSeconds: 15 });
    expect(planned.epochs).toBe(3);
    expect(planned.money).toEqual({ amount: 24, currency: "USD" });
    expect(inner.jobs).toEqual([]);
    const text = formatPlan(planned);
    expect(text).toContain("5 steps of 4 rows in 3 epochs");
    expect(text).toContain("2 qubits, 4 two-qubit gates in depth 3, 1.00 µs, estimated success 0.900");
    expect(text).toContain(
      "In all: 10 jobs, 5 PUBs, 35 rows, 350 executions, about 15.0 s of the quantum computer, about 24.00 USD.",
    );
  });

  test("prediction is planned as predict sends it", async () => {
    const model = MODELS["circuits in a row, with statistics"]();
    const { x } = data(7);
    const options = { batchSize: 3, precision: 0.1 };
    const planned = await planPrediction(model, x, { ...options, provider: recordingBackend(localSimulator()) });
    const provider = recordingBackend(localSimulator());
    const { executions, outputs } = await predict(model, x, { ...options, provider });
    tf.dispose([...outputs]);
    expect(planned).toMatchObject({ jobs: provider.jobs.length, pubs: provider.jobs.flat().length, executions });
    expect(planned.jobs).toBe(6);
  });

  test("a simulator that differentiates itself is sent nothing", async () => {
    const planned = await plan(MODELS["one circuit"](), data(8), { batchSize: 4 });
    expect(planned.total.jobs).toBe(0);
    expect(formatPlan(planned)).toContain("A step: no job.");
  });

  test.each([["parameter-shift", adam()] as const, ["spsa", spsa()] as const])(
    "minimize with %s is planned as it is sent",
    async (_, optimizer) => {
      const w = weight("w", 3);
      const circuit = Circuit.build(2, (c) => c.ry(w.at(0), 0).ry(w.at(1), 1).cx(0, 1).rx(w.at(2), 1));
      const problem = { circuit, observable: SparsePauliOp.parse("ZZ + 0.5*XI"), optimizer, steps: 4, precision: 0.1 };
      const planned = await planMinimize({ ...problem, provider: recordingBackend(localSimulator()) });
      const provider = recordingBackend(localSimulator());
      const run = await minimize({ ...problem, provider });
      expect(planned.total.jobs).toBe(provider.jobs.length);
      expect(planned.total.executions).toBe(run.executions);
      expect(formatPlan(planned)).toContain("4 steps.");
    },
  );

  test("minimize that goes on from a checkpoint is planned from there; wrong steps are refused as they are sent", async () => {
    const circuit = Circuit.build(1, (c) => c.ry(weight("w", 1).at(0), 0));
    const problem = { circuit, observable: SparsePauliOp.parse("Z"), optimizer: adam(), steps: 5, precision: 0.1 };
    const { history } = await minimize({ ...problem, steps: 3, provider: recordingBackend(localSimulator()) });
    const from = history[2]!.checkpoint;
    const planned = await planMinimize({ ...problem, from, provider: recordingBackend(localSimulator()) });
    const provider = recordingBackend(localSimulator());
    const run = await minimize({ ...problem, from, provider });
    expect(planned.steps).toBe(2);
    expect(planned.total).toMatchObject({ jobs: provider.jobs.length, executions: run.executions });

    for (const [wrong, code] of [
      [{ steps: 4.5 }, "TRAINING_OPTION"],
      [{ provider: 7 }, "TRAINING_PROVIDER"],
    ] as const)
      await expect(
        planMinimize({ ...problem, provider: localSimulator(), ...(wrong as object) }),
      ).rejects.toMatchObject({ code });
  });

  test("the stand-in passes nothing on: it has no sampler", () => {
    const provider = planningBackend(localSimulator());
    expect(() => provider.sampler()).toThrow(expect.objectContaining({ code: "TRAINING_PROVIDER" }));
  });

  test("a model without trainable weights is refused as train refuses it", async () => {
    const model = MODELS["one circuit"]();
    for (const own of model.layers) own.trainable = false;
    await expect(plan(model, data(8))).rejects.toMatchObject({ code: "TRAINING_NOTHING_TRAINABLE" });
  });

  test("a device that goes by its own name is named once", async () => {
    const provider = { ...recordingBackend(localSimulator()), name: "ibmq_manila", target: loadTarget("manila") };
    const text = formatPlan(await plan(MODELS["one circuit"](), data(8), { provider }));
    expect(text).toMatch(/^Runs on ibmq_manila: 1 step/);
  });

  test("refuses options and prices that there are not", async () => {
    await expect(plan(MODELS["one circuit"](), data(8), { bugdet: 1 } as object)).rejects.toMatchObject({
      code: "TRAINING_OPTION",
      message: expect.stringMatching(/bugdet.*price/),
    });
    await expect(
      plan(MODELS["one circuit"](), data(8), { price: { perSecond: -1, currency: "USD" } }),
    ).rejects.toMatchObject({ code: "TRAINING_PRICE" });
  });
});
