import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Circuit,
  input,
  multiply,
  Rng,
  SparsePauliOp,
  sin,
  slotsOf,
  stronglyEntangling,
  weight,
} from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import {
  type GradientMethod,
  gradientProgram,
  shiftedSlots,
  slotCircuit,
  valueAndGradient,
} from "../../../src/gradients/index.ts";
import { randomDynamicCircuit } from "../../support/dynamic-circuit.ts";
import { goldenCircuit, goldenGradients, goldenObservable } from "../../support/golden.ts";
import { distance } from "../../support/linear-algebra.ts";
import { recordingBackend, rowsOf } from "../../support/recording-backend.ts";
import { randomUnitaryCircuit } from "../../support/unitary-circuit.ts";

const provider = localSimulator();
const both = { weights: true, inputs: true };

describe("golden gradients", () => {
  const tolerance: [GradientMethod, number][] = [
    ["adjoint", 1e-8],
    ["parameter-shift", 1e-8],
    ["finite-difference", 1e-5],
  ];
  describe.each(tolerance)("by %s within %f", (method, atol) => {
    test.each(goldenGradients().map((item) => [item.id, item] as const))("%s", async (_id, item) => {
      const result = await valueAndGradient({
        circuit: goldenCircuit(item),
        observables: [goldenObservable(item.n, item.observable)],
        provider,
        weights: Float64Array.from(item.w),
        inputs: Float64Array.from(item.x),
        wants: both,
        method,
      });
      expect(result.method).toBe(method);
      expect(distance(result.values, [item.value])).toBeLessThan(1e-9);
      expect(distance(result.weightGradient!, item.grad_w)).toBeLessThan(atol);
      expect(distance(result.inputGradient!, item.grad_x)).toBeLessThan(atol);
    });
  });

  test("cover the gates with several frequencies and shared parameters", () => {
    const ids = goldenGradients().map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["cu_four_params", "controlled_rotations_4term", "repeated_weight"]));
  });
});

/** A random observable with identity, diagonal and off-diagonal terms. */
function randomObservable(rng: Rng, numQubits: number): SparsePauliOp {
  const label = (): string => Array.from({ length: numQubits }, () => "IXYZ"[rng.integer(4)]).join("");
  return SparsePauliOp.fromLabels(Array.from({ length: 3 }, () => [label(), rng.normal()] as const));
}

test("adjoint and parameter shift agree on circuits over the whole gate table with shared and composed parameters", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
      const rng = Rng.seed(seed);
      const numQubits = 1 + rng.integer(4);
      const circuit = randomUnitaryCircuit(rng, numQubits, 10);
      const observables = [randomObservable(rng, numQubits), randomObservable(rng, numQubits)];
      const draw = (length: number): Float64Array => Float64Array.from({ length }, () => rng.normal());
      const request = {
        circuit,
        observables,
        provider,
        weights: draw(circuit.numWeights),
        inputs: draw(3 * circuit.numInputs),
        rows: 3,
        cotangents: draw(6),
        wants: both,
      };
      const adjoint = await valueAndGradient({ ...request, method: "adjoint" });
      const shift = await valueAndGradient({ ...request, method: "parameter-shift" });
      expect(distance(adjoint.values, shift.values)).toBeLessThan(1e-10);
      expect(distance(adjoint.weightGradient!, shift.weightGradient!)).toBeLessThan(1e-8);
      expect(distance(adjoint.inputGradient!, shift.inputGradient!)).toBeLessThan(1e-8);
    }),
    { numRuns: 60, seed: 5 },
  );
});

test("parameter shift on a circuit that measures, resets and branches matches finite differences", async () => {
  const w = weight("w", 3);
  const circuit = Circuit.build(2, (c) => {
    const bits = c.register("m", 1);
    c.ry(w.at(0), 0).cry(w.at(1), 0, 1).measure(0, 0);
    c.if(
      bits,
      1,
      (then) =>
        then
          .rx(multiply(2, w.at(2)), 1)
          .reset(0)
          .ry(w.at(0), 0),
      (otherwise) => otherwise.crx(w.at(2), 0, 1),
    );
  });
  const request = {
    circuit,
    observables: [SparsePauliOp.parse("0.7*ZZ + 0.2*IZ - XI")],
    provider,
    weights: Float64Array.of(0.4, -1.1, 0.9),
  };
  const shift = await valueAndGradient({ ...request, method: "auto" });
  const difference = await valueAndGradient({ ...request, method: "finite-difference" });
  expect(shift.method).toBe("parameter-shift");
  expect(shift.reason).toContain("measures");
  expect(distance(shift.weightGradient!, difference.weightGradient!)).toBeLessThan(1e-8);
  expect(Math.min(...shift.weightGradient!.map(Math.abs))).toBeGreaterThan(1e-3);
});

test("so it does on random circuits that measure, reset and branch, whatever the observable sees", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
      const rng = Rng.seed(seed);
      const circuit = randomDynamicCircuit(rng, 3, 9);
      // Few qubits seen, so that much lies outside the causal cone.
      const observables = [SparsePauliOp.fromLabels("IIXIZIYII".slice(rng.integer(3) * 3).slice(0, 3))];
      const weights = Float64Array.from({ length: circuit.numWeights }, () => rng.normal());
      const request = { circuit, observables, provider, weights };
      const shift = await valueAndGradient({ ...request, method: "parameter-shift" });
      const difference = await valueAndGradient({ ...request, method: "finite-difference" });
      expect(distance(shift.values, difference.values)).toBeLessThan(1e-12);
      expect(distance(shift.weightGradient!, difference.weightGradient!)).toBeLessThan(1e-7);
    }),
    { numRuns: 40, seed: 6 },
  );
});

describe("one job, one PUB", () => {
  const x = input("x", 2);
  const w = weight("w", 2);
  const circuit = Circuit.build(2, (c) => {
    c.rx(x.at(0), 0).ry(x.at(1), 1).ry(w.at(0), 0).crx(w.at(1), 0, 1).ry(w.at(0), 1);
  });
  const observables = [SparsePauliOp.parse("ZI"), SparsePauliOp.parse("XX"), SparsePauliOp.parse("IZ")];
  const inputs = Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.1, 0.2);
  const weights = Float64Array.of(0.5, 0.6);

  test.each([
    // Slots: rx, ry (inputs, 2 terms each), ry, crx, ry (weights, 2 + 4 + 2 terms). Rows 0 and 2 are equal.
    ["weights only", { weights: true, inputs: false }, 2 * (1 + 8)],
    ["inputs too", both, 2 * (1 + 12)],
    ["values only", { weights: false, inputs: false }, 2],
  ])("parameter shift sends all evaluations of a batch at once: %s", async (_name, wants, rows) => {
    const recorder = recordingBackend(provider);
    const result = await valueAndGradient({ circuit, observables, provider: recorder, inputs, weights, wants });
    expect(result.method).toBe("parameter-shift");
    expect(recorder.jobs.map((pubs) => pubs.length)).toEqual([1]);
    expect(rowsOf(recorder.jobs[0]![0]!)).toBe(rows);
    expect(result.executions).toBe(rows);
    expect(result.jobIds.length).toBe(1);
    expect(result.weightGradient?.length).toBe(wants.weights ? 2 : undefined);
    expect(result.inputGradient?.length).toBe(wants.inputs ? 6 : undefined);
  });

  test("so do finite differences and SPSA", async () => {
    for (const [method, rows] of [
      ["finite-difference", 3 * (1 + 4)],
      ["spsa", 3 * (1 + 2)],
    ] as const) {
      const recorder = recordingBackend(provider);
      const result = await valueAndGradient({ circuit, observables, provider: recorder, inputs, weights, method });
      expect(recorder.jobs.map((pubs) => pubs.map(rowsOf))).toEqual([[rows]]);
      expect(result.weightGradient!.length).toBe(2);
    }
  });

  test("adjoint sends none", async () => {
    const recorder = recordingBackend(provider);
    const direct = { ...provider, capabilities: provider.capabilities, estimator: recorder.estimator };
    direct.differentiate = (...args) => provider.differentiate(...args);
    const result = await valueAndGradient({ circuit, observables, provider: direct, inputs, weights });
    expect(result.method).toBe("adjoint");
    expect(recorder.jobs).toEqual([]);
    expect(result.executions).toBe(3);
    expect(result.jobIds).toEqual([]);
  });

  test("the PUB's circuit does not change from point to point, so that it is compiled once", async () => {
    const recorder = recordingBackend(provider);
    const program = gradientProgram(circuit, observables, { provider: recorder, wants: both });
    await program.evaluate({ inputs, weights });
    await program.evaluate({ inputs: inputs.map((v) => v + 1), weights: weights.map((v) => -v) });
    const [first, second] = recorder.jobs.map(([pub]) => (pub as { circuit: Circuit }).circuit);
    expect(first).toBe(second);
    expect(first!.numWeights).toBe(slotsOf(circuit).length);
  });

  test("gates that cannot influence the observable are not shifted", async () => {
    const v = weight("v", 3);
    const wide = Circuit.build(3, (c) => c.ry(v.at(0), 0).cx(0, 1).ry(v.at(1), 2).rx(v.at(2), 0));
    const recorder = recordingBackend(provider);
    const request = {
      circuit: wide,
      observables: [SparsePauliOp.parse("IZI")],
      weights: Float64Array.of(0.3, 0.4, 0.5),
    };
    const result = await valueAndGradient({ ...request, provider: recorder });
    expect(rowsOf(recorder.jobs[0]![0]!)).toBe(3);
    expect(distance(result.weightGradient!, [-Math.sin(0.3), 0, 0])).toBeLessThan(1e-12);
  });

  test("nor are diagonal gates that commute with all that is measured", async () => {
    const layer = stronglyEntangling({ numQubits: 3, layers: 2 });
    const z = Array.from({ length: 3 }, (_, qubit) => SparsePauliOp.z(3, qubit));
    // The last rz of each qubit, behind which only cx stand.
    expect(shiftedSlots(layer, z, both).length).toBe(18 - 3);
    expect(shiftedSlots(layer, [SparsePauliOp.parse("IIX")], both).length).toBe(18);
  });

  test("whatever is left out has no slope, on random circuits and observables", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const rng = Rng.seed(seed);
        const numQubits = 1 + rng.integer(4);
        const circuit = slotCircuit(randomUnitaryCircuit(rng, numQubits, 12));
        const letters = rng.integer(2) === 0 ? "IZ" : "IXYZ";
        const label = () => Array.from({ length: numQubits }, () => letters[rng.integer(letters.length)]!).join("");
        const observables = [
          SparsePauliOp.parse(label()),
          SparsePauliOp.fromLabels([
            [label(), 0.7],
            [label(), -1.3],
          ]),
        ];
        const kept = new Set(shiftedSlots(circuit, observables, both).map(({ slot }) => slot));
        const weights = Float64Array.from({ length: circuit.numWeights }, () => rng.normal());
        const gradient = new Float64Array(weights.length);
        const cotangents = Float64Array.of(1, 1);
        const program = provider.differentiate(circuit, observables);
        program.backward(new Float64Array(0), weights, 1, cotangents, new Float64Array(2), gradient, null);
        for (const [slot, slope] of gradient.entries())
          if (!kept.has(slot)) expect(Math.abs(slope)).toBeLessThan(1e-10);
      }),
      { numRuns: 300, seed: 31 },
    );
  });

  test("a circuit without parameters, and one whose parameter has no effect", async () => {
    const fixed = Circuit.build(1, (c) => c.h(0));
    const global = Circuit.build(1, (c) => c.h(0).gphase(weight("g")));
    for (const [circuit, weights] of [
      [fixed, new Float64Array(0)],
      [global, Float64Array.of(0.3)],
    ] as const)
      for (const method of ["adjoint", "parameter-shift", "finite-difference"] as const) {
        const observables = [SparsePauliOp.parse("X")];
        const { values, weightGradient } = await valueAndGradient({ circuit, observables, provider, weights, method });
        expect(values[0]).toBeCloseTo(1, 12);
        expect(distance(weightGradient!, new Float64Array(weights.length))).toBeLessThan(1e-9);
      }
  });

  test("tags, the job's id and the seed reach the backend", async () => {
    const recorder = recordingBackend(provider);
    const ids: string[] = [];
    const { jobIds } = await valueAndGradient({
      circuit,
      observables,
      provider: recorder,
      inputs,
      weights,
      tags: ["step-1"],
      onSubmitted: (id) => void ids.push(id),
      seed: 9,
      precision: 0.1,
    });
    expect(recorder.tags).toEqual([["step-1"]]);
    expect(ids).toEqual(jobIds);
    expect(recorder.options).toEqual([{ seed: 9, precision: 0.1 }]);
  });

  test("pullback may be called with cotangents that depend on the values, without another job", async () => {
    for (const method of ["adjoint", "parameter-shift", "finite-difference"] as const) {
      const recorder = recordingBackend(provider);
      const from = method === "adjoint" ? provider : recorder;
      const program = gradientProgram(circuit, observables, { provider: from, wants: both, method });
      const { values, pullback } = await program.evaluate({ inputs, weights });
      const gradients = pullback(values.map((value) => 2 * value));
      const squared = async (delta: number): Promise<number> => {
        const moved = await program.evaluate({ inputs, weights: weights.with(0, weights[0]! + delta) });
        return moved.values.reduce((sum, value) => sum + value ** 2, 0);
      };
      expect(recorder.jobs.length).toBe(method === "adjoint" ? 0 : 1);
      const slope = ((await squared(1e-4)) - (await squared(-1e-4))) / 2e-4;
      expect(gradients.weights![0]).toBeCloseTo(slope, 6);
      expect(gradients.inputs!.length).toBe(6);
    }
  });
});

describe("standard errors", () => {
  const x = input("x");
  const w = weight("w", 2);
  const circuit = Circuit.build(2, (c) =>
    c
      .ry(x, 0)
      .ry(w.at(0), 0)
      .crx(multiply(1.5, w.at(1)), 0, 1)
      .ry(sin(w.at(0)), 1),
  );
  const request = {
    circuit,
    observables: [SparsePauliOp.parse("ZZ")],
    inputs: Float64Array.of(0.3, 0.3, -0.8),
    weights: Float64Array.of(0.7, 0.4),
    cotangents: Float64Array.of(1, -0.5, 2),
    wants: both,
    precision: 0.1,
  };

  test("are the spread of sampled gradients, equal rows included", async () => {
    const runs = 300;
    const found = await Promise.all(
      Array.from({ length: runs }, (_, seed) =>
        valueAndGradient({ ...request, provider, method: "parameter-shift", seed }),
      ),
    );
    const exact = await valueAndGradient({ ...request, provider, method: "adjoint", precision: 0 });
    const check = (
      pick: (result: (typeof found)[number]) => Float64Array,
      error: (result: (typeof found)[number]) => Float64Array,
    ): void => {
      for (let i = 0; i < pick(exact).length; i++) {
        const samples = found.map((result) => pick(result)[i]!);
        const mean = samples.reduce((a, b) => a + b, 0) / runs;
        const spread = Math.sqrt(samples.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (runs - 1));
        const claimed = found.reduce((sum, result) => sum + error(result)[i]!, 0) / runs;
        // 300 samples give a spread to about 4 %; five times that is the margin.
        expect(Math.abs(claimed / spread - 1)).toBeLessThan(0.2);
        expect(Math.abs(mean - pick(exact)[i]!)).toBeLessThan((5 * spread) / Math.sqrt(runs));
      }
    };
    check(
      (r) => r.weightGradient!,
      (r) => r.weightStderr!,
    );
    check(
      (r) => r.inputGradient!,
      (r) => r.inputStderr!,
    );
    check(
      (r) => r.values,
      (r) => r.stderr,
    );
  });

  test("bound the spread where observables share their shots", async () => {
    const observables = [SparsePauliOp.parse("ZZ"), SparsePauliOp.parse("0.5*ZZ + IZ")];
    const cotangents = new Float64Array(6).fill(1);
    const many = { ...request, observables, cotangents, provider, method: "parameter-shift" as const };
    const found = await Promise.all(Array.from({ length: 200 }, (_, seed) => valueAndGradient({ ...many, seed })));
    const samples = found.map(({ weightGradient }) => weightGradient![0]!);
    const mean = samples.reduce((a, b) => a + b, 0) / samples.length;
    const spread = Math.sqrt(samples.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (samples.length - 1));
    const claimed = found[0]!.weightStderr![0]!;
    expect(claimed).toBeGreaterThan(0.85 * spread);
    expect(claimed).toBeLessThan(2 * spread);
  });

  test("are 0 where values are exact", async () => {
    for (const method of ["adjoint", "parameter-shift", "finite-difference"] as const) {
      const result = await valueAndGradient({ ...request, provider, precision: 0, method });
      for (const errors of [result.stderr, result.weightStderr!, result.inputStderr!])
        expect(errors.every((error) => error === 0)).toBe(true);
    }
  });

  test("of finite differences follow the noise of the two values", async () => {
    const { weightStderr, stderr } = await valueAndGradient({
      ...request,
      provider,
      method: "finite-difference",
      step: 0.2,
    });
    expect(weightStderr![0]).toBeGreaterThan(stderr[0]!);
    expect(weightStderr![0]).toBeLessThan((3 * 0.1 * Math.SQRT2) / 0.4);
  });
});

describe("SPSA", () => {
  const w = weight("w", 4);
  const circuit = Circuit.build(2, (c) => c.ry(w.at(0), 0).ry(w.at(1), 1).cx(0, 1).rx(w.at(2), 0).ry(w.at(3), 1));
  const request = {
    circuit,
    observables: [SparsePauliOp.parse("ZZ + 0.5*XI")],
    provider,
    weights: Float64Array.of(0.3, -0.4, 0.5, 0.9),
  };

  test("averages to the gradient, and says how far off it is", async () => {
    const exact = await valueAndGradient({ ...request, method: "adjoint" });
    const estimate = await valueAndGradient({
      ...request,
      method: "spsa",
      spsa: { perturbation: 0.01, repeats: 2000 },
      seed: 4,
    });
    for (let i = 0; i < 4; i++) {
      const error = Math.abs(estimate.weightGradient![i]! - exact.weightGradient![i]!);
      expect(error).toBeLessThan(4 * estimate.weightStderr![i]!);
      expect(estimate.weightStderr![i]!).toBeLessThan(0.05);
    }
  });

  test("moves along one direction per repeat, by the seed", async () => {
    const once = await valueAndGradient({ ...request, method: "spsa", seed: 1 });
    const magnitudes = once.weightGradient!.map(Math.abs);
    expect(new Set(magnitudes).size).toBe(1);
    expect(once.weightStderr!.every(Number.isNaN)).toBe(true);
    expect(await valueAndGradient({ ...request, method: "spsa", seed: 1 })).toMatchObject({
      weightGradient: once.weightGradient,
    });
    const others = await Promise.all(
      [2, 3, 4, 5].map((seed) => valueAndGradient({ ...request, method: "spsa", seed })),
    );
    expect(others.some(({ weightGradient }) => distance(weightGradient!, once.weightGradient!) > 0)).toBe(true);
  });
});

describe("bad input", () => {
  const x = input("x", 2);
  const w = weight("w");
  const circuit = Circuit.build(1, (c) => c.rx(x.at(0), 0).rz(w, 0).ry(x.at(1), 0));
  const request = {
    circuit,
    observables: [SparsePauliOp.parse("Z")],
    provider,
    inputs: Float64Array.of(0.1, 0.2),
    weights: Float64Array.of(0.3),
  };
  test.each([
    ["too few weights", { weights: new Float64Array(0) }, "GRADIENT_SHAPE"],
    ["half a row of inputs", { inputs: Float64Array.of(0.1) }, "GRADIENT_SHAPE"],
    ["no inputs", { inputs: new Float64Array(0) }, "GRADIENT_SHAPE"],
    ["other cotangents than values", { cotangents: new Float64Array(2) }, "GRADIENT_SHAPE"],
    ["an angle that is no number", { weights: Float64Array.of(Number.NaN) }, "GRADIENT_NOT_FINITE"],
    ["no observable", { observables: [] }, "GRADIENT_OBSERVABLES"],
    ["an observable of other qubits", { observables: [SparsePauliOp.parse("ZZ")] }, "GRADIENT_OBSERVABLES"],
    ["an unknown method", { method: "guess" as never }, "GRADIENT_METHOD_UNKNOWN"],
    ["a step of 0", { method: "finite-difference", step: 0 }, "GRADIENT_OPTION"],
    ["a negative precision", { precision: -1 }, "GRADIENT_OPTION"],
    ["half a repeat", { method: "spsa", spsa: { repeats: 0.5 } }, "GRADIENT_OPTION"],
    ["a negative perturbation", { method: "spsa", spsa: { perturbation: -1 } }, "GRADIENT_OPTION"],
    ["a budget below one row", { budget: 0 }, "GRADIENT_BUDGET"],
    ["no weights", { weights: undefined as never }, "GRADIENT_SHAPE"],
    ["weights as a text", { weights: "1" as never }, "GRADIENT_SHAPE"],
    ["texts among the weights", { weights: ["1"] as never }, "GRADIENT_SHAPE"],
    ["no provider", { provider: undefined as never }, "GRADIENT_OPTION"],
    ["a provider that was not called", { provider: localSimulator as never }, "GRADIENT_OPTION"],
    ["no circuit", { circuit: "h 0" as never }, "GRADIENT_OPTION"],
    ["an observable in place of a list", { observables: SparsePauliOp.parse("Z") as never }, "GRADIENT_OBSERVABLES"],
    ["labels in place of observables", { observables: ["Z"] as never }, "GRADIENT_OBSERVABLES"],
    ["an option that there is not", { shots: 100 } as never, "GRADIENT_OPTION"],
    ["an unknown setting of SPSA", { spsa: { pertubation: 1 } as never }, "GRADIENT_OPTION"],
    ["a gradient that there is not", { wants: { weight: true } as never }, "GRADIENT_OPTION"],
  ] as const)("%s: %o", async (_name, bad, code) => {
    for (const method of ["adjoint", "parameter-shift"] as const)
      await expect(valueAndGradient({ method, ...request, ...bad })).rejects.toMatchObject({ code });
  });

  test.each([undefined, {}, { backend: provider }])("gradientProgram with options %#", (options) => {
    expect(() => gradientProgram(circuit, request.observables, options as never)).toThrow(
      expect.objectContaining({ code: "GRADIENT_OPTION", message: expect.stringContaining("provider") }),
    );
  });

  test("an angle expression that is not finite", async () => {
    const broken = Circuit.build(1, (c) => c.rx(weight("w").pow(-1), 0));
    const at = { circuit: broken, observables: request.observables, provider, weights: Float64Array.of(0) };
    await expect(valueAndGradient({ ...at, method: "adjoint" })).rejects.toMatchObject({ code: "GRADIENT_NOT_FINITE" });
    await expect(valueAndGradient({ ...at, method: "parameter-shift" })).rejects.toMatchObject({
      code: "PUB_VALUES_NOT_FINITE",
    });
  });

  test("a batch that outgrows the budget it was prepared for", async () => {
    const program = gradientProgram(circuit, request.observables, { provider: recordingBackend(provider), budget: 3 });
    await program.evaluate({ inputs: request.inputs, weights: request.weights });
    await expect(
      program.evaluate({ inputs: Float64Array.of(1, 2, 3, 4), weights: request.weights }),
    ).rejects.toMatchObject({ code: "GRADIENT_BUDGET" });
  });

  test("an aborted signal", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    for (const method of ["adjoint", "parameter-shift"] as const)
      await expect(valueAndGradient({ ...request, method, signal })).rejects.toThrow("enough");
  });
});
