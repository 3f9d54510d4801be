import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Circuit,
  efficientSU2,
  input,
  Rng,
  SparsePauliOp,
  stronglyEntangling,
  weight,
} from "../../../../circuits/index.ts";
import { loadTarget, localSimulator } from "../../../../providers/index.ts";
import {
  ansatzBlocks,
  type CircuitObjective,
  type CompressionProgress,
  chooseAnsatz,
  compressCircuit,
  energyObjective,
  paretoFront,
  removeGates,
  rowsObjective,
  shrinkAnsatz,
  snapAngles,
  type TrainedCircuit,
} from "../../../../src/compression/index.ts";
import { adam } from "../../../../src/optimizers/index.ts";
import { minimize } from "../../../../src/training/index.ts";

const torino = loadTarget("torino");

/** Whether a point lies inside a circle: two inputs, more ansatz than it takes. */
function circleProblem(layers: number): { readonly trained: TrainedCircuit; readonly objective: CircuitObjective } {
  const rng = Rng.seed(5);
  const x = input("x", 2);
  const w = weight("w", [layers, 3, 3]);
  const circuit = Circuit.build(3, (c) => {
    c.declare(x, w);
    for (let layer = 0; layer < layers; layer++) {
      for (let qubit = 0; qubit < 3; qubit++)
        c.ry(x.at(qubit % 2), qubit)
          .rz(w.at(layer, qubit, 0), qubit)
          .ry(w.at(layer, qubit, 1), qubit)
          .rz(w.at(layer, qubit, 2), qubit);
      c.cx(0, 1).cx(1, 2).cx(2, 0);
    }
  });
  const rowsOf = (count: number) => {
    const inputs = Float64Array.from({ length: 2 * count }, () => 3 * (rng.uniform() - 0.5));
    return {
      inputs,
      targets: Array.from({ length: count }, (_, row) =>
        Math.hypot(inputs[2 * row]!, inputs[2 * row + 1]!) < 1 ? 1 : -1,
      ),
    };
  };
  const objective = rowsObjective({
    train: rowsOf(64),
    validation: rowsOf(64),
    steps: 12,
    optimizer: adam({ learningRate: 0.05 }),
    loss: ([value], target) => ({
      loss: (value! - target) ** 2,
      slopes: [2 * (value! - target)],
      correct: Math.sign(value!) === target,
    }),
  });
  const weights = Float64Array.from({ length: circuit.numWeights }, () => 0.3 * rng.normal());
  return { trained: { circuit, observables: [SparsePauliOp.parse("IIZ")], weights }, objective };
}

describe("compressCircuit", () => {
  test("finds smaller circuits within the budget, tells what they take on a device, and repeats itself", async () => {
    const { trained, objective } = circleProblem(2);
    let ready = trained;
    for (let round = 0; round < 6; round++) ready = await objective.fineTune(ready);
    const given = await objective.score(ready);
    const reports: CompressionProgress[] = [];
    const run = () =>
      compressCircuit(ready, {
        objective,
        budget: { loss: 0.05 },
        target: torino,
        compile: { effort: 1 },
        maxFineTunes: 9,
        step: { rows: 4, precision: 0.1 },
        onProgress: (report) => reports.push(report),
      });
    const found = await run();
    expect(found.fineTunes).toBe(reports.length);
    expect(found.fineTunes).toBeLessThanOrEqual(9);
    expect(found.given).toMatchObject({ stage: "given", loss: given.loss, accuracy: given.accuracy, parameters: 18 });
    expect(found.best.hardware!.twoQubitGates).toBeLessThan(found.given.hardware!.twoQubitGates);
    expect(found.best.hardware!.executionsPerStep).toBeLessThan(found.given.hardware!.executionsPerStep);
    expect(found.points).toContain(found.best);
    for (const { trained: one, loss, accuracy } of found.points) {
      expect(loss).toBeLessThanOrEqual(given.loss + 0.05);
      const again = await objective.score(one);
      expect(again).toMatchObject({ loss, accuracy });
      expect(again.training!.loss).toBeLessThanOrEqual(given.training!.loss + 0.05);
      expect(one.circuit.numInputs).toBe(2);
    }
    const strip = ({ points }: typeof found) =>
      points.map(({ trained: one, ...row }) => [row, one.circuit.hash, [...one.weights]]);
    expect(strip(await run())).toEqual(strip(found));
  });

  test("keeps a budget of accuracy, and refuses one where there is none to keep", async () => {
    const { trained, objective } = circleProblem(1);
    const { best, given } = await compressCircuit(trained, {
      objective,
      budget: { accuracy: -0.05 },
      stages: ["remove"],
      criterion: "angle",
      maxFineTunes: 4,
    });
    expect(best.accuracy!).toBeGreaterThanOrEqual(given.accuracy! - 0.05 - 1e-9);
    expect(best.hardware).toBeUndefined();
    const energy = { ...trained, circuit: Circuit.build(3, (c) => c.ry(weight("w"), 0)), weights: Float64Array.of(1) };
    await expect(
      compressCircuit(energy, { objective: energyObjective({ steps: 1 }), budget: { accuracy: -0.01 } }),
    ).rejects.toMatchObject({ code: "COMPRESSION_BUDGET" });
  });

  test("the budget holds on training rows too, where the objective scores them", async () => {
    const { trained } = circleProblem(1);
    // Good by chance on validation rows, whatever is taken away.
    const lucky: CircuitObjective = {
      score: async ({ circuit }) => ({
        loss: 0,
        accuracy: 1,
        training: { loss: 0, accuracy: circuit.numWeights === 9 ? 0.9 : 0.8 },
      }),
      fineTune: async (one) => one,
    };
    const settings = { objective: lucky, stages: ["shrink"], budget: { accuracy: -0.05 } } as const;
    const { points, fineTunes } = await compressCircuit(trained, settings);
    expect(fineTunes).toBeGreaterThan(0);
    expect(points.every(({ stage }) => stage !== "shrink")).toBe(true);
    const unguarded = { ...lucky, score: async () => ({ loss: 0, accuracy: 1 }) };
    expect((await compressCircuit(trained, { ...settings, objective: unguarded })).best.parameters).toBe(0);
  });

  test("ends when it is aborted, with the reason", async () => {
    const { trained, objective } = circleProblem(2);
    const controller = new AbortController();
    const reason = new Error("enough");
    const search = compressCircuit(trained, {
      objective,
      budget: { loss: 1 },
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(search).rejects.toBe(reason);
  });

  test.each([
    ["COMPRESSION_BUDGET", { budget: { accuracy: 0.01 } }],
    ["COMPRESSION_BUDGET", { budget: { loss: -1 } }],
    ["COMPRESSION_BUDGET", { budget: { accuracy: -0.1, loss: 0.1 } }],
    ["COMPRESSION_BUDGET", { budget: undefined }],
    ["COMPRESSION_OPTION", { budget: { loss: 0 }, objective: {} }],
    ["COMPRESSION_OPTION", { budget: { loss: 0 }, criterion: "size" }],
    ["COMPRESSION_OPTION", { budget: { loss: 0 }, stages: ["prune"] }],
    ["COMPRESSION_OPTION", { budget: { loss: 0 }, target: "torino" }],
    ["COMPRESSION_OPTION", { budget: { loss: 0 }, share: 0 }],
    ["COMPRESSION_OPTION", { budget: { loss: 0 }, grid: "none" }],
    ["COMPRESSION_OPTION", { budget: { loss: 0 }, maxFineTunes: 0 }],
    ["COMPRESSION_OPTION", { budget: { loss: 0 }, step: { rows: 0 } }],
    ["COMPRESSION_OPTION", { budget: { loss: 0 }, absorbed: true }],
  ])("refuses with %s: %o", async (code, options) => {
    const { trained, objective } = circleProblem(1);
    await expect(compressCircuit(trained, { objective, ...options } as never)).rejects.toMatchObject({ code });
  });

  test("an objective that scores with no number is refused", async () => {
    const { trained, objective } = circleProblem(1);
    const broken = { ...objective, score: async () => ({ loss: Number.NaN }) };
    await expect(compressCircuit(trained, { objective: broken, budget: { loss: 1 } })).rejects.toMatchObject({
      code: "COMPRESSION_LOSS",
    });
  });
});

describe("an ansatz that holds more than its problem needs", () => {
  // The ground state of XX on one pair, beside a qubit on its own.
  const hamiltonian = SparsePauliOp.parse("1.0*IXX + 0.5*IZI + 0.5*IIZ + 1.0*ZII");
  const circuit = efficientSU2({ numQubits: 3, reps: 2, entanglement: "linear" });
  const objective = energyObjective({ steps: 40, optimizer: adam({ learningRate: 0.1 }) });
  const exact = -1 - Math.sqrt(2);
  let ready: Promise<TrainedCircuit> | undefined;
  const start = (): Promise<TrainedCircuit> => {
    ready ??= trainedOnce();
    return ready;
  };
  const trainedOnce = async (): Promise<TrainedCircuit> => {
    const { weights } = await minimize({
      circuit,
      observable: hamiltonian,
      optimizer: adam({ learningRate: 0.1 }),
      provider: localSimulator(),
      steps: 150,
      seed: 1,
    });
    return { circuit, observables: [hamiltonian], weights };
  };

  test.each(["measured", "quantum-fisher", "angle"] as const)(
    "loses gates by %s and keeps its energy",
    async (criterion) => {
      const trained = await start();
      const before = (await objective.score(trained)).loss;
      expect(before - exact).toBeLessThan(1e-3);
      const smaller = await removeGates(trained, {
        objective,
        budget: { loss: 5e-3 },
        criterion,
        share: 0.5,
        maxFineTunes: 14,
      });
      expect((await objective.score(smaller)).loss - before).toBeLessThanOrEqual(5e-3);
      // One entangler can do it.
      expect(smaller.report.before.entanglers).toBe(4);
      expect(smaller.report.after.entanglers).toBeLessThanOrEqual(2);
      expect(smaller.report.after.weights).toBeLessThan(smaller.report.before.weights / 2);
    },
  );

  test("has its angles snapped as far as the energy allows", async () => {
    const trained = await start();
    const before = (await objective.score(trained)).loss;
    const snapped = await snapAngles(trained, { objective, budget: { loss: 5e-3 }, maxFineTunes: 12 });
    expect((await objective.score(snapped)).loss - before).toBeLessThanOrEqual(5e-3);
    expect(snapped.report.after.weights).toBeLessThan(snapped.report.before.weights);
  });

  test("the Fisher criterion needs an objective that knows slopes", async () => {
    const trained = await start();
    await expect(removeGates(trained, { objective, budget: { loss: 1 }, criterion: "fisher" })).rejects.toMatchObject({
      code: "COMPRESSION_OPTION",
    });
  });
});

describe("shrinkAnsatz", () => {
  test("knows the layers of an ansatz and its qubits' parts", () => {
    const circuit = stronglyEntangling({ numQubits: 3, layers: 2 });
    const blocks = ansatzBlocks(circuit);
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
    expect(blocks.slice(0, 2)).toEqual([range(12, 24), range(0, 12)]);
    expect(blocks.slice(2).map((block) => block.length)).toEqual([3, 3, 3, 3, 3, 3]);
    expect(new Set(blocks.slice(2).flat()).size).toBe(18);
  });

  test("drops layers that do nothing, and keeps those that do", async () => {
    const w = weight("w", [3, 2, 2]);
    const circuit = Circuit.build(2, (c) => {
      for (let layer = 0; layer < 3; layer++) {
        for (const qubit of [0, 1]) c.ry(w.at(layer, qubit, 0), qubit).rz(w.at(layer, qubit, 1), qubit);
        c.cx(0, 1);
      }
    });
    const weights = new Float64Array(12);
    weights.set([0.9, 0, -0.7, 0]);
    const trained = { circuit, weights, observables: [SparsePauliOp.parse("1.0*IZ + 1.0*IX")] };
    const values: number[] = [];
    const objective: CircuitObjective = {
      async score(one) {
        const { loss } = await energyObjective().score(one);
        values.push(loss);
        return { loss };
      },
      fineTune: async (one) => one,
    };
    // Two of the three cx cancel as pairs do, so the last two layers go together; one alone would change the value.
    const last = [...ansatzBlocks(circuit)[0]!, ...ansatzBlocks(circuit)[1]!];
    const shrunk = await shrinkAnsatz(trained, {
      objective,
      budget: { loss: 1e-9 },
      blocks: [ansatzBlocks(circuit)[2]!, last],
    });
    expect(shrunk.report.after).toMatchObject({ weights: 4, entanglers: 1 });
    expect([...shrunk.weights]).toEqual([0.9, 0, -0.7, 0]);
    expect(values.at(-1)).toBeCloseTo(values[0]!, 12);
    await expect(shrinkAnsatz(trained, { objective, budget: { loss: 0 }, blocks: [[99]] })).rejects.toMatchObject({
      code: "COMPRESSION_OPTION",
    });
  });
});

describe("chooseAnsatz", () => {
  const line = efficientSU2({ numQubits: 3, reps: 1, entanglement: "linear" });
  const ring = efficientSU2({ numQubits: 3, reps: 1, entanglement: "ring" });

  test("prefers a line to a ring where the device is a lattice of hexagons", async () => {
    const idle = Circuit.build(3, (c) => c.ry(weight("w"), 0));
    const { rows, front, best } = await chooseAnsatz({
      candidates: { ring, line, idle },
      target: torino,
      samples: 16,
      step: { rows: 1 },
    });
    const [a, b, c] = rows;
    expect(rows.map(({ name }) => name)).toEqual(["ring", "line", "idle"]);
    expect(b!.twoQubitGates).toBeLessThan(a!.twoQubitGates);
    expect(b!.estimatedSuccess!).toBeGreaterThan(a!.estimatedSuccess!);
    // A single angle reaches next to none of the states.
    expect(c!.expressibility).toBeGreaterThan(3 * b!.expressibility);
    expect(c!.expressibility).toBeLessThanOrEqual(Math.log(8));
    expect(front).toContain(best);
    expect(best.name).toBe("idle");
    const tight = await chooseAnsatz({
      candidates: { ring, line },
      target: torino,
      samples: 2,
      budget: { twoQubitGates: b!.twoQubitGates },
      step: { rows: 1 },
    });
    expect(tight.best.name).toBe("line");
    expect(tight.rows.map(({ withinBudget }) => withinBudget)).toEqual([false, true]);
  });

  test("says so when nothing is within the budget, and what it takes", async () => {
    const options = { candidates: { ring }, target: torino, samples: 2, step: { rows: 1 } };
    await expect(chooseAnsatz({ ...options, budget: { twoQubitGates: 1 } })).rejects.toMatchObject({
      code: "COMPRESSION_BUDGET",
    });
    await expect(chooseAnsatz({ ...options, candidates: {} })).rejects.toMatchObject({ code: "COMPRESSION_OPTION" });
    await expect(chooseAnsatz({ ...options, budget: { gates: 1 } as never })).rejects.toMatchObject({
      code: "COMPRESSION_OPTION",
    });
  });
});

test("a Pareto front holds all that nothing beats, and for all else something that does", () => {
  const rows = fc.array(fc.record({ a: fc.integer({ min: 0, max: 5 }), b: fc.integer({ min: 0, max: 5 }) }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(rows, (items) => {
      const front = paretoFront(items, [
        { of: ({ a }) => a, better: "less" },
        { of: ({ b }) => b, better: "more" },
      ]);
      const reaches = (one: (typeof items)[number], other: (typeof items)[number]) =>
        one.a <= other.a && one.b >= other.b;
      for (const item of items) expect(front.some((one) => reaches(one, item))).toBe(true);
      for (const one of front) expect(front.filter((other) => reaches(other, one))).toEqual([one]);
    }),
    { seed: 1 },
  );
});
