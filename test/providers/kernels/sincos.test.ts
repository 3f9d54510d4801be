import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosAndSin } from "../../../providers/simulator/batched/phase-tables.ts";
import { KernelMemory } from "../../../providers/simulator/kernels/kernel-memory.ts";
import { emitSincos, MAX_ANGLE, sincosTwin } from "../../../providers/simulator/kernels/sincos.ts";
import { exactCosAndSin, ulpsFrom } from "../../support/exact-trigonometry.ts";
import { DOUBLE_TARGETS, KernelBench } from "../../support/kernel-bench.ts";

/** The kernel's cosines and sines of an even number of angles. */
function kernel(
  angles: readonly number[],
  target = DOUBLE_TARGETS[0]!,
): { cosines: Float64Array; sines: Float64Array } {
  const bench = new KernelBench(emitSincos, target, 1);
  const from = bench.reals(Float64Array.from(angles));
  const [cosines, sines] = [bench.reals(new Float64Array(angles.length)), bench.reals(new Float64Array(angles.length))];
  bench.run(
    "sincos",
    [from, cosines, sines, 8 * angles.length],
    [
      [cosines, angles.length],
      [sines, angles.length],
    ],
  );
  return { cosines: bench.read(cosines, angles.length), sines: bench.read(sines, angles.length) };
}

/** The largest error over some angles, in units in the last place. */
function worst(angles: readonly number[]): number {
  const { cosines, sines } = kernel(angles);
  let ulps = 0;
  for (const [i, angle] of angles.entries()) {
    const { cos, sin } = exactCosAndSin(angle);
    ulps = Math.max(ulps, ulpsFrom(cos, cosines[i]!), ulpsFrom(sin, sines[i]!));
  }
  return ulps;
}

const neighbours = (x: number): number[] => {
  const view = new Float64Array([x]);
  const bits = new BigInt64Array(view.buffer);
  return [-2n, -1n, 0n, 1n, 2n].map((step) => {
    view[0] = x;
    bits[0]! += step;
    return view[0]!;
  });
};
const even = (angles: readonly number[]): readonly number[] => (angles.length % 2 === 0 ? angles : [...angles, 0.5]);

describe("sincos is within one unit in the last place of the exact value", () => {
  test("for angles of all sizes", () => {
    fc.assert(
      fc.property(fc.double({ min: -7, max: 6, noNaN: true }), fc.integer(), (exponent, seed) => {
        const bench = new KernelBench(emitSincos, DOUBLE_TARGETS[0]!, seed);
        const angles = Array.from({ length: 16 }, () => (2 * bench.rng.uniform() - 1) * 10 ** exponent);
        expect(worst(angles)).toBeLessThan(1);
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  test("next to multiples of π/2 and of π/4, where the result cancels or the polynomial changes", () => {
    const multiples = [1, 2, 3, 4, 5, 7, 8, 22, 355, 710, 1e4, 103993, 208341, 312689, 636619, 636618];
    for (const unit of [Math.PI / 2, Math.PI / 4])
      for (const k of multiples.filter((multiple) => multiple * unit < MAX_ANGLE))
        expect(worst(even([...neighbours(k * unit), ...neighbours(-k * unit)]))).toBeLessThan(1);
  });

  test("at the ends of its range", () => {
    expect(worst(even([...neighbours(MAX_ANGLE).slice(0, 3), ...neighbours(-MAX_ANGLE).slice(0, 3)]))).toBeLessThan(1);
  });
});

test("small angles are their own sines, to the smallest number there is", () => {
  const angles = [1e-8, -1e-8, 1e-100, -1e-100, 1e-308, 5e-324, -5e-324, 2.2250738585072014e-308];
  const { cosines, sines } = kernel(angles);
  expect([...sines]).toEqual(angles);
  expect(cosines.every((c) => c === 1)).toBe(true);
});

test("both zeros have the sine 0 and the cosine 1", () => {
  const { cosines, sines } = kernel([0, -0]);
  expect([...cosines]).toEqual([1, 1]);
  expect(sines.every((s) => s === 0)).toBe(true);
});

test("all targets of double precision give the same bits, near its twin", () => {
  const bench = new KernelBench(emitSincos, DOUBLE_TARGETS[0]!, 9);
  const angles = Array.from({ length: 64 }, () => 100 * bench.rng.normal());
  const [first, ...others] = DOUBLE_TARGETS.map((target) => kernel(angles, target));
  for (const other of others) expect(other).toEqual(first);
  const [cosines, sines] = [new Float64Array(64), new Float64Array(64)];
  sincosTwin(Float64Array.from(angles), cosines, sines);
  for (let i = 0; i < 64; i++) {
    expect(Math.abs(first!.cosines[i]! - cosines[i]!)).toBeLessThan(3e-16);
    expect(Math.abs(first!.sines[i]! - sines[i]!)).toBeLessThan(3e-16);
  }
});

describe.each([64, 32] as const)("cosAndSin with numbers of %i bits", (realBits) => {
  const memory = new KernelMemory({ addressBits: 32, realBits, shared: false }, 4096);
  const round = realBits === 64 ? (x: number): number => x : Math.fround;
  const run = (angles: readonly number[]): { cosines: number[]; sines: number[] } => {
    const view = memory.reals;
    view.fill(7);
    view.set(angles, 0);
    cosAndSin(memory, 0, 1024, 2048, angles.length, view);
    const at = (address: number): number[] => [
      ...view.subarray(address / memory.realBytes, address / memory.realBytes + angles.length),
    ];
    return { cosines: at(1024), sines: at(2048) };
  };

  test("angles beyond the kernel's range go to Math.cos and Math.sin, and those of the same array with them", () => {
    const angles = [1.5e6, -3e9, 1e22, 0.25].map(round);
    const { cosines, sines } = run(angles);
    expect(cosines).toEqual(angles.map((angle) => round(Math.cos(angle))));
    expect(sines).toEqual(angles.map((angle) => round(Math.sin(angle))));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "%d gives NaN, and the other angles what they would give without it",
    (bad) => {
      const { cosines, sines } = run([0.5, bad, -1.5, 2]);
      expect(cosines[1]).toBeNaN();
      expect(sines[1]).toBeNaN();
      for (const [i, angle] of [
        [0, 0.5],
        [2, -1.5],
        [3, 2],
      ] as const) {
        expect(Math.abs(cosines[i]! - Math.cos(angle))).toBeLessThan(1e-7);
        expect(Math.abs(sines[i]! - Math.sin(angle))).toBeLessThan(1e-7);
      }
    },
  );
});
