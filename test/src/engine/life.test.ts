import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  columns,
  type Dataset,
  fromArrays,
  minMax,
  readCsv,
  standardise,
  type Table,
} from "../../../src/data/index.ts";
import { engine, type LeptonEngine, loadEngine } from "../../../src/engine/index.ts";
import { adam } from "../../../src/index.ts";
import { sides, sidesLayer, sidesParts } from "../../support/sides-engine.ts";

const weights = async (of: LeptonEngine) => (await of.model()).getWeights().map((one) => [...one.dataSync()]);

describe("engines that share", () => {
  test("an optimizer object are trained as if each had its own", async () => {
    const optimizer = tf.train.adam(0.1);
    const shared = sides().with({ optimize: { optimizer, steps: 3, batchSize: 12 } });
    const [first, second] = [shared.with({}), shared.with({})];
    await first.train();
    await second.train();
    expect(await weights(second)).toEqual(await weights(first));
    const byName = shared.with({ optimize: { optimizer: "adam", learningRate: 0.1, steps: 3, batchSize: 12 } });
    await byName.train();
    expect(await weights(byName)).toEqual(await weights(first));
    const other = shared.with({ quantum: undefined });
    expect((await other.train()).steps).toBe(3);
  });

  test("a quantum layer keep weights of their own", async () => {
    const [trained, fresh] = [sides(), sides()];
    const before = await weights(fresh);
    await trained.train({ steps: 2 });
    expect(await weights(fresh)).toEqual(before);
    expect(await weights(trained)).not.toEqual(before);
  });
});

describe("an engine's model", () => {
  test("is made for all who wait, though the one who asked first goes away", async () => {
    let calls = 0;
    const lazy = sides().with({
      data: (signal) =>
        new Promise((resolve, reject) => {
          calls++;
          signal?.addEventListener("abort", () => reject(signal.reason));
          setTimeout(() => resolve(sidesParts), 5);
        }),
    });
    const leaving = new AbortController();
    const first = lazy.prepare(leaving.signal);
    const second = lazy.model();
    const third = lazy.evaluate("test");
    leaving.abort(new Error("I am off."));
    await expect(first).rejects.toThrow("I am off.");
    expect((await second).name).toBe("sides");
    expect((await third).numRows).toBe(24);
    expect(calls).toBe(2);
    await expect(lazy.predict(sidesParts.test, { signal: leaving.signal })).rejects.toThrow("I am off.");
  });

  test("is freed with all tensors of its trainings", async () => {
    const before = tf.memory().numTensors;
    const freed = sides();
    await freed.describe();
    await freed.train({ steps: 2 });
    await freed.train({ steps: 2 });
    await Promise.allSettled([freed.train({ steps: 2 }), freed.train({ steps: 2 })]);
    freed.dispose();
    expect(tf.memory().numTensors).toBe(before);
    // And begins anew.
    expect(await weights(freed)).toEqual(await weights(sides()));
  });

  test("is not there any more for what still runs", async () => {
    const disposed = { code: "ENGINE_DISPOSED" };
    const engine = sides();
    const run = engine.train();
    const steps = (async () => {
      for await (const { step } of run) if (step === 2) engine.dispose();
    })();
    await expect(steps).rejects.toMatchObject(disposed);
    const slow = sides().with({ data: async () => sidesParts });
    const before = tf.memory().numTensors;
    const waiting = slow.model();
    slow.dispose();
    await expect(waiting).rejects.toMatchObject(disposed);
    expect(tf.memory().numTensors).toBe(before);
    expect((await slow.model()).name).toBe("sides");
  });

  test("is all that a loaded engine has: it can be neither put together anew nor begun anew", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lepton-engine-"));
    await sides().save(folder);
    const loaded = await loadEngine(folder, { data: sidesParts });
    expect(() => loaded.with({ seed: 3 })).toThrow(expect.objectContaining({ code: "ENGINE_OPTION" }));
    loaded.dispose();
    await expect(loaded.model()).rejects.toMatchObject({ code: "ENGINE_DISPOSED" });
    // A data unit that failed is asked again.
    let calls = 0;
    const unlucky = await loadEngine(folder, {
      data: () => {
        if (++calls === 1) throw new Error("The disk is away.");
        return sidesParts;
      },
    });
    await expect(unlucky.evaluate("test")).rejects.toThrow("The disk is away.");
    expect((await unlucky.evaluate("test")).numRows).toBe(24);
  });
});

describe("a unit that is misspelt or no unit is refused by name", () => {
  const one = fromArrays([[1], [2]], ["same", "same"]);
  test.each([
    [
      "a part of the data",
      "ENGINE_OPTION",
      { data: { train: sidesParts.train, valid: sidesParts.validation } },
      /"valid".*validation/,
    ],
    ["no rows", "ENGINE_OPTION", { data: { train: null } }, /no training rows/],
    ["the name of a file", "ENGINE_TARGETS", { data: { train: "rows.csv" }, features: [] }, /datasetFromTable/],
    [
      "a single class",
      "ENGINE_CLASSES",
      { data: { train: one }, features: [], quantum: undefined },
      /all .* of the class same/,
    ],
    ["quantum", "ENGINE_UNIT", { quantum: { layer: sidesLayer(2), bottelneck: true } }, /bottelneck/],
    [
      "a bottleneck",
      "ENGINE_UNIT",
      { quantum: { layer: sidesLayer(2), bottleneck: { activaton: "tanh" } } },
      /activaton/,
    ],
    [
      "the activation of a bottleneck",
      "ENGINE_UNIT",
      { quantum: { layer: sidesLayer(2), bottleneck: { activation: "tan" } } },
      /tan; .*tanh/,
    ],
    ["classical", "ENGINE_UNIT", { classical: { hiden: [3] } }, /hiden/],
    ["hidden layers", "ENGINE_UNIT", { classical: { hidden: 3 } }, /\[16\]/],
    [
      "the activation of hidden layers",
      "ENGINE_UNIT",
      { classical: { hidden: [3], activation: "rellu" } },
      /rellu; .*relu/,
    ],
    ["layers of one's own", "ENGINE_UNIT", { classical: () => undefined }, /list of TensorFlow\.js layers/],
    ["optimize", "ENGINE_UNIT", { optimize: { learningrate: 1 } }, /learningrate.*learningRate/],
    ["what belongs to data", "ENGINE_UNIT", { optimize: { validation: sidesParts.test } }, /validation/],
    [
      "an optimizer for minimize",
      "ENGINE_UNIT",
      { optimize: { optimizer: adam({ learningRate: 0.1 }) } },
      /tf\.train\.adam/,
    ],
    [
      "a feature unit",
      "ENGINE_UNIT",
      { features: [standardise(), minMax] },
      /features\[1\] is the function minMax, which has no fit/,
    ],
  ] as const)("%s", async (_, code, changes, words) => {
    const failing = sides().with(changes as never);
    await expect(failing.train({ steps: 1 })).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
  });

  test("and no bottleneck is none", async () => {
    const without = sides().with({ quantum: { layer: sidesLayer(2), bottleneck: false } });
    expect((await without.model()).countParams()).toBe((await sides().model()).countParams());
  });
});

test("the types of units fit each other", () => {
  const table = readCsv({ text: "a,b,c\n1,2,x\n3,4,y" });
  const ofTable = engine({
    data: { train: table },
    features: [columns({ target: "c", number: ["a", "b"] }), minMax()],
  });
  expectTypeOf(ofTable).toEqualTypeOf<LeptonEngine<Table>>();
  expectTypeOf(
    engine({ data: () => ({ train: table }), features: columns({ target: "c", number: ["a"] }) }),
  ).toEqualTypeOf<LeptonEngine<Table>>();
  expectTypeOf(sides()).toEqualTypeOf<LeptonEngine<Dataset>>();
  const { train } = sidesParts;
  const never = (): void => {
    // @ts-expect-error: a scaler takes datasets, and these are tables
    engine({ data: { train: table }, features: standardise() });
    // @ts-expect-error: columns come first
    engine({ data: { train }, features: [standardise(), columns({ target: "c", number: ["a"] })] });
    // @ts-expect-error: rows of another type than those it was made for
    void ofTable.evaluate(train);
    // @ts-expect-error: no such activation
    engine({ data: { train }, classical: { hidden: [2], activation: "rellu" } });
  };
  expect(never).toBeTypeOf("function");
});
