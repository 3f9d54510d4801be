import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KernelEmitter } from "../../../providers/simulator/kernels/kernel.ts";
import {
  type Expression,
  type I32,
  type Index,
  type KernelTarget,
  kernelMemory,
  ModuleBuilder,
  type Operations,
  type Real,
  type V128,
  type Variable,
  webAssembly,
} from "../../../providers/simulator/wasm/index.ts";
import type { ValueType } from "../../../providers/simulator/wasm/operations.ts";
import { KernelBench, TARGETS } from "../../support/kernel-bench.ts";

const options = { numRuns: 12, seed: 3 };

describe.each(TARGETS)("$addressBits-bit addresses, f$realBits, shared: $shared", (target) => {
  const lanes = 128 / target.realBits;
  const round = target.realBits === 64 ? (x: number): number => x : Math.fround;
  // Indices that also a 32-bit memory has; wide ones go as far as numbers are exact.
  const bits = target.addressBits === 64 ? 53 : 32;
  const wrap = (value: bigint): number => Number(BigInt.asUintN(target.addressBits, value));
  const anyIndex = fc.oneof(fc.nat(100), fc.nat(2 ** 30), fc.constantFrom(0, 1, 2 ** 31 - 1));

  /** Evaluates an index expression of two indices for all given ones; results are written as u32, low and high part. */
  function indexFunction(make: (o: Operations, a: Index, b: Index) => Index): (a: number, b: number) => number {
    const emit: KernelEmitter = (module) =>
      module.add("run", { out: "index", a: "index", b: "index" }, (f, { out, a, b }, o) => {
        // A vector of two copies of the result's bits tells its value: one word at a time, by comparing.
        const value = f.index(make(o, a, b));
        for (let bit = 0; bit < target.addressBits; bit++)
          f.when(o.wrap(o.and(o.shr(value, o.at(bit)), o.at(1))), () =>
            f.storeReal(o.add(out, o.at(bit * (target.realBits / 8))), o.number(1)),
          );
      });
    return (a, b) => {
      const bench = new KernelBench(emit, target, 1);
      const out = bench.reals(new Float64Array(target.addressBits));
      bench.run("run", [out, a, b], [[out, target.addressBits]]);
      return Number(bench.read(out, target.addressBits).reduceRight((sum, bit) => 2n * sum + BigInt(bit), 0n));
    };
  }

  test.each<[string, (o: Operations, a: Index, b: Index) => Index, (a: bigint, b: bigint) => bigint]>([
    ["add", (o, a, b) => o.add(a, b), (a, b) => a + b],
    ["add of three", (o, a, b) => o.add(a, b, o.at(77)), (a, b) => a + b + 77n],
    ["sub", (o, a, b) => o.sub(a, b), (a, b) => a - b],
    ["mul", (o, a, b) => o.mul(a, b), (a, b) => a * b],
    ["and", (o, a, b) => o.and(a, b), (a, b) => a & b],
    ["or", (o, a, b) => o.or(a, b), (a, b) => a | b],
    ["xor", (o, a, b) => o.xor(a, b), (a, b) => a ^ b],
    ["not", (o, a) => o.not(a), (a) => ~a],
    ["shl", (o, a, b) => o.shl(a, o.and(b, o.at(15))), (a, b) => a << (b & 15n)],
    ["shr", (o, a, b) => o.shr(a, o.and(b, o.at(15))), (a, b) => a >> (b & 15n)],
    ["at", (o) => o.at(-3), () => -3n],
  ])("%s", (_, make, expected) => {
    const run = indexFunction(make);
    fc.assert(
      fc.property(anyIndex, anyIndex, (a, b) => {
        expect(run(a, b)).toBe(wrap(expected(BigInt(a), BigInt(b))));
      }),
      options,
    );
  });

  test("indices come as plain numbers, exact as far as numbers are", () => {
    const run = indexFunction((_, a) => a);
    for (const value of [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** (bits - 1) + 5, 2 ** bits - 1])
      expect(run(value, 0)).toBe(value);
  });

  /** Evaluates a condition of two indices. */
  const conditionFunction = (make: (o: Operations, a: Index, b: Index) => I32): ((a: number, b: number) => number) =>
    indexFunction((o, a, b) => {
      const { code } = make(o, a, b);
      const EXTEND = [0xad];
      return { type: "index", code: target.addressBits === 64 ? [...code, ...EXTEND] : code };
    });

  test.each<[string, (o: Operations, a: Index, b: Index) => I32, (a: number, b: number) => number]>([
    ["lt, unsigned", (o, a, b) => o.lt(a, b), (a, b) => Number(a < b)],
    ["equal", (o, a, b) => o.equal(a, b), (a, b) => Number(a === b)],
    ["notEqual", (o, a, b) => o.notEqual(a, b), (a, b) => Number(a !== b)],
    ["parity", (o, a) => o.parity(a), (a) => [...a.toString(2)].filter((bit) => bit === "1").length % 2],
    ["i32", (o) => o.i32(-1), () => 2 ** 32 - 1],
    ["i32And", (o, a, b) => o.i32And(o.wrap(a), o.wrap(b)), (a, b) => a & b],
    ["i32Equal", (o, a, b) => o.i32Equal(o.wrap(a), o.wrap(b)), (a, b) => Number(a === b)],
    ["isZero", (o, a) => o.isZero(o.wrap(a)), (a) => Number(a === 0)],
    ["wrap", (o, a) => o.wrap(a), (a) => a],
  ])("%s", (_, make, expected) => {
    const run = conditionFunction(make);
    fc.assert(
      fc.property(anyIndex, anyIndex, (a, b) => {
        expect(run(a, b)).toBe(expected(a, b));
        expect(run(a, a)).toBe(expected(a, a));
      }),
      options,
    );
  });

  test("lt takes indices as unsigned", () => {
    const run = conditionFunction((o, a, b) => o.lt(a, b));
    expect([run(5, 2 ** 32 - 1), run(2 ** 32 - 1, 5)]).toEqual([1, 0]);
    expect(conditionFunction((o, a) => o.lt(a, o.at(-1)))(5, 0)).toBe(1);
  });

  test("loadIndex reads unsigned 32-bit integers, at an offset too", () => {
    const emit: KernelEmitter = (module) =>
      module.add("run", { out: "index", list: "index" }, (f, { out, list }, o) => {
        f.when(o.equal(o.loadIndex(list, 4), o.at(2 ** 31)), () => f.storeReal(out, o.number(1)));
        f.when(o.lt(o.loadIndex(list), o.loadIndex(list, 4)), () => f.storeReal(out, o.number(2), target.realBits / 8));
      });
    const bench = new KernelBench(emit, target, 1);
    const out = bench.reals([0, 0]);
    bench.run("run", [out, bench.indices([7, 2 ** 31])], [[out, 2]]);
    expect([...bench.read(out, 2)]).toEqual([1, 2]);
  });

  /** Runs an expression of vectors on three random vectors, and compares it lane by lane. */
  function expectLanes(
    make: (o: Operations, a: V128, b: V128, mask: V128) => V128,
    expected: (a: number, b: number, lane: number) => number,
    numbers: fc.Arbitrary<number> = fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  ): void {
    const emit: KernelEmitter = (module) =>
      module.add("run", { out: "index", a: "index", b: "index" }, (f, { out, a, b }, o) => {
        const [x, y] = [f.vector(o.load(a)), f.vector(o.load(b))];
        f.store(out, make(o, x, y, o.vlt(x, y)));
      });
    fc.assert(
      fc.property(
        fc.array(numbers.map(round), { minLength: lanes, maxLength: lanes }),
        fc.array(numbers.map(round), { minLength: lanes, maxLength: lanes }),
        (a, b) => {
          const bench = new KernelBench(emit, target, 1);
          const out = bench.reals(new Float64Array(lanes));
          bench.run("run", [out, bench.reals(a), bench.reals(b)], [[out, lanes]]);
          expect([...bench.read(out, lanes)]).toEqual(a.map((value, lane) => round(expected(value, b[lane]!, lane))));
        },
      ),
      options,
    );
  }

  const halfInteger = fc.integer({ min: -9, max: 9 }).map((value) => value / 2);
  /** The nearest integer, ties to even; what is rounded to 0 keeps its sign. */
  const nearest = (x: number): number => {
    const low = Math.floor(x);
    const size = x - low === 0.5 ? low + (Math.abs(low) % 2) : Math.round(x);
    return size === 0 && x < 0 ? -0 : size;
  };

  test.each<
    [string, (o: Operations, a: V128, b: V128, mask: V128) => V128, (a: number, b: number, lane: number) => number]
  >([
    ["vadd", (o, a, b) => o.vadd(a, b), (a, b) => a + b],
    ["vsub", (o, a, b) => o.vsub(a, b), (a, b) => a - b],
    ["vmul", (o, a, b) => o.vmul(a, b), (a, b) => a * b],
    ["vdiv", (o, a, b) => o.vdiv(a, o.vadd(o.vmul(b, b), o.constant(1))), (a, b) => a / round(round(b * b) + 1)],
    ["vsqrt", (o, a) => o.vsqrt(o.vabs(a)), (a) => Math.sqrt(Math.abs(a))],
    // Not Math.max and Math.min, which tell 0 and -0 apart.
    ["vlarger", (o, a, b) => o.vlarger(a, b), (a, b) => [a, b][Number(a < b)]!],
    ["vsmaller", (o, a, b) => o.vsmaller(a, b), (a, b) => [a, b][Number(b < a)]!],
    ["vneg", (o, a) => o.vneg(a), (a) => -a],
    ["vabs", (o, a) => o.vabs(a), (a) => Math.abs(a)],
    ["floor", (o, a) => o.floor(a), (a) => Math.floor(a)],
    ["select and vlt", (o, a, b, mask) => o.select(a, o.vneg(b), mask), (a, b) => (a < b ? a : -b)],
    ["vequal", (o, a, b) => o.select(o.constant(1), o.constant(2), o.vequal(a, b)), (a, b) => (a === b ? 1 : 2)],
    ["vand", (o, a, _, mask) => o.vand(a, mask), (a, b) => (a < b ? a : 0)],
    ["vor", (o, a, b, mask) => o.vor(o.vand(a, mask), o.vand(b, o.vlt(b, a))), (a, b) => (a < b ? a : b < a ? b : 0)],
    ["vxor", (o, a) => o.vxor(a, o.constant(-0)), (a) => -a],
    ["constant", (o) => o.constant(1.1, -2.2), (_a, _b, lane) => (lane % 2 === 0 ? 1.1 : -2.2)],
    ["splat and number", (o) => o.splat(o.number(0.1)), () => 0.1],
  ])("%s", (_, make, expected) => {
    expectLanes(make, expected);
    expectLanes(make, expected, halfInteger);
  });

  test("nearest, ties to even", () => {
    expectLanes((o, a) => o.nearest(a), nearest, halfInteger);
    expectLanes((o, a) => o.nearest(a), nearest, fc.double({ min: -1e5, max: 1e5, noNaN: true }));
  });

  /** One real number made from the numbers at an address. */
  function realOf(make: (o: Operations, from: Index) => Real, numbers: readonly number[]): number {
    const emit: KernelEmitter = (module) =>
      module.add("run", { out: "index", from: "index" }, (f, { out, from }, o) => f.storeReal(out, make(o, from)));
    const bench = new KernelBench(emit, target, 1);
    const out = bench.reals([0]);
    bench.run("run", [out, bench.reals(numbers)], [[out, 1]]);
    return bench.read(out, 1)[0]!;
  }

  test("arithmetic of single numbers", () => {
    const bytes = target.realBits / 8;
    const a = (o: Operations, from: Index): Real => o.loadReal(from);
    const b = (o: Operations, from: Index): Real => o.loadReal(from, bytes);
    fc.assert(
      fc.property(
        fc.double({ min: -9, max: 9, noNaN: true }).map(round),
        fc.double({ min: -9, max: 9, noNaN: true }).map(round),
        (x, y) => {
          expect(realOf((o, from) => o.realAdd(a(o, from), b(o, from)), [x, y])).toBe(round(x + y));
          expect(realOf((o, from) => o.realSub(a(o, from), b(o, from)), [x, y])).toBe(round(x - y));
          expect(realOf((o, from) => o.realMul(a(o, from), b(o, from)), [x, y])).toBe(round(x * y));
          expect(realOf((o, from) => o.realDiv(a(o, from), b(o, from)), [x, y])).toBe(round(x / y));
          expect(realOf((o, from) => o.realNeg(b(o, from)), [x, y])).toBe(-y);
        },
      ),
      { numRuns: 10, seed: 1 },
    );
  });

  test("lanes, their sum, one number in all lanes, lanes in another order", () => {
    const numbers = Array.from({ length: 2 * lanes }, (_, i) => round(0.1 + i));
    for (let lane = 0; lane < lanes; lane++)
      expect(realOf((o, from) => o.lane(o.load(from, 16), lane), numbers)).toBe(numbers[lanes + lane]);
    const sum = numbers.slice(0, lanes).reduce((total, value) => round(total + value));
    expect(realOf((o, from) => o.sumLanes(o.load(from)), numbers)).toBe(sum);
    const all = numbers[1]! * lanes;
    expect(realOf((o, from) => o.sumLanes(o.loadSplat(from, target.realBits / 8)), numbers)).toBeCloseTo(all, 5);
    const order = [lanes + 1, 0, lanes, 1].slice(0, lanes);
    for (let lane = 0; lane < lanes; lane++)
      expect(realOf((o, from) => o.lane(o.shuffle(o.load(from), o.load(from, 16), ...order), lane), numbers)).toBe(
        numbers[order[lane]!],
      );
  });

  /** The numbers that a function writes one after another from `out` on. */
  function written(
    count: number,
    body: (
      write: (value: number) => void,
      context: Parameters<Parameters<ModuleBuilder["add"]>[2]>[0],
      o: Operations,
    ) => void,
  ): number[] {
    const emit: KernelEmitter = (module) =>
      module.add("run", { out: "index" }, (f, { out }, o) => {
        const at = f.index(out);
        body(
          (value) => {
            f.storeReal(at, o.number(value));
            f.set(at, o.add(at, o.at(target.realBits / 8)));
          },
          f,
          o,
        );
        f.storeReal(at, o.number(-1));
      });
    const bench = new KernelBench(emit, target, 1);
    const out = bench.reals(new Float64Array(count + 1));
    bench.run("run", [out], [[out, count + 1]]);
    const all = [...bench.read(out, count + 1)];
    return all.slice(0, all.indexOf(-1));
  }

  test("doWhile runs once at least, and again while its condition holds", () => {
    for (const times of [0, 1, 4])
      expect(
        written(6, (write, f, o) => {
          const left = f.index(o.at(times));
          f.doWhile(() => {
            write(9);
            f.set(left, o.sub(left, o.at(1)));
            return o.lt(left, o.at(100));
          });
        }),
      ).toHaveLength(times + 1);
  });

  test("loop counts from below its end by its step, or does not run at all", () => {
    for (const [from, to, step, count] of [
      [0, 10, 3, 4],
      [0, 9, 3, 3],
      [5, 6, 16, 1],
      [5, 5, 1, 0],
      [7, 2, 1, 0],
    ] as const)
      expect(written(8, (write, f, o) => f.loop(o.at(from), o.at(to), o.at(step), () => write(9)))).toHaveLength(count);
  });

  test("when takes one way or the other, or none", () => {
    const way = (condition: boolean, both: boolean): number[] =>
      written(3, (write, f, o) => {
        const otherwise = both ? (): void => write(2) : undefined;
        f.when(o.equal(o.at(1), o.at(condition ? 1 : 0)), () => write(1), otherwise);
        write(3);
      });
    expect(way(true, true)).toHaveLength(2);
    expect([way(true, false), way(true, true), way(false, true)]).toEqual([
      [1, 3],
      [1, 3],
      [2, 3],
    ]);
    expect(way(false, false)).toEqual([3]);
  });

  test("choose runs the body that is numbered, the last one for all above", () => {
    const chosen = (selector: number, count: number): number[] =>
      written(3, (write, f, o) =>
        f.choose(
          o.i32(selector),
          Array.from({ length: count }, (_, k) => () => write(k)),
        ),
      );
    for (const count of [1, 2, 5])
      for (const selector of [0, 1, 2, 4, 5, 99])
        expect(chosen(selector, count)).toEqual([Math.min(selector, count - 1)]);
  });

  test("variables of all types start at 0 and keep what they are set to", () => {
    const types: readonly ValueType[] = ["index", "i32", "real", "v128"];
    const emit: KernelEmitter = (module) =>
      module.add("run", { out: "index", given: "real", flag: "i32" }, (f, { out, given, flag }, o) => {
        const [index, i32, real, vector] = types.map((type) => f.variable(type)) as unknown as [
          Variable<"index">,
          Variable<"i32">,
          Variable<"real">,
          Variable<"v128">,
        ];
        const bytes = target.realBits / 8;
        f.when(o.equal(index, o.at(0)), () => f.storeReal(out, o.number(1)));
        f.when(o.isZero(i32), () => f.storeReal(out, o.number(2), bytes));
        f.storeReal(out, o.realAdd(real, o.number(3)), 2 * bytes);
        f.storeReal(out, o.realAdd(o.sumLanes(vector), o.number(4)), 3 * bytes);
        f.set(real, given);
        f.set(i32, flag);
        f.storeReal(out, real, 4 * bytes);
        f.when(o.i32Equal(i32, o.i32(3)), () => f.storeReal(out, o.number(6), 5 * bytes));
      });
    const bench = new KernelBench(emit, target, 1);
    const out = bench.reals(new Float64Array(6));
    bench.run("run", [out, 5.5, 3], [[out, 6]]);
    expect([...bench.read(out, 6)]).toEqual([1, 2, 3, 4, 5.5, 6]);
  });
});

describe("modules", () => {
  const build = (target: KernelTarget, body: (o: Operations) => Expression<"v128">): ModuleBuilder => {
    const module = new ModuleBuilder(target);
    module.add("first", {}, () => {});
    module.add("second", { at: "index" }, (f, { at }, o) => f.store(at, body(o)));
    return module;
  };

  test.each(TARGETS)("are valid: %o", (target) => {
    expect(webAssembly.validate(build(target, (o) => o.constant(1)).finish())).toBe(true);
  });

  test("with an expression that leaves no vector are not", () => {
    const empty = { type: "v128", code: [] } as const;
    expect(webAssembly.validate(build(TARGETS[0]!, () => empty).finish())).toBe(false);
  });

  test.each(TARGETS)("export their functions by name over the memory they are given: %o", (target) => {
    const memory = kernelMemory(target, 10);
    expect(memory.buffer.byteLength).toBe(65536);
    expect(memory.buffer instanceof SharedArrayBuffer).toBe(target.shared);
    const module = new webAssembly.Module(build(target, (o) => o.constant(0.5)).finish());
    const { first, second } = new webAssembly.Instance(module, { env: { memory } }).exports as Record<
      string,
      (...args: number[]) => void
    >;
    first!();
    second!(32);
    const numbers = target.realBits === 64 ? new Float64Array(memory.buffer) : new Float32Array(memory.buffer);
    expect([...numbers].filter((value) => value === 0.5)).toHaveLength(128 / target.realBits);
    expect(numbers[(32 * 8) / target.realBits]).toBe(0.5);
  });

  test("addresses above 4 GiB are addresses of their own in 64-bit memories, where others trap", () => {
    for (const target of TARGETS.filter(({ addressBits }) => addressBits === 64)) {
      const module = new webAssembly.Module(build(target, (o) => o.constant(7)).finish());
      const memory = kernelMemory(target, 10);
      const { second } = new webAssembly.Instance(module, { env: { memory } }).exports as Record<
        string,
        (...args: number[]) => void
      >;
      // A wrapped address would be 64, which is there.
      expect(() => second!(2 ** 32 + 64)).toThrow(/out of bounds/);
      expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
    }
  });
});
