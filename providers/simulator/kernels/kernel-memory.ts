import {
  type CompiledModule,
  type KernelTarget,
  kernelMemory,
  type LinearMemory,
  ModuleBuilder,
  webAssembly,
} from "../wasm/index.ts";
import { bindKernels, type Kernels } from "./bound-kernels.ts";
import { emitGivens } from "./givens.ts";
import type { KernelEmitter } from "./kernel.ts";
import { emitLaneDense } from "./lane-dense.ts";
import { emitLaneMonomial } from "./lane-monomial.ts";
import { emitLaneObservable } from "./lane-observable.ts";
import { emitLanePhase } from "./lane-phase.ts";
import { emitLaneRotation } from "./lane-rotation.ts";
import { emitPhaseGradient } from "./phase-gradient.ts";
import { emitPhaseTable } from "./phase-table.ts";
import { emitProductState } from "./product-state.ts";
import { emitQubitStates } from "./qubit-states.ts";
import { emitRotationGradient } from "./rotation-gradient.ts";
import { emitSincos } from "./sincos.ts";
import { emitSpread } from "./spread.ts";
import { emitTileCopy } from "./tile-copy.ts";
import { emitTileGradients } from "./tile-gradients.ts";
import { emitTileObservable } from "./tile-observable.ts";
import { emitTilePermute } from "./tile-permute.ts";
import { emitTilePhases } from "./tile-phases.ts";
import { emitTileUnitary } from "./tile-unitary.ts";

/** Every kernel: its file adds its functions to the module and documents their arguments. */
const KERNELS: readonly KernelEmitter[] = [
  emitGivens,
  emitLaneDense,
  emitLaneMonomial,
  emitLaneObservable,
  emitLanePhase,
  emitLaneRotation,
  emitPhaseGradient,
  emitPhaseTable,
  emitProductState,
  emitQubitStates,
  emitRotationGradient,
  emitSincos,
  emitSpread,
  emitTileCopy,
  emitTileGradients,
  emitTileObservable,
  emitTilePermute,
  emitTilePhases,
  emitTileUnitary,
];

export type { Kernels } from "./bound-kernels.ts";

const modules = new Map<string, CompiledModule>();

/** The module of all kernels for a target, emitted and compiled at first use. */
export function kernelModule(target: KernelTarget): CompiledModule {
  const key = keyOf(target);
  let module = modules.get(key);
  if (module === undefined) {
    const builder = new ModuleBuilder(target);
    for (const emit of KERNELS) emit(builder);
    module = new webAssembly.Module(builder.finish());
    modules.set(key, module);
  }
  return module;
}

/** Takes the module of a target from another thread: to emit it anew takes longer than to post it. */
export function adoptKernelModule(target: KernelTarget, module: CompiledModule): void {
  const key = keyOf(target);
  if (!modules.has(key)) modules.set(key, module);
}

function keyOf({ addressBits, realBits, shared }: KernelTarget): string {
  return `${addressBits} ${realBits} ${shared}`;
}

const PAGE_BYTES = 65536;

/** Linear memory with the kernels that work on it. It can grow but never shrinks; addresses start at 0. */
export class KernelMemory {
  readonly target: KernelTarget;
  readonly memory: LinearMemory;
  readonly kernels: Kernels;
  /** The program whose tables are in the memory, set by it; forgotten when another borrows the memory. */
  contents: object | undefined;
  /** Bytes for which the memory is lent at the moment. */
  lentBytes = 0;
  /** The whole memory as numbers; replaced when the memory grows, so take it anew in each call. */
  f64: Float64Array;
  f32: Float32Array;
  u32: Uint32Array;

  /** @throws RangeError where the machine has no room */
  constructor(target: KernelTarget, bytes: number) {
    this.target = target;
    this.memory = kernelMemory(target, bytes);
    this.kernels = bindKernels(kernelModule(target), this.memory);
    this.f64 = new Float64Array(this.memory.buffer);
    this.f32 = new Float32Array(this.memory.buffer);
    this.u32 = new Uint32Array(this.memory.buffer);
  }

  /** The memory as numbers of the target's width. */
  get reals(): Float64Array | Float32Array {
    return this.target.realBits === 64 ? this.f64 : this.f32;
  }

  get realBytes(): number {
    return this.target.realBits / 8;
  }

  /** Numbers in a unit. */
  get lanes(): number {
    return 128 / this.target.realBits;
  }

  get bytes(): number {
    return this.f64.byteLength;
  }

  /** Grows to at least this many bytes. @throws RangeError where the machine has no room */
  reserve(bytes: number): void {
    if (bytes <= this.bytes) return;
    const pages = Math.ceil((bytes - this.bytes) / PAGE_BYTES);
    this.memory.grow(this.target.addressBits === 64 ? BigInt(pages) : pages);
    this.f64 = new Float64Array(this.memory.buffer);
    this.f32 = new Float32Array(this.memory.buffer);
    this.u32 = new Uint32Array(this.memory.buffer);
  }
}
