import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adagrad,
  adam,
  checkRate,
  constantRate,
  cosineDecay,
  exponentialDecay,
  type GradientOptimizer,
  type LearningRate,
  type LearningRateSchedule,
  momentum,
  oneCycle,
  reduceOnPlateau,
  sgd,
  stepDecay,
} from "../../../src/optimizers/index.ts";

/** The rates of the first steps, or those after each of the values. */
function rates(schedule: LearningRateSchedule, count: number, values?: readonly number[]): readonly number[] {
  const program = checkRate("test", schedule);
  let kept = program.init();
  return Array.from({ length: count }, (_, step) => {
    kept = program.observe(kept, values?.[step]);
    return program.rate(step, kept);
  });
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 14);
}

describe("the schedules of PyTorch 2.9.1", () => {
  test("StepLR", () => {
    const expected = [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025];
    expectClose(rates(stepDecay({ rate: 0.1, every: 3 }), 8), expected);
  });

  test("ExponentialLR", () => {
    const expected = [0.1, 0.09000000000000001, 0.08100000000000002, 0.07290000000000002, 0.06561000000000002];
    expectClose(rates(exponentialDecay({ rate: 0.1, factor: 0.9 }), 5), expected);
  });

  test("CosineAnnealingLR", () => {
    const expected = [0.1, 0.09397114317029975, 0.0775, 0.055, 0.0325, 0.01602885682970026, 0.01];
    expectClose(rates(cosineDecay({ rate: 0.1, steps: 6, finalRate: 0.01 }), 7), expected);
  });

  test("CosineAnnealingWarmRestarts", () => {
    const expected = [0.1, 0.055, 0.1, 0.08681980515339464, 0.055, 0.023180194846605363, 0.1, 0.0965745789630079];
    expectClose(rates(cosineDecay({ rate: 0.1, steps: 2, finalRate: 0.01, restarts: true, growth: 2 }), 8), expected);
  });

  test("OneCycleLR", () => {
    const expected = [
      0.004, 0.052, 0.1, 0.09504846320134738, 0.0811745653949763, 0.06112620219362893, 0.03887419780637107,
      0.0188258346050237, 0.004951936798652629, 4e-7,
    ];
    expectClose(rates(oneCycle({ peak: 0.1, steps: 10 }), 10), expected);
  });

  test("ReduceLROnPlateau", () => {
    const values = [1, 0.9, 0.95, 0.95, 0.95, 0.8, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.9, 0.9, 0.7];
    const expected = [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.025, 0.02, 0.02, 0.02, 0.02];
    const schedule = reduceOnPlateau({ rate: 0.1, factor: 0.5, patience: 1, cooldown: 2, finalRate: 0.02 });
    expectClose(rates(schedule, values.length, values), expected);
  });
});

test("a warm-up rises in a straight line, with and without restarts", () => {
  expectClose(rates(cosineDecay({ rate: 0.4, steps: 6, warmup: 4 }), 8), [0.1, 0.2, 0.3, 0.4, 0.4, 0.2, 0, 0]);
  const restarts = cosineDecay({ rate: 0.4, steps: 2, warmup: 2, restarts: true });
  expectClose(rates(restarts, 7), [0.2, 0.4, 0.4, 0.2, 0.4, 0.2, 0.4]);
});

test("later steps keep the last rate", () => {
  expect(rates(cosineDecay({ rate: 0.1, steps: 3, finalRate: 0.02 }), 9).at(-1)).toBeCloseTo(0.02, 15);
  expect(rates(oneCycle({ peak: 0.1, steps: 5, finalRate: 0.02 }), 9).at(-1)).toBeCloseTo(0.02, 15);
  expect(rates(constantRate(0.3), 2)).toEqual([0.3, 0.3]);
});

const OPTIMIZERS: Readonly<Record<string, (learningRate: LearningRate) => GradientOptimizer>> = {
  sgd: (learningRate) => sgd({ learningRate }),
  momentum: (learningRate) => momentum({ learningRate }),
  adam: (learningRate) => adam({ learningRate }),
  adagrad: (learningRate) => adagrad({ learningRate }),
};

describe.each(Object.entries(OPTIMIZERS))("%s", (_name, make) => {
  const walk = (optimizer: GradientOptimizer, from: unknown, gradients: readonly number[][], values: number[]) => {
    let place = (from ?? { weights: Float64Array.of(1, -1), state: optimizer.init(Float64Array.of(1, -1)) }) as {
      readonly weights: Float64Array;
      readonly state: unknown;
    };
    for (const [i, gradient] of gradients.entries())
      place = optimizer.update(Float64Array.from(gradient), place.state, place.weights, values[i]);
    return place;
  };

  test("takes a schedule as it takes a function of the step", () => {
    const schedule = cosineDecay({ rate: 0.2, steps: 5 });
    const gradients = Array.from({ length: 6 }, (_, i) => [Math.cos(i), Math.sin(i)]);
    const asFunction = make((step) => schedule.rate(step, undefined));
    expect(walk(make(schedule), undefined, gradients, [])).toEqual(walk(asFunction, undefined, gradients, []));
  });

  test("goes on with a plateau's state from JSON, bit for bit", () => {
    const schedule = () => reduceOnPlateau({ rate: 0.2, factor: 0.5, patience: 0, cooldown: 1 });
    const number = fc.double({ min: -5, max: 5, noNaN: true });
    const step = fc.tuple(number, number, number);
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 12 }), fc.nat(), (steps, at) => {
        const cut = at % steps.length;
        const gradients = steps.map(([a, b]) => [a, b]);
        const values = steps.map(([, , value]) => value);
        const whole = walk(make(schedule()), undefined, gradients, values);
        const { weights, state } = walk(make(schedule()), undefined, gradients.slice(0, cut), values.slice(0, cut));
        const kept = { weights, state: JSON.parse(JSON.stringify(state)) };
        expect(walk(make(schedule()), kept, gradients.slice(cut), values.slice(cut))).toEqual(whole);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test("keeps a best value of -0 as JSON does", () => {
    const schedule = reduceOnPlateau({ rate: 0.1 });
    const { best } = schedule.observe!(schedule.init!(), -0) as { readonly best: number };
    expect(best).toBe(0);
  });

  test("cannot go by values that it is not given", () => {
    const optimizer = make(reduceOnPlateau({ rate: 0.1 }));
    expect(() => walk(optimizer, undefined, [[1, 1]], [])).toThrow(/goes by values/);
    expect(() => walk(optimizer, undefined, [[1, 1]], [Number.NaN])).toThrow(/goes by values/);
  });

  test("says in its settings which schedule it has", () => {
    const settings = (rate: number) => make(cosineDecay({ rate, steps: 5 })).settings;
    expect(settings(0.1)).toContain("cosineDecay");
    expect(settings(0.1)).toBe(settings(0.1));
    expect(settings(0.1)).not.toBe(settings(0.2));
  });
});

test.each([
  () => stepDecay({ rate: 0.1, every: 0 }),
  () => stepDecay({ rate: 0.1, every: 2, factor: 1.5 }),
  () => exponentialDecay({ rate: -1, factor: 0.5 }),
  () => cosineDecay({ rate: 0.1, steps: 4, warmup: 4 }),
  () => cosineDecay({ rate: 0.1, steps: 4, finalRate: 0.2 }),
  () => cosineDecay({ rate: 0.1, steps: 4, growth: 1.5 }),
  () => oneCycle({ peak: 0.1, steps: 10, rise: 0.1 }),
  () => reduceOnPlateau({ rate: 0.1, factor: 1 }),
  () => constantRate(0),
  () => adam({ learningRate: { kind: "other" } as never }),
  () => cosineDecay({ rate: 0.1, step: 4 } as never),
])("impossible settings are refused: %#", (make) => {
  expect(make).toThrow(expect.objectContaining({ code: "OPTIMIZER_SETTING" }));
});
