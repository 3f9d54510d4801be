import { describe, expect, test } from "vitest";
import { adagrad, adam, type GradientOptimizer, momentum, sgd } from "../../../src/optimizers/index.ts";

interface Target {
  readonly value: (w: Float64Array) => number;
  readonly gradient: (w: Float64Array) => Float64Array<ArrayBufferLike>;
  readonly start: readonly number[];
}

/** Σ w², the function of optax's documented examples. */
const bowl: Target = {
  value: (w) => w.reduce((sum, x) => sum + x * x, 0),
  gradient: (w) => w.map((x) => 2 * x),
  start: [1, 2, 3],
};
/** Ill-conditioned by 1:100, minimum -0.505 at (1, 0.01). */
const valley: Target = {
  value: ([x, y]) => 0.5 * (x! * x! + 100 * y! * y!) - x! - y!,
  gradient: ([x, y]) => Float64Array.of(x! - 1, 100 * y! - 1),
  start: [-2, 0.5],
};
const rosenbrock: Target = {
  value: ([x, y]) => (1 - x!) ** 2 + 100 * (y! - x! * x!) ** 2,
  gradient: ([x, y]) => Float64Array.of(-2 * (1 - x!) - 400 * x! * (y! - x! * x!), 200 * (y! - x! * x!)),
  start: [-1, 1],
};

function run(optimizer: GradientOptimizer, { gradient, start }: Target, steps: number): Float64Array[] {
  let weights: Float64Array = Float64Array.from(start);
  let state = optimizer.init(weights);
  return Array.from({ length: steps }, () => {
    ({ weights, state } = optimizer.update(gradient(weights), state, weights));
    return weights;
  });
}

const all: readonly (readonly [string, GradientOptimizer])[] = [
  ["sgd", sgd({ learningRate: 0.001 })],
  ["momentum", momentum({ learningRate: 0.001 })],
  ["nesterov", momentum({ learningRate: 0.001, nesterov: true })],
  ["adam", adam({ learningRate: 0.05 })],
  ["adagrad", adagrad({ learningRate: 0.5 })],
];

describe("updates agree with numbers worked out elsewhere", () => {
  // What optax 0.2 prints in its documentation for Σ w² from (1, 2, 3), to three digits.
  test.each<[string, GradientOptimizer, readonly string[]]>([
    ["sgd", sgd({ learningRate: 0.003 }), ["1.38e+1", "1.37e+1", "1.35e+1", "1.33e+1", "1.32e+1"]],
    ["adam", adam({ learningRate: 0.003 }), ["1.40e+1", "1.39e+1", "1.39e+1", "1.39e+1", "1.38e+1"]],
    [
      "adagrad",
      adagrad({ learningRate: 1, initialSum: 0.1, epsilon: 1e-7 }),
      ["5.01e+0", "2.40e+0", "1.25e+0", "6.86e-1", "3.85e-1"],
    ],
  ])("%s: optax's documented run", (_name, optimizer, expected) => {
    expect(run(optimizer, bowl, 5).map((w) => bowl.value(w).toExponential(2))).toEqual(expected);
  });

  const half: Target = { value: ([w]) => (w! * w!) / 2, gradient: (w) => w.slice(), start: [1] };
  // By hand for f = w²/2 from w = 1, rate 0.1, momentum 0.9.
  test("momentum: v = 1, 1.8, 2.34", () => {
    const [a, b, c] = run(momentum({ learningRate: 0.1 }), half, 3).map(([w]) => w!);
    expect([a, b, c]).toEqual([0.9, 0.72, 0.486].map((w) => expect.closeTo(w, 14)));
  });
  test("nesterov: v = 1, 1.71, 2.1141", () => {
    const [a, b, c] = run(momentum({ learningRate: 0.1, nesterov: true }), half, 3).map(([w]) => w!);
    expect([a, b, c]).toEqual([0.81, 0.5751, 0.327321].map((w) => expect.closeTo(w, 14)));
  });
  test("adagrad: divides by 1, √1.81, ...", () => {
    const [a, b, c] = run(adagrad({ learningRate: 0.1 }), half, 3).map(([w]) => w!);
    // Python's decimal, 40 digits.
    const expected = [0.90000000001, 0.83310352685232, 0.78045618136552];
    expect([a, b, c]).toEqual(expected.map((w) => expect.closeTo(w, 13)));
  });
  test("adam on x² + 10y² from (1, -2), rate 0.1", () => {
    const target: Target = { ...half, gradient: ([x, y]) => Float64Array.of(2 * x!, 20 * y!), start: [1, -2] };
    // Python's decimal, 40 digits.
    const expected = [
      [0.9000000005, -1.900000000025],
      [0.80041222869179, -1.80016648566085],
      [0.70158627294603, -1.70062339135738],
    ];
    for (const [step, weights] of run(adam({ learningRate: 0.1 }), target, 3).entries())
      expect([...weights]).toEqual(expected[step]!.map((w) => expect.closeTo(w, 13)));
  });
  test("adam moves by the rate under a constant gradient of any size", () => {
    const slope: Target = { ...half, gradient: () => Float64Array.of(1e-3, -70), start: [0, 0] };
    const [x, y] = run(adam({ learningRate: 0.01 }), slope, 50).at(-1)!;
    expect(x).toBeCloseTo(-0.5, 5);
    expect(y).toBeCloseTo(0.5, 8);
  });
});

describe.each(all)("%s", (_name, optimizer) => {
  test.each([
    ["a bowl", bowl, 0, 5000, 1e-2],
    ["a narrow valley", valley, -0.505, 10_000, 1e-3],
    ["Rosenbrock's valley", rosenbrock, 0, 20_000, 0.3],
  ] as const)("descends %s", (_target, target, minimum, steps, atol) => {
    expect(target.value(run(optimizer, target, steps).at(-1)!) - minimum).toBeLessThan(atol);
  });

  test("goes on from its state as JSON, bit for bit", () => {
    const straight = run(optimizer, rosenbrock, 20);
    let weights: Float64Array = Float64Array.from(rosenbrock.start);
    let state = optimizer.init(weights);
    for (let step = 0; step < 20; step++) {
      const kept = JSON.parse(JSON.stringify({ weights: [...weights], state })) as {
        weights: number[];
        state: unknown;
      };
      expect(kept.state).toEqual(state);
      weights = Float64Array.from(kept.weights);
      ({ weights, state } = optimizer.update(rosenbrock.gradient(weights), kept.state, weights));
      expect(weights).toEqual(straight[step]);
    }
  });

  test("is pure: the same call gives the same answer and changes nothing it was given", () => {
    const weights = Float64Array.of(0.1, -0.2);
    const gradient = Float64Array.of(3, -4);
    const state = optimizer.update(gradient, optimizer.init(weights), weights).state;
    const before = JSON.stringify([weights, gradient, state]);
    const first = optimizer.update(gradient, state, weights);
    expect(JSON.stringify([weights, gradient, state])).toBe(before);
    expect(optimizer.update(gradient, state, weights)).toEqual(first);
  });

  test("stays where the gradient is 0", () => {
    const weights = Float64Array.of(0.1, -0.2);
    const next = optimizer.update(new Float64Array(2), optimizer.init(weights), weights);
    expect(next.weights).toEqual(weights);
  });

  test.each([
    ["too short", Float64Array.of(1), "OPTIMIZER_SHAPE"],
    ["NaN", Float64Array.of(1, Number.NaN), "OPTIMIZER_NOT_FINITE"],
    ["infinite", Float64Array.of(Number.POSITIVE_INFINITY, 0), "OPTIMIZER_NOT_FINITE"],
  ])("refuses a gradient that is %s", (_what, gradient, code) => {
    const weights = Float64Array.of(1, 2);
    expect(() => optimizer.update(gradient, optimizer.init(weights), weights)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

test("a state of other weights is refused", () => {
  for (const optimizer of [
    momentum({ learningRate: 1 }),
    adam(),
    adagrad({ learningRate: 1 }),
  ] as GradientOptimizer[]) {
    const state = optimizer.init(Float64Array.of(1, 2, 3));
    expect(() => optimizer.update(Float64Array.of(1), state, Float64Array.of(1))).toThrow(
      expect.objectContaining({ code: "OPTIMIZER_SHAPE" }),
    );
  }
});

test("a learning rate may be a schedule by step", () => {
  const rates: number[] = [];
  const optimizer = sgd({
    learningRate: (step) => {
      rates.push(step);
      return 1 / (step + 1);
    },
  });
  const constant: Target = { value: () => 0, gradient: () => Float64Array.of(1), start: [0] };
  expect(run(optimizer, constant, 3).at(-1)![0]).toBeCloseTo(-(1 + 1 / 2 + 1 / 3), 14);
  expect(rates).toEqual([0, 1, 2]);
  const broken = adam({ learningRate: () => Number.NaN });
  expect(() => run(broken, constant, 1)).toThrow(expect.objectContaining({ code: "OPTIMIZER_SETTING" }));
});

test.each([
  ["sgd with rate 0", () => sgd({ learningRate: 0 })],
  ["sgd with rate NaN", () => sgd({ learningRate: Number.NaN })],
  ["momentum of 1", () => momentum({ learningRate: 1, momentum: 1 })],
  ["adam with beta1 of 1", () => adam({ beta1: 1 })],
  ["adam with negative beta2", () => adam({ beta2: -0.1 })],
  ["adam with epsilon 0", () => adam({ epsilon: 0 })],
  ["adagrad with a negative sum", () => adagrad({ learningRate: 1, initialSum: -1 })],
  ["sgd without options", () => sgd(undefined as never)],
  ["momentum of another name", () => momentum({ learningRate: 1, beta: 0.5 } as never)],
  ["adam with lr", () => adam({ lr: 0.1 } as never)],
  ["adam with a number", () => adam(0.1 as never)],
  ["adagrad with eps", () => adagrad({ learningRate: 1, eps: 1 } as never)],
  ["adagrad with epsilon 0", () => adagrad({ learningRate: 1, epsilon: 0 })],
])("refuses %s", (_name, make) => {
  expect(make).toThrow(expect.objectContaining({ code: "OPTIMIZER_SETTING" }));
});
