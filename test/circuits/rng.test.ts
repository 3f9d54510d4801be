import { describe, expect, test } from "vitest";
import { Rng } from "../../circuits/index.ts";

const draws = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => rng.uint32());

describe("Rng", () => {
  test("the same seed draws the same numbers on every machine", () => {
    // Computed by an independent port of sfc32 and of the key hash in Python.
    expect(draws(Rng.seed(0), 4)).toEqual([433031713, 623768766, 2815881313, 708323472]);
    expect(draws(Rng.seed(42), 4)).toEqual([1106887859, 1881870934, 3450063519, 900379835]);
    expect(draws(Rng.seed("lepton"), 4)).toEqual([250655326, 4112295310, 1866454894, 2556804176]);
    expect(draws(Rng.seed(42).fork("step", 12), 4)).toEqual([1682315325, 4131800494, 3063411227, 103221978]);
    const rng = Rng.seed(7);
    expect([rng.uniform(), rng.uniform()]).toEqual([0.12482890191501361, 0.38213854183675233]);
    expect([rng.integer(6), rng.integer(1000), rng.integer(2 ** 32)]).toEqual([3, 175, 527919112]);
    expect([...rng.permutation(8)]).toEqual([0, 2, 7, 4, 5, 6, 1, 3]);
    expect(rng.normal()).toBeCloseTo(0.35944312847270843, 14);
  });

  test("seeds and forks of other names or types draw other numbers", () => {
    const generators = [
      Rng.seed(1),
      Rng.seed(-1),
      Rng.seed("1"),
      Rng.seed(""),
      Rng.seed(1).fork("a"),
      Rng.seed(1).fork("a", "b"),
      Rng.seed(1).fork("ab"),
      Rng.seed(1).fork("a/b"),
      Rng.seed(1).fork(1),
      Rng.seed(1).fork("1"),
      Rng.seed(1).fork("1", 1),
      Rng.seed('1"/"a'),
      Rng.seed('1/"a"'),
      Rng.seed("1").fork("a"),
      Rng.seed(2).fork("a"),
    ];
    expect(new Set(generators.map((rng) => draws(rng, 4).join())).size).toBe(generators.length);
  });

  test("a fork depends on its path alone, not on what was drawn, nor in how many calls the path was given", () => {
    const fresh = Rng.seed(3);
    const used = Rng.seed(3);
    draws(used, 100);
    used.fork("other").uniform();
    expect(draws(used.fork("step", 5), 8)).toEqual(draws(fresh.fork("step", 5), 8));
    expect(draws(fresh.fork("step").fork(5), 8)).toEqual(draws(fresh.fork("step", 5), 8));
  });

  test("a fork does not disturb the generator it came from", () => {
    const [a, b] = [Rng.seed(3), Rng.seed(3)];
    a.fork("x").uniform();
    expect(draws(a, 8)).toEqual(draws(b, 8));
  });

  test("a restored generator goes on where the saved one was, through JSON, forks included", () => {
    const rng = Rng.seed("run").fork("train");
    draws(rng, 37);
    const saved = JSON.parse(JSON.stringify(rng.save()));
    const next = [rng.normal(), rng.uniform(), ...draws(rng, 8)];
    const restored = Rng.restore(saved);
    expect([restored.normal(), restored.uniform(), ...draws(restored, 8)]).toEqual(next);
    expect(draws(restored.fork("a"), 4)).toEqual(draws(rng.fork("a"), 4));
  });

  test("uniform fills [0, 1) evenly", () => {
    const bins = new Array<number>(64).fill(0);
    const rng = Rng.seed(1);
    const total = 64_000;
    for (let i = 0; i < total; i++) bins[Math.floor(64 * rng.uniform())]! += 1;
    expect(chiSquare(bins, total / 64)).toBeLessThan(CHI_SQUARE_63);
  });

  test("neighbouring seeds, neighbouring forks and successive draws are not alike", () => {
    const bins = new Array<number>(64).fill(0);
    for (let seed = 0; seed < 20_000; seed++) {
      const rng = Rng.seed(seed);
      bins[8 * rng.integer(8) + rng.integer(8)]! += 1;
    }
    expect(chiSquare(bins, 20_000 / 64)).toBeLessThan(CHI_SQUARE_63);
    const forks = new Array<number>(64).fill(0);
    const root = Rng.seed(5);
    for (let step = 0; step < 20_000; step++) {
      const [a, b] = [root.fork("step", step), root.fork("step", step + 1)];
      forks[8 * a.integer(8) + b.integer(8)]! += 1;
    }
    expect(chiSquare(forks, 20_000 / 64)).toBeLessThan(CHI_SQUARE_63);
  });

  test("integers are unbiased for a bound that divides nothing", () => {
    const bound = 3 * 2 ** 30; // a plain remainder would draw the lower third twice as often
    const bins = [0, 0, 0];
    const rng = Rng.seed(2);
    for (let i = 0; i < 30_000; i++) bins[Math.floor(rng.integer(bound) / 2 ** 30)]! += 1;
    expect(chiSquare(bins, 10_000)).toBeLessThan(18.4);
    expect(Rng.seed(1).integer(1)).toBe(0);
  });

  test("normal numbers have mean 0, variance 1, and the tails of a normal distribution", () => {
    const rng = Rng.seed(4);
    const numbers = Array.from({ length: 40_000 }, () => rng.normal());
    const moment = (k: number) => numbers.reduce((sum, value) => sum + value ** k, 0) / numbers.length;
    // Five standard errors each.
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(40_000));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / 40_000));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / 40_000));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / 40_000));
    expect(numbers.every(Number.isFinite)).toBe(true);
  });

  test("permutations hold every index once, and every order is as likely", () => {
    const orders = new Map<string, number>();
    const rng = Rng.seed(6);
    for (let i = 0; i < 24_000; i++) {
      const order = rng.permutation(4);
      orders.set(order.join(), (orders.get(order.join()) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    expect(chiSquare([...orders.values()], 1000)).toBeLessThan(49.7);
    expect([...Rng.seed(1).permutation(1000)].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([...Rng.seed(1).permutation(0)]).toEqual([]);
  });

  test.each([
    ["SEED", () => Rng.seed(0.5)],
    ["SEED", () => Rng.seed(Number.NaN)],
    ["SEED", () => Rng.seed(2 ** 53)],
    ...[undefined, null, {}, [], true, 1n].map((seed) => ["SEED", () => Rng.seed(seed as never)] as const),
    ...[undefined, null, {}, true, Number.NaN, Number.POSITIVE_INFINITY, 0.5].map(
      (part) => ["SEED", () => Rng.seed(1).fork("a", part as never)] as const,
    ),
    ["RNG_BOUND", () => Rng.seed(1).integer(0)],
    ["RNG_BOUND", () => Rng.seed(1).integer(-3)],
    ["RNG_BOUND", () => Rng.seed(1).integer(2.5)],
    ["RNG_BOUND", () => Rng.seed(1).integer(2 ** 33)],
    ["RNG_STATE", () => Rng.restore({ key: "k", state: [1, 2, 3] })],
    ["RNG_STATE", () => Rng.restore({ key: "k", state: [1, 2, 3, -1] })],
    ["RNG_STATE", () => Rng.restore({ state: [1, 2, 3, 4] } as never)],
  ] as readonly (readonly [string, () => unknown])[])("%s (%#)", (code, act) => {
    expect(act).toThrow(expect.objectContaining({ code, name: "ParameterError" }));
  });
});

/** The 99.9 % point of the chi-square distribution with 63 degrees of freedom. */
const CHI_SQUARE_63 = 103.4;
const chiSquare = (bins: readonly number[], wanted: number): number =>
  bins.reduce((sum, count) => sum + (count - wanted) ** 2 / wanted, 0);
