export type { ContractCase, ContractOptions } from "./contract-case.ts";
export { type DifferentiableContractOptions, differentiableContract } from "./differentiable-contract.ts";
export { type EstimatorContractOptions, estimatorContract } from "./estimator-contract.ts";
export { type RunStoreContractOptions, runStoreContract } from "./run-store-contract.ts";
export { type SamplerContractOptions, samplerContract } from "./sampler-contract.ts";
export type { StorePlace } from "./store-case.ts";
