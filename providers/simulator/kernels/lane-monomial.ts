import type { FunctionBuilder, I32, Operations, Variable } from "../wasm/index.ts";
import { type KernelEmitter, UNIT } from "./kernel.ts";

const AMPLITUDE = 2 * UNIT;
const PARAMETERS = {
  from: "index",
  to: "index",
  size: "index",
  groups: "index",
  permutation: "index",
  table: "index",
} as const;

/*
 * States are [group][amplitude][re, im], a unit of lanes each; the permutation is a table of u32, where each basis state
 * goes; the table has re and im of a factor for each basis state, the same for all lanes.
 */

/**
 * applyMonomial(from, to, size, groups, permutation, table): to[π(i)] = table[i]·from[i], phases and a permutation of basis
 * states in one pass. Per amplitude four multiplications and two additions.
 * unapplyMonomial: the reverse, to[i] = conj(table[i])·from[π(i)].
 * permute, unpermute: the same without a table.
 * Twins, group by group: applyMonomial, unapplyMonomial, permuteAmplitudes, unpermuteAmplitudes.
 */
export const emitLaneMonomial: KernelEmitter = (module) => {
  module.add("applyMonomial", PARAMETERS, (f, p, o) => pass(f, o, p, true, 1));
  module.add("unapplyMonomial", PARAMETERS, (f, p, o) => pass(f, o, p, false, -1));
  module.add("permute", PARAMETERS, (f, p, o) => pass(f, o, p, true, 0));
  module.add("unpermute", PARAMETERS, (f, p, o) => pass(f, o, p, false, 0));
};

function pass(
  f: FunctionBuilder,
  o: Operations,
  p: { readonly [Name in keyof typeof PARAMETERS]: Variable<"index"> },
  scatters: boolean,
  sign: -1 | 0 | 1,
): void {
  // With several groups a basis state's factor and place are loaded once for all of them.
  f.when(
    o.lt(o.at(2), p.groups),
    () => groupsInside(f, o, p, scatters, sign),
    () => statesInside(f, o, p, scatters, sign),
  );
}

function groupsInside(
  f: FunctionBuilder,
  o: Operations,
  p: { readonly [Name in keyof typeof PARAMETERS]: Variable<"index"> },
  scatters: boolean,
  sign: -1 | 0 | 1,
): void {
  const bytes = f.index(o.mul(p.size, o.at(AMPLITUDE)));
  const all = f.index(o.mul(bytes, p.groups));
  const factor = f.index(p.table);
  const index = f.index(p.permutation);
  const { plus, minus } = { plus: o.vadd.bind(o), minus: o.vsub.bind(o) };
  f.loop(o.at(0), bytes, o.at(AMPLITUDE), (offset) => {
    const moved = f.index(o.mul(o.loadIndex(index), o.at(AMPLITUDE)));
    const source = f.index(o.add(p.from, scatters ? offset : moved));
    const away = f.index(o.sub(o.add(p.to, scatters ? moved : offset), source));
    const end = f.index(o.add(source, all));
    const [c, s] = sign === 0 ? [] : [f.vector(o.loadSplat(factor)), f.vector(o.loadSplat(factor, o.realBytes))];
    f.doWhile((): I32 => {
      const target = f.index(o.add(source, away));
      const re = f.vector(o.load(source));
      const im = f.vector(o.load(source, UNIT));
      if (c === undefined || s === undefined) {
        f.store(target, re);
        f.store(target, im, UNIT);
      } else {
        f.store(target, (sign > 0 ? minus : plus)(o.vmul(c, re), o.vmul(s, im)));
        f.store(target, (sign > 0 ? plus : minus)(o.vmul(c, im), o.vmul(s, re)), UNIT);
      }
      f.set(source, o.add(source, bytes));
      return o.lt(source, end);
    });
    if (sign !== 0) f.set(factor, o.add(factor, o.at(2 * o.realBytes)));
    f.set(index, o.add(index, o.at(4)));
  });
}

function statesInside(
  f: FunctionBuilder,
  o: Operations,
  p: { readonly [Name in keyof typeof PARAMETERS]: Variable<"index"> },
  scatters: boolean,
  sign: -1 | 0 | 1,
): void {
  const bytes = f.index(o.mul(p.size, o.at(AMPLITUDE)));
  const from = f.index(p.from);
  const to = f.index(p.to);
  const entry = 2 * o.realBytes;
  f.loop(o.at(0), p.groups, o.at(1), () => {
    const sequential = f.index(scatters ? from : to);
    const index = f.index(p.permutation);
    const factor = f.index(p.table);
    const end = f.index(o.add(sequential, bytes));
    f.doWhile((): I32 => {
      const random = f.index(o.add(scatters ? to : from, o.mul(o.loadIndex(index), o.at(AMPLITUDE))));
      const [source, target] = scatters ? [sequential, random] : [random, sequential];
      const re = f.vector(o.load(source));
      const im = f.vector(o.load(source, UNIT));
      if (sign === 0) {
        f.store(target, re);
        f.store(target, im, UNIT);
      } else {
        const c = f.vector(o.loadSplat(factor));
        const s = f.vector(o.loadSplat(factor, o.realBytes));
        const [plus, minus] = [o.vadd, o.vsub].map((operation) => operation.bind(o));
        f.store(target, (sign > 0 ? minus : plus)!(o.vmul(c, re), o.vmul(s, im)));
        f.store(target, (sign > 0 ? plus : minus)!(o.vmul(c, im), o.vmul(s, re)), UNIT);
        f.set(factor, o.add(factor, o.at(entry)));
      }
      f.set(index, o.add(index, o.at(4)));
      f.set(sequential, o.add(sequential, o.at(AMPLITUDE)));
      return o.lt(sequential, end);
    });
    f.set(from, o.add(from, bytes));
    f.set(to, o.add(to, bytes));
  });
}

/** to[π(i)] = table[i]·from[i]: phases (interleaved re/im per basis state) and a permutation in one pass. O(2^n·lanes). */
export function applyMonomial(
  from: Float64Array,
  to: Float64Array,
  size: number,
  lanes: number,
  table: Float64Array,
  permutation: Int32Array,
): void {
  for (let i = 0; i < size; i++) {
    const re = table[2 * i]!;
    const im = table[2 * i + 1]!;
    let a = 2 * lanes * i;
    let b = 2 * lanes * permutation[i]!;
    for (let lane = 0; lane < lanes; lane++, a++, b++) {
      const x = from[a]!;
      const y = from[a + lanes]!;
      to[b] = re * x - im * y;
      to[b + lanes] = re * y + im * x;
    }
  }
}

/** The inverse of `applyMonomial`: to[i] = conj(table[i])·from[π(i)]. */
export function unapplyMonomial(
  from: Float64Array,
  to: Float64Array,
  size: number,
  lanes: number,
  table: Float64Array,
  permutation: Int32Array,
): void {
  for (let i = 0; i < size; i++) {
    const re = table[2 * i]!;
    const im = table[2 * i + 1]!;
    let a = 2 * lanes * i;
    let b = 2 * lanes * permutation[i]!;
    for (let lane = 0; lane < lanes; lane++, a++, b++) {
      const x = from[b]!;
      const y = from[b + lanes]!;
      to[a] = re * x + im * y;
      to[a + lanes] = re * y - im * x;
    }
  }
}

/** to[π(i)] = from[i]. */
export function permuteAmplitudes(
  from: Float64Array,
  to: Float64Array,
  size: number,
  lanes: number,
  permutation: Int32Array,
): void {
  const width = 2 * lanes;
  for (let i = 0, a = 0; i < size; i++) {
    let b = width * permutation[i]!;
    for (const end = a + width; a < end; a++, b++) to[b] = from[a]!;
  }
}

/** The inverse of `permuteAmplitudes`: to[i] = from[π(i)]. */
export function unpermuteAmplitudes(
  from: Float64Array,
  to: Float64Array,
  size: number,
  lanes: number,
  permutation: Int32Array,
): void {
  const width = 2 * lanes;
  for (let i = 0, a = 0; i < size; i++) {
    let b = width * permutation[i]!;
    for (const end = a + width; a < end; a++, b++) to[a] = from[b]!;
  }
}
