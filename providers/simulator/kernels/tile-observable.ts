import type { FunctionBuilder, Index, ModuleBuilder, Operations, V128, Variable } from "../wasm/index.ts";
import { swapped } from "./complex.ts";
import { UNIT } from "./kernel.ts";

const REAL = 8;

/**
 * Pauli strings on tiles. A string sends basis state i to i ⊕ flip, so these kernels read two tiles, the second one through
 * `flip` (of byte offsets). overlapsReal and overlapsImaginary(psi, other, flip, bytes, out) write the part of
 * conj(other_{i⊕flip})·ψ_i to number i of `out`; overlapSumReal and overlapSumImaginary add the sum of these to the number
 * at `out`. addFlippedReal and addFlippedImaginary(lambda, psi, flip, bytes, c): λ_i += c·ψ_{i⊕flip}, or i times that;
 * addScaledReal and addScaledImaginary(lambda, psi, flip, bytes, numbers) with number i ⊕ flip for c. All cost about two
 * multiplications and an addition a unit. signPattern(numbers, bytes, z, weight): number i becomes
 * (-1)^{|i & z|}·weight, by doubling, with `z` of byte offsets of numbers. addNumbers(to, from, bytes) adds numbers, and
 * addProducts(a, b, bytes, out) the sum of their products to the number at `out`. tileTransform(numbers, bytes): number m becomes Σ_i (-1)^{|i & m|}·number i, in
 * place (Walsh and Hadamard); for 2^k numbers k·2^k additions.
 */
export function emitTileObservable(module: ModuleBuilder): void {
  if (module.operations.lanes !== 2) return;
  const pair = { psi: "index", other: "index", flip: "index", bytes: "index", out: "index" } as const;
  for (const imaginary of [false, true]) {
    const part = imaginary ? "Imaginary" : "Real";
    module.add(`overlaps${part}`, pair, (f, { psi, other, flip, bytes, out }, o) => {
      const products = [f.vector(), f.vector()];
      const to = f.index(out);
      units(f, o, bytes, 2, (offset) => {
        for (const k of [0, 1]) {
          const there = o.load(o.add(other, o.xor(k === 0 ? offset : o.add(offset, o.at(UNIT)), flip)));
          f.set(products[k]!, o.vmul(o.load(o.add(psi, offset), k * UNIT), imaginary ? swapped(o, there) : there));
        }
        const first = o.shuffle(products[0]!, products[1]!, 0, 2);
        const second = o.shuffle(products[0]!, products[1]!, 1, 3);
        f.store(to, imaginary ? o.vsub(second, first) : o.vadd(first, second));
        f.set(to, o.add(to, o.at(UNIT)));
      });
    });
    module.add(`overlapSum${part}`, pair, (f, { psi, other, flip, bytes, out }, o) => {
      const sums = [f.vector(), f.vector()];
      units(f, o, bytes, 2, (offset) => {
        for (const k of [0, 1]) {
          const there = o.load(o.add(other, o.xor(k === 0 ? offset : o.add(offset, o.at(UNIT)), flip)));
          const product = o.vmul(o.load(o.add(psi, offset), k * UNIT), imaginary ? swapped(o, there) : there);
          f.set(sums[k]!, o.vadd(sums[k]!, product));
        }
      });
      const sum = f.vector(o.vadd(sums[0]!, sums[1]!));
      const value = imaginary ? o.realSub(o.lane(sum, 1), o.lane(sum, 0)) : o.sumLanes(sum);
      f.storeReal(out, o.realAdd(o.loadReal(out), value));
    });
    module.add(
      `addFlipped${part}`,
      { lambda: "index", psi: "index", flip: "index", bytes: "index", c: "real" },
      (f, { lambda, psi, flip, bytes, c }, o) => {
        const factor = f.vector(imaginary ? o.vmul(o.splat(c), o.constant(-1, 1)) : o.splat(c));
        const at = f.index();
        units(f, o, bytes, 2, (offset) => {
          f.set(at, o.add(lambda, offset));
          for (const k of [0, 1]) {
            const there = o.load(o.add(psi, o.xor(k === 0 ? offset : o.add(offset, o.at(UNIT)), flip)));
            f.store(at, o.vadd(o.load(at, k * UNIT), turned(o, there, factor, imaginary)), k * UNIT);
          }
        });
      },
    );
    module.add(
      `addScaled${part}`,
      { lambda: "index", psi: "index", flip: "index", bytes: "index", numbers: "index" },
      (f, { lambda, psi, flip, bytes, numbers }, o) => {
        const signs = f.vector(o.constant(-1, 1));
        const at = f.index();
        const source = f.index();
        units(f, o, bytes, 1, (offset) => {
          f.set(at, o.add(lambda, offset));
          f.set(source, o.xor(offset, flip));
          const number = o.loadSplat(o.add(numbers, o.shr(source, o.at(1))));
          const factor = imaginary ? o.vmul(number, signs) : number;
          f.store(at, o.vadd(o.load(at), turned(o, o.load(o.add(psi, source)), factor, imaginary)));
        });
      },
    );
  }
  module.add(
    "signPattern",
    { numbers: "index", bytes: "index", z: "index", weight: "real" },
    (f, { numbers, bytes, z, weight }, o) => {
      const positive = f.vector(o.splat(weight));
      const half = f.index(o.at(UNIT));
      const sign = f.vector();
      const at = f.index();
      const setSign = (bit: Index): void =>
        f.when(
          o.equal(o.and(z, bit), o.at(0)),
          () => f.set(sign, o.constant(1)),
          () => f.set(sign, o.constant(-1)),
        );
      setSign(o.at(REAL));
      f.store(numbers, o.shuffle(positive, o.vmul(positive, sign), 0, 2));
      f.when(o.lt(half, bytes), () =>
        f.doWhile(() => {
          setSign(half);
          f.set(at, numbers);
          const end = f.index(o.add(numbers, half));
          f.doWhile(() => {
            f.store(o.add(at, half), o.vmul(o.load(at), sign));
            f.set(at, o.add(at, o.at(UNIT)));
            return o.lt(at, end);
          });
          f.set(half, o.add(half, half));
          return o.lt(half, bytes);
        }),
      );
    },
  );
  module.add("addNumbers", { to: "index", from: "index", bytes: "index" }, (f, { to, from, bytes }, o) => {
    const at = f.index();
    units(f, o, bytes, 1, (offset) => {
      f.set(at, o.add(to, offset));
      f.store(at, o.vadd(o.load(at), o.load(o.add(from, offset))));
    });
  });
  module.add("addProducts", { a: "index", b: "index", bytes: "index", out: "index" }, (f, { a, b, bytes, out }, o) => {
    const sum = f.vector();
    units(f, o, bytes, 1, (offset) => {
      f.set(sum, o.vadd(sum, o.vmul(o.load(o.add(a, offset)), o.load(o.add(b, offset)))));
    });
    f.storeReal(out, o.realAdd(o.loadReal(out), o.sumLanes(sum)));
  });
  module.add("tileTransform", { numbers: "index", bytes: "index" }, (f, { numbers, bytes }, o) => {
    const signs = f.vector(o.constant(1, -1));
    const own = f.vector();
    const at = f.index();
    units(f, o, bytes, 1, (offset) => {
      f.set(at, o.add(numbers, offset));
      f.set(own, o.load(at));
      f.store(at, o.vadd(o.shuffle(own, own, 0, 0), o.vmul(o.shuffle(own, own, 1, 1), signs)));
    });
    const stride = f.index(o.at(UNIT));
    const low = f.vector();
    const high = f.vector();
    f.when(o.lt(stride, bytes), () =>
      f.doWhile(() => {
        const start = f.index(numbers);
        const end = f.index(o.add(numbers, bytes));
        f.doWhile(() => {
          f.set(at, start);
          f.set(start, o.add(start, stride));
          f.doWhile(() => {
            f.set(low, o.load(at));
            f.set(high, o.load(o.add(at, stride)));
            f.store(at, o.vadd(low, high));
            f.store(o.add(at, stride), o.vsub(low, high));
            f.set(at, o.add(at, o.at(UNIT)));
            return o.lt(at, start);
          });
          f.set(start, o.add(start, stride));
          return o.lt(start, end);
        });
        f.set(stride, o.add(stride, stride));
        return o.lt(stride, bytes);
      }),
    );
  });
}

/** c·amplitude, or with (-c, c) i·c·amplitude. */
function turned(o: Operations, amplitude: V128, c: V128, imaginary: boolean): V128 {
  return o.vmul(imaginary ? swapped(o, amplitude) : amplitude, c);
}

/** Runs `body` for each offset of `count` units below `bytes`. */
function units(
  f: FunctionBuilder,
  o: Operations,
  bytes: Variable<"index">,
  count: number,
  body: (offset: Variable<"index">) => void,
): void {
  const offset = f.index(o.at(0));
  f.doWhile(() => {
    body(offset);
    f.set(offset, o.add(offset, o.at(count * UNIT)));
    return o.lt(offset, bytes);
  });
}

/** What overlapsReal and overlapsImaginary compute, in plain TypeScript; `flip` in basis states. */
export function overlapsTwin(psi: Float64Array, other: Float64Array, flip: number, imaginary: boolean): Float64Array {
  return Float64Array.from({ length: psi.length / 2 }, (_, i) => {
    const j = i ^ flip;
    const [x, y, re, im] = [psi[2 * i]!, psi[2 * i + 1]!, other[2 * j]!, other[2 * j + 1]!];
    return imaginary ? re * y - im * x : re * x + im * y;
  });
}

/** What addScaledReal and addScaledImaginary compute, in plain TypeScript; `flip` in basis states. */
export function addScaledTwin(
  lambda: Float64Array,
  psi: Float64Array,
  flip: number,
  numbers: Float64Array,
  imaginary: boolean,
): void {
  for (let i = 0; i < numbers.length; i++) {
    const j = i ^ flip;
    const [c, x, y] = [numbers[j]!, psi[2 * j]!, psi[2 * j + 1]!];
    lambda[2 * i]! += imaginary ? -c * y : c * x;
    lambda[2 * i + 1]! += imaginary ? c * x : c * y;
  }
}
