export type { CircuitTemplate, TemplateCircuit } from "./circuit-template.ts";
export { connection } from "./connection.ts";
export { perception } from "./perception.ts";
export type {
  BatchInputs,
  ForwardOptions,
  MeasuredOutputs,
  PreparedForward,
  QuantumForward,
  QuantumGradients,
} from "./quantum-forward.ts";
export {
  type CircuitLayerOptions,
  type ComposedLayerOptions,
  type InputGradient,
  QuantumLayer,
  type QuantumLayerConfig,
  type QuantumLayerOptions,
  quantumLayer,
} from "./quantum-layer.ts";
export type { WeightInitializer, WeightInitializers } from "./weight-initializer.ts";
