/** Linear memory, as far as the simulator uses it; the types of WebAssembly come with those of browsers, not of Node. */
export interface LinearMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  grow(pages: number | bigint): number | bigint;
}

/** A compiled module; it can be posted to other threads. */
export type CompiledModule = object & { readonly compiledModule?: never };

interface MemoryDescriptor {
  readonly address?: "i64";
  readonly initial: number | bigint;
  readonly maximum: number | bigint;
  readonly shared: boolean;
}

interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => CompiledModule;
  readonly Instance: new (
    module: CompiledModule,
    imports: { readonly env: { readonly memory: LinearMemory } },
  ) => { readonly exports: object };
  readonly Memory: new (descriptor: MemoryDescriptor) => LinearMemory;
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

export const webAssembly: WebAssemblyGlobal = (globalThis as unknown as { WebAssembly: WebAssemblyGlobal }).WebAssembly;
