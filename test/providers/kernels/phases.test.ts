import fc from "fast-check";
import { expect, test } from "vitest";
import { denseKernel, emitLaneDense } from "../../../providers/simulator/kernels/lane-dense.ts";
import { emitLaneMonomial, monomialTwin } from "../../../providers/simulator/kernels/lane-monomial.ts";
import { emitLanePhase, multiplyLanes, phaseGradientLanes } from "../../../providers/simulator/kernels/lane-phase.ts";
import { emitPhaseGradient, phaseGradient } from "../../../providers/simulator/kernels/phase-gradient.ts";
import {
  emitPhaseTable,
  multiplyTablesTwin,
  phaseProductTwin,
} from "../../../providers/simulator/kernels/phase-table.ts";
import { haarUnitary } from "../../support/haar.ts";
import { DOUBLE_TARGETS, KernelBench, TARGETS } from "../../support/kernel-bench.ts";

const options = { numRuns: 150, seed: 3 };
const states = fc.record({
  target: fc.constantFrom(...TARGETS),
  seed: fc.integer(),
  numQubits: fc.integer({ min: 0, max: 6 }),
  groups: fc.integer({ min: 1, max: 5 }),
});

const PASSES = [
  ["applyMonomial", true, false],
  ["unapplyMonomial", true, true],
  ["permute", false, false],
  ["unpermute", false, true],
] as const;

test.each(PASSES)("%s equals its twin group by group, and leaves its source alone", (name, hasTable, inverse) => {
  fc.assert(
    fc.property(states, ({ target, seed, numQubits, groups }) => {
      const bench = new KernelBench(emitLaneMonomial, target, seed);
      const size = 2 ** numQubits;
      const width = 2 * size * bench.lanes;
      const [from, table] = [bench.random(width * groups), bench.random(2 * size)];
      const permutation = bench.rng.permutation(size);
      const to = bench.reals(new Float64Array(width * groups));
      const args = [bench.reals(from), to, size, groups, bench.indices(permutation), bench.reals(table)];
      bench.run(name, args, [[to, width * groups]]);
      const expected = new Float64Array(width * groups);
      for (let group = 0; group < groups; group++) {
        const [a, b] = [from, expected].map((state) => state.subarray(group * width, (group + 1) * width));
        monomialTwin(a!, b!, size, bench.lanes, permutation, hasTable ? table : undefined, inverse);
      }
      bench.expectReals(to, expected, 4);
    }),
    options,
  );
});

test("multiplyLanes equals its twin group by group", () => {
  fc.assert(
    fc.property(states, fc.constantFrom(1, -1), ({ target, seed, numQubits, groups }, sign) => {
      const bench = new KernelBench(emitLanePhase, target, seed);
      const { lanes } = bench;
      const size = 2 ** numQubits;
      const width = 2 * size * lanes;
      const state = bench.random(width * groups);
      const [c, s] = [bench.random(lanes * groups), bench.random(lanes * groups)];
      const indices = bench.rng.permutation(size).slice(0, bench.rng.integer(size + 1));
      const at = bench.reals(state);
      const lists = [bench.indices(indices), indices.length, bench.reals(c), bench.reals(s)];
      bench.run("multiplyLanes", [at, 32 * size, groups, ...lists, sign], [[at, state.length]]);
      for (let group = 0; group < groups; group++) {
        const own = (values: Float64Array): Float64Array => values.subarray(group * lanes, (group + 1) * lanes);
        multiplyLanes(state.subarray(group * width, (group + 1) * width), indices, lanes, own(c), own(s), sign);
      }
      bench.expectReals(at, state, 4);
    }),
    options,
  );
});

test("phaseGradientLanes adds half of what its twin adds, group by group", () => {
  fc.assert(
    fc.property(states, ({ target, seed, numQubits, groups }) => {
      const bench = new KernelBench(emitLanePhase, target, seed);
      const { lanes } = bench;
      const size = 2 ** numQubits;
      const width = 2 * size * lanes;
      const [psi, lambda] = [bench.random(width * groups), bench.random(width * groups)];
      const sums = bench.random(lanes * groups);
      const indices = bench.rng.permutation(size).slice(0, bench.rng.integer(size + 1));
      const out = bench.reals(sums);
      const args = [bench.reals(psi), bench.reals(lambda), 32 * size, groups, bench.indices(indices), indices.length];
      bench.run("phaseGradientLanes", [...args, out], [[out, sums.length]]);
      const twice = sums.map((sum) => 2 * sum);
      for (let group = 0; group < groups; group++) {
        const [p, l] = [psi, lambda].map((state) => state.subarray(group * width, (group + 1) * width));
        phaseGradientLanes(p!, l!, indices, lanes, twice.subarray(group * lanes, (group + 1) * lanes));
      }
      bench.expectReals(
        out,
        twice.map((sum) => sum / 2),
        4 + 4 * size,
      );
    }),
    options,
  );
});

test("phaseGradient, its lanes added up, adds half of what its twin adds for all groups", () => {
  fc.assert(
    fc.property(states, ({ target, seed, numQubits, groups }) => {
      const bench = new KernelBench(emitPhaseGradient, target, seed);
      const { lanes } = bench;
      const size = 2 ** numQubits;
      const width = 2 * size * lanes;
      const [psi, lambda] = [bench.random(width * groups), bench.random(width * groups)];
      const before = bench.random(size * lanes);
      const out = bench.reals(before);
      bench.run("phaseGradient", [bench.reals(psi), bench.reals(lambda), size, groups, out], [[out, before.length]]);
      // A lane at a time, as the kernel adds them: the twin would add all lanes of a basis state.
      for (let lane = 0; lane < lanes; lane++) {
        const ofLane = (state: Float64Array): Float64Array => state.filter((_, i) => i % lanes === lane);
        const [p, l] = [ofLane(psi), ofLane(lambda)];
        const twice = ofLane(before).map((value) => 2 * value);
        for (let group = 0; group < groups; group++) {
          const [a, b] = [p, l].map((state) => state.subarray(2 * size * group, 2 * size * (group + 1)));
          phaseGradient(a!, b!, size, 1, twice);
        }
        const actual = ofLane(bench.read(out, before.length));
        const tolerance = (target.realBits === 64 ? Number.EPSILON : 2 ** -23) * 8 * groups;
        for (const [i, value] of twice.entries()) expect(Math.abs(actual[i]! - value / 2)).toBeLessThan(tolerance);
      }
    }),
    options,
  );
});

test("phaseProduct and multiplyTables equal their twins", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...DOUBLE_TARGETS),
      fc.integer(),
      fc.integer({ min: 0, max: 7 }),
      (target, seed, numQubits) => {
        const bench = new KernelBench(emitPhaseTable, target, seed);
        const size = 2 ** numQubits;
        const [cosines, sines] = [bench.random(numQubits), bench.random(numQubits)];
        const scale = 5 * bench.rng.normal();
        const table = bench.reals(new Float64Array(2 * size).fill(Number.NaN));
        const args = [table, numQubits, scale, bench.reals(cosines), bench.reals(sines)];
        bench.run("phaseProduct", args, [[table, 2 * size]]);
        const expected = phaseProductTwin(numQubits, scale, cosines, sines);
        bench.expectReals(table, expected, 16 * Math.abs(scale) * 2 ** (numQubits / 2));

        const other = bench.random(2 * size);
        const where = bench.rng.permutation(size);
        const product = bench.read(table, 2 * size);
        bench.run("multiplyTables", [table, size, bench.reals(other), bench.indices(where)], [[table, 2 * size]]);
        multiplyTablesTwin(product, other, where);
        bench.expectReals(table, product, 16 * Math.abs(scale) * 2 ** (numQubits / 2));
      },
    ),
    options,
  );
});

test("modules of single precision have no kernels of tables, which are always made in double", () => {
  const single = TARGETS.find(({ realBits }) => realBits === 32)!;
  expect(() => new KernelBench(emitPhaseTable, single, 1).run("phaseProduct", [], [])).toThrow(TypeError);
});

test("denseLanes equals denseKernel for unitaries of one to three qubits, with and without controls", () => {
  fc.assert(
    fc.property(states, fc.integer({ min: 1, max: 3 }), fc.nat(2), ({ target, seed, numQubits, groups }, own, more) => {
      const n = Math.max(1, numQubits);
      const bench = new KernelBench(emitLaneDense, target, seed);
      const { lanes } = bench;
      const size = 2 ** n;
      const width = 2 * size * lanes;
      const order = [...bench.rng.permutation(n)];
      const targets = order.slice(0, own);
      const controls = order.slice(own, own + more).reduce((mask, qubit) => mask | (1 << qubit), 0);
      const local = 2 ** targets.length;
      const matrix = haarUnitary(bench.rng, local);
      const places = Int32Array.from({ length: local }, (_, index) =>
        targets.reduce((bits, qubit, bit) => bits | (((index >> bit) & 1) << qubit), controls),
      );
      const state = bench.random(width * groups);
      const at = bench.reals(state);
      const scratch = bench.reals(new Float64Array(2 * local * lanes));
      const occupied = 32 * targets.reduce((mask, qubit) => mask | (1 << qubit), controls);
      bench.run(
        "denseLanes",
        [
          at,
          32 * size * groups,
          occupied,
          bench.indices(places.map((place) => 32 * place)),
          local,
          bench.reals(matrix),
          scratch,
        ],
        [
          [at, state.length],
          [scratch, 2 * local * lanes],
        ],
      );
      const kernel = denseKernel(matrix, targets, controls, size);
      for (let group = 0; group < groups; group++)
        kernel.apply(state.subarray(group * width, (group + 1) * width), lanes, false);
      bench.expectReals(at, state, 64);
    }),
    options,
  );
});
