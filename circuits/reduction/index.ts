export { isCliffordMatrix } from "./clifford-images.ts";
export { type FoldedCircuit, foldWeights } from "./fold-weights.ts";
export { type ReducedCircuit, type ReduceOptions, reduceCircuit } from "./reduce.ts";
