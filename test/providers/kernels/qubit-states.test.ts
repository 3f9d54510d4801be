import fc from "fast-check";
import { test } from "vitest";
import { correlationTwin, emitQubitStates, turnQubitTwin } from "../../../providers/simulator/kernels/qubit-states.ts";
import { KernelBench, TARGETS } from "../../support/kernel-bench.ts";

const cases = fc.record({
  target: fc.constantFrom(...TARGETS),
  seed: fc.integer(),
  numQubits: fc.integer({ min: 1, max: 5 }),
  groups: fc.integer({ min: 1, max: 5 }),
});

test("startQubits, turnQubits and returnQubits equal their twins state by state", () => {
  fc.assert(
    fc.property(cases, ({ target, seed, numQubits, groups }) => {
      const bench = new KernelBench(emitQubitStates, target, seed);
      const { lanes } = bench;
      const width = 4 * lanes;
      const count = numQubits * groups;
      const [cosines, sines] = [bench.random(count * lanes), bench.random(count * lanes)];
      const states = bench.reals(new Float64Array(count * width).fill(Number.NaN));
      bench.run("startQubits", [states, count, bench.reals(cosines), bench.reals(sines)], [[states, count * width]]);
      const started = Float64Array.from({ length: count * width }, (_, i) => {
        const [state, part, lane] = [Math.floor(i / width), Math.floor((i % width) / lanes), i % lanes];
        return part === 0 ? cosines[state * lanes + lane]! : part === 2 ? sines[state * lanes + lane]! : 0;
      });
      bench.expectReals(states, started, 1);

      const [psi, lambda, matrices] = [count * width, count * width, 8 * numQubits].map((length) =>
        bench.random(length),
      );
      const sums = bench.random(8 * numQubits * lanes);
      const [p, l, m, out, to] = [psi!, lambda!, matrices!, sums, psi!.map(() => Number.NaN)].map((v) =>
        bench.reals(v),
      );
      bench.run("turnQubits", [p!, to!, groups, numQubits, m!], [[to!, psi!.length]]);
      bench.run(
        "returnQubits",
        [p!, l!, groups, numQubits, m!, out!],
        [
          [l!, lambda!.length],
          [out!, sums.length],
        ],
      );
      const turned = new Float64Array(psi!.length);
      const returned = new Float64Array(lambda!.length);
      for (let state = 0; state < count; state++) {
        const qubit = Math.floor(state / groups);
        const matrix = matrices!.subarray(8 * qubit, 8 * qubit + 8);
        const [a, b] = [psi!, lambda!].map((all) => all.subarray(state * width, (state + 1) * width));
        turned.set(turnQubitTwin(a!, lanes, matrix, false), state * width);
        returned.set(turnQubitTwin(b!, lanes, matrix, true), state * width);
        correlationTwin(a!, b!, lanes, sums.subarray(8 * lanes * qubit, 8 * lanes * (qubit + 1)));
      }
      bench.expectReals(to!, turned, 64);
      bench.expectReals(l!, returned, 64);
      bench.expectReals(out!, sums, 64 * groups);
    }),
    { numRuns: 60, seed: 5 },
  );
});
