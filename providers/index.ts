export { bitArray } from "./bit-array.ts";
export { ProviderError, PubError, SimulatorError } from "./errors.ts";
export { type JobContext, LocalJob, LocalJobs } from "./job.ts";
export { broadcastIndices, broadcastShapes, denseArray, toNDArray } from "./ndarray.ts";
export * from "./primitives.ts";
export {
  type CheckedEstimatorPub,
  type CheckedSamplerPub,
  checkEstimatorPubs,
  checkSamplerPubs,
} from "./pub.ts";
export type { ObservableArray } from "./pub-observables.ts";
export type { ParameterRows } from "./pub-values.ts";
export type { Engine, RowExpectationProgram, StatevectorProgram } from "./simulator/engine.ts";
export { shotsFor } from "./simulator/estimator.ts";
export type { StatevectorOptions } from "./simulator/expectation-program.ts";
export { type LocalSimulatorOptions, localSimulator } from "./simulator/local-simulator.ts";
export { type MeasurementGroup, measurementGroups } from "./simulator/measurement-groups.ts";
export { assertStateFits, availableBytes, maxQubitsFor } from "./simulator/memory.ts";
export { createStatevectorEngine } from "./simulator/statevector-engine.ts";
