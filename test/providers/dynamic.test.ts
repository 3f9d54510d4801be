import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, type CircuitBuilder, Rng, SparsePauliOp } from "../../circuits/index.ts";
import { createStatevectorEngine, type Engine, localSimulator, StateMemory } from "../../providers/index.ts";
import { BranchedExpectation } from "../../providers/simulator/branched-expectation.ts";
import { followBranches, instructionsOf } from "../../providers/simulator/dynamic.ts";
import { SampledCircuit } from "../../providers/simulator/sampled-circuit.ts";
import { SampledExpectation } from "../../providers/simulator/sampled-expectation.ts";
import { expectedValue } from "../contracts/truth.ts";
import { randomDynamicCircuit, referenceBranches } from "../support/dynamic-circuit.ts";

const none = new Float64Array(0);
const norm = (state: Float64Array): number => state.reduce((sum, amplitude) => sum + amplitude * amplitude, 0);

function randomObservable(rng: Rng, numQubits: number): SparsePauliOp {
  return SparsePauliOp.fromLabels(
    Array.from(
      { length: 3 },
      () => [Array.from({ length: numQubits }, () => "IXYZ"[rng.integer(4)]).join(""), rng.normal()] as const,
    ),
  );
}

describe("random dynamic circuits", () => {
  test("exact expectation values equal the sum over all histories by whole matrices", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 2, max: 4 }), async (seed, numQubits) => {
        const rng = Rng.seed(seed);
        const circuit = randomDynamicCircuit(rng, numQubits, 14);
        const w = [rng.normal(), rng.normal(), rng.normal()];
        const observables = [randomObservable(rng, numQubits), SparsePauliOp.z(numQubits, 0)];
        const branches = referenceBranches(circuit.bind({ w }));
        const job = await localSimulator()
          .estimator()
          .run([[circuit, observables, w]]);
        const [result] = await job.result();
        for (const [k, observable] of observables.entries()) {
          const truth = branches.reduce((sum, { state }) => sum + expectedValue(state, observable), 0);
          expect(Math.abs(result!.evs[k]! - truth)).toBeLessThan(1e-10);
        }
      }),
      { numRuns: 80, seed: 3 },
    );
  });

  test("sampled bits follow the joint distribution of all histories", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 2, max: 4 }), async (seed, numQubits) => {
        const rng = Rng.seed(seed);
        const circuit = randomDynamicCircuit(rng, numQubits, 14);
        const w = [rng.normal(), rng.normal(), rng.normal()];
        const truth = new Map<string, number>();
        for (const { state, clbits } of referenceBranches(circuit.bind({ w }))) {
          const key = clbits.toReversed().join("");
          truth.set(key, (truth.get(key) ?? 0) + norm(state));
        }
        const shots = 2000;
        const job = await localSimulator({ seed: 1 })
          .sampler({ shots })
          .run([[circuit, w]]);
        const [result] = await job.result();
        const a = result!.registers.a!.bitstrings();
        const b = result!.registers.b!.bitstrings();
        const counts = new Map<string, number>();
        for (let shot = 0; shot < shots; shot++) {
          const key = b[shot]! + a[shot]!;
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        for (const [key, count] of counts) {
          const probability = truth.get(key) ?? 0;
          expect(probability, `history ${key} cannot happen`).toBeGreaterThan(1e-12);
          const sigma = Math.sqrt(Math.max(0, probability * (1 - probability)) / shots);
          expect(Math.abs(count / shots - probability)).toBeLessThan(5.5 * sigma + 2 / shots);
        }
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  test("branches that are computed again for want of memory are the same branches", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const rng = Rng.seed(seed);
        const circuit = randomDynamicCircuit(rng, 3, 16).bind({ w: [0.4, 1.1, -0.7] });
        const root = Float64Array.of(1, ...new Array(15).fill(0));
        const code = instructionsOf(circuit.operations, 3, () => Number.NaN);
        const leaves = (maxBytes: number): [number, string, number[]][] => {
          const found: [number, string, number[]][] = [];
          const reader = {
            split: (share: number, one: number): [number | undefined, number | undefined] => [
              one < 1 - 1e-12 ? share * (1 - one) : undefined,
              one > 1e-12 ? share * one : undefined,
            ],
            leaf: (share: number, state: Float64Array, clbits: Uint8Array): void => {
              found.push([share, clbits.join(""), [...state]]);
            },
          };
          for (const _ of followBranches(code, root, circuit.numClbits, 1, reader, new StateMemory(maxBytes), 256));
          return found;
        };
        const all = leaves(100 * root.byteLength);
        // Room for the state alone, and for two more.
        expect(leaves(root.byteLength)).toEqual(all);
        expect(leaves(3 * root.byteLength)).toEqual(all);
        expect(Math.abs(all.reduce((sum, [share]) => sum + share, 0) - 1)).toBeLessThan(1e-9);
        for (const [, , state] of all) expect(Math.abs(norm(Float64Array.from(state)) - 1)).toBeLessThan(1e-9);
      }),
      { numRuns: 40, seed: 5 },
    );
  });
});

describe("the memory of branches", () => {
  const circuit = Circuit.build(4, (c) => {
    c.register("m", 3);
    for (let bit = 0; bit < 3; bit++)
      c.h(bit)
        .cx(bit, 3)
        .measure(bit, bit)
        .if([bit], 1, (then) => then.ry(0.3, 3));
    c.h(0).h(3);
  });
  const observables = ["XXII", "ZIIZ", "IYII"].map((label) => SparsePauliOp.fromLabels(label));
  const engine = createStatevectorEngine();
  const computations: readonly (readonly [what: string, start: (memory: StateMemory) => Generator<void, unknown>])[] = [
    [
      "exact values",
      (memory) => new BranchedExpectation(engine, memory, circuit, observables).evaluate(none, new Float64Array(3)),
    ],
    [
      "samples",
      (memory) =>
        new SampledCircuit(
          engine,
          memory,
          circuit.extend((c) => c.measureAll()),
        ).sample(none, 50, Rng.seed(1), () => {}),
    ],
    [
      "estimates",
      (memory) =>
        new SampledExpectation(engine, memory, circuit, observables).estimate(
          none,
          50,
          Rng.seed(1),
          new Float64Array(3),
          new Float64Array(3),
          () => {},
        ),
    ],
    [
      "estimates without branches",
      (memory) =>
        new SampledExpectation(
          engine,
          memory,
          Circuit.build(4, (c) => c.h(0).cx(0, 1).cx(1, 2).cx(2, 3)),
          observables,
        ).estimate(none, 50, Rng.seed(1), new Float64Array(3), new Float64Array(3), () => {}),
    ],
  ];

  test.each(computations)("is given back by %s that end, fail or are broken off", (_, start) => {
    const memory = new StateMemory();
    let steps = 0;
    for (const _ of start(memory)) {
      expect(memory.lentBytes).toBeGreaterThan(0);
      steps++;
    }
    expect(steps).toBeGreaterThan(1);
    expect(memory.lentBytes).toBe(0);
    for (let end = 0; end < steps; end++) {
      const broken = start(memory);
      for (let step = 0; step <= end; step++) broken.next();
      broken.return(undefined);
      expect(memory.lentBytes).toBe(0);
    }
    for (let bytes = 0; bytes < 2 ** 10; bytes += 64) {
      const tight = new StateMemory(bytes + 1);
      try {
        for (const _ of start(tight));
      } catch (error) {
        expect(error).toMatchObject({ code: "STATE_TOO_LARGE" });
      }
      expect(tight.lentBytes).toBe(0);
    }
  });

  test("is given back when the engine fails", () => {
    const failing: Engine = {
      ...engine,
      maxQubits: 20,
      statevector: (body) => ({
        circuit: body,
        statevector: () => {
          throw new Error("no power");
        },
      }),
    };
    const memory = new StateMemory();
    const steps = new BranchedExpectation(failing, memory, circuit, observables).evaluate(none, new Float64Array(3));
    expect(() => steps.next()).toThrow("no power");
    expect(memory.lentBytes).toBe(0);
  });

  test("large states let other work run between two gates", () => {
    const numQubits = 16;
    const root = new Float64Array(2 * 2 ** numQubits);
    root[0] = 1;
    const gates = Circuit.build(numQubits, (c) => c.h(0).cx(0, 1).ry(0.3, 2));
    const reader = { split: () => [undefined, undefined] as const, leaf: () => {} };
    const code = instructionsOf(gates.operations, numQubits, () => Number.NaN);
    expect([...followBranches(code, root, 0, 1, reader, new StateMemory(), 0)]).toHaveLength(3 + 1);
    expect([...followBranches(code, root.slice(0, 2 ** 10), 0, 1, reader, new StateMemory(), 0)]).toHaveLength(1);
  });
});

describe("measurements", () => {
  const sample = async (circuit: Circuit, shots = 1000) =>
    (
      await (
        await localSimulator()
          .sampler({ shots })
          .run([[circuit]])
      ).result()
    )[0]!.registers;

  test("a repeated measurement repeats its outcome, also with gates elsewhere in between", async () => {
    const { m } = await sample(
      Circuit.build(2, (c) => {
        c.register("m", 3);
        c.h(0).measure(0, 0).h(1).measure(0, 1).cx(0, 1).measure(0, 2);
      }),
    );
    expect(Object.keys(m!.counts()).sort()).toEqual(["000", "111"]);
  });

  test("a bit that a branch may overwrite keeps its order", async () => {
    const { m } = await sample(
      Circuit.build(3, (c) => {
        c.register("m", 1);
        c.register("n", 1);
        c.x(0).measure(0, 0).h(1).measure(1, 1);
        c.if([1], 1, (then) => then.measure(2, 0));
      }),
    );
    const { "0": zeros = 0, "1": ones = 0 } = m!.counts();
    expect(zeros + ones).toBe(1000);
    expect(Math.abs(zeros - 500)).toBeLessThan(5 * Math.sqrt(250));
  });

  test("twenty qubits that are measured and reset at the end cost one simulation, not 2^20 branches", async () => {
    const circuit = Circuit.build(20, (c) => {
      c.register("m", 20);
      for (let q = 0; q < 20; q++) c.reset(q).h(q);
      for (let q = 0; q < 19; q++) c.cz(q, q + 1);
      for (let q = 0; q < 20; q++) c.measure(q, q).reset(q);
    });
    const started = performance.now();
    const { m } = await sample(circuit, 2000);
    expect(new Set(m!.bitstrings()).size).toBeGreaterThan(1900);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test("one qubit measured and reset 60 times gives 60 independent fair bits", async () => {
    const circuit = Circuit.build(1, (c) => {
      c.register("m", 60);
      for (let bit = 0; bit < 60; bit++) c.h(0).measure(0, bit).reset(0);
    });
    const { m } = await sample(circuit, 400);
    const ones = m!.bitstrings().reduce((sum, text) => sum + [...text].filter((bit) => bit === "1").length, 0);
    expect(Math.abs(ones - 12_000)).toBeLessThan(5 * Math.sqrt(6000));
    expect(new Set(m!.bitstrings()).size).toBe(400);
  });

  test("a condition on more bits than a number's 32 reads all of them", async () => {
    const { out } = await sample(
      Circuit.build(2, (c) => {
        const wide = c.register("wide", 40);
        const done = c.register("out", 1);
        c.x(0).measure(0, 35).measure(0, 1);
        c.if(wide, 2 ** 35 + 2, (then) => then.x(1)).measure(1, done.offset);
      }),
      10,
    );
    expect(out!.counts()).toEqual({ "1": 10 });
  });
});

describe("exact sums over histories", () => {
  test("histories that are all too unlikely end the sum too, and let it be cancelled", async () => {
    // Each of the 2^60 histories falls below the least probability before it ends.
    const circuit = Circuit.build(1, (c) => {
      c.register("c", 60);
      for (let k = 0; k < 60; k++) c.h(0).measure(0, k);
      c.h(0);
    });
    const backend = localSimulator();
    const job = await backend.estimator().run([[circuit, "Z"]]);
    await expect(job.result()).rejects.toMatchObject({ code: "BRANCH_LIMIT" });
    const cancelled = await backend.estimator().run([[circuit, "Z"]]);
    setTimeout(() => cancelled.cancel(), 20);
    await expect(cancelled.result()).rejects.toMatchObject({ code: "JOB_CANCELLED" });
  });

  test("too many histories are refused with the way out", () => {
    const circuit = Circuit.build(2, (c) => {
      c.register("m", 1);
      for (let k = 0; k < 21; k++)
        c.h(0)
          .measure(0, 0)
          .if([0], 1, (then) => then.rx(0.01, 1));
    });
    const program = new BranchedExpectation(createStatevectorEngine(), new StateMemory(), circuit, [
      SparsePauliOp.z(2, 1),
    ]);
    expect(() => {
      for (const _ of program.evaluate(new Float64Array(0), new Float64Array(1)));
    }).toThrowError(expect.objectContaining({ code: "BRANCH_LIMIT", message: expect.stringContaining("precision") }));
  });

  test("branches and pruned probability are reported", async () => {
    const rare = Circuit.build(1, (c) => {
      c.register("m", 1);
      c.ry(2e-8, 0)
        .measure(0, 0)
        .if([0], 1, (then) => then.x(0))
        .h(0);
    });
    const [result] = await (
      await localSimulator()
        .estimator()
        .run([[rare, "X"]])
    ).result();
    expect(Math.abs(result!.evs[0]! - 1)).toBeLessThan(1e-12);
    expect(result!.metadata.branches).toBe(1);
    expect(Math.abs((result!.metadata.prunedProbability as number) - 1e-16)).toBeLessThan(1e-18);
  });

  test.each<[string, (c: CircuitBuilder) => unknown, string]>([
    ["measures", (c) => c.h(0).measure(0, 0).h(0), "measures on its way"],
    ["resets", (c) => c.h(0).reset(0).h(0), "resets on its way"],
    [
      "branches",
      (c) =>
        c
          .h(0)
          .measure(0, 0)
          .if([0], 1, (then) => then.x(0))
          .reset(0)
          .h(0),
      "measures, resets and branches on its way",
    ],
  ])("a circuit that %s is followed branch by branch, and the result says why", async (_, body, reason) => {
    const circuit = Circuit.build(2, (c) => {
      c.register("m", 1);
      body(c);
    });
    const [result] = await (
      await localSimulator()
        .estimator()
        .run([[circuit, ["IX", "IZ"]]])
    ).result();
    expect(result!.metadata.note).toMatch(/^Histories of outcomes were followed one by one/);
    expect(result!.metadata.note).toContain(reason);
    expect(result!.metadata.branches).toBeGreaterThan(0);
  });

  test("where observables see no measurement there is one history, and the note says so", async () => {
    const circuit = Circuit.build(2, (c) => {
      c.register("m", 1);
      c.h(0).measure(0, 0).h(0).ry(0.3, 1);
    });
    const [result] = await (
      await localSimulator()
        .estimator()
        .run([[circuit, "ZI"]])
    ).result();
    expect(Math.abs(result!.evs[0]! - Math.cos(0.3))).toBeLessThan(1e-12);
    expect(result!.metadata.branches).toBe(1);
    expect(result!.metadata.note).toMatch(/^Rows were run one by one/);
  });

  test("circuits of gates, and values from samples, have no such note", async () => {
    const circuit = Circuit.build(1, (c) => c.h(0));
    const dynamic = Circuit.build(1, (c) => {
      c.register("m", 1);
      c.h(0).measure(0, 0).h(0);
    });
    const backend = localSimulator();
    const [gates] = await (await backend.estimator().run([[circuit, "X"]])).result();
    const [sampled] = await (await backend.estimator({ precision: 0.1 }).run([[dynamic, "X"]])).result();
    for (const result of [gates, sampled]) expect(result!.metadata.note).toBeUndefined();
  });
});
