import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emitLaneObservable, scaleTwin } from "../../../providers/simulator/kernels/lane-observable.ts";
import {
  addScaled,
  addSigned,
  foldZ,
  overlaps,
  probabilities,
  signedSum,
  unfoldZ,
  walshHadamard,
} from "../../../providers/simulator/kernels/pauli.ts";
import { KernelBench, TARGETS } from "../../support/kernel-bench.ts";

interface Case {
  readonly bench: KernelBench;
  readonly numQubits: number;
  readonly size: number;
  readonly groups: number;
  /** Numbers of one group's state, and of its values. */
  readonly width: number;
  readonly lanes: number;
  readonly permutation: Int32Array;
  readonly any: number;
}

/** Runs a check on random sizes of random targets. */
function forAll(check: (given: Case) => void): void {
  fc.assert(
    fc.property(
      fc.constantFrom(...TARGETS),
      fc.integer(),
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 1, max: 3 }),
      (target, seed, numQubits, groups) => {
        const bench = new KernelBench(emitLaneObservable, target, seed);
        const size = 2 ** numQubits;
        const { lanes } = bench;
        const permutation = bench.rng.permutation(size);
        const any = bench.rng.integer(size);
        check({ bench, numQubits, size, groups, width: size * lanes, lanes, permutation, any });
      },
    ),
    { numRuns: 120, seed: 4 },
  );
}

/** The part of one group in an array [group][...]. */
const part = (values: Float64Array, width: number, group: number): Float64Array =>
  values.subarray(group * width, (group + 1) * width);
/** The part of one group in an array [row][group][lane]. */
const column = (values: Float64Array, rows: number, { groups, lanes }: Case, group: number): Float64Array =>
  Float64Array.from({ length: rows * lanes }, (_, i) => {
    const [row, lane] = [Math.floor(i / lanes), i % lanes];
    return values[(row * groups + group) * lanes + lane]!;
  });

describe("kernels of observables equal their twins group by group", () => {
  test("probabilities", () => {
    forAll(({ bench, size, groups, width, lanes, permutation }) => {
      const psi = bench.random(2 * width * groups);
      const out = bench.reals(new Float64Array(width * groups));
      const args = [bench.reals(psi), size, groups, bench.indices(permutation), out];
      bench.run("probabilities", args, [[out, width * groups]]);
      for (let group = 0; group < groups; group++) {
        const expected = new Float64Array(width);
        probabilities(part(psi, 2 * width, group), size, lanes, permutation, expected);
        bench.expectReals(out + 16 * size * group, expected, 4);
      }
    });
  });

  test("overlaps", () => {
    forAll(({ bench, size, groups, width, lanes, any }) => {
      const psi = bench.random(2 * width * groups);
      const at = bench.reals(psi);
      for (const imaginary of [false, true]) {
        const out = bench.reals(new Float64Array(width * groups));
        bench.run("overlaps", [at, size, groups, any, imaginary ? 1 : 0, out], [[out, width * groups]]);
        for (let group = 0; group < groups; group++) {
          const expected = new Float64Array(width);
          overlaps(part(psi, 2 * width, group), size, lanes, any, imaginary, expected);
          bench.expectReals(out + 16 * size * group, expected, 4);
        }
      }
    });
  });

  test("walshHadamard, which done twice multiplies by the size", () => {
    forAll(({ bench, size, groups, width, lanes }) => {
      const values = bench.random(width * groups);
      const at = bench.reals(values);
      const run = (): void => bench.run("walshHadamard", [at, size, groups], [[at, values.length]]);
      run();
      for (let group = 0; group < groups; group++) {
        const expected = part(values, width, group).slice();
        walshHadamard(expected, size, lanes);
        bench.expectReals(at + 16 * size * group, expected, 4 * size);
      }
      run();
      bench.expectReals(
        at,
        values.map((value) => size * value),
        8 * size * size,
      );
    });
  });

  test("signedSum and addSigned", () => {
    forAll((given) => {
      const { bench, size, groups, width, lanes, any } = given;
      const [values, weights] = [bench.random(width * groups), bench.random(groups * lanes)];
      const at = bench.reals(values);
      const sums = bench.reals(weights);
      bench.run("signedSum", [at, size, groups, any, sums], [[sums, groups * lanes]]);
      for (let group = 0; group < groups; group++) {
        const expected = new Float64Array(lanes);
        signedSum(part(values, width, group), size, lanes, any, expected, 0);
        bench.expectReals(sums + 16 * group, expected, 4 * size);
      }
      bench.run("addSigned", [at, size, groups, any, bench.reals(weights)], [[at, values.length]]);
      for (let group = 0; group < groups; group++)
        addSigned(part(values, width, group), size, lanes, any, weights, group * lanes);
      bench.expectReals(at, values, 4);
    });
  });

  test("foldZ, which needs no values afterwards", () => {
    forAll((given) => {
      const { bench, numQubits, size, groups, width, lanes } = given;
      const values = bench.random(width * groups);
      const [at, sums] = [bench.reals(values), bench.reals(bench.random(numQubits * groups * lanes))];
      const length = numQubits * groups * lanes;
      bench.run(
        "foldZ",
        [at, size, groups, sums],
        [
          [at, values.length],
          [sums, length],
        ],
      );
      for (let group = 0; group < groups; group++) {
        const expected = new Float64Array(numQubits * lanes);
        foldZ(part(values, width, group), numQubits, lanes, expected);
        const actual = column(bench.read(sums, length), numQubits, given, group);
        for (const [i, value] of expected.entries())
          expect(Math.abs(actual[i]! - value)).toBeLessThan(
            (bench.realBytes === 8 ? Number.EPSILON : 2 ** -23) * 4 * size,
          );
      }
    });
  });

  test("unfoldZ", () => {
    forAll((given) => {
      const { bench, numQubits, size, groups, width, lanes } = given;
      const weights = bench.random(numQubits * groups * lanes);
      const out = bench.reals(new Float64Array(width * groups).fill(Number.NaN));
      bench.run("unfoldZ", [bench.reals(weights), size, groups, out], [[out, width * groups]]);
      for (let group = 0; group < groups; group++) {
        const expected = new Float64Array(width);
        unfoldZ(column(weights, numQubits, given, group), numQubits, lanes, expected);
        bench.expectReals(out + 16 * size * group, expected, 32);
      }
    });
  });

  test("scale", () => {
    forAll(({ bench, size, groups, width, lanes, permutation }) => {
      const [psi, values] = [bench.random(2 * width * groups), bench.random(width * groups)];
      const [from, lambda] = [bench.reals(psi), bench.reals(new Float64Array(psi.length).fill(Number.NaN))];
      const args = [from, lambda, size, groups, bench.indices(permutation), bench.reals(values)];
      bench.run("scale", args, [[lambda, psi.length]]);
      for (let group = 0; group < groups; group++)
        bench.expectReals(
          lambda + 32 * size * group,
          scaleTwin(part(psi, 2 * width, group), lanes, permutation, part(values, width, group)),
          2,
        );
    });
  });

  test("addScaled, for every power of i", () => {
    forAll(({ bench, size, groups, width, lanes, any }) => {
      const [psi, values] = [bench.random(2 * width * groups), bench.random(width * groups)];
      const [from, own] = [bench.reals(psi), bench.reals(values)];
      for (const [turns, [re, im]] of [
        [1, 0],
        [0, 1],
        [-1, 0],
        [0, -1],
      ].entries()) {
        const before = bench.random(2 * width * groups);
        const lambda = bench.reals(before);
        bench.run("addScaled", [from, lambda, size, groups, any, re!, im!, own], [[lambda, before.length]]);
        for (let group = 0; group < groups; group++)
          addScaled(
            part(psi, 2 * width, group),
            part(before, 2 * width, group),
            size,
            lanes,
            any,
            turns,
            undefined,
            part(values, width, group),
          );
        bench.expectReals(lambda, before, 8);
      }
    });
  });
});
