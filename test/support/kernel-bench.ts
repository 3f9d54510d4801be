import { expect } from "vitest";
import { Rng } from "../../circuits/index.ts";
import { bindKernels, type Kernels } from "../../providers/simulator/kernels/bound-kernels.ts";
import type { KernelEmitter } from "../../providers/simulator/kernels/kernel.ts";
import {
  type KernelTarget,
  kernelMemory,
  type LinearMemory,
  ModuleBuilder,
  webAssembly,
} from "../../providers/simulator/wasm/index.ts";

/** Every target that the running Node can load; memories of 64-bit addresses came with Node 24. */
export const TARGETS: readonly KernelTarget[] = ([32, 64] as const)
  .flatMap((addressBits) =>
    ([64, 32] as const).flatMap((realBits) => [false, true].map((shared) => ({ addressBits, realBits, shared }))),
  )
  .filter((target) => target.addressBits === 32 || webAssembly.validate(new ModuleBuilder(target).finish()));

export const DOUBLE_TARGETS = TARGETS.filter(({ realBits }) => realBits === 64);

const BYTES = 1 << 18;
/** Bytes between arrays, so that a kernel that writes beyond one is found out. */
const GAP = 48;

interface Bound {
  readonly memory: LinearMemory;
  readonly kernels: Kernels;
}

const bound = new WeakMap<KernelEmitter, Map<string, Bound>>();

/** The functions of one emitter alone, in a module of their own. */
function bind(emit: KernelEmitter, target: KernelTarget): Bound {
  const key = JSON.stringify(target);
  const own = bound.get(emit) ?? new Map<string, Bound>();
  bound.set(emit, own);
  let found = own.get(key);
  if (found === undefined) {
    const builder = new ModuleBuilder(target);
    emit(builder);
    const memory = kernelMemory(target, BYTES);
    found = { memory, kernels: bindKernels(new webAssembly.Module(builder.finish()), memory) };
    own.set(key, found);
  }
  return found;
}

/**
 * Memory full of random bytes in which a test lays out arrays of numbers for the kernels of one emitter. It is watched: what
 * a kernel writes outside the arrays that it may write fails the test.
 */
export class KernelBench {
  readonly target: KernelTarget;
  /** Numbers in a unit. */
  readonly lanes: number;
  readonly realBytes: number;
  readonly rng: Rng;
  readonly #kernels: Kernels;
  readonly #bytes: Uint8Array;
  readonly #reals: Float64Array | Float32Array;
  readonly #u32: Uint32Array;
  #end = GAP;

  constructor(emit: KernelEmitter, target: KernelTarget, seed: number) {
    const { memory, kernels } = bind(emit, target);
    this.target = target;
    this.lanes = 128 / target.realBits;
    this.realBytes = target.realBits / 8;
    this.rng = Rng.seed(seed);
    this.#kernels = kernels;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#u32 = new Uint32Array(memory.buffer);
    this.#reals = target.realBits === 64 ? new Float64Array(memory.buffer) : new Float32Array(memory.buffer);
    const word = this.rng.uint32();
    for (let i = 0; i < this.#u32.length; i++) this.#u32[i] = Math.imul(word ^ i, 2654435761);
  }

  /** Random numbers in [-1, 1), as the target rounds them. */
  random(length: number): Float64Array {
    const draw = Float64Array.from({ length }, () => 2 * this.rng.uniform() - 1);
    return this.target.realBits === 64 ? draw : Float64Array.from(Float32Array.from(draw));
  }

  /** Lays out numbers and returns their address. */
  reals(values: ArrayLike<number>): number {
    const address = this.#take(values.length * this.realBytes);
    this.#reals.set(values, address / this.realBytes);
    return address;
  }

  indices(values: ArrayLike<number>): number {
    const address = this.#take(4 * values.length);
    this.#u32.set(values, address / 4);
    return address;
  }

  read(address: number, length: number): Float64Array {
    const from = address / this.realBytes;
    return Float64Array.from(this.#reals.subarray(from, from + length));
  }

  /** Calls a kernel that may write to these arrays only. */
  run(name: string, args: readonly number[], writes: readonly (readonly [address: number, length: number])[]): void {
    const before = this.#bytes.slice();
    this.#kernels[name]!(...args);
    const allowed = [...writes].sort(([a], [b]) => a - b);
    let from = 0;
    for (const [address, length] of [...allowed, [this.#bytes.length, 0] as const]) {
      if (Buffer.compare(before.subarray(from, address), this.#bytes.subarray(from, address)) !== 0)
        expect.unreachable(`${name} wrote between the bytes ${from} and ${address}`);
      from = address + length * this.realBytes;
    }
  }

  /** Fails unless the numbers at an address are the expected ones, up to the roundings of `operations` operations. */
  expectReals(address: number, expected: Float64Array, operations: number): void {
    const epsilon = this.target.realBits === 64 ? Number.EPSILON : 2 ** -23;
    const tolerance = epsilon * operations;
    const actual = this.read(address, expected.length);
    for (const [i, value] of expected.entries())
      if (!(Math.abs(actual[i]! - value) <= tolerance))
        expect.unreachable(`number ${i} is ${actual[i]}, not ${value} (off by more than ${tolerance})`);
  }

  #take(bytes: number): number {
    const address = this.#end;
    this.#end = Math.ceil((address + bytes) / 16) * 16 + GAP;
    if (this.#end > BYTES) throw new Error("the arrays of this test do not fit into its memory");
    return address;
  }
}
