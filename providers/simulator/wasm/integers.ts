import { signed, unsigned } from "./encoding.ts";
import type { Code, Expression, Index, V128 } from "./operations.ts";

const SIMD = 0xfd;

function vector(operands: readonly Expression[], opcode: number, immediates: Code = [], lastOperand: Code = []): V128 {
  return { type: "v128", code: [...operands.map(({ code }) => code), lastOperand, SIMD, unsigned(opcode), immediates] };
}

const binary =
  (opcode: number) =>
  (a: V128, b: V128): V128 =>
    vector([a, b], opcode);
const unary =
  (opcode: number) =>
  (a: V128): V128 =>
    vector([a], opcode);

/**
 * Instructions on lanes of integers, the same for every target; see the WebAssembly 2.0 specification, 5.4.9. Lanes are
 * signed. A name says the lanes of the result, as WebAssembly's own does.
 */
export const integers = {
  /** Four i32. */
  i32Lanes: (...values: readonly [number, number, number, number]): V128 =>
    vector([], 0x0c, [...new Uint8Array(Int32Array.from(values).buffer)]),
  /** The same i32 in four lanes. */
  i32Constant: (value: number): V128 => ({ type: "v128", code: [0x41, signed(value), SIMD, unsigned(0x11)] }),
  /** Four bytes of memory in each of the four lanes. */
  load32Splat: (address: Index, offset = 0): V128 => vector([address], 0x09, [0, unsigned(offset)]),
  /** Eight bytes of memory in the lower half, zeros in the upper. */
  load64Zero: (address: Index, offset = 0): V128 => vector([address], 0x5d, [0, unsigned(offset)]),
  /** Eight bytes of memory as eight i16. */
  load8x8: (address: Index, offset = 0): V128 => vector([address], 0x01, [0, unsigned(offset)]),
  /** `value` with one of its lanes, of so many bytes, from memory. */
  loadLane: (bytes: 1 | 2, address: Index, value: V128, lane: number): V128 => ({
    type: "v128",
    code: [address.code, value.code, SIMD, unsigned(bytes === 1 ? 0x54 : 0x55), 0, 0, lane],
  }),
  /** An i32 lane as an address or a part of one, in memories of 32 bits. */
  addressLane: (a: V128, lane: number): Index => ({ type: "index", code: [a.code, SIMD, 0x1b, lane] }),

  i8Max: binary(0x78),
  /** The i16 lanes of a, then those of b, held to -128 to 127. */
  i8Narrow: binary(0x65),

  i16Add: binary(0x8e),
  i16Max: binary(0x98),
  i16Min: binary(0x96),
  i16ExtendLow: unary(0x87),
  /** The i32 lanes of a, then those of b, held to -32768 to 32767. */
  i16Narrow: binary(0x85),
  /**
   * Sums of two products each: of signed bytes of a with bytes of b that are 0 to 127. Only in engines with relaxed SIMD; for
   * such b all of them give the same, since no sum leaves the i16.
   */
  i16DotRelaxed: binary(0x112),

  /** An index in four lanes, in memories of 32 bits. */
  i32Splat: (a: Index): V128 => vector([a], 0x11),
  /** Bits moved up by a number of places. */
  i32ShiftLeft: (a: V128, bits: number): V128 => vector([a], 0xab, undefined, [0x41, signed(bits)]),
  /** Bits moved down by a number of places, zeros from above. */
  i32ShiftRight: (a: V128, bits: number): V128 => vector([a], 0xad, undefined, [0x41, signed(bits)]),
  i32Add: binary(0xae),
  i32Sub: binary(0xb1),
  /** The lower 32 bits of products. */
  i32Mul: binary(0xb5),
  /** All bits of a lane set where a < b, of unsigned lanes. */
  i32LessUnsigned: binary(0x3a),
  i32Min: binary(0xb6),
  i32Max: binary(0xb8),
  i32ExtendLow: unary(0xa7),
  i32ExtendHigh: unary(0xa8),
  /** Sums of two products each, of i16 lanes. */
  i32Dot: binary(0xba),
  /** c and four products each: of signed bytes of a with bytes of b that are 0 to 127; as `i16DotRelaxed` else. */
  i32DotAddRelaxed: (a: V128, b: V128, c: V128): V128 => vector([a, b, c], 0x113),
  /** Of f32 lanes, rounded towards 0 and held to what an i32 can be. */
  i32Truncate: unary(0xf8),

  /** Of i32 lanes, rounded to nearest, ties to even. */
  f32Convert: unary(0xfa),
} as const;
