import fc from "fast-check";
import { expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { createStatevectorEngine } from "../../../providers/index.ts";
import { type BatchResult, differentiate, distance, randomBatch, rowsOf } from "../../support/batch.ts";
import { randomObservables, randomTrainingCircuit } from "../../support/training-circuit.ts";

const flavours = ["everything", "layers", "rotations"] as const;

test("a row alone, which is one state in tiles, gives what it gives in a batch", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 10, max: 12 }), fc.constantFrom(...flavours), (seed, n, flavour) => {
      const rng = Rng.seed(seed);
      const circuit = randomTrainingCircuit(rng, n, 60, flavour);
      const observables = randomObservables(rng, n);
      const program = createStatevectorEngine().expectation(circuit, observables);
      const batch = randomBatch(rng, circuit, observables.length, 3);
      const run = (rows: ReturnType<typeof rowsOf>): BatchResult =>
        differentiate({ run: (x, w, count, c, ...rest) => program.backward(x, w, count, c!, ...rest) }, rows);
      const together = run(batch);
      const alone = [0, 1, 2].map((row) => run(rowsOf(batch, row, 1)));
      const joined = {
        outputs: Float64Array.from(alone.flatMap(({ outputs }) => [...outputs])),
        inputGradients: Float64Array.from(alone.flatMap(({ inputGradients }) => [...inputGradients])),
        weightGradients: together.weightGradients.map((_, k) =>
          alone.reduce((sum, { weightGradients }) => sum + weightGradients[k]!, 0),
        ),
      };
      expect(distance(together, joined)).toBeLessThan(1e-12);
    }),
    { numRuns: 15, seed: 9 },
  );
});
