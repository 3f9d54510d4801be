export * from "./circuit/index.ts";
export {
  type CompressedModelCircuit,
  type CompressModelCircuitOptions,
  compressModelCircuit,
} from "./model-circuit.ts";
