export { CompileCache } from "./cache.ts";
export { compile } from "./compile.ts";
export type { CompiledCircuit, CompiledMetrics, CompileOptions, Effort } from "./compiled-circuit.ts";
export { type IsaFault, type IsaOptions, isaAngleFaults, isaFaults } from "./isa.ts";
export { metricsOf } from "./metrics.ts";
export {
  ENTANGLERS,
  type Entangler,
  type IbmConfiguration,
  type IbmNduv,
  type IbmProperties,
  type InstructionProperties,
  type QubitProperties,
  Target,
  type TargetOptions,
} from "./target.ts";
