import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, input, multiply, type Parameter, Rng, SparsePauliOp, sin, weight } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { type EvaluationOptimizer, rotosolve, type SpsaState, spsa } from "../../../src/optimizers/index.ts";
import { minimizeFit, planFit } from "../../../src/optimizers/trigonometric.ts";

type Objective = (weights: Float64Array) => number;

function run(optimizer: EvaluationOptimizer, start: readonly number[], f: Objective, steps: number) {
  let state = optimizer.init(Float64Array.from(start));
  const values: number[] = [];
  const points: number[] = [];
  for (let step = 0; step < steps; step++) {
    const proposed = optimizer.propose(state);
    points.push(proposed.length);
    const accepted = optimizer.accept(state, Float64Array.from(proposed, f));
    state = accepted.state;
    values.push(accepted.value);
  }
  return { weights: optimizer.weights(state), values, points, state };
}

/** The exact expectation value as a function of the weights. */
function energy(circuit: Circuit, observable: SparsePauliOp, inputs = new Float64Array(0)): Objective {
  const program = localSimulator().differentiate(circuit, [observable]);
  const out = new Float64Array(1);
  return (weights) => {
    program.forward(inputs, weights, 1, out);
    return out[0]!;
  };
}

const quadratic: Objective = ([x, y]) => (x! - 1) ** 2 + 3 * (y! + 0.5) ** 2;

describe("spsa", () => {
  test("with Spall's gains, a step is a_k (f+ - f-)/2c_k along the direction", () => {
    const optimizer = spsa({ learningRate: 0.3, perturbation: 0.1, stability: 2, alpha: 0.602, gamma: 0.101, seed: 3 });
    let state = optimizer.init(Float64Array.of(0.2, -0.4));
    for (let k = 0; k < 4; k++) {
      const before = optimizer.weights(state);
      const [plus, minus] = optimizer.propose(state);
      const c = 0.1 / (k + 1) ** 0.101;
      const signs = plus!.map((value, i) => (value - before[i]!) / c);
      for (const [i, sign] of signs.entries()) {
        expect(Math.abs(sign)).toBeCloseTo(1, 12);
        expect(minus![i]).toBeCloseTo(before[i]! - c * sign, 12);
      }
      const values = Float64Array.of(quadratic(plus!), quadratic(minus!));
      const accepted = optimizer.accept(state, values);
      const slope = (values[0]! - values[1]!) / (2 * c);
      const rate = 0.3 / (2 + k + 1) ** 0.602;
      for (const [i, w] of optimizer.weights(accepted.state).entries())
        expect(w).toBeCloseTo(before[i]! - rate * slope * signs[i]!, 12);
      expect(accepted.value).toBeCloseTo((values[0]! + values[1]!) / 2, 14);
      expect(accepted.stderr).toBe(0);
      expect(optimizer.accept(state, values, Float64Array.of(0.3, 0.4)).stderr).toBeCloseTo(0.25, 14);
      state = accepted.state;
    }
  });

  test("calibrates its rate so that the first step is as long as wanted", () => {
    const optimizer = spsa({ firstStep: 0.25, stability: 5, calibrationDirections: 40 });
    const f: Objective = ([x, y]) => 7 * x! + 7 * y! * 0;
    const start = optimizer.init(Float64Array.of(0, 0));
    const first = run(optimizer, [0, 0], f, 1);
    expect(first.points).toEqual([80]);
    expect([...first.weights]).toEqual([0, 0]);
    expect((start as SpsaState).rate).toBeNull();
    const second = run(optimizer, [0, 0], f, 2);
    expect(second.points).toEqual([80, 2]);
    for (const w of second.weights) expect(Math.abs(w)).toBeCloseTo(0.25, 10);
    expect(second.weights[0]).toBeLessThan(0);
  });

  test("does not blow up where it is flat", () => {
    const { weights } = run(spsa(), [0.3], () => 5, 10);
    expect(weights[0]).toBe(0.3);
  });

  test("descends a bowl, and under noise", () => {
    expect(quadratic(run(spsa({ seed: 1 }), [-1, 1], quadratic, 200).weights)).toBeLessThan(0.02);
    const rng = Rng.seed(8);
    const noisy: Objective = (w) => quadratic(w) + 0.05 * rng.normal();
    const optimizer = spsa({ seed: 2, resamplings: 2, stability: 20 });
    expect(quadratic(run(optimizer, [-1, 1], noisy, 300).weights)).toBeLessThan(0.05);
  });

  test("takes the same way for the same seed, from its state as JSON too", () => {
    const optimizer = spsa({ seed: "a" });
    const straight = run(optimizer, [-1, 1], quadratic, 8);
    expect(run(spsa({ seed: "a" }), [-1, 1], quadratic, 8)).toEqual(straight);
    expect(run(spsa({ seed: "b" }), [-1, 1], quadratic, 8).weights).not.toEqual(straight.weights);
    let state = optimizer.init(Float64Array.of(-1, 1));
    for (let step = 0; step < 8; step++) {
      state = JSON.parse(JSON.stringify(state));
      const values = Float64Array.from(optimizer.propose(state), quadratic);
      state = optimizer.accept(JSON.parse(JSON.stringify(state)), values).state;
    }
    expect(optimizer.weights(state)).toEqual(straight.weights);
  });

  test.each([
    ["perturbation", { perturbation: 0 }],
    ["learningRate", { learningRate: -1 }],
    ["stability", { stability: -1 }],
    ["alpha", { alpha: 2 }],
    ["gamma", { gamma: 0 }],
    ["resamplings", { resamplings: 1.5 }],
    ["calibrationDirections", { calibrationDirections: 0 }],
    ["firstStep", { firstStep: Number.NaN }],
    ["pertubation", { pertubation: 0.1 } as object],
  ])("refuses a wrong %s", (name, options) => {
    expect(() => spsa(options)).toThrow(
      expect.objectContaining({ code: "OPTIMIZER_SETTING", message: expect.stringContaining(name) }),
    );
  });

  test("refuses values that are missing or not finite", () => {
    const optimizer = spsa({ learningRate: 1 });
    const state = optimizer.init(Float64Array.of(1));
    expect(() => optimizer.accept(state, Float64Array.of(1))).toThrow(
      expect.objectContaining({ code: "OPTIMIZER_SHAPE" }),
    );
    expect(() => optimizer.accept(state, Float64Array.of(1, Number.NaN))).toThrow(
      expect.objectContaining({ code: "OPTIMIZER_NOT_FINITE" }),
    );
  });
});

describe("the trigonometric fit", () => {
  test.each([[[1]], [[0.5, 1]], [[1, 2, 3, 4, 5, 6]], [[1, 3]], [[2, 3]], [[0.7, 1.9]]])(
    "finds the least value over a period for frequencies %j",
    (frequencies) => {
      const fit = planFit(frequencies)!;
      expect(fit.offsets.length).toBe(2 * frequencies.length + 1);
      expect(fit.offsets).toContain(0);
      const unit = fc.double({ min: -1, max: 1, noNaN: true });
      const coefficients = fc.array(fc.tuple(unit, unit), {
        minLength: frequencies.length,
        maxLength: frequencies.length,
      });
      fc.assert(
        fc.property(unit, coefficients, (c, ab) => {
          const f = (t: number): number =>
            frequencies.reduce((sum, w, l) => sum + ab[l]![0] * Math.cos(w * t) + ab[l]![1] * Math.sin(w * t), c);
          const { offset, value } = minimizeFit(fit, Float64Array.from(fit.offsets, f));
          expect(value).toBeCloseTo(f(offset), 8);
          expect(Math.abs(offset)).toBeLessThanOrEqual(fit.period / 2);
          for (let k = 0; k <= 500; k++) expect(f(fit.period * (k / 500 - 0.5))).toBeGreaterThan(value - 1e-8);
        }),
        { numRuns: 15, seed: 3 },
      );
    },
  );

  test("knows the common period of frequencies with gaps", () => {
    expect(planFit([0.5, 1])!.period).toBeCloseTo(4 * Math.PI, 12);
    expect(planFit([2, 3])!.period).toBeCloseTo(2 * Math.PI, 12);
    expect(planFit([0.1, 0.3])!.period).toBeCloseTo(20 * Math.PI, 9);
  });

  test("is the closed form of Rotosolve for one frequency", () => {
    // Ostaszewski et al., eq. 1: θ* = φ - π/2 - atan2(2 M(φ) - M(φ+π/2) - M(φ-π/2), M(φ+π/2) - M(φ-π/2)).
    const f = (t: number): number => 0.3 + 0.8 * Math.cos(t) - 0.45 * Math.sin(t);
    const fit = planFit([1])!;
    const { offset } = minimizeFit(fit, Float64Array.from(fit.offsets, f));
    const [zero, plus, minus] = [f(0), f(Math.PI / 2), f(-Math.PI / 2)];
    const closed = -Math.PI / 2 - Math.atan2(2 * zero - plus - minus, plus - minus);
    expect(Math.cos(offset - closed)).toBeCloseTo(1, 14);
  });
});

describe("rotosolve", () => {
  test("minimises one rotation in one step of three evaluations", () => {
    const circuit = Circuit.build(1, (c) => c.rx(weight("w"), 0));
    const { weights, values, points } = run(rotosolve(circuit), [0.4], energy(circuit, SparsePauliOp.parse("Z")), 1);
    expect(points).toEqual([3]);
    expect(values[0]).toBeCloseTo(-1, 12);
    expect(Math.cos(weights[0]!)).toBeCloseTo(-1, 12);
  });

  test("never goes up, and its value is the objective at its weights", () => {
    const w = weight("w", 4);
    const x = input("x");
    const circuit = Circuit.build(3, (c) => {
      c.ry(x, 0)
        .ry(w.at(0), 0)
        .crx(w.at(1), 0, 1)
        .rzz(multiply(0.7, w.at(2)), 1, 2)
        .ry(w.at(0).plus(x), 2);
      c.cu(w.at(3), w.at(2).negated(), 0.3, 0, 0, 2).rxx(w.at(1).times(2).minus(1), 0, 1);
    });
    const f = energy(circuit, SparsePauliOp.parse("ZZI + 0.7*XIX - 0.4*IYY + 0.3*ZIZ"), Float64Array.of(0.35));
    const optimizer = rotosolve(circuit);
    expect(optimizer.stepsPerSweep).toBe(4);
    let state = optimizer.init(Float64Array.of(0.5, -1, 2, 0.1));
    let last = f(optimizer.weights(state));
    for (let step = 0; step < 12; step++) {
      const before = optimizer.weights(state);
      const proposed = optimizer.propose(state);
      // Only the weight whose turn it is moves.
      for (const point of proposed)
        for (const [i, value] of point.entries()) if (i !== step % 4) expect(value).toBe(before[i]);
      const accepted = optimizer.accept(state, Float64Array.from(proposed, f));
      const weights = optimizer.weights(accepted.state);
      expect(accepted.value).toBeCloseTo(f(weights), 9);
      expect(accepted.value).toBeLessThan(last + 1e-9);
      // Nothing along this weight is lower.
      for (let k = 0; k < 100; k++) {
        const there = weights.with(step % 4, weights[step % 4]! + (k * 4 * Math.PI) / 100);
        expect(f(there)).toBeGreaterThan(accepted.value - 1e-9);
      }
      last = accepted.value;
      state = accepted.state;
    }
  });

  test("needs as many evaluations as the weight has frequencies", () => {
    const w = weight("w", 3);
    const circuit = Circuit.build(6, (c) => {
      for (let q = 0; q < 6; q++) c.rx(w.at(0), q);
      c.crz(w.at(1), 0, 1);
      c.ry(w.at(2), 0).ry(multiply(3, w.at(2)), 1);
    });
    const optimizer = rotosolve(circuit);
    let state = optimizer.init(new Float64Array(3));
    const counts: number[] = [];
    for (let step = 0; step < 3; step++) {
      const points = optimizer.propose(state);
      counts.push(points.length);
      state = optimizer.accept(state, new Float64Array(points.length)).state;
    }
    // Six rotations: 1..6. A controlled one: 1/2, 1. Slopes 1 and 3: 1, 2, 3, 4.
    expect(counts).toEqual([13, 5, 9]);
  });

  test("leaves weights alone that no gate holds or that only turn the global phase", () => {
    const w = weight("w", 3);
    const circuit = Circuit.build(1, (c) => {
      c.declare(w);
      c.ry(w.at(1), 0).gphase(w.at(2));
    });
    const optimizer = rotosolve(circuit);
    expect(optimizer.stepsPerSweep).toBe(1);
    const { weights } = run(optimizer, [0.1, 0.2, 0.3], energy(circuit, SparsePauliOp.parse("Z")), 3);
    expect([weights[0], weights[2]]).toEqual([0.1, 0.3]);
    const flat = run(optimizer, [0.1, 0.2, 0.3], () => 1.25, 4);
    expect([...flat.weights]).toEqual([0.1, 0.2, 0.3]);
  });

  test("its standard error is the spread of its value under noise", () => {
    const w = weight("w");
    const circuit = Circuit.build(2, (c) => c.ry(w, 0).cry(w, 0, 1).rx(0.4, 1));
    const f = energy(circuit, SparsePauliOp.parse("ZZ + 0.5*XI"));
    const optimizer = rotosolve(circuit);
    const state = optimizer.init(Float64Array.of(0.3));
    const points = optimizer.propose(state);
    const rng = Rng.seed(4);
    const std = 0.01;
    const stds = new Float64Array(points.length).fill(std);
    const exact = optimizer.accept(state, Float64Array.from(points, f));
    expect(exact.stderr).toBe(0);
    const found = Array.from({ length: 400 }, () =>
      optimizer.accept(
        state,
        Float64Array.from(points, (point) => f(point) + std * rng.normal()),
        stds,
      ),
    );
    const spread = Math.sqrt(found.reduce((sum, { value }) => sum + (value - exact.value) ** 2, 0) / found.length);
    for (const { stderr } of found) expect(Math.abs(stderr / spread - 1)).toBeLessThan(0.2);
  });

  test("goes on from its state as JSON", () => {
    const w = weight("w", 2);
    const circuit = Circuit.build(2, (c) => c.ry(w.at(0), 0).cry(w.at(1), 0, 1));
    const f = energy(circuit, SparsePauliOp.parse("ZZ + 0.5*XI"));
    const optimizer = rotosolve(circuit);
    const straight = run(optimizer, [0.1, 0.2], f, 4);
    const kept = JSON.parse(JSON.stringify(run(optimizer, [0.1, 0.2], f, 2).state));
    let state: unknown = kept;
    for (let step = 0; step < 2; step++)
      state = optimizer.accept(state as never, Float64Array.from(optimizer.propose(state as never), f)).state;
    expect(state).toEqual(straight.state);
  });

  test.each([
    ["a weight in a sine", (w: Parameter) => sin(w), "ROTOSOLVE_NONLINEAR"],
    ["a squared weight", (w: Parameter) => multiply(w, w), "ROTOSOLVE_NONLINEAR"],
    ["a weight times an input", (w: Parameter) => multiply(w, input("x")), "ROTOSOLVE_NONLINEAR"],
  ])("refuses %s", (_name, angle, code) => {
    const circuit = Circuit.build(1, (c) => c.rx(angle(weight("w")), 0));
    expect(() => rotosolve(circuit)).toThrow(expect.objectContaining({ code }));
  });

  test("refuses a weight of too many frequencies, and a circuit without weights", () => {
    const w = weight("w");
    const many = Circuit.build(1, (c) => {
      for (let k = 0; k < 9; k++) c.rx(multiply(1 + Math.SQRT2 * k, w), 0).rz(0.1, 0);
    });
    expect(() => rotosolve(many)).toThrow(expect.objectContaining({ code: "ROTOSOLVE_FREQUENCIES" }));
    const none = Circuit.build(1, (c) => c.h(0));
    expect(() => rotosolve(none)).toThrow(expect.objectContaining({ code: "ROTOSOLVE_NO_WEIGHTS" }));
  });
});
