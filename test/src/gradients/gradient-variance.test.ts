import { describe, expect, test } from "vitest";
import {
  Circuit,
  constantWeights,
  efficientSU2,
  input,
  SparsePauliOp,
  stronglyEntangling,
  weight,
} from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { gradientVariance } from "../../../src/gradients/index.ts";
import { recordingBackend, rowsOf } from "../../support/recording-backend.ts";

const provider = localSimulator();
const rotation = Circuit.build(1, (c) => c.rx(weight("w"), 0));

describe("gradientVariance", () => {
  test("of <Z> after rx is the variance of sin over a period, 1/2", async () => {
    const { variances, means, mean, min, max, warning, samples, executions } = await gradientVariance(
      rotation,
      SparsePauliOp.parse("Z"),
      { provider, samples: 4000, seed: 1 },
    );
    expect(variances[0]).toBeCloseTo(0.5, 1);
    expect(Math.abs(means[0]!)).toBeLessThan(0.05);
    expect([mean, min, max]).toEqual([variances[0], variances[0], variances[0]]);
    expect(warning).toBeUndefined();
    expect([samples, executions]).toEqual([4000, 4000]);
  });

  test("is the same by parameter shift, in one job for all starting points", async () => {
    const x = input("x");
    const circuit = Circuit.build(2, (c) => c.ry(x, 0)).compose(efficientSU2({ numQubits: 2, reps: 1 }));
    const observable = SparsePauliOp.parse("ZZ + 0.3*XI");
    const options = { samples: 7, seed: 3, inputs: Float64Array.of(0.4) };
    const adjoint = await gradientVariance(circuit, observable, { provider, ...options });
    const recorder = recordingBackend(provider);
    const shift = await gradientVariance(circuit, observable, { provider: recorder, ...options });
    for (const [p, value] of adjoint.variances.entries()) expect(shift.variances[p]).toBeCloseTo(value, 10);
    expect(recorder.jobs.map((pubs) => pubs.length)).toEqual([1]);
    // The last rz of qubit 0, on which only Z is measured, moves nothing.
    expect(rowsOf(recorder.jobs[0]![0]!)).toBe(7 * (1 + 2 * (circuit.numWeights - 1)));
    expect(shift.jobIds.length).toBe(1);
  });

  test("falls with the number of qubits for a deep circuit and a global observable", async () => {
    const probe = (numQubits: number) =>
      gradientVariance(
        stronglyEntangling({ numQubits, layers: 2 * numQubits }),
        SparsePauliOp.parse("Z".repeat(numQubits)),
        { provider, samples: 60 },
      );
    const [few, many] = [await probe(2), await probe(6)];
    expect(many.mean).toBeLessThan(few.mean / 4);
    expect(many.max).toBeGreaterThanOrEqual(many.mean);
    expect(many.min).toBeLessThanOrEqual(many.mean);
  });

  test("warns on a plateau, relative to the observable's scale", async () => {
    const flat = { provider, samples: 10, initializer: constantWeights(0) };
    const { warning, max } = await gradientVariance(rotation, SparsePauliOp.parse("Z"), flat);
    expect(max).toBeLessThan(1e-20);
    expect(warning).toContain("Barren plateau");
    const tiny = await gradientVariance(rotation, SparsePauliOp.parse("0.001*Z"), { provider, samples: 100 });
    expect(tiny.warning).toBeUndefined();
    const strict = { provider, samples: 100, threshold: 0.9 };
    expect((await gradientVariance(rotation, SparsePauliOp.parse("Z"), strict)).warning).toBeDefined();
  });

  test("depends on the seed alone", async () => {
    const observable = SparsePauliOp.parse("Z");
    const [a, b, c] = await Promise.all(
      [5, 5, 6].map((seed) => gradientVariance(rotation, observable, { provider, samples: 5, seed })),
    );
    expect(a!.variances).toEqual(b!.variances);
    expect(a!.variances).not.toEqual(c!.variances);
  });

  test.each([
    ["one sample", rotation, { samples: 1 }, "GRADIENT_OPTION"],
    ["no weights", Circuit.build(1, (c) => c.h(0)), {}, "GRADIENT_OPTION"],
    ["an option that there is not", rotation, { sample: 10 } as object, "GRADIENT_OPTION"],
    ["no provider", rotation, { provider: undefined } as object, "GRADIENT_OPTION"],
    ["inputs the circuit has not", rotation, { inputs: Float64Array.of(1) }, "GRADIENT_SHAPE"],
  ])("refuses %s", async (_name, circuit, options, code) => {
    await expect(gradientVariance(circuit, SparsePauliOp.parse("Z"), { provider, ...options })).rejects.toMatchObject({
      code,
    });
  });
});
