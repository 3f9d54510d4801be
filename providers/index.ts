export { bitArray } from "./bit-array.ts";
export { type Clock, systemClock, wallClock } from "./clock.ts";
export {
  type DeviceSimulator,
  type DeviceSimulatorOptions,
  deviceSimulator,
  type PlanningEstimator,
  type PlanningSampler,
} from "./device-simulator.ts";
export { DEVICE_NAMES, type DeviceDescription, loadDevice, loadTarget } from "./devices/index.ts";
export { ProviderError, PubError, SimulatorError } from "./errors.ts";
export {
  executionsOf,
  type IsaAnswer,
  type IsaEstimatorJob,
  type IsaEstimatorPub,
  type IsaSamplerPub,
  isaEstimatorPubs,
  isaSamplerPubs,
  JOB_OVERHEAD_SECONDS,
  planIsaPubs,
} from "./isa-pubs.ts";
export { type JobContext, LocalJob, LocalJobs } from "./job.ts";
export { broadcastIndices, broadcastShapes, denseArray, toNDArray } from "./ndarray.ts";
export { nearNames } from "./near-names.ts";
export * from "./primitives.ts";
export {
  type CheckedEstimatorPub,
  type CheckedSamplerPub,
  checkEstimatorPubs,
  checkSamplerPubs,
  type PubLimits,
} from "./pub.ts";
export type { ObservableArray } from "./pub-observables.ts";
export type { ParameterRows } from "./pub-values.ts";
export { shotsFor } from "./shots.ts";
export { type Block, blocksOf } from "./simulator/blocks.ts";
export type { Dtype } from "./simulator/dtype.ts";
export type { Engine, RowExpectationProgram, StatevectorProgram } from "./simulator/engine.ts";
export { type LocalSimulatorOptions, localSimulator } from "./simulator/local-simulator.ts";
export { type MeasurementGroup, measurementGroups } from "./simulator/measurement-groups.ts";
export { assertStateFits, availableBytes, maxQubitsFor } from "./simulator/memory.ts";
export { NoiseChannel } from "./simulator/noise/channel.ts";
export type { ChannelKind, ChannelSpec } from "./simulator/noise/channel-table.ts";
export { densityMatrix } from "./simulator/noise/density-matrix.ts";
export {
  type ChannelRule,
  NoiseModel,
  type NoiseModelBuilder,
  type NoiseModelJSON,
  type ReadoutMatrix,
  type Relaxation,
} from "./simulator/noise/noise-model.ts";
export type { NoisyMethod } from "./simulator/noise/noisy-parts.ts";
export { type NoisySimulatorOptions, noisySimulator } from "./simulator/noise/noisy-simulator.ts";
export { StateMemory } from "./simulator/state-memory.ts";
export { createStatevectorEngine, type StatevectorOptions } from "./simulator/statevector-engine.ts";
export {
  type CompiledModule,
  type FunctionBuilder,
  type I32,
  type Index,
  integers,
  type KernelTarget,
  kernelMemory,
  type LinearMemory,
  ModuleBuilder,
  type Operations,
  type Real,
  type V128,
  type Variable,
  webAssembly,
} from "./simulator/wasm/index.ts";
