import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emitActivations, POINTWISE } from "../../../src/compute/kernels/activations.ts";
import type { KernelEmitter } from "../../../src/compute/kernels/columns.ts";
import { TARGET } from "../../../src/compute/kernels/compute-memory.ts";
import { exp, log } from "../../../src/compute/kernels/exponential.ts";
import { emitHeads } from "../../../src/compute/kernels/heads.ts";
import { emitProduct } from "../../../src/compute/kernels/product.ts";
import { emitProductGradient } from "../../../src/compute/kernels/product-gradient.ts";
import { emitRows } from "../../../src/compute/kernels/rows.ts";
import { panelOrder } from "../../../src/compute/memory-plan.ts";
import { KernelBench } from "../../support/kernel-bench.ts";

const options = { numRuns: 40, seed: 7 };
const small = fc.integer({ min: 1, max: 19 });

/** A kernel [depth, columns] as `product` reads it. */
function panels(kernel: Float64Array, depth: number, columns: number): Float32Array {
  const { room, write } = panelOrder(depth, columns);
  const place = new Float32Array(room);
  write(place, kernel);
  return place;
}

interface Shape {
  readonly rows: number;
  readonly segments: number;
  readonly segment: number;
  readonly gap: number;
  readonly columns: number;
}

const shapes = fc.record<Shape>({
  rows: small,
  segments: fc.integer({ min: 1, max: 3 }),
  segment: small,
  gap: fc.nat(3),
  columns: small,
});

/** Rows of random numbers in an image, in an order of their own, and Σ_k x[row, k]·w[k, column] in double precision. */
function inputOf(bench: KernelBench, { rows, segments, segment, gap }: Shape) {
  const stride = segment + gap;
  const size = segments * stride + 3 * rows;
  const image = bench.random(size);
  const places = Array.from({ length: rows }, (_, row) => 3 * ((row * 7) % rows));
  const at = (row: number, k: number): number =>
    image[places[row]! + Math.floor(k / segment) * stride + (k % segment)]!;
  const address = bench.reals(image);
  return { at, depth: segments * segment, address, places: bench.indices(places.map((place) => 4 * place)), stride };
}

describe("product", () => {
  test("sums of products with bias and rectifier, for any shape", () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom([1, Infinity], [0, Infinity], [0, 0.5], [0.25, Infinity]), (shape, rule) => {
        const bench = new KernelBench(emitProduct, TARGET, 1);
        const { rows, segments, segment, columns } = shape;
        const { at, depth, address, places, stride } = inputOf(bench, shape);
        const [kernel, bias] = [bench.random(depth * columns), bench.random(columns)];
        const weights = bench.reals(panels(kernel, depth, columns));
        const shift = bench.reals([...bias, ...new Array(8).fill(0)]);
        const output = bench.reals(new Float64Array(rows * columns));
        const [slope, ceiling] = rule as [number, number];
        const bytes = 4 * columns;
        bench.run(
          "product",
          [
            address,
            places,
            rows,
            segments,
            4 * segment,
            4 * stride,
            weights,
            shift,
            bytes,
            slope,
            ceiling,
            output,
            bytes,
          ],
          [[output, rows * columns]],
        );
        const expected = Float64Array.from({ length: rows * columns }, (_, i) => {
          const [row, column] = [Math.floor(i / columns), i % columns];
          let sum = bias[column]!;
          for (let k = 0; k < depth; k++) sum += at(row, k) * kernel[k * columns + column]!;
          return Math.min(Math.max(sum, slope * sum), ceiling);
        });
        bench.expectReals(output, expected, 4 * depth);
      }),
      options,
    );
  });

  test("gradients by the kernel, kept or begun anew", () => {
    fc.assert(
      fc.property(shapes, fc.nat(1), (shape, keep) => {
        const bench = new KernelBench(emitProductGradient, TARGET, 2);
        const { rows, segments, segment, columns } = shape;
        const { at, depth, address, places, stride } = inputOf(bench, shape);
        const cotangents = bench.random(rows * columns);
        const before = bench.random(depth * columns);
        const { room, read } = panelOrder(depth, columns);
        const gradient = bench.reals(panels(before, depth, columns));
        const dy = bench.reals([...cotangents, ...new Array(8).fill(0)]);
        const bytes = 4 * columns;
        bench.run(
          "productGradient",
          [address, places, rows, segments, 4 * segment, 4 * stride, dy, bytes, bytes, gradient, keep],
          [[gradient, room]],
        );
        const found = new Float32Array(depth * columns);
        read(Float32Array.from(bench.read(gradient, room)), found);
        for (const [i, value] of found.entries()) {
          const [k, column] = [Math.floor(i / columns), i % columns];
          let sum = keep * before[i]!;
          for (let row = 0; row < rows; row++) sum += at(row, k) * cotangents[row * columns + column]!;
          expect(Math.abs(value - sum)).toBeLessThanOrEqual(2 ** -23 * 4 * rows);
        }
      }),
      options,
    );
  });
});

describe("rows", () => {
  test("the transpose of a kernel in panels, within its place", () => {
    fc.assert(
      fc.property(small, small, (depth, columns) => {
        const bench = new KernelBench(emitRows, TARGET, 3);
        const kernel = bench.random(depth * columns);
        const { room, read } = panelOrder(columns, depth);
        const from = bench.reals(panels(kernel, depth, columns));
        const to = bench.reals(new Float64Array(room));
        bench.run("transpose", [from, depth, columns, to], [[to, room]]);
        const found = new Float32Array(depth * columns);
        read(Float32Array.from(bench.read(to, room)), found);
        for (let row = 0; row < depth; row++)
          for (let column = 0; column < columns; column++)
            expect(found[column * depth + row]).toBe(kernel[row * columns + column]);
      }),
      options,
    );
  });

  test("sums of columns over many rows, in pieces", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 150 }), small, fc.nat(1), (rows, columns, keep) => {
        const bench = new KernelBench(emitRows, TARGET, 4);
        const [values, before] = [bench.random(rows * columns), bench.random(columns)];
        const [from, to] = [bench.reals([...values, 0, 0, 0, 0]), bench.reals(before)];
        bench.run("columnSums", [from, rows, 4 * columns, 4 * columns, to, 0.5, keep], [[to, columns]]);
        const expected = before.map((value, column) => {
          let sum = 0;
          for (let row = 0; row < rows; row++) sum += values[row * columns + column]!;
          return keep * value + 0.5 * sum;
        });
        bench.expectReals(to, expected, rows);
      }),
      options,
    );
  });
});

/** A function of vectors over numbers, four at a time. */
function mapped(make: Parameters<typeof vectorKernel>[0], numbers: readonly number[]): Float64Array {
  const bench = new KernelBench(vectorKernel(make), TARGET, 5);
  const [from, to] = [bench.reals(numbers), bench.reals(new Float64Array(numbers.length))];
  bench.run("run", [from, to, 4 * numbers.length], [[to, numbers.length]]);
  return bench.read(to, numbers.length);
}
const vectorKernel =
  (make: typeof exp): KernelEmitter =>
  (module) =>
    module.add("run", { from: "index", to: "index", bytes: "index" }, (f, p, o) =>
      f.loop(o.at(0), p.bytes, o.at(16), (offset) =>
        f.store(o.add(p.to, offset), make(f, o, f.vector(o.load(o.add(p.from, offset))))),
      ),
    );

/** From below to above, 1000 single-precision numbers. */
const range = (below: number, above: number): number[] =>
  Array.from({ length: 1000 }, (_, i) => Math.fround(below + ((above - below) * i) / 999));

describe("functions in single precision", () => {
  test("exp within 2 units in the last place, and held beyond what numbers can be", () => {
    const numbers = range(-87, 88);
    for (const [i, value] of mapped(exp, numbers).entries())
      expect(Math.abs(value / Math.exp(numbers[i]!) - 1)).toBeLessThanOrEqual(2 ** -22);
    const [low, high, zero] = mapped(exp, [-1000, 1000, 0, -Infinity]);
    expect([low! > 0 && low! < 1.3e-38, high! > 1e38 && high! < Infinity, zero]).toEqual([true, true, 1]);
  });

  test("log within 2 units in the last place of the result or of 1", () => {
    const numbers = [...range(1e-7, 2), ...range(2, 1e6), ...range(0.99, 1.01)];
    for (const [i, value] of mapped(log, numbers).entries()) {
      const expected = Math.log(numbers[i]!);
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(2 ** -22 * Math.max(Math.abs(expected), 1e-3));
    }
  });

  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  /** By its Taylor series or, far out, its asymptotic fraction (Abramowitz and Stegun 7.1.5, 7.1.14). */
  const erfc = (x: number): number => {
    if (x < 0) return 2 - erfc(-x);
    if (x < 2) {
      let [term, sum] = [x, x];
      for (let n = 1; n < 60; n++) {
        term *= -(x * x) / n;
        sum += term / (2 * n + 1);
      }
      return 1 - (2 / Math.sqrt(Math.PI)) * sum;
    }
    let fraction = x;
    for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
  };
  const [alpha, scale] = [1.6732632423543772, 1.0507009873554805];
  const truths: Readonly<Record<keyof typeof POINTWISE, (x: number) => number>> = {
    relu: (x) => Math.max(0, x),
    relu6: (x) => Math.min(6, Math.max(0, x)),
    leakyRelu: (x) => (x > 0 ? x : 0.2 * x),
    elu: (x) => (x > 0 ? x : Math.expm1(x)),
    selu: (x) => scale * (x > 0 ? x : alpha * Math.expm1(x)),
    sigmoid,
    tanh: Math.tanh,
    softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    swish: (x) => x * sigmoid(x),
    gelu: (x) => (x * erfc(-x / Math.SQRT2)) / 2,
  };

  test.each(Object.keys(truths) as (keyof typeof truths)[])(
    "%s and its slope, by differences in double precision",
    (name) => {
      const bench = new KernelBench(emitActivations, TARGET, 6);
      // No number is at a kink.
      const numbers = range(-12.003, 11.998);
      const bytes = 4 * numbers.length;
      const input = bench.reals(numbers);
      const output = bench.reals(numbers);
      bench.run(name, [input, output, bytes, 0.2], [[output, numbers.length]]);
      const truth = truths[name];
      for (const [i, value] of bench.read(output, numbers.length).entries())
        expect(Math.abs(value - truth(numbers[i]!))).toBeLessThanOrEqual(
          5e-7 * Math.max(1, Math.abs(truth(numbers[i]!))),
        );
      const saved = POINTWISE[name].from === "output" ? output : input;
      const slopes = bench.reals(new Float64Array(numbers.length).fill(1));
      bench.run(`${name}Gradient`, [slopes, saved, slopes, bytes, 0.2], [[slopes, numbers.length]]);
      const step = 1e-5;
      for (const [i, slope] of bench.read(slopes, numbers.length).entries()) {
        const x = numbers[i]!;
        expect(Math.abs(slope - (truth(x + step) - truth(x - step)) / (2 * step))).toBeLessThanOrEqual(3e-6);
      }
    },
  );

  test("softmax of rows of any length sums to 1 and is shifted by nothing", () => {
    fc.assert(
      fc.property(small, small, fc.integer({ min: -80, max: 80 }), (rows, columns, shift) => {
        const bench = new KernelBench(emitHeads, TARGET, 8);
        const logits = bench.random(rows * columns).map((value) => Math.fround(9 * value + shift));
        const at = bench.reals([...logits, 0, 0, 0, 0]);
        bench.run("softmax", [at, at, rows, 4 * columns], [[at, rows * columns]]);
        const found = bench.read(at, rows * columns);
        for (let row = 0; row < rows; row++) {
          const ofRow = logits.slice(row * columns, (row + 1) * columns).map((value) => Math.exp(value - shift));
          const total = ofRow.reduce((sum, value) => sum + value);
          for (const [column, value] of ofRow.entries())
            expect(Math.abs(found[row * columns + column]! - value / total)).toBeLessThanOrEqual(1e-6);
        }
      }),
      options,
    );
  });
});
