import { describe, test } from "vitest";
import { localSimulator } from "../../providers/index.ts";
import { differentiableContract, estimatorContract, samplerContract } from "../contracts/index.ts";
import { createReferenceEngine } from "../support/reference-engine.ts";

/** The slow twin holds what it is asked to hold, however long that takes. */
const noLimit = { "refuses circuits of more qubits than its limit": "the reference engine checks no memory" };
const simulators = [
  ["statevector engine", () => localSimulator({ seed: 3 }), {}],
  ["reference engine", () => localSimulator({ seed: 3, engine: createReferenceEngine() }), noLimit],
] as const;

describe.each(simulators)("local simulator on the %s", (_, backend, skip) => {
  describe("estimator contract, exact", () => {
    for (const { name, run } of estimatorContract({ backend, atol: 1e-10, skip })) test(name, run);
  });
  describe("estimator contract, sampled", () => {
    for (const { name, run } of estimatorContract({ backend, atol: 0.1, precision: 0.02, skip })) test(name, run);
  });
  describe("sampler contract", () => {
    for (const { name, run } of samplerContract({ backend, skip })) test(name, run);
  });
});

describe("differentiable contract", () => {
  for (const { name, run } of differentiableContract({ backend: () => localSimulator() })) test(name, run);
});
