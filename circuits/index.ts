export {
  abs,
  acos,
  add,
  asin,
  atan,
  atan2,
  cos,
  divide,
  exp,
  hypot,
  ln,
  multiply,
  negate,
  pow,
  product,
  sin,
  sqrt,
  subtract,
  sum,
  tan,
  tanh,
} from "./arithmetic.ts";
export { CircuitBuilder } from "./builder.ts";
export { causalCone } from "./causal-cone.ts";
export { assertBound, Circuit, type ClassicalRegister, type NamedValues, operationName } from "./circuit.ts";
export { describeNumber, describeValue } from "./describe-value.ts";
export { drawSvg, drawText, type SvgOptions } from "./draw/index.ts";
export {
  CircuitError,
  LeptonError,
  ObservableError,
  ParameterError,
  QasmError,
  type SourcePosition,
  TranspilerError,
} from "./errors.ts";
export { type Angle, ParameterExpression } from "./expression.ts";
export {
  frequenciesOf,
  GATES,
  type GateCall,
  type GateName,
  type GateSpec,
  gateSpec,
  isGateName,
  type PhaseTerm,
} from "./gates.ts";
export * from "./hamiltonians/index.ts";
export type { CircuitJSON } from "./json.ts";
export * from "./library/index.ts";
export { complexMatrix, type Matrix } from "./matrices.ts";
export { type PauliTerm, SparsePauliOp } from "./observable.ts";
export type {
  BarrierOperation,
  Condition,
  DelayOperation,
  DurationUnit,
  GateOperation,
  IfOperation,
  MeasureOperation,
  Operation,
  ResetOperation,
  UnitaryKind,
  UnitaryOperation,
} from "./operation.ts";
export { clbitsOf, mapOperation, operationMatrix, qubitsOf } from "./operation.ts";
export { optionsFault } from "./options-fault.ts";
export { input, Parameter, type ParameterRole, ParameterVector, weight } from "./parameter.ts";
export {
  multiplyPaulis,
  type PauliLetter,
  type PauliMap,
  type PauliString,
  pauliBasisImage,
  pauliKey,
  pauliLabel,
} from "./pauli.ts";
export {
  type ParseOptions,
  type PrintedQasm3,
  type PrintQasm3Options,
  parseQasm,
  parseQasmProgram,
  printQasm2,
  printQasm3,
  printQasm3Program,
  type QasmProgram,
  type QubitRegister,
} from "./qasm/index.ts";
export {
  type FoldedCircuit,
  foldWeights,
  isCliffordMatrix,
  type ReducedCircuit,
  type ReduceOptions,
  reduceCircuit,
} from "./reduction/index.ts";
export { Rng } from "./rng.ts";
export { type Slot, SlotProgram, slotsOf } from "./slots.ts";
export { circuitMatrix } from "./transformations.ts";
export * from "./transpiler/index.ts";
