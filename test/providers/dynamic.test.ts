import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, Rng, SparsePauliOp } from "../../circuits/index.ts";
import { createStatevectorEngine, localSimulator } from "../../providers/index.ts";
import { BranchedExpectation } from "../../providers/simulator/branched-circuit.ts";
import { followBranches, instructionsOf } from "../../providers/simulator/dynamic.ts";
import { randomDynamicCircuit, referenceBranches } from "../support/dynamic-circuit.ts";
import { referenceValue } from "../support/reference-engine.ts";

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
          const truth = branches.reduce((sum, { state }) => sum + referenceValue(state, observable), 0);
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
        const leaves = (maxStates: number): [number, string, number[]][] => {
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
          for (const _ of followBranches(code, root, circuit.numClbits, 1, reader, maxStates));
          return found;
        };
        const all = leaves(100);
        expect(leaves(0)).toEqual(all);
        expect(leaves(2)).toEqual(all);
        expect(Math.abs(all.reduce((sum, [share]) => sum + share, 0) - 1)).toBeLessThan(1e-9);
        for (const [, , state] of all) expect(Math.abs(norm(Float64Array.from(state)) - 1)).toBeLessThan(1e-9);
      }),
      { numRuns: 40, seed: 5 },
    );
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
  test("too many histories are refused with the way out", () => {
    const circuit = Circuit.build(2, (c) => {
      c.register("m", 1);
      for (let k = 0; k < 21; k++)
        c.h(0)
          .measure(0, 0)
          .if([0], 1, (then) => then.rx(0.01, 1));
    });
    const program = new BranchedExpectation(createStatevectorEngine(), circuit, [SparsePauliOp.z(2, 1)]);
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
});
