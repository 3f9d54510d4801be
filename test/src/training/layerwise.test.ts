import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, input, SparsePauliOp, uniformWeights, weight } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { valueAndGradient } from "../../../src/gradients/index.ts";
import { adam, rotosolve } from "../../../src/optimizers/index.ts";
import { memoryStore, type RunStore } from "../../../src/runs/index.ts";
import {
  freezeWeights,
  type LayerwiseMinimizeOptions,
  type LayerwiseStage,
  minimizeLayerwise,
  trainLayerwise,
} from "../../../src/training/index.ts";
import { goldenHamiltonians, goldenObservable } from "../../support/golden.ts";
import { killedAt } from "../../support/killed-at.ts";
import { expiringStore } from "../../support/movable-clock.ts";

const provider = localSimulator();
/** Layers that are the identity where their weights are 0, so that a new one leaves the state as it is. */
const ansatz = (layers: number) => {
  const w = weight("w", [layers, 3, 4]);
  return Circuit.build(4, (c) => {
    for (let layer = 0; layer < layers; layer++) {
      for (let qubit = 0; qubit < 4; qubit++) c.ry(w.at(layer, 0, qubit), qubit);
      for (let qubit = 0; qubit < 4; qubit++) c.rzz(w.at(layer, 1, qubit), qubit, (qubit + 1) % 4);
      for (let qubit = 0; qubit < 4; qubit++) c.rx(w.at(layer, 2, qubit), qubit);
    }
  });
};
const tfim = goldenHamiltonians().find(({ id }) => id === "tfim4_open_h1")!;
const observable = goldenObservable(tfim.n, tfim.terms);

describe("freezeWeights", () => {
  const x = input("free", 2);
  const w = weight("w", [2, 2]);
  const v = weight("v");
  const circuit = Circuit.build(2, (c) =>
    c
      .ry(x.at(0), 0)
      .rz(w.at(0, 0).times(2).plus(w.at(1, 1)), 0)
      .cx(0, 1)
      .rx(w.at(0, 1), 1)
      .ry(w.at(1, 0).plus(v), 1)
      .rx(x.at(1), 0),
  );

  test("leaves values and the other weights' gradients as they were", async () => {
    const angle = fc.double({ min: -3, max: 3, noNaN: true });
    const numbers = fc.array(angle, { minLength: 5, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(numbers, fc.tuple(angle, angle), fc.nat(4), async (weights, inputs, count) => {
        const request = { observables: [SparsePauliOp.parse("ZX + 0.5*YI")], provider, inputs };
        const whole = await valueAndGradient({ ...request, circuit, weights });
        const frozen = freezeWeights(circuit, weights.slice(0, count));
        expect([frozen.numInputs, frozen.numWeights]).toEqual([2, 5 - count]);
        const part = await valueAndGradient({ ...request, circuit: frozen, weights: weights.slice(count) });
        expect(part.values[0]).toBeCloseTo(whole.values[0]!, 12);
        for (const [p, slope] of part.weightGradient!.entries())
          expect(slope).toBeCloseTo(whole.weightGradient![count + p]!, 12);
      }),
      { seed: 1, numRuns: 25 },
    );
  });

  test("of all weights leaves none, and of none is the circuit", () => {
    expect(freezeWeights(circuit, [1, 2, 3, 4, 5]).numWeights).toBe(0);
    expect(freezeWeights(circuit, [])).toBe(circuit);
  });

  test.each([[[1, 2, 3, 4, 5, 6]], [[Number.NaN]], [undefined]])("refuses %o", (values) => {
    expect(() => freezeWeights(circuit, values as number[])).toThrow(
      expect.objectContaining({ code: "TRAINING_SHAPE" }),
    );
  });
});

describe("trainLayerwise", () => {
  test("adds layers to those that are trained, and ends with all of them", async () => {
    const stages: LayerwiseStage[] = [];
    const { weights, circuit } = await trainLayerwise({
      layers: 3,
      circuit: ansatz,
      async train(stage) {
        stages.push(stage);
        return stage.initial.map((value) => value + stages.length);
      },
    });
    expect(stages.map(({ name, layers, circuit: own }) => [name, layers, own.numWeights])).toEqual([
      ["layer-1", 1, 12],
      ["layer-2", 2, 12],
      ["layer-3", 3, 12],
      ["all", 3, 36],
    ]);
    expect(circuit.hash).toBe(ansatz(3).hash);
    expect([...weights]).toEqual([5, 6, 7].flatMap((value) => new Array(12).fill(value)));
  });

  test("adds several at once, and draws the new ones by seed", async () => {
    const names: string[] = [];
    const draw = (seed: number) =>
      trainLayerwise({
        layers: 5,
        layersAtOnce: 2,
        circuit: ansatz,
        initializer: uniformWeights(),
        seed,
        async train({ name, initial }) {
          names.push(name);
          return initial;
        },
      });
    const first = await draw(1);
    expect(names).toEqual(["layers-1-2", "layers-3-4", "layer-5", "all"]);
    expect((await draw(1)).weights).toEqual(first.weights);
    expect((await draw(2)).weights).not.toEqual(first.weights);
  });

  test("refuses circuits that do not grow, numbers of layers that cannot be, and weights of another size", async () => {
    const train = async ({ initial }: LayerwiseStage) => initial;
    const refused = { code: "TRAINING_LAYERS" };
    await expect(trainLayerwise({ layers: 2, circuit: () => ansatz(1), train })).rejects.toMatchObject(refused);
    await expect(trainLayerwise({ layers: 0, circuit: ansatz, train })).rejects.toMatchObject(refused);
    await expect(trainLayerwise({ layers: 2, layersAtOnce: 1.5, circuit: ansatz, train })).rejects.toMatchObject(
      refused,
    );
    const odd = trainLayerwise({ layers: 2, circuit: ansatz, train: async () => [1] });
    await expect(odd).rejects.toMatchObject({ code: "TRAINING_SHAPE" });
  });
});

describe("minimizeLayerwise", () => {
  const options: LayerwiseMinimizeOptions = {
    layers: 3,
    circuit: ansatz,
    initializer: (target, rng) => uniformWeights(-0.1, 0.1)(target, rng),
    observable,
    optimizer: adam({ learningRate: 0.1 }),
    provider,
    stepsPerLayer: 25,
    steps: 60,
    seed: 3,
  };

  test("comes near the ground state, each stage no worse than the one before", async () => {
    const { value, weights, circuit, stages, executions } = await minimizeLayerwise(options);
    expect(stages.map(({ name }) => name)).toEqual(["layer-1", "layer-2", "layer-3", "all"]);
    for (const [i, stage] of stages.slice(1).entries()) expect(stage.value).toBeLessThan(stages[i]!.value + 0.05);
    expect(value).toBeGreaterThan(tfim.ground_energy - 1e-9);
    expect(value).toBeLessThan(tfim.ground_energy + 0.05);
    const again = await valueAndGradient({ circuit, observables: [observable], provider, weights });
    expect(again.values[0]).toBeCloseTo(value, 10);
    expect(executions).toBe(stages.reduce((sum, stage) => sum + stage.executions, 0));
  });

  test("pays for the shifts of the new layer alone", async () => {
    const { stages } = await minimizeLayerwise({ ...options, precision: 0.2, stepsPerLayer: 2, steps: 2 });
    const perStep = stages.map(({ history }) => history[0]!.executions);
    expect(perStep[1]).toBeLessThan(perStep[3]! / 2);
  });

  test("can have an optimizer for each circuit", async () => {
    const { stages } = await minimizeLayerwise({
      ...options,
      layers: 2,
      optimizer: rotosolve,
      stepsPerLayer: 9,
      steps: 18,
    });
    expect(stages.at(-1)!.value).toBeLessThan(stages[0]!.value + 1e-9);
  });

  test("killed in any stage and called again, comes to the same bits", async () => {
    const small = { ...options, layers: 2, stepsPerLayer: 3, steps: 3, precision: 0.1 };
    const straight = await minimizeLayerwise(small);
    for (const nth of [2, 5, 8]) {
      const { store, endLeases } = expiringStore();
      const drive = (own: RunStore) => minimizeLayerwise({ ...small, store: own, id: "run" });
      expect(await killedAt("k13", nth, store, drive)).toBe("killed");
      endLeases();
      const resumed = await drive(store);
      expect(resumed.weights).toEqual(straight.weights);
      expect(resumed.value).toBe(straight.value);
    }
    const store = memoryStore();
    await minimizeLayerwise({ ...small, store, id: "run" });
    expect((await store.runs()).map(({ id }) => id).toSorted()).toEqual(["run-all", "run-layer-1", "run-layer-2"]);
  });
});
