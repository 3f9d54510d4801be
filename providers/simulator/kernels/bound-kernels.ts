// Apart from the emitters, which a worker thread can do without: it gets the module compiled.
import { type CompiledModule, type LinearMemory, webAssembly } from "../wasm/webassembly.ts";

/** The kernels' functions by name. All take numbers: addresses and lengths in bytes, integers, reals. */
export type Kernels = Readonly<Record<string, (...args: number[]) => void>>;

/** The kernels bound to a memory; in another thread too, where the memory is shared. */
export function bindKernels(module: CompiledModule, memory: LinearMemory): Kernels {
  // A plain object: its properties are found faster than those of an exports object.
  return { ...(new webAssembly.Instance(module, { env: { memory } }).exports as Kernels) };
}
