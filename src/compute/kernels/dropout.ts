import {
  type FunctionBuilder,
  integers,
  type Operations,
  type Variable,
} from "../../../providers/simulator/wasm/index.ts";
import { type KernelEmitter, UNIT } from "./columns.ts";

/** A round that spreads every bit of a word over all: the finaliser of MurmurHash3 (A. Appleby). */
function spreadBits(f: FunctionBuilder, o: Operations, word: Variable<"v128">): void {
  const { i32Mul, i32Constant, i32ShiftRight } = integers;
  const xor = o.vxor.bind(o);
  f.set(word, xor(word, i32ShiftRight(word, 16)));
  f.set(word, i32Mul(word, i32Constant(0x85ebca6b | 0)));
  f.set(word, xor(word, i32ShiftRight(word, 13)));
  f.set(word, i32Mul(word, i32Constant(0xc2b2ae35 | 0)));
  f.set(word, xor(word, i32ShiftRight(word, 16)));
}

/**
 * dropout(from, to, bytes, key1, key2, threshold, scale): number i of `to` is 0 where a hash of i and the keys, 32 random bits, is
 * below `threshold` (u32), and scale·from elsewhere. The same keys drop the same numbers, so the gradient is the same call.
 * Whole vectors up to `bytes`.
 */
export const emitDropout: KernelEmitter = (module) => {
  module.add(
    "dropout",
    {
      from: "index",
      to: "index",
      bytes: "index",
      key1: "index",
      key2: "index",
      threshold: "index",
      scale: "real",
    },
    (f, p, o) => {
      const key1 = f.vector(integers.i32Splat(p.key1));
      const key2 = f.vector(integers.i32Splat(p.key2));
      const threshold = f.vector(integers.i32Splat(p.threshold));
      const scale = f.vector(o.splat(p.scale));
      const count = f.vector(integers.i32Lanes(0, 1, 2, 3));
      f.loop(o.at(0), p.bytes, o.at(UNIT), (offset) => {
        const word = f.vector(integers.i32Add(count, key1));
        spreadBits(f, o, word);
        f.set(word, integers.i32Add(word, key2));
        spreadBits(f, o, word);
        const isDropped = integers.i32LessUnsigned(word, threshold);
        const kept = o.vmul(o.load(o.add(p.from, offset)), scale);
        f.store(o.add(p.to, offset), o.select(o.constant(0), kept, isDropped));
        f.set(count, integers.i32Add(count, integers.i32Constant(4)));
      });
    },
  );
};
