import type { FunctionBuilder, I32, Index, Operations, V128, Variable } from "../wasm/index.ts";
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
 * Twin, group by group: monomialTwin.
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
  f.loop(o.at(0), bytes, o.at(AMPLITUDE), (offset) => {
    const moved = f.index(o.mul(o.loadIndex(index), o.at(AMPLITUDE)));
    const source = f.index(o.add(p.from, scatters ? offset : moved));
    const away = f.index(o.sub(o.add(p.to, scatters ? moved : offset), source));
    const end = f.index(o.add(source, all));
    const factors = sign === 0 ? undefined : loadFactor(f, o, factor);
    f.doWhile((): I32 => {
      const target = f.index(o.add(source, away));
      move(f, o, source, target, factors, sign);
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
  f.loop(o.at(0), p.groups, o.at(1), () => {
    const sequential = f.index(scatters ? from : to);
    const index = f.index(p.permutation);
    const factor = f.index(p.table);
    const end = f.index(o.add(sequential, bytes));
    f.doWhile((): I32 => {
      const random = f.index(o.add(scatters ? to : from, o.mul(o.loadIndex(index), o.at(AMPLITUDE))));
      const [source, target] = scatters ? [sequential, random] : [random, sequential];
      move(f, o, source, target, sign === 0 ? undefined : loadFactor(f, o, factor), sign);
      if (sign !== 0) f.set(factor, o.add(factor, o.at(2 * o.realBytes)));
      f.set(index, o.add(index, o.at(4)));
      f.set(sequential, o.add(sequential, o.at(AMPLITUDE)));
      return o.lt(sequential, end);
    });
    f.set(from, o.add(from, bytes));
    f.set(to, o.add(to, bytes));
  });
}

/** A basis state's factor in all lanes: re and im. */
type Factor = readonly [re: V128, im: V128];

function loadFactor(f: FunctionBuilder, o: Operations, factor: Index): Factor {
  return [f.vector(o.loadSplat(factor)), f.vector(o.loadSplat(factor, o.realBytes))];
}

/** Copies an amplitude, times its factor or with sign -1 its conjugate where there is one. */
function move(
  f: FunctionBuilder,
  o: Operations,
  source: Index,
  target: Index,
  factor: Factor | undefined,
  sign: -1 | 0 | 1,
): void {
  const re = f.vector(o.load(source));
  const im = f.vector(o.load(source, UNIT));
  if (factor === undefined) {
    f.store(target, re);
    f.store(target, im, UNIT);
    return;
  }
  const [c, s] = factor;
  const [plus, minus] = sign > 0 ? [o.vadd, o.vsub] : [o.vsub, o.vadd];
  f.store(target, minus.call(o, o.vmul(c, re), o.vmul(s, im)));
  f.store(target, plus.call(o, o.vmul(c, im), o.vmul(s, re)), UNIT);
}

/** One group's pass of any of the kernels: without a table factors are 1, and `inverse` goes back. */
export function monomialTwin(
  from: Float64Array,
  to: Float64Array,
  size: number,
  lanes: number,
  permutation: Int32Array,
  table: Float64Array | undefined,
  inverse: boolean,
): void {
  for (let i = 0; i < size; i++) {
    const c = table === undefined ? 1 : table[2 * i]!;
    const s = table === undefined ? 0 : inverse ? -table[2 * i + 1]! : table[2 * i + 1]!;
    const before = 2 * lanes * i;
    const after = 2 * lanes * permutation[i]!;
    const [source, target] = inverse ? [after, before] : [before, after];
    for (let lane = 0; lane < lanes; lane++) {
      const x = from[source + lane]!;
      const y = from[source + lanes + lane]!;
      to[target + lane] = c * x - s * y;
      to[target + lanes + lane] = c * y + s * x;
    }
  }
}
