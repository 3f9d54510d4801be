import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emitGivens, type Givens, givensTwin } from "../../../providers/simulator/kernels/givens.ts";
import { emitLaneRotation, rotateLanes } from "../../../providers/simulator/kernels/lane-rotation.ts";
import {
  contractProductTwin,
  emitProductState,
  productStateTwin,
} from "../../../providers/simulator/kernels/product-state.ts";
import { emitRotationGradient, rotationGradientTwin } from "../../../providers/simulator/kernels/rotation-gradient.ts";
import { emitSpread, spreadTwin } from "../../../providers/simulator/kernels/spread.ts";
import { KernelBench, TARGETS } from "../../support/kernel-bench.ts";

const target = fc.constantFrom(...TARGETS);
const options = { numRuns: 150, seed: 1 };

test("targets of both widths of numbers are tested, and shared memory too", () => {
  for (const realBits of [32, 64])
    for (const shared of [false, true])
      expect(TARGETS).toContainEqual(expect.objectContaining({ addressBits: 32, realBits, shared }));
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= 24) expect(TARGETS.filter(({ addressBits }) => addressBits === 64)).toHaveLength(4);
});

/** Up to three different strides, in any order, in an array of a few times twice the largest. */
const sweep = fc.record({
  target,
  seed: fc.integer(),
  strides: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 3 }),
  forms: fc.integer({ min: 0, max: 7 }),
  blocks: fc.integer({ min: 1, max: 3 }),
});

describe("givens1, givens2, givens3", () => {
  test("equal their twin for all strides, forms and lengths", () => {
    fc.assert(
      fc.property(sweep, ({ target, seed, strides, forms, blocks }) => {
        const bench = new KernelBench(emitGivens, target, seed);
        const units = blocks * 2 ** (Math.max(...strides) + 1);
        const state = bench.random(units * bench.lanes);
        const rotations = strides.map(
          (exponent, k): Givens => ({ stride: 16 * 2 ** exponent, form: (forms >> k) & 1, t: bench.random(1)[0]! }),
        );
        const combined = rotations.reduce((bits, { form }, k) => bits | (form << k), 0);
        const at = bench.reals(state);
        bench.run(
          `givens${strides.length}`,
          [at, 16 * units, ...rotations.map(({ stride }) => stride), combined, ...rotations.map(({ t }) => t)],
          [[at, state.length]],
        );
        givensTwin(state, bench.lanes, rotations);
        bench.expectReals(at, state, 32);
      }),
      options,
    );
  });

  test("are RY rotations but for the factor of their form, and -t undoes them but for the other factor", () => {
    fc.assert(
      fc.property(target, fc.integer(), fc.double({ min: -10, max: 10, noNaN: true }), (target, seed, theta) => {
        const bench = new KernelBench(emitGivens, target, seed);
        const [c, s] = [Math.cos(theta / 2), Math.sin(theta / 2)];
        const form = Math.abs(c) < Math.abs(s) ? 1 : 0;
        const t = form === 1 ? c / s : s / c;
        const state = bench.random(8 * bench.lanes);
        const at = bench.reals(state);
        const run = (factor: number): void => bench.run("givens1", [at, 128, 32, form, factor], [[at, state.length]]);
        run(t);
        const rotated = state.slice();
        rotateLanes(
          rotated,
          4,
          0,
          bench.lanes,
          new Float64Array(bench.lanes).fill(c),
          new Float64Array(bench.lanes).fill(s),
        );
        const factor = form === 1 ? s : c;
        bench.expectReals(
          at,
          rotated.map((value) => value / factor),
          32,
        );
        run(-t);
        const back = form === 1 ? -s : c;
        bench.expectReals(
          at,
          state.map((value) => value / (factor * back)),
          64,
        );
      }),
      { numRuns: 100, seed: 2 },
    );
  });
});

test("rotationGradient1, 2, 3 add to what is there, group by group, and equal their twin for each stride", () => {
  fc.assert(
    fc.property(sweep, fc.boolean(), ({ target, seed, strides, blocks: groups }, apart) => {
      const bench = new KernelBench(emitRotationGradient, target, seed);
      const { lanes } = bench;
      const width = 2 ** (Math.max(...strides) + 1) * lanes;
      const [psi, lambda] = [bench.random(width * groups), bench.random(width * groups)];
      // One place for the sums of all groups, or one for each, with those of a stride side by side.
      const step = apart ? lanes : 0;
      const spacing = apart ? groups * lanes : lanes;
      const sums = bench.random(strides.length * spacing);
      const [p, l, out] = [bench.reals(psi), bench.reals(lambda), bench.reals(sums)];
      const bytes = strides.map((exponent) => 16 * 2 ** exponent);
      bench.run(
        `rotationGradient${strides.length}`,
        [p, l, (16 * width) / lanes, groups, ...bytes, out, (16 * spacing) / lanes, (16 * step) / lanes],
        [[out, sums.length]],
      );
      for (let group = 0; group < groups; group++) {
        const [a, b] = [psi, lambda].map((state) => state.subarray(group * width, (group + 1) * width));
        for (const [k, stride] of bytes.entries()) {
          const from = group * step + k * spacing;
          rotationGradientTwin(a!, b!, lanes, stride, sums.subarray(from, from + lanes));
        }
      }
      bench.expectReals(out, sums, (4 * width * groups) / lanes);
    }),
    options,
  );
});

const lanewise = fc.record({
  target,
  seed: fc.integer(),
  numQubits: fc.integer({ min: 1, max: 6 }),
  groups: fc.integer({ min: 1, max: 4 }),
});

test("rotateLanes equals its twin group by group, and sign -1 undoes it", () => {
  fc.assert(
    fc.property(lanewise, fc.nat(), ({ target, seed, numQubits, groups }, any) => {
      const bench = new KernelBench(emitLaneRotation, target, seed);
      const { lanes } = bench;
      const qubit = any % numQubits;
      const size = 2 ** numQubits;
      const width = 2 * size * lanes;
      const state = bench.random(width * groups);
      const angles = Float64Array.from({ length: lanes * groups }, () => 10 * bench.rng.normal());
      const at = bench.reals(state);
      const [cosines, sines] = [bench.reals(angles.map(Math.cos)), bench.reals(angles.map(Math.sin))];
      const run = (sign: number): void =>
        bench.run("rotateLanes", [at, 32 * size, groups, 32 * 2 ** qubit, cosines, sines, sign], [[at, state.length]]);
      const before = state.slice();
      run(1);
      for (let group = 0; group < groups; group++) {
        const own = angles.subarray(group * lanes, (group + 1) * lanes);
        const part = state.subarray(group * width, (group + 1) * width);
        rotateLanes(part, size, qubit, lanes, own.map(Math.cos), own.map(Math.sin));
      }
      bench.expectReals(at, state, 8);
      run(-1);
      bench.expectReals(at, before, 16);
    }),
    options,
  );
});

test("productState and contractProduct equal their twins group by group, over whatever was in the memory", () => {
  fc.assert(
    fc.property(lanewise, ({ target, seed, numQubits, groups }) => {
      const bench = new KernelBench(emitProductState, target, seed);
      const { lanes } = bench;
      const width = 2 * 2 ** numQubits * lanes;
      const qubits = bench.random(4 * numQubits * groups * lanes);
      const lambda = bench.random(width * groups);
      const [at, partials] = [0, 1].map(() => bench.reals(new Float64Array(width * groups).fill(Number.NaN)));
      const [q, l, out] = [bench.reals(qubits), bench.reals(lambda), bench.reals(qubits.map(() => Number.NaN))];
      bench.run(
        "productState",
        [at!, partials!, groups, numQubits, q],
        [
          [at!, width * groups],
          [partials!, width * groups],
        ],
      );
      bench.run(
        "contractProduct",
        [l, partials!, groups, numQubits, q, out],
        [
          [l, lambda.length],
          [out, qubits.length],
        ],
      );
      const ofGroup = (values: Float64Array, group: number): Float64Array =>
        Float64Array.from({ length: 4 * numQubits * lanes }, (_, i) => {
          const [qubit, rest] = [Math.floor(i / (4 * lanes)), i % (4 * lanes)];
          return values[(qubit * groups + group) * 4 * lanes + rest]!;
        });
      const contracted = bench.read(out, qubits.length);
      for (let group = 0; group < groups; group++) {
        const own = ofGroup(qubits, group);
        bench.expectReals(at! + 16 * (width / lanes) * group, productStateTwin(numQubits, lanes, own), 16);
        const part = lambda.subarray(group * width, (group + 1) * width);
        const expected = contractProductTwin(part, numQubits, lanes, own);
        const scale = Math.max(1, ...expected.map(Math.abs)) * width;
        const eps = target.realBits === 64 ? 2 ** -52 : 2 ** -23;
        for (const [i, value] of ofGroup(Float64Array.from(contracted), group).entries())
          expect(Math.abs(value - expected[i]!)).toBeLessThan(64 * eps * scale);
      }
    }),
    options,
  );
});

test("spread writes each number to all lanes of its units", () => {
  fc.assert(
    fc.property(lanewise, ({ target, seed, numQubits: count, groups }) => {
      const bench = new KernelBench(emitSpread, target, seed);
      const values = bench.random(count);
      const width = groups * bench.lanes;
      const units = bench.reals(new Float64Array(count * width));
      bench.run("spread", [bench.reals(values), count, groups, units], [[units, count * width]]);
      bench.expectReals(units, spreadTwin(values, width), 1);
    }),
    options,
  );
});
