import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, efficientSU2, Rng, SparsePauliOp, uniformWeights, weight } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { type GradientProgram, gradientProgram, type ShotRequest } from "../../../src/gradients/index.ts";
import { allocateShots, measuredParts } from "../../../src/gradients/shot-allocation.ts";
import { goldenHamiltonians, goldenObservable } from "../../support/golden.ts";
import { recordingBackend } from "../../support/recording-backend.ts";

const provider = localSimulator();

function hydrogen(): SparsePauliOp {
  const { n, terms } = goldenHamiltonians().find(({ id }) => id === "h2_0.735")!;
  return goldenObservable(n, terms);
}

describe("allocateShots", () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 4 }),
    numShifts: fc.integer({ min: 1, max: 12 }),
    numParts: fc.integer({ min: 1, max: 4 }),
    perEvaluation: fc.integer({ min: 2, max: 500 }),
    variances: fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-12, max: 10, noNaN: true })), { minLength: 48 }),
  });

  test("never takes more than the total, nor less than two for an evaluation", () => {
    fc.assert(
      fc.property(cases, ({ rows, numShifts, numParts, perEvaluation, variances }) => {
        const total = rows * (1 + numShifts) * numParts * perEvaluation + (perEvaluation % 3);
        const request = { total, variances: variances.slice(0, numShifts * numParts) };
        const shots = allocateShots(request, rows, numShifts, numParts);
        expect(shots).toHaveLength((1 + numShifts) * numParts);
        expect(Math.min(...shots)).toBeGreaterThanOrEqual(2);
        expect(rows * shots.reduce((sum, number) => sum + number, 0)).toBeLessThanOrEqual(total);
      }),
      { seed: 1 },
    );
  });

  test("of two evaluations is in proportion to their standard deviations", () => {
    const even = allocateShots({ total: 3000 }, 1, 2, 1);
    expect([...even]).toEqual([1000, 1000, 1000]);
    const shots = allocateShots({ total: 3000, variances: [9, 1] }, 1, 2, 1);
    expect([...shots]).toEqual([1000, 1500, 500]);
  });

  test("is even where nothing is known to vary", () => {
    expect([...allocateShots({ total: 300, variances: [0, 0] }, 1, 2, 1)]).toEqual([100, 100, 100]);
  });

  test("has no less variance than the best and no more than the even one, as the formula has it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.05, max: 1, noNaN: true }), { minLength: 2, maxLength: 12 }),
        (deviations) => {
          const variances = deviations.map((s) => s ** 2);
          const count = variances.length;
          const each = 10_000;
          const shots = allocateShots({ total: each * (count + 1), variances }, 1, count, 1).subarray(1);
          const found = variances.reduce((sum, value, i) => sum + value / shots[i]!, 0);
          const best = deviations.reduce((sum, s) => sum + s, 0) ** 2 / (each * count);
          const even = variances.reduce((sum, value) => sum + value / each, 0);
          expect(found).toBeGreaterThan(best * 0.999);
          // Rounding to classes within a factor of √2 costs little.
          expect(found).toBeLessThan(Math.min(even * 1.001, best * 1.06 + even * 0.06));
        },
      ),
      { seed: 1 },
    );
  });

  test("refuses fewer than two shots for an evaluation", () => {
    expect(() => allocateShots({ total: 17 }, 1, 2, 3)).toThrow(/give 18 or more/);
    expect(() => allocateShots({ total: 100, variances: [1] }, 1, 2, 3)).toThrow(/variance/);
  });
});

test("the parts of observables add up to them, and each is measured in one setting", () => {
  const observables = [hydrogen(), SparsePauliOp.parse("1.0*ZZII + 2.0*XIIX"), SparsePauliOp.parse("0.5*IIII")];
  const parts = measuredParts(observables);
  for (const [column, observable] of observables.entries()) {
    const own = parts.flatMap((part) => part.observables.filter((_, i) => part.columns[i] === column));
    const sum = SparsePauliOp.fromTerms(
      4,
      own.flatMap(({ terms }) => terms),
    );
    expect(sum.equals(observable)).toBe(true);
  }
  for (const { observables: own } of parts)
    expect(
      SparsePauliOp.fromTerms(
        4,
        own.flatMap(({ terms }) => terms),
      ).qubitWiseCommutingGroups(),
    ).toHaveLength(1);
});

const ansatz = efficientSU2({ numQubits: 4, reps: 1 });
const weights = uniformWeights()(ansatz, Rng.seed(3));
const programOf = (circuit: Circuit, observables: readonly SparsePauliOp[]) =>
  gradientProgram(circuit, observables, { provider, method: "parameter-shift", precision: 1 });

/** What a few steps at the same weights have seen. */
async function learnt(program: GradientProgram, total: number): Promise<readonly number[]> {
  const { shotVariances } = await program.evaluate({ weights }, { seed: 77, shots: { total } });
  return Array.from(shotVariances!());
}

describe("a gradient with shots shared out", () => {
  const total = 12_000;
  const program = programOf(ansatz, [hydrogen()]);

  /** Mean squared distance of sampled gradients from the exact one, its standard error, and the mean of what they say of it. */
  async function distance(shots: ShotRequest, runs: number) {
    const exact = await gradientProgram(ansatz, [hydrogen()], { provider }).evaluate({ weights });
    const truth = exact.pullback().weights!;
    const squares: number[] = [];
    let said = 0;
    for (let seed = 0; seed < runs; seed++) {
      const { pullback, executions } = await program.evaluate({ weights }, { seed, shots });
      expect(executions).toBeLessThanOrEqual(total);
      const { weights: gradient, weightStderr } = pullback();
      squares.push(gradient!.reduce((sum, value, p) => sum + (value - truth[p]!) ** 2, 0));
      said += weightStderr!.reduce((sum, value) => sum + value ** 2, 0) / runs;
    }
    const mean = squares.reduce((sum, value) => sum + value, 0) / runs;
    const spread = squares.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (runs - 1) / runs;
    return { mean, stderr: Math.sqrt(spread), said };
  }

  test("by its variance has less than 0.6 of the squared error of an even one, from as many shots", async () => {
    const runs = 40;
    const even = await distance({ total }, runs);
    const shared = await distance({ total, variances: await learnt(program, total) }, runs);
    // By five standard errors of both.
    const margin = 5 * Math.hypot(shared.stderr, 0.6 * even.stderr);
    expect(shared.mean + margin).toBeLessThan(0.6 * even.mean);
    // What they say of their own error is so.
    for (const { mean, stderr, said } of [even, shared]) expect(Math.abs(said - mean)).toBeLessThan(4 * stderr);
  });

  test("is one job, with a PUB for each number of shots and setting", async () => {
    const recorder = recordingBackend(provider);
    const recorded = gradientProgram(ansatz, [hydrogen()], { provider: recorder, precision: 1 });
    const variances = await learnt(program, total);
    const found = await recorded.evaluate({ weights }, { seed: 1, shots: { total, variances } });
    expect(found.jobIds).toHaveLength(1);
    const [pubs] = recorder.jobs;
    expect(recorder.jobs).toHaveLength(1);
    expect(pubs!.length).toBeLessThan(40);
    const kinds = pubs!.map((pub) => {
      const { precision, observables } = pub as unknown as { precision: number; observables: SparsePauliOp[] };
      return `${precision} ${observables.join()}`;
    });
    expect(new Set(kinds).size).toBe(kinds.length);
  });

  test("of several observables and rows has the values of an exact one, within its errors", async () => {
    const w = weight("w", 2);
    const circuit = Circuit.build(2, (c) => c.ry(w.at(0), 0).cx(0, 1).rx(w.at(1), 1));
    const observables = [SparsePauliOp.parse("ZZ + 0.3*XI"), SparsePauliOp.parse("0.7*YX - 0.2*II")];
    const point = { weights: [0.4, 1.1], rows: 2 };
    const cotangents = Float64Array.of(1, -0.5, 0.25, 2);
    const exact = await gradientProgram(circuit, observables, { provider }).evaluate(point, { cotangents });
    const sampled = await programOf(circuit, observables).evaluate(point, {
      cotangents,
      seed: 4,
      shots: { total: 200_000 },
    });
    for (const [i, value] of exact.values.entries())
      expect(Math.abs(sampled.values[i]! - value)).toBeLessThan(4 * sampled.stderr[i]! + 1e-12);
    const { weights: truth } = exact.pullback();
    const { weights: found, weightStderr } = sampled.pullback();
    for (const [p, value] of truth!.entries()) expect(Math.abs(found![p]! - value)).toBeLessThan(4 * weightStderr![p]!);
  });

  test("is refused for other methods", async () => {
    const adjoint = gradientProgram(ansatz, [hydrogen()], { provider });
    const evaluation = adjoint.evaluate({ weights }, { shots: { total } });
    await expect(evaluation).rejects.toMatchObject({ code: "GRADIENT_SHOTS" });
  });
});
