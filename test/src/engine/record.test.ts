import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import { afterEach, describe, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../../providers/emulator/index.ts";
import { ibmProvider } from "../../../providers/ibm/index.ts";
import { loadEngine } from "../../../src/engine/index.ts";
import { EngineRecord } from "../../../src/engine/record.ts";
import { deviceSimulator, loadTarget, localSimulator, memoryStore } from "../../../src/index.ts";
import { modelCardText } from "../../../src/models/model-card.ts";
import { sides, sidesParts } from "../../support/sides-engine.ts";
import { smallDevice } from "../../support/small-device.ts";

const open: Emulator[] = [];
afterEach(async () => {
  for (const emulator of open.splice(0)) await emulator.close();
});
async function remote(send: "all" | "nothing" = "all") {
  const emulator = await startEmulator({ devices: [smallDevice(3)], clock: "automatic", noise: false });
  open.push(emulator);
  const { token, crn: instance, url, iamUrl } = emulator;
  const own = { token, instance, url, iamUrl, accountFile: false, environment: {}, send } as const;
  return ibmProvider({ ...own, poll: { firstSeconds: 0.002 } }).backend("small_device");
}
const newFolder = () => mkdtempSync(join(tmpdir(), "lepton-engine-"));

describe("what an engine remembers of its trainings", () => {
  test("holds for one that breaks off: its steps count, and what was found before it is forgotten", async () => {
    const engine = sides();
    await engine.train({ steps: 2 });
    await engine.evaluate("test");
    const stopping = new AbortController();
    const run = engine.train({
      ...{ steps: 6, signal: stopping.signal },
      callbacks: { onBatchEnd: ({ step }) => step === 3 && stopping.abort(new Error("The night is over.")) },
    });
    await expect(run).rejects.toThrow("The night is over.");
    const card = await engine.card();
    expect(card.evaluations).toEqual([]);
    expect(
      card.trainings.map(({ steps: count, executions, isBrokenOff = false }) => [count, executions, isBrokenOff]),
    ).toEqual([
      [2, 2 * 12 + 24, false],
      [3, 3 * 12, true],
    ]);
    expect(modelCardText(card)).toContain("36 circuit executions; broken off");
    // One that never began changes nothing.
    await engine.evaluate("test");
    await expect(engine.train({ steps: 0 })).rejects.toMatchObject({ code: "TRAINING_LENGTH" });
    expect((await engine.card()).evaluations).toHaveLength(1);
    expect((await engine.card()).trainings).toHaveLength(2);
  });

  test("holds no evaluation that a training has overtaken", async () => {
    const engine = sides();
    const trained = Promise.withResolvers<void>();
    const slow = {
      ...{ name: "slow", capabilities: { ...localSimulator().capabilities, adjoint: false } },
      estimator: (options: object) => ({
        run: async (pubs: readonly never[]) => {
          await trained.promise;
          return localSimulator().estimator(options).run(pubs);
        },
      }),
    } as never;
    await engine.model();
    const evaluating = engine.evaluate("test", { provider: slow });
    await engine.train({ steps: 1 });
    trained.resolve();
    expect((await evaluating).numRows).toBe(24);
    expect((await engine.card()).evaluations).toEqual([]);
    await engine.evaluate("test");
    expect((await engine.card()).evaluations).toHaveLength(1);
  });

  test("counts a run that is resumed once, and whole", async () => {
    const store = memoryStore();
    const first = sides();
    const run = first.train({ store, id: "night", steps: 8 });
    for await (const { step } of run) if (step === 3) run.stop();
    const begun = (await first.card()).trainings;
    expect(begun).toHaveLength(1);
    expect(begun[0]!.steps).toBeLessThan(8);
    await first.train({ store, id: "night", steps: 8 });
    const [whole, ...others] = (await first.card()).trainings;
    expect(others).toEqual([]);
    expect([whole!.steps, whole!.executions]).toEqual([8, 8 * 12 + 2 * 24]);
    expect(whole!.cpuSeconds).toBeGreaterThan(begun[0]!.cpuSeconds!);
    expect(whole!.cpuSeconds).toBeLessThan(20);
    // Another process knows the run's steps, and not what they took of the processor.
    const second = sides();
    await second.evaluate("validation");
    const { seconds } = await second.train({ store, id: "night", steps: 8 });
    const card = await second.card();
    expect(card.trainings[0]!.seconds).toBe(seconds);
    expect(card.trainings.map(({ steps, executions, cpuSeconds }) => [steps, executions, cpuSeconds])).toEqual([
      [8, 8 * 12 + 2 * 24, undefined],
    ]);
    expect(card.evaluations).toEqual([]);
    expect(modelCardText(card)).toContain("Processor time was not measured.");
    await second.train({ steps: 1 });
    expect(modelCardText(await second.card())).toContain("1 of 2 trainings were not measured.");
  });

  test("counts for fit what it counts for train", async () => {
    const [byTrain, byFit] = [sides(), sides()];
    await byTrain.train();
    let ends = 0;
    await byFit.fit({ callbacks: { onEpochEnd: async () => void ends++ } });
    expect(ends).toBe(2);
    const costs = async (engine: ReturnType<typeof sides>) => {
      const [{ steps, executions, jobs }] = (await engine.card()).trainings as never as [
        { steps: 1; executions: 1; jobs: 1 },
      ];
      return [steps, executions, jobs];
    };
    expect(await costs(byTrain)).toEqual([12, 2 * (72 + 24), 0]);
    expect(await costs(byFit)).toEqual(await costs(byTrain));
  });

  test("is saved with the model, and lost with it", async () => {
    const folder = newFolder();
    const engine = sides();
    await engine.train({ steps: 3 });
    const { metrics } = await engine.evaluate("test");
    // Rows of one's own are no part of the data.
    await engine.evaluate(sidesParts.validation);
    const model = await engine.model();
    model.setUserDefinedMetadata({ mine: 7 });
    await engine.save(folder);
    expect(model.getUserDefinedMetadata()).toEqual({ mine: 7 });
    expect(JSON.parse(readFileSync(join(folder, "model.json"), "utf8")).userDefinedMetadata.mine).toBe(7);
    const loaded = await loadEngine(folder);
    const { data, trainings, evaluations } = await loaded.card();
    expect(data.numRows).toEqual({ train: 72, validation: 24, test: 24 });
    expect(trainings.map(({ steps }) => steps)).toEqual([3]);
    expect(evaluations.map((one) => one.metrics)).toEqual([metrics]);
    // Saved again without its data, it still says on what it was trained.
    await loaded.save(folder);
    const again = await loadEngine(folder, { data: sidesParts });
    expect((await again.card()).data.numRows).toEqual(data.numRows);
    await again.train({ steps: 1 });
    expect((await again.card()).trainings.map(({ steps }) => steps)).toEqual([3, 1]);
    expect((await again.card()).evaluations).toEqual([]);
    engine.dispose();
    expect((await engine.card()).trainings).toEqual([]);
    expect(modelCardText(await engine.card())).toContain("No training is known.");
  });

  test("is no other engine's: a smaller one is trained as it was, evaluated by itself, and says how it was made smaller", async () => {
    const trained = sides().with({ quantum: undefined, classical: { hidden: [8] } });
    await trained.train();
    await trained.evaluate("test");
    const { engine: smaller } = await trained.compress({ budget: { accuracy: -0.2 }, steps: 2, maxFineTunes: 2 });
    const card = await smaller.card();
    expect(card.trainings).toEqual((await trained.card()).trainings);
    expect(card.evaluations).toEqual([]);
    expect(card.limits!.at(-1)).toMatch(/^It was made smaller after it was trained: /);
    const { metrics } = await smaller.evaluate("test");
    const folder = newFolder();
    await smaller.save(folder);
    const loaded = await loadEngine(folder, { data: sidesParts });
    expect((await loaded.card()).limits).toEqual(card.limits);
    expect(JSON.parse(readFileSync(join(folder, "model.json"), "utf8")).lepton.format).toBe("lepton-compact-model@1");
    const again = await loaded.compress({ budget: { accuracy: -0.2 }, steps: 1, maxFineTunes: 1 });
    expect(() => again.engine.with({})).toThrow(expect.objectContaining({ code: "ENGINE_OPTION" }));
    expect((await loaded.evaluate("test")).metrics).toEqual(metrics);
    expect((await smaller.with({}).model()).countParams()).toBe((await trained.model()).countParams());
    smaller.dispose();
    await expect(smaller.model()).rejects.toMatchObject({ code: "ENGINE_DISPOSED" });
  });

  test("does not plan, so that a card is written whatever the training was told", async () => {
    const device = deviceSimulator(loadTarget("manila"), { seed: 1 });
    const engine = sides().with({ optimize: { learningRate: 0.1, steps: 1, batchSize: 4, shots: { total: 400 } } });
    await engine.train({ provider: device });
    const text = modelCardText(await engine.card());
    // Its jobs are no jobs of a quantum computer.
    expect(text).toMatch(/on ibmq_manila simulator: .* circuit executions\n/);
    expect(text).toContain("Nothing that is known of: its circuits were simulated");
  });
});

describe("what left the process", () => {
  test("is told of trainings, evaluations and predictions, also after further training", async () => {
    const provider = await remote();
    const engine = sides().with({ optimize: { learningRate: 0.1, steps: 1, batchSize: 4 } });
    const sent = async () => (await engine.card()).sent;
    expect(await sent()).toEqual([]);
    const options = { provider, precision: 0.2, batchSize: 24 };
    await engine.predict(sidesParts.test, options);
    expect(await sent()).toEqual([{ provider: "small_device", jobs: 1 }]);
    await engine.evaluate("test", options);
    const { jobIds } = await engine.train({ provider, precision: 0.2, batchSize: 24 });
    expect(jobIds).toHaveLength(2);
    await engine.train();
    const card = await engine.card();
    expect(card.sent).toEqual([{ provider: "small_device", jobs: 4 }]);
    const text = modelCardText(card);
    expect(text).toContain("Circuits went to small_device (4 jobs). Their angles are functions of the features");
    expect(text).toMatch(/on small_device: .*, 2 jobs, \d+\.\d s of the quantum computer/);
    const folder = newFolder();
    await engine.save(folder);
    expect((await (await loadEngine(folder)).card()).sent).toEqual(card.sent);
    // Neither secrets nor paths are in it.
    const written = ["model-card.md", "model-card.json", "model.json"].map((name) =>
      readFileSync(join(folder, name), "utf8"),
    );
    for (const secret of [folder, provider.account, open[0]!.token, open[0]!.crn])
      expect(written.join()).not.toContain(secret);
  });

  test("holds for a training that breaks off", async () => {
    const provider = await remote();
    const engine = sides();
    const options = { provider, precision: 0.2, batchSize: 24 } as const;
    const training = engine.train({
      ...{ ...options, steps: 4 },
      callbacks: { onBatchEnd: ({ step }) => step === 2 && training.abort(new Error("Enough.")) },
    });
    await expect(training).rejects.toThrow("Enough.");
    const { trainings, sent } = await engine.card();
    const taken = training.steps.reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0);
    expect(taken).toBeGreaterThan(0);
    expect(trainings).toMatchObject([{ steps: 2, jobs: 2, quantumSeconds: taken, remote: true, seed: 5 }]);
    expect(sent).toEqual([{ provider: "small_device", jobs: 2 }]);
    // Where it breaks off in its first step, something may have gone.
    const unlucky = sides();
    const { name, capabilities, target } = provider;
    const run = () => Promise.reject(new Error("The network is down."));
    const far = { name, capabilities, target, estimator: () => ({ run }) } as never;
    await expect(unlucky.train({ ...options, provider: far })).rejects.toThrow("The network is down.");
    await expect(unlucky.predict(sidesParts.test, { ...options, provider: far })).rejects.toThrow(
      "The network is down.",
    );
    expect((await unlucky.card()).sent).toEqual([{ provider: "small_device", jobs: 0 }]);
    expect(modelCardText(await unlucky.card())).toContain("Circuits went to small_device (jobs not counted)");
  });

  test("is told of fine-tuning there, too", async () => {
    const provider = await remote();
    const { trainings, sent } = new EngineRecord().compressed("It was made smaller.", provider);
    expect([trainings, sent]).toEqual([[], [{ provider: "small_device", jobs: 0 }]]);
  });

  test("is nothing where sending was refused", async () => {
    const provider = await remote("nothing");
    const engine = sides();
    const refused = { code: "IBM_SENDING_REFUSED" };
    await expect(engine.train({ provider, precision: 0.2, steps: 1 })).rejects.toMatchObject(refused);
    await expect(engine.predict(sidesParts.test, { provider, precision: 0.2 })).rejects.toMatchObject(refused);
    const options = { provider, precision: 0.2, batchSize: 0 };
    await expect(engine.predict(sidesParts.test, options)).rejects.toMatchObject({ code: "DATA_BATCH_SIZE" });
    await expect(engine.train({ ...options, steps: 1 })).rejects.toMatchObject({ code: "DATA_BATCH_SIZE" });
    expect((await engine.card()).sent).toEqual([]);
  });
});
