import { describe, expect, test } from "vitest";
import { compile, type Effort, Rng } from "../../../circuits/index.ts";
import {
  boundPair,
  directedTarget,
  distanceFromSource,
  lineTarget,
  randomParametrized,
} from "../../support/compiled-equivalence.ts";
import { randomCircuit } from "../../support/random-circuit.ts";

const TARGETS = {
  cz: lineTarget(5, "cz"),
  cx: lineTarget(5, "cx"),
  ecr: lineTarget(5, "ecr"),
  fractional: lineTarget(5, "fractional"),
  "directed cx": directedTarget(5, "cx"),
  "directed ecr": directedTarget(5, "ecr"),
};
const EFFORTS: readonly Effort[] = [0, 1, 2, 3];

describe.each(Object.entries(TARGETS))("compiled for %s", (name, target) => {
  test.each(EFFORTS)("a bound circuit equals its source up to phase and permutation (effort %i)", (effort) => {
    for (let trial = 0; trial < 4; trial++) {
      const rng = Rng.seed(`bound ${name} ${effort} ${trial}`);
      const source = randomCircuit(rng, { numQubits: 2 + rng.integer(3), numOperations: 12, parameters: false });
      const compiled = compile(source, target, { effort, seed: trial });
      expect(distanceFromSource(source, compiled, compiled.circuit)).toBeLessThan(1e-9);
    }
  });

  test.each(EFFORTS)("a free circuit equals its source for every row of values (effort %i)", (effort) => {
    for (let trial = 0; trial < 4; trial++) {
      const rng = Rng.seed(`free ${name} ${effort} ${trial}`);
      const source = randomParametrized(rng, 2 + rng.integer(3), 14);
      const compiled = compile(source, target, { effort, seed: trial });
      const special = [0, Math.PI, Math.PI / 2, -Math.PI / 2, 2 * Math.PI];
      for (let row = 0; row < 4; row++) {
        const values = Float64Array.from({ length: 7 }, () =>
          row === 0 ? 0 : row === 1 ? special[rng.integer(special.length)]! : 3 * rng.normal(),
        );
        const { source: bound, isa } = boundPair(compiled, values);
        expect(distanceFromSource(bound, compiled, isa)).toBeLessThan(1e-9);
      }
    }
  });
});
