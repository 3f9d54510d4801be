import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { Circuit, Rng, SparsePauliOp, weight } from "../../circuits/index.ts";
import {
  createStatevectorEngine,
  type Engine,
  type EstimatorPub,
  localSimulator,
  measurementGroups,
} from "../../providers/index.ts";
import { expectedValue } from "../contracts/truth.ts";
import { randomDynamicCircuit, referenceBranches } from "../support/dynamic-circuit.ts";
import { referenceState } from "../support/reference-engine.ts";
import { randomUnitaryCircuit } from "../support/unitary-circuit.ts";

const randomObservable = (rng: Rng, numQubits: number): SparsePauliOp =>
  SparsePauliOp.fromLabels(
    Array.from(
      { length: 3 },
      () => [Array.from({ length: numQubits }, () => "IXYZ"[rng.integer(4)]).join(""), rng.normal()] as const,
    ),
  );

describe("exact values", () => {
  test("every element of every PUB of a job equals the plain simulation of its row and observable", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 3 }), async (seed, numQubits) => {
        const rng = Rng.seed(seed);
        const cases = [0, 1].map(() => {
          const circuit = randomUnitaryCircuit(rng, numQubits, 10);
          const rows = Array.from({ length: 3 }, () => Array.from(circuit.parameters, () => rng.normal()));
          const observables = Array.from({ length: 2 }, () => randomObservable(rng, numQubits));
          return { circuit, rows, observables };
        });
        const pubs = cases.map(
          ({ circuit, rows, observables }): EstimatorPub => [circuit, observables.map((o) => [o]), rows],
        );
        const results = await (await localSimulator().estimator().run(pubs)).result();
        for (const [index, { circuit, rows, observables }] of cases.entries()) {
          expect(results[index]!.shape).toEqual([2, 3]);
          for (const [k, observable] of observables.entries())
            for (const [row, values] of rows.entries()) {
              const truth = expectedValue(referenceState(circuit, values), observable);
              expect(Math.abs(results[index]!.evs[k * 3 + row]! - truth)).toBeLessThan(1e-10);
            }
        }
      }),
      { numRuns: 40, seed: 6 },
    );
  });
});

describe("measurement groups", () => {
  test("serve every term once, with its coefficient in each observable, in one letter a qubit", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const rng = Rng.seed(seed);
        const observables = [randomObservable(rng, 4), randomObservable(rng, 4), SparsePauliOp.parse("2*ZZII - IIII")];
        const groups = measurementGroups(observables);
        const rebuilt = observables.map((_, k) =>
          SparsePauliOp.fromTerms(
            4,
            groups.flatMap(({ basis, terms }) => {
              const letterOf = new Map(basis);
              return terms.map(({ qubits, coefficients }) => ({
                coefficient: coefficients[k]!,
                pauli: SparsePauliOp.fromMaps(4, [
                  [Object.fromEntries(qubits.map((qubit) => [qubit, letterOf.get(qubit)!])), 1],
                ]).terms[0]!.pauli,
              }));
            }),
          ),
        );
        for (const [k, observable] of observables.entries()) expect(rebuilt[k]!.equals(observable)).toBe(true);
      }),
      { numRuns: 50, seed: 8 },
    );
  });

  test("terms that cancel between observables are still measured", () => {
    expect(measurementGroups([SparsePauliOp.parse("ZZ"), SparsePauliOp.parse("-ZZ")])).toHaveLength(1);
  });
});

describe("jobs at the same time", () => {
  test("share compiled programs without disturbing each other", async () => {
    const circuit = randomDynamicCircuit(Rng.seed(21), 4, 24);
    const rows = Array.from({ length: 40 }, (_, row) => [0.1 * row, 1 - 0.2 * row, 0.3]);
    const together = localSimulator({ seed: 2 });
    const oneByOne = localSimulator({ seed: 2 });
    const a = { sampler: together.sampler({ shots: 200 }), estimator: together.estimator({ precision: 0.05 }) };
    const b = { sampler: oneByOne.sampler({ shots: 200 }), estimator: oneByOne.estimator({ precision: 0.05 }) };
    const parallel = await Promise.all(
      [0, 1, 2].flatMap(() => [
        a.sampler.run([[circuit, rows]]).then((job) => job.result()),
        a.estimator.run([[circuit, [["ZZZZ"], ["XIXI"]], rows]]).then((job) => job.result()),
      ]),
    );
    for (let k = 0; k < 3; k++) {
      const bits = await (await b.sampler.run([[circuit, rows]])).result();
      const values = await (await b.estimator.run([[circuit, [["ZZZZ"], ["XIXI"]], rows]])).result();
      expect(parallel[2 * k]).toEqual(bits);
      expect(parallel[2 * k + 1]).toEqual(values);
    }
  });

  test("the samples of a row depend on its place in the PUB, not on the rows after it", async () => {
    const circuit = Circuit.build(2, (c) => c.ry(weight("t"), 0).cx(0, 1).measureAll());
    const bits = async (rows: number[][]) =>
      (
        await (
          await localSimulator()
            .sampler({ shots: 100, seed: 1 })
            .run([[circuit, rows]])
        ).result()
      )[0]!.registers.meas!;
    const short = await bits([[0.7], [1.4]]);
    const long = await bits([[0.7], [1.4], [2.1]]);
    expect(long.bytes.slice(0, 200)).toEqual(short.bytes);
  });
});

describe("samples of several settings", () => {
  const numQubits = 5;
  const t = weight("t");
  const circuit = Circuit.build(numQubits, (c) => {
    for (let q = 0; q < numQubits; q++) c.ry(t.times(q + 1), q).rz(0.3 * q, q);
    for (let q = 0; q < numQubits; q++) c.cx(q, (q + 1) % numQubits);
  });
  const rng = Rng.seed("settings");
  const labels = [
    ...new Set(
      Array.from({ length: 100 }, () => Array.from({ length: numQubits }, () => "XYZ"[rng.integer(3)]).join("")),
    ),
  ];
  const observable = SparsePauliOp.fromLabels(labels.map((label) => [label, rng.normal()] as const));

  test("a row is simulated once for all of them, however many there are", async () => {
    expect(measurementGroups([observable]).length).toBeGreaterThan(64);
    const engine = createStatevectorEngine();
    let compiled = 0;
    let simulated = 0;
    const counting: Engine = {
      ...engine,
      maxQubits: 20,
      statevector(body) {
        compiled++;
        const program = engine.statevector(body);
        return {
          circuit: body,
          statevector(values, out) {
            simulated++;
            return program.statevector(values, out);
          },
        };
      },
    };
    const estimator = localSimulator({ engine: counting, seed: 3 }).estimator({ precision: 0.05 });
    const rows = [[0.2], [0.9], [1.7]];
    for (let step = 0; step < 2; step++) {
      const [result] = await (await estimator.run([[circuit, observable, rows]])).result();
      for (const [row, [value]] of rows.entries()) {
        const truth = expectedValue(referenceState(circuit, [value!]), observable);
        expect(Math.abs(result!.evs[row]! - truth)).toBeLessThan(5 * result!.stds[row]!);
        expect(result!.stds[row]!).toBeGreaterThan(0.1);
      }
    }
    expect([compiled, simulated]).toEqual([1, 6]);
  });

  test("samples are decided by the seed and the names of row and setting, not by the order of work", async () => {
    const [result] = await (
      await localSimulator({ seed: 1 })
        .estimator({ precision: 0.1 })
        .run([[circuit, [["XXIIZ"], ["ZZZZZ - 2*YIYIX"]], [[0.2], [0.9]]]])
    ).result();
    expect(Array.from(result!.evs, (value) => Math.round(value * 100) / 100)).toEqual([-0.12, -0.14, 0.46, -0.36]);
  });

  test("on a measured qubit X and Y are coins: no branches, the spread of a coin, and no bias", async () => {
    // Twenty-two qubits measured at the end have 2^22 histories.
    const measured = Circuit.build(22, (c) => {
      for (let q = 0; q < 22; q++) c.h(q);
      c.cx(0, 1).measureAll();
    });
    const run = async (seed: number) => {
      const job = await localSimulator({ seed })
        .estimator({ precision: 0.02 })
        .run([[measured, ["X".repeat(22), { 0: "Y" }, { 0: "X", 1: "X" }, { 0: "Z", 1: "Z" }, { 5: "Z", 6: "Y" }]]]);
      return (await job.result())[0]!;
    };
    const started = performance.now();
    const { evs, stds } = await run(1);
    expect(performance.now() - started).toBeLessThan(3000);
    for (const [k, value] of evs.entries()) {
      expect(Math.abs(value)).toBeLessThan(0.1);
      expect(Math.abs(stds[k]! - 0.02)).toBeLessThan(1e-3);
    }
    expect((await run(1)).evs).toEqual(evs);
    expect((await run(2)).evs).not.toEqual(evs);
  });

  test("coins of one setting are thrown once a shot for all its terms", async () => {
    const measured = Circuit.build(40, (c) => {
      for (let q = 0; q < 40; q++) c.h(q);
      c.measureAll();
    });
    const all = "X".repeat(40);
    const [result] = await (
      await localSimulator()
        .estimator({ precision: 0.05 })
        .run([[measured, [all, `0.5*${all} + 0.5*${all}`, { 39: "X" }, `${all} - ${"I".repeat(39)}X`, { 7: "X" }]]])
    ).result();
    expect(result!.evs[1]).toBe(result!.evs[0]);
    expect(result!.evs[2]).not.toBe(result!.evs[0]);
    // The product of 40 fair coins is independent of one of them.
    expect(Math.abs(result!.stds[3]! - 0.05 * Math.SQRT2)).toBeLessThan(0.01);
    expect(result!.evs[4]).not.toBe(result!.evs[2]);
  });

  test("measured, untouched and coherent qubits together agree with the sum over all histories", async () => {
    const mixed = Circuit.build(5, (c) => {
      c.register("m", 2);
      c.ry(0.7, 0).cx(0, 1).ry(1.1, 2).cx(2, 3).rx(0.4, 1).measure(0, 0);
      c.measure(2, 1).if([1], 1, (then) => then.h(1));
    });
    const observables = ["IIIZZ", "IIIXZ", "IIIXX", "IIZYZ", "IZZII", "IXXII", "XIIIZ", "ZIIIZ", "YIIXI"];
    const branches = referenceBranches(mixed);
    const [result] = await (
      await localSimulator({ seed: 2 })
        .estimator({ precision: 0.02 })
        .run([[mixed, observables]])
    ).result();
    for (const [k, label] of observables.entries()) {
      const truth = branches.reduce((sum, { state }) => sum + expectedValue(state, SparsePauliOp.fromLabels(label)), 0);
      expect(Math.abs(result!.evs[k]! - truth)).toBeLessThan(5 * result!.stds[k]! + 1e-12);
      expect(Math.abs(result!.stds[k]! - 0.02 * Math.sqrt(1 - truth ** 2))).toBeLessThan(0.003);
    }
  });
});

describe("wide circuits", () => {
  test("that come in turn are compiled once each", async () => {
    const numQubits = 40;
    const w = weight("w", numQubits);
    const make = (angle: number) =>
      Circuit.build(numQubits, (c) => {
        for (let layer = 0; layer < 2; layer++) {
          for (let q = 0; q < numQubits; q++) c.ry(w.at(q), q).rz(angle, q);
          for (let q = layer; q + 1 < numQubits; q += 2) c.cx(q, q + 1);
        }
      });
    const observables = Array.from({ length: numQubits }, (_, q) => SparsePauliOp.z(numQubits, q));
    const engine = createStatevectorEngine();
    const expectation = vi.fn(engine.expectation);
    const estimator = localSimulator({ engine: { ...engine, maxQubits: 20, expectation } }).estimator();
    const values = new Float64Array(numQubits).fill(0.2);
    const [a, b] = [make(0.1), make(0.2)];
    for (let step = 0; step < 3; step++)
      await (
        await estimator.run([
          [a, observables, values],
          [b, observables, values],
        ])
      ).result();
    expect(expectation).toHaveBeenCalledTimes(2);
  });
});
