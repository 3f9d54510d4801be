export { type AnsatzChoice, type AnsatzRow, type ChooseAnsatzOptions, chooseAnsatz } from "./choose-ansatz.ts";
export {
  type CompressCircuitOptions,
  type CompressedCircuit,
  type CompressedPoint,
  compressCircuit,
} from "./compress-circuit.ts";
export { type EnergyObjectiveOptions, energyObjective } from "./energy-objective.ts";
export { type AngleGrid, type TunableGate, tunableGates } from "./gates.ts";
export { type HardwareCost, type HardwareStep, hardwareCost } from "./hardware-cost.ts";
export type { CircuitObjective, OutputSlopes, RowScore, Score } from "./objective.ts";
export { type Criterion, paretoFront } from "./pareto.ts";
export { type RemovalCriterion, type RemoveOptions, removeGates, removeSmallAngles } from "./remove-gates.ts";
export { type LabelledRows, type RowLoss, type RowsObjectiveOptions, rowsObjective } from "./rows-objective.ts";
export type { CompressionBudget, CompressionProgress, CompressionStage, SearchOptions } from "./search.ts";
export { type LossSensitivity, lossSensitivity, type QuantumFisher, quantumFisherDiagonal } from "./sensitivity.ts";
export { ansatzBlocks, type Block, type ShrinkOptions, shrinkAnsatz } from "./shrink-ansatz.ts";
export { type SnapOptions, snapAngles, snapSmallAngles } from "./snap-angles.ts";
export {
  type CircuitSize,
  type Compressed,
  type CompressionReport,
  reduceTrained,
  type TrainedCircuit,
} from "./trained-circuit.ts";
