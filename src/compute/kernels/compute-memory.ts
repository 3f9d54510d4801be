import {
  type CompiledModule,
  type KernelTarget,
  kernelMemory,
  type LinearMemory,
  ModuleBuilder,
  webAssembly,
} from "../../../providers/simulator/wasm/index.ts";
import { emitActivations } from "./activations.ts";
import type { KernelEmitter } from "./columns.ts";
import { emitDepthwise } from "./depthwise.ts";
import { emitDropout } from "./dropout.ts";
import { emitHeads } from "./heads.ts";
import { emitNormalization } from "./normalization.ts";
import { emitOptimizers } from "./optimizers.ts";
import { emitPooling } from "./pooling.ts";
import { emitProduct } from "./product.ts";
import { emitProductGradient } from "./product-gradient.ts";
import { emitRows } from "./rows.ts";

const KERNELS: readonly KernelEmitter[] = [
  emitActivations,
  emitDepthwise,
  emitDropout,
  emitHeads,
  emitNormalization,
  emitOptimizers,
  emitPooling,
  emitProduct,
  emitProductGradient,
  emitRows,
];

export const TARGET: KernelTarget = { addressBits: 32, realBits: 32, shared: false };

/** The kernels' functions by name: addresses and lengths in bytes, counts, and real numbers. */
export type ComputeKernels = Readonly<Record<string, (...args: number[]) => void>>;

let compiled: CompiledModule | undefined;

/** The module of all kernels, emitted and compiled at first use. */
function computeModule(): CompiledModule {
  if (compiled === undefined) {
    const builder = new ModuleBuilder(TARGET);
    for (const emit of KERNELS) emit(builder);
    compiled = new webAssembly.Module(builder.finish());
  }
  return compiled;
}

/** Linear memory of one network, with the kernels that work on it. It is as large as it is made. */
export class ComputeMemory {
  readonly memory: LinearMemory;
  readonly kernels: ComputeKernels;
  readonly f32: Float32Array;
  readonly u32: Uint32Array;

  /** @throws RangeError where the machine has no room */
  constructor(bytes: number) {
    this.memory = kernelMemory(TARGET, bytes);
    const { exports } = new webAssembly.Instance(computeModule(), { env: { memory: this.memory } });
    // A plain object: its properties are found faster than those of an exports object.
    this.kernels = { ...(exports as ComputeKernels) };
    this.f32 = new Float32Array(this.memory.buffer);
    this.u32 = new Uint32Array(this.memory.buffer);
  }

  /** `count` numbers at an address. */
  view(address: number, count: number): Float32Array {
    return this.f32.subarray(address / 4, address / 4 + count);
  }
}
