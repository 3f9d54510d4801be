import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packState, unpackState } from "../../../src/runs/index.ts";
import {
  EarlyStopping,
  type EarlyStoppingOptions,
  type EarlyStoppingState,
} from "../../../src/training/early-stopping.ts";

const options: fc.Arbitrary<EarlyStoppingOptions> = fc.record({
  monitor: fc.constantFrom("loss", "acc"),
  patience: fc.nat(3),
  minDelta: fc.constantFrom(0, 0.1),
});
const values = fc.array(fc.oneof(fc.double({ min: -1, max: 1 }), fc.constantFrom(Number.NaN, 0.5, -0)), {
  minLength: 1,
  maxLength: 12,
});

describe("early stopping", () => {
  test("goes on from its state as if it had never stopped", () => {
    fc.assert(
      fc.property(options, values, fc.nat(12), (given, list, cut) => {
        const straight = new EarlyStopping(given);
        const log = list.map((value, i) => [straight.update(i + 1, { [given.monitor!]: value }), straight.bestEpoch]);
        let resumed = new EarlyStopping(given);
        const resumedLog = list.map((value, i) => {
          if (i === cut) {
            const state = unpackState(packState(resumed.state())) as EarlyStoppingState;
            resumed = new EarlyStopping(given);
            resumed.restore(state);
          }
          return [resumed.update(i + 1, { [given.monitor!]: value }), resumed.bestEpoch];
        });
        expect(resumedLog).toEqual(log);
        expect(resumed.state()).toStrictEqual(straight.state());
      }),
    );
  });

  test.each([
    ["none", {}],
    ["a best value that is no number", { best: Number.NaN, bestEpoch: 1, waited: 0 }],
    ["an epoch before the first", { best: 1, bestEpoch: -1, waited: 0 }],
    ["half an epoch", { best: 1, bestEpoch: 1, waited: 0.5 }],
  ])("does not take up a state that is none: %s", (_, state) => {
    expect(() => new EarlyStopping({}).restore(state as EarlyStoppingState)).toThrow(
      expect.objectContaining({ code: "TRAINING_STATE" }),
    );
  });
});
