import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, Rng, SparsePauliOp, weight } from "../../circuits/index.ts";
import { type EstimatorPub, localSimulator, measurementGroups } from "../../providers/index.ts";
import { randomDynamicCircuit } from "../support/dynamic-circuit.ts";
import { referenceState, referenceValue } from "../support/reference-engine.ts";
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
              const truth = referenceValue(referenceState(circuit, values), observable);
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
