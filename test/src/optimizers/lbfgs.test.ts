import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Circuit,
  constantWeights,
  efficientSU2,
  groundState,
  hamiltonianVariational,
  isingChain,
  SparsePauliOp,
} from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import { adam, lbfgs } from "../../../src/optimizers/index.ts";
import { minimize, planMinimize } from "../../../src/training/index.ts";

interface Target {
  readonly value: (w: Float64Array) => number;
  readonly gradient: (w: Float64Array) => Float64Array;
}

function run(target: Target, start: readonly number[], steps: number, optimizer = lbfgs()) {
  let weights = Float64Array.from(start);
  let state = optimizer.init(weights);
  const bases: number[] = [];
  for (let step = 0; step < steps; step++) {
    const next = optimizer.update(target.gradient(weights), state, weights, target.value(weights));
    weights = Float64Array.from(next.weights);
    state = next.state;
    bases.push(state.base!.value);
  }
  return { weights: Float64Array.from(state.base!.weights), bases, state };
}

const rosenbrock: Target = {
  value: ([x, y]) => (1 - x!) ** 2 + 100 * (y! - x! * x!) ** 2,
  gradient: ([x, y]) => Float64Array.of(-2 * (1 - x!) - 400 * x! * (y! - x! * x!), 200 * (y! - x! * x!)),
};

describe("lbfgs", () => {
  test("finds the minimum of Rosenbrock's valley, which momentum needs thousands of steps for", () => {
    const { weights, bases } = run(rosenbrock, [-1.2, 1], 80);
    expect(weights[0]).toBeCloseTo(1, 7);
    expect(weights[1]).toBeCloseTo(1, 7);
    expect(bases.at(-1)).toBeLessThan(1e-15);
  });

  test("finds the minimum of any convex quadratic, and never accepts a higher value", () => {
    const number = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0.1, max: 50, noNaN: true }), number, number), {
          minLength: 1,
          maxLength: 6,
        }),
        (axes) => {
          const target: Target = {
            value: (w) => axes.reduce((sum, [a, c], i) => sum + (a / 2) * (w[i]! - c) ** 2, 0),
            gradient: (w) => Float64Array.from(axes, ([a, c], i) => a * (w[i]! - c)),
          };
          const { weights, bases } = run(
            target,
            axes.map(([, , start]) => start),
            60,
          );
          for (const [i, [, centre]] of axes.entries()) expect(weights[i]).toBeCloseTo(centre, 5);
          for (const [i, value] of bases.entries()) expect(value).toBeLessThanOrEqual((bases[i - 1] ?? value) + 1e-14);
        },
      ),
      { seed: 1, numRuns: 50 },
    );
  });

  test("a value that falls without end, a flat one, and a start at the minimum leave finite weights", () => {
    const line: Target = { value: ([x]) => -x!, gradient: () => Float64Array.of(-1) };
    expect(run(line, [0], 40).bases.at(-1)).toBeLessThan(-100);
    const flat: Target = { value: () => 2, gradient: () => Float64Array.of(0, 0) };
    expect([...run(flat, [0.5, -1], 10).weights]).toEqual([0.5, -1]);
    expect([...run(rosenbrock, [1, 1], 10).weights]).toEqual([1, 1]);
  });

  test("a wrong gradient ends on no endless line", () => {
    const wrong: Target = { value: ([x]) => x! * x!, gradient: ([x]) => Float64Array.of(-2 * x!) };
    const { weights, state } = run(wrong, [1], 100, lbfgs({ maxTries: 5 }));
    expect([...weights]).toEqual([1]);
    expect(state.tries).toBeLessThan(5);
  });

  test("an energy takes it a fraction of Adam's steps", async () => {
    const circuit = hamiltonianVariational(
      [SparsePauliOp.parse("ZZII + IZZI + IIZZ"), SparsePauliOp.parse("XIII + IXII + IIXI + IIIX")],
      { layers: 3, initialState: Circuit.build(4, (c) => c.h(0).h(1).h(2).h(3)) },
    );
    const observable = isingChain({ sites: 4, field: 1 });
    const problem = { circuit, observable, provider: localSimulator(), initial: constantWeights(-0.3) };
    const quick = await minimize({ ...problem, optimizer: lbfgs(), steps: 200, tolerance: 1e-10 });
    const slow = await minimize({ ...problem, optimizer: adam({ learningRate: 0.05 }), steps: quick.history.length });
    const { energy } = groundState(observable);
    expect(quick.ended).toBe("tolerance");
    expect(quick.history.length).toBeLessThan(60);
    expect(quick.value - energy).toBeLessThan(2.4e-4);
    expect(quick.value - energy).toBeLessThan(0.05 * (slow.value - energy));
  });

  test("a run goes on from a checkpoint as if it had never stopped, and can be planned", async () => {
    const circuit = efficientSU2({ numQubits: 3, reps: 1 });
    const options = {
      circuit,
      observable: isingChain({ sites: 3, field: 0.7 }),
      provider: localSimulator(),
      optimizer: lbfgs(),
      seed: 3,
    };
    const whole = await minimize({ ...options, steps: 12 });
    const half = await minimize({ ...options, steps: 5 });
    const from = JSON.parse(JSON.stringify(half.history.at(-1)!.checkpoint));
    const rest = await minimize({ ...options, steps: 12, from });
    expect([...rest.weights]).toEqual([...whole.weights]);
    const plan = await planMinimize({ ...options, steps: 4 });
    expect(plan.total.jobs).toBe(0);
  });

  test("settings that cannot be, and a gradient without its value, are refused", () => {
    for (const settings of [{ memory: 0 }, { firstStep: 0 }, { maxTries: 1.5 }, { rate: 1 } as never])
      expect(() => lbfgs(settings)).toThrow(expect.objectContaining({ code: "OPTIMIZER_SETTING" }));
    const optimizer = lbfgs();
    const weights = Float64Array.of(1);
    const state = optimizer.init(weights);
    expect(() => optimizer.update(Float64Array.of(1), state, weights)).toThrow(
      expect.objectContaining({ code: "OPTIMIZER_SETTING" }),
    );
    expect(() => optimizer.update(Float64Array.of(1), state, weights, Number.NaN)).toThrow(
      expect.objectContaining({ code: "OPTIMIZER_NOT_FINITE" }),
    );
    expect(() => optimizer.update(Float64Array.of(1, 2), state, weights, 0)).toThrow(
      expect.objectContaining({ code: "OPTIMIZER_SHAPE" }),
    );
  });
});
