export type { FunctionBuilder, Variable } from "./function-builder.ts";
export { integers } from "./integers.ts";
export { kernelMemory, MAX_PAGES, ModuleBuilder } from "./module-builder.ts";
export type { Expression, I32, Index, KernelTarget, Operations, Real, V128 } from "./operations.ts";
export { type CompiledModule, type LinearMemory, webAssembly } from "./webassembly.ts";
