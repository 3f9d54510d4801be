import { float, signed, unsigned } from "./encoding.ts";

/**
 * Types of values. `index` is an address or a count: i32 in 32-bit memories, i64 in 64-bit ones. `real` is the number of
 * one lane, f64 or f32.
 */
export type ValueType = "index" | "i32" | "real" | "v128";

/** Bytes of instructions in order. Nested, so that putting expressions together copies nothing. */
export type Code = readonly (number | Code)[];

/** An expression of a type, as the bytes that leave its value on the stack. */
export interface Expression<Type extends ValueType = ValueType> {
  readonly type: Type;
  readonly code: Code;
}

export type Index = Expression<"index">;
export type I32 = Expression<"i32">;
export type Real = Expression<"real">;
export type V128 = Expression<"v128">;

/** What a module's kernels are emitted for. */
export interface KernelTarget {
  /** Width of addresses in bits: 64 for memories above 4 GiB. */
  readonly addressBits: 32 | 64;
  /** Width of real numbers in bits: two lanes of 64 or four of 32 in a vector. */
  readonly realBits: 32 | 64;
  /** Whether the memory is shared between threads. */
  readonly shared: boolean;
}

const SIMD = 0xfd;

function expression<Type extends ValueType>(type: Type, ...code: Code): Expression<Type> {
  return { type, code };
}

/** The instructions that kernels are written in, in the widths of one target; see the WebAssembly 2.0 specification, 5.4. */
export class Operations {
  readonly target: KernelTarget;
  /** Lanes of a vector: 2 of f64 or 4 of f32. */
  readonly lanes: 2 | 4;
  readonly realBytes: 4 | 8;

  constructor(target: KernelTarget) {
    this.target = target;
    this.lanes = target.realBits === 64 ? 2 : 4;
    this.realBytes = target.realBits === 64 ? 8 : 4;
  }

  /** A constant index. */
  at(value: number): Index {
    // An i32 constant from 2^31 on is written as the negative number with the same bits.
    return expression("index", this.#wide ? 0x42 : 0x41, signed(this.#wide ? value : value | 0));
  }
  add(...terms: readonly Index[]): Index {
    return terms.reduce((a, b) => expression("index", a.code, b.code, this.#wide ? 0x7c : 0x6a));
  }
  sub(a: Index, b: Index): Index {
    return expression("index", a.code, b.code, this.#wide ? 0x7d : 0x6b);
  }
  mul(a: Index, b: Index): Index {
    return expression("index", a.code, b.code, this.#wide ? 0x7e : 0x6c);
  }
  and(a: Index, b: Index): Index {
    return expression("index", a.code, b.code, this.#wide ? 0x83 : 0x71);
  }
  or(a: Index, b: Index): Index {
    return expression("index", a.code, b.code, this.#wide ? 0x84 : 0x72);
  }
  xor(a: Index, b: Index): Index {
    return expression("index", a.code, b.code, this.#wide ? 0x85 : 0x73);
  }
  /** All bits inverted. */
  not(a: Index): Index {
    return this.xor(a, this.at(-1));
  }
  shl(a: Index, bits: Index): Index {
    return expression("index", a.code, bits.code, this.#wide ? 0x86 : 0x74);
  }
  shr(a: Index, bits: Index): Index {
    return expression("index", a.code, bits.code, this.#wide ? 0x88 : 0x76);
  }
  lt(a: Index, b: Index): I32 {
    return expression("i32", a.code, b.code, this.#wide ? 0x54 : 0x49);
  }
  equal(a: Index, b: Index): I32 {
    return expression("i32", a.code, b.code, this.#wide ? 0x51 : 0x46);
  }
  notEqual(a: Index, b: Index): I32 {
    return expression("i32", a.code, b.code, this.#wide ? 0x52 : 0x47);
  }
  /** 1 where an odd number of bits is set. */
  parity(a: Index): I32 {
    const count = this.#wide ? [a.code, 0x7b, 0xa7] : [a.code, 0x69];
    return expression("i32", count, 0x41, 1, 0x71);
  }
  /** An unsigned 32-bit integer in memory, as tables of basis states hold them. */
  loadIndex(address: Index, offset = 0): Index {
    const loaded = [address.code, 0x28, 2, unsigned(offset)];
    return expression("index", loaded, this.#wide ? 0xad : []);
  }

  i32(value: number): I32 {
    return expression("i32", 0x41, signed(value));
  }
  i32And(a: I32, b: I32): I32 {
    return expression("i32", a.code, b.code, 0x71);
  }
  i32Equal(a: I32, b: I32): I32 {
    return expression("i32", a.code, b.code, 0x46);
  }
  isZero(a: I32): I32 {
    return expression("i32", a.code, 0x45);
  }
  wrap(a: Index): I32 {
    return expression("i32", a.code, this.#wide ? 0xa7 : []);
  }

  /** A constant number. */
  number(value: number): Real {
    return expression("real", this.#double ? 0x44 : 0x43, float(value, this.target.realBits));
  }
  realAdd(a: Real, b: Real): Real {
    return expression("real", a.code, b.code, this.#double ? 0xa0 : 0x92);
  }
  realSub(a: Real, b: Real): Real {
    return expression("real", a.code, b.code, this.#double ? 0xa1 : 0x93);
  }
  realMul(a: Real, b: Real): Real {
    return expression("real", a.code, b.code, this.#double ? 0xa2 : 0x94);
  }
  realDiv(a: Real, b: Real): Real {
    return expression("real", a.code, b.code, this.#double ? 0xa3 : 0x95);
  }
  realNeg(a: Real): Real {
    return expression("real", a.code, this.#double ? 0x9a : 0x8c);
  }
  loadReal(address: Index, offset = 0): Real {
    return expression("real", address.code, this.#double ? 0x2b : 0x2a, this.#double ? 3 : 2, unsigned(offset));
  }

  load(address: Index, offset = 0): V128 {
    return this.#vector([address], 0x00, [4, ...unsigned(offset)]);
  }
  /** One number of memory in all lanes. */
  loadSplat(address: Index, offset = 0): V128 {
    return this.#vector([address], this.#double ? 0x0a : 0x09, [this.#double ? 3 : 2, ...unsigned(offset)]);
  }
  splat(a: Real): V128 {
    return this.#vector([a], this.#double ? 0x14 : 0x13);
  }
  /** A constant vector; give one number for all lanes or one for each. */
  constant(...values: readonly number[]): V128 {
    const lanes = Array.from({ length: this.lanes }, (_, lane) => values[lane % values.length]!);
    return this.#vector(
      [],
      0x0c,
      lanes.flatMap((value) => float(value, this.target.realBits)),
    );
  }
  vadd(a: V128, b: V128): V128 {
    return this.#vector([a, b], this.#double ? 0xf0 : 0xe4);
  }
  vsub(a: V128, b: V128): V128 {
    return this.#vector([a, b], this.#double ? 0xf1 : 0xe5);
  }
  vmul(a: V128, b: V128): V128 {
    return this.#vector([a, b], this.#double ? 0xf2 : 0xe6);
  }
  vdiv(a: V128, b: V128): V128 {
    return this.#vector([a, b], this.#double ? 0xf3 : 0xe7);
  }
  vsqrt(a: V128): V128 {
    return this.#vector([a], this.#double ? 0xef : 0xe3);
  }
  /** b where a < b, else a: so a where either is NaN. */
  vlarger(a: V128, b: V128): V128 {
    return this.#vector([a, b], this.#double ? 0xf7 : 0xeb);
  }
  /** b where b < a, else a: so a where either is NaN. */
  vsmaller(a: V128, b: V128): V128 {
    return this.#vector([a, b], this.#double ? 0xf6 : 0xea);
  }
  vneg(a: V128): V128 {
    return this.#vector([a], this.#double ? 0xed : 0xe1);
  }
  vabs(a: V128): V128 {
    return this.#vector([a], this.#double ? 0xec : 0xe0);
  }
  /** Rounded to the nearest integer, ties to even. */
  nearest(a: V128): V128 {
    return this.#vector([a], this.#double ? 0x94 : 0x6a);
  }
  floor(a: V128): V128 {
    return this.#vector([a], this.#double ? 0x75 : 0x68);
  }
  /** All bits of a lane set where a < b. */
  vlt(a: V128, b: V128): V128 {
    return this.#vector([a, b], this.#double ? 0x49 : 0x43);
  }
  vequal(a: V128, b: V128): V128 {
    return this.#vector([a, b], this.#double ? 0x47 : 0x41);
  }
  vand(a: V128, b: V128): V128 {
    return this.#vector([a, b], 0x4e);
  }
  vor(a: V128, b: V128): V128 {
    return this.#vector([a, b], 0x50);
  }
  vxor(a: V128, b: V128): V128 {
    return this.#vector([a, b], 0x51);
  }
  /** Bits of `a` where `mask` is set, of `b` elsewhere. */
  select(a: V128, b: V128, mask: V128): V128 {
    return this.#vector([a, b, mask], 0x52);
  }
  /** Lanes picked from a (0 to lanes - 1) and b (from lanes on). */
  shuffle(a: V128, b: V128, ...lanes: readonly number[]): V128 {
    const bytes = lanes.flatMap((lane) => Array.from({ length: this.realBytes }, (_, k) => lane * this.realBytes + k));
    return this.#vector([a, b], 0x0d, bytes);
  }
  lane(a: V128, lane: number): Real {
    return expression("real", a.code, SIMD, unsigned(this.#double ? 0x21 : 0x1f), lane);
  }
  /** The sum of all lanes, always in the same order. */
  sumLanes(a: V128): Real {
    let sum = this.lane(a, 0);
    for (let lane = 1; lane < this.lanes; lane++) sum = this.realAdd(sum, this.lane(a, lane));
    return sum;
  }

  #vector(operands: readonly Expression[], opcode: number, immediates: readonly number[] = []): V128 {
    return expression("v128", ...operands.map(({ code }) => code), SIMD, unsigned(opcode), immediates);
  }
  get #wide(): boolean {
    return this.target.addressBits === 64;
  }
  get #double(): boolean {
    return this.target.realBits === 64;
  }
}
