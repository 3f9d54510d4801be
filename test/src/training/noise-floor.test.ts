import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../circuits/index.ts";
import { EarlyStopping } from "../../../src/training/early-stopping.ts";
import { NoiseFloor, type NoiseFloorOptions, type NoiseFloorState } from "../../../src/training/index.ts";

/** After how many values the floor is reached. */
function reachedAfter(options: NoiseFloorOptions, values: readonly number[], stderr: number): number | undefined {
  const floor = new NoiseFloor(options);
  let state: NoiseFloorState = floor.init();
  for (const [i, value] of values.entries()) {
    state = floor.observe(state, value, stderr);
    if (floor.isReached(state)) return i + 1;
  }
  return undefined;
}

describe("the noise floor", () => {
  test("is where the mean of a window falls by less than its standard error", () => {
    // Means 1 and 1 - d, with standard errors 0.2/√2 each: 0.2 together.
    const fallingBy = (d: number) => reachedAfter({ window: 2 }, [1, 1, 1 - d, 1 - d], 0.2);
    expect(fallingBy(0.19)).toBe(4);
    expect(fallingBy(0.21)).toBeUndefined();
    expect(reachedAfter({ window: 2, sigmas: 3 }, [1, 1, 0.41, 0.41], 0.2)).toBe(4);
    expect(reachedAfter({ window: 2, sigmas: 3 }, [1, 1, 0.39, 0.39], 0.2)).toBeUndefined();
  });

  test("is not there for exact values, nor for errors that nobody knows", () => {
    expect(reachedAfter({ window: 2 }, [1, 1, 1, 1, 1], 0)).toBeUndefined();
    expect(reachedAfter({ window: 2 }, [1, 1, 1, 1, 1], Number.NaN)).toBeUndefined();
  });

  test("of values that only scatter is missed about once in six windows, as the test says", () => {
    const rng = Rng.seed("scatter");
    const trials = 4000;
    let missed = 0;
    for (let trial = 0; trial < trials; trial++) {
      const values = Array.from({ length: 10 }, () => 0.3 * rng.normal());
      if (reachedAfter({}, values, 0.3) === undefined) missed++;
    }
    // P(z > 1) = 0.1587, within four standard errors.
    expect(Math.abs(missed / trials - 0.1587)).toBeLessThan(4 * Math.sqrt((0.1587 * 0.8413) / trials));
  });

  test("keeps no more than two windows, as JSON", () => {
    const floor = new NoiseFloor({ window: 3 });
    fc.assert(
      fc.property(fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { maxLength: 20 }), (values) => {
        let state = floor.init();
        for (const value of values) state = floor.observe(state, value + 0, 0.1);
        expect(state.values).toEqual(values.slice(-6).map((value) => value + 0));
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }),
      { seed: 1 },
    );
  });

  test.each([{ window: 1 }, { window: 2.5 }, { sigmas: 0 }])("refuses %o", (options) => {
    expect(() => new NoiseFloor(options)).toThrow(expect.objectContaining({ code: "TRAINING_EARLY_STOPPING" }));
  });
});

describe("early stopping with a noise floor", () => {
  test("alone has no patience that ends a run", () => {
    const early = new EarlyStopping({ noiseFloor: { window: 2 } });
    for (let epoch = 1; epoch < 30; epoch++) expect(early.update(epoch, { loss: 1 }).stop).toBe(false);
  });

  test("goes on from its state", () => {
    const make = () => new EarlyStopping({ noiseFloor: { window: 2 } });
    const losses = [1, 0.5, 0.49, 0.5, 0.49];
    const straight = make();
    const expected = losses.map((loss) => straight.isAtNoiseFloor(loss, 0.1));
    expect(expected).toEqual([false, false, false, false, true]);
    for (let cut = 0; cut < losses.length; cut++) {
      const before = make();
      for (const loss of losses.slice(0, cut)) before.isAtNoiseFloor(loss, 0.1);
      const after = make();
      after.restore({ ...before.state(), best: 1 });
      expect(losses.slice(cut).map((loss) => after.isAtNoiseFloor(loss, 0.1))).toEqual(expected.slice(cut));
    }
  });
});
