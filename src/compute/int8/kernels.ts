import {
  type CompiledModule,
  type FunctionBuilder,
  type Index,
  integers,
  type KernelTarget,
  ModuleBuilder,
  type Operations,
  type V128,
  type Variable,
  webAssembly,
} from "../../../providers/index.ts";
import type { DotForm } from "./dot-form.ts";
import { emitPool } from "./pool-kernels.ts";

/** Columns of a tile: its sums are two vectors of i32 for each row. */
export const TILE_COLUMNS = 8;
/** Rows of a tile: with two vectors each, all sums and operands stay in the sixteen registers of x86-64. */
const TILE_ROWS = 4;
/** Groups that the inner loop takes in one go. */
const UNROLLED = 4;
/** Bytes of weights of one group: for each column of a tile two i16, or four i8. */
const GROUP_BYTES = 32;
/** Entries of a table of an activation, from -TABLE_HALF to TABLE_HALF - 1. */
export const TABLE_HALF = 1024;

/** What becomes of sums: numbers of i8 or i16 within limits, the same by way of a table, or f32. */
export const OUTPUT = { i8: 0, i16: 1, table8: 2, table16: 3, f32: 4 } as const;

/** Bytes of one number of a buffer. */
export type Width = 1 | 2;

export const INT8_TARGET: KernelTarget = { addressBits: 32, realBits: 32, shared: false };

/** The kernels of int8 inference by name; addresses and counts in bytes unless said otherwise. */
export type Int8Kernels = Readonly<Record<string, (...args: number[]) => void>>;

const modules = new Map<boolean, CompiledModule>();
let relaxed: boolean | undefined;

/** Whether this engine has relaxed dot products of bytes. */
export function hasRelaxedDot(): boolean {
  relaxed ??= webAssembly.validate(moduleBytes(true));
  return relaxed;
}

/** The module of all kernels, with those of relaxed SIMD where asked for. */
export function int8Module(withRelaxed: boolean): CompiledModule {
  let module = modules.get(withRelaxed);
  if (module === undefined) {
    module = new webAssembly.Module(moduleBytes(withRelaxed));
    modules.set(withRelaxed, module);
  }
  return module;
}

function moduleBytes(withRelaxed: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder(INT8_TARGET);
  for (const rows of [1, TILE_ROWS]) {
    emitMatmul(module, "words", rows);
    if (!withRelaxed) continue;
    emitMatmul(module, "pairs", rows);
    emitMatmul(module, "fours", rows);
  }
  for (const width of [1, 2] as const) {
    emitQuantize(module, width);
    emitPool(module, width);
  }
  return module.finish();
}

/**
 * `words`, `pairs` and `fours` x{R}: rows of activations of two bytes each, or of one, times a matrix of weights, R rows by 8 columns at a time. A tile of
 * weights stays in the nearest cache while all rows pass by it. `rows` is a multiple of R; `inputs` and `outputs` are tables of
 * addresses, one u32 a row. A row is `taps` runs of bytes, `tapStride` apart, of 4 · `groups` bytes each: a group is two i16,
 * or four i8 from 0 to 127. Weights come by tiles, taps and groups, then columns; `bias` (i32) and `scales` (f32) by columns.
 * `limits` are the least and the largest i16, eight times each; `output` is one of OUTPUT. O(rows · taps · groups · columns).
 */
function emitMatmul(module: ModuleBuilder, form: DotForm, tileRows: number): void {
  const parameters = {
    rows: "index",
    inputs: "index",
    outputs: "index",
    weights: "index",
    tiles: "index",
    bias: "index",
    scales: "index",
    taps: "index",
    tapStride: "index",
    groups: "index",
    limits: "index",
    output: "i32",
    table: "index",
    outputTileBytes: "index",
  } as const;
  module.add(`${form}x${tileRows}`, parameters, (f, p, o) => {
    const low = f.vector(o.load(p.limits));
    const high = f.vector(o.load(p.limits, 16));
    const ones = f.vector(integers.i32Constant(0x00010001));
    const weightEnd = f.index();
    const weight = f.index();
    const given = Array.from({ length: tileRows }, () => f.index());
    const at = Array.from({ length: tileRows }, () => f.index());
    // A row alone is summed by turns in two places: else each product would wait for the sum before it.
    const turns = tileRows === 1 ? 2 : 1;
    const sums = Array.from({ length: tileRows * turns }, () => [f.vector(), f.vector()] as const);
    const [w0, w1, a] = [f.vector(), f.vector(), f.vector()];
    const tileBytes = f.index(o.mul(o.mul(p.taps, p.groups), o.at(GROUP_BYTES)));
    const tail = f.index(o.mul(o.and(p.groups, o.at(UNROLLED - 1)), o.at(GROUP_BYTES)));
    const body = f.index(o.sub(o.mul(p.groups, o.at(GROUP_BYTES)), tail));

    const group = (offset: number): void => {
      f.set(w0, o.load(weight, GROUP_BYTES * offset));
      f.set(w1, o.load(weight, GROUP_BYTES * offset + 16));
      for (let row = 0; row < tileRows; row++) {
        f.set(a, integers.load32Splat(at[row]!, 4 * offset));
        const sum = sums[row + tileRows * (offset % turns)]!;
        for (const [half, w] of [w0, w1].entries()) f.set(sum[half]!, withProducts(form, sum[half]!, w, a, ones));
      }
    };
    const groups = (bytes: Index, step: number): void => {
      f.set(weightEnd, o.add(weight, bytes));
      f.when(o.lt(weight, weightEnd), () =>
        f.doWhile(() => {
          for (let offset = 0; offset < step; offset++) group(offset);
          for (const address of at) f.set(address, o.add(address, o.at(4 * step)));
          f.set(weight, o.add(weight, o.at(GROUP_BYTES * step)));
          return o.lt(weight, weightEnd);
        }),
      );
    };

    f.loop(o.at(0), p.tiles, o.at(1), (tile) => {
      const first = f.index(o.add(p.weights, o.mul(tile, tileBytes)));
      const columns = f.index(o.mul(tile, o.at(4 * TILE_COLUMNS)));
      const bias = f.index(o.add(p.bias, columns));
      const scales = f.index(o.add(p.scales, columns));
      const target = f.index(o.mul(tile, p.outputTileBytes));
      f.loop(o.at(0), o.mul(p.rows, o.at(4)), o.at(4 * tileRows), (row) => {
        const inputs = f.index(o.add(p.inputs, row));
        for (let r = 0; r < tileRows; r++) {
          f.set(given[r]!, o.loadIndex(inputs, 4 * r));
          f.set(sums[r]![0], o.load(bias));
          f.set(sums[r]![1], o.load(bias, 16));
        }
        for (const half of turns === 1 ? [] : [0, 1]) f.set(sums[1]![half]!, integers.i32Constant(0));
        f.set(weight, first);
        f.loop(o.at(0), p.taps, o.at(1), () => {
          for (let r = 0; r < tileRows; r++) {
            f.set(at[r]!, given[r]!);
            f.set(given[r]!, o.add(given[r]!, p.tapStride));
          }
          groups(body, UNROLLED);
          groups(tail, 1);
        });
        for (const half of turns === 1 ? [] : [0, 1])
          f.set(sums[0]![half]!, integers.i32Add(sums[0]![half]!, sums[1]![half]!));
        const outputs = f.index(o.add(p.outputs, row));
        for (let r = 0; r < tileRows; r++) {
          const address = f.index(o.add(o.loadIndex(outputs, 4 * r), target));
          const scaled = sums[r]!.map((sum, half) => o.vmul(integers.f32Convert(sum), o.load(scales, 16 * half)));
          writeSums(f, o, scaled as [V128, V128], { low, high, table: p.table, output: p.output, address });
        }
      });
    });
  });
}

function withProducts(form: DotForm, sum: V128, w: V128, a: V128, ones: V128): V128 {
  if (form === "fours") return integers.i32DotAddRelaxed(w, a, sum);
  return integers.i32Add(
    sum,
    form === "words" ? integers.i32Dot(w, a) : integers.i32Dot(integers.i16DotRelaxed(w, a), ones),
  );
}

interface Target {
  readonly low: V128;
  readonly high: V128;
  readonly table: Index;
  readonly output: Variable<"i32">;
  readonly address: Index;
}

function writeSums(f: FunctionBuilder, o: Operations, [s0, s1]: readonly [V128, V128], target: Target): void {
  const { low, high, table, output, address } = target;
  const rounded = (): V128 => held(o, s0, s1, low, high);
  const looked = (width: Width): V128 => {
    const places = [s0, s1].map((s) => {
      const place = integers.i32Truncate(o.nearest(s));
      const inside = integers.i32Max(integers.i32Constant(-TABLE_HALF), place);
      return f.vector(integers.i32Min(integers.i32Constant(TABLE_HALF - 1), inside));
    });
    const found = f.vector();
    for (let lane = 0; lane < TILE_COLUMNS; lane++) {
      const place = integers.addressLane(places[lane >> 2]!, lane & 3);
      f.set(found, integers.loadLane(width, o.add(table, o.mul(place, o.at(width))), found, lane));
    }
    return found;
  };
  f.choose(output, [
    () => {
      const bytes = f.vector(rounded());
      f.storeLane(8, address, integers.i8Narrow(bytes, bytes), 0);
    },
    () => f.store(address, rounded()),
    () => f.storeLane(8, address, looked(1), 0),
    () => f.store(address, looked(2)),
    () => {
      f.store(address, s0);
      f.store(address, s1, 16);
    },
  ]);
}

/** Eight f32 rounded to the nearest integer, ties to even, within limits, as i16. */
export function held(o: Operations, a: V128, b: V128, low: V128, high: V128): V128 {
  const integer = (s: V128): V128 => integers.i32Truncate(o.nearest(s));
  return integers.i16Min(integers.i16Max(integers.i16Narrow(integer(a), integer(b)), low), high);
}

/**
 * `quantize{W}`: `lines` lines of `length` f32 each, in a row from `source`, times `factor`, rounded within `limits`, to the addresses in
 * `targets`. Adds 0 · x of all numbers to the f32 at `fault`: it is 0 where all are finite, NaN else.
 */
function emitQuantize(module: ModuleBuilder, width: Width): void {
  const parameters = {
    lines: "index",
    source: "index",
    length: "index",
    targets: "index",
    factor: "real",
    limits: "index",
    fault: "index",
  } as const;
  module.add(`quantize${width}`, parameters, (f, p, o) => {
    const low = f.vector(o.load(p.limits));
    const high = f.vector(o.load(p.limits, 16));
    const factor = f.vector(o.splat(p.factor));
    const faults = f.vector(o.constant(0));
    const source = f.index(p.source);
    const target = f.index();
    const rest = f.index(o.mul(o.and(p.length, o.at(7)), o.at(4)));
    const body = f.index(o.sub(o.mul(p.length, o.at(4)), rest));
    const [x0, x1] = [f.vector(), f.vector()];
    const watch = (x: V128): void => f.set(faults, o.vadd(faults, o.vmul(x, o.constant(0))));
    f.loop(o.at(0), o.mul(p.lines, o.at(4)), o.at(4), (line) => {
      f.set(target, o.loadIndex(o.add(p.targets, line)));
      f.loop(o.at(0), body, o.at(32), () => {
        f.set(x0, o.load(source));
        f.set(x1, o.load(source, 16));
        watch(x0);
        watch(x1);
        const numbers = f.vector(held(o, o.vmul(x0, factor), o.vmul(x1, factor), low, high));
        if (width === 1) f.storeLane(8, target, integers.i8Narrow(numbers, numbers), 0);
        else f.store(target, numbers);
        f.set(source, o.add(source, o.at(32)));
        f.set(target, o.add(target, o.at(8 * width)));
      });
      f.loop(o.at(0), rest, o.at(4), () => {
        f.set(x0, o.loadSplat(source));
        watch(x0);
        const scaled = f.vector(o.vmul(x0, factor));
        f.storeLane(width, target, held(o, scaled, scaled, low, high), 0);
        f.set(source, o.add(source, o.at(4)));
        f.set(target, o.add(target, o.at(width)));
      });
    });
    f.storeReal(p.fault, o.sumLanes(faults));
  });
}
