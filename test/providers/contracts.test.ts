import { describe, test } from "vitest";
import { localSimulator } from "../../providers/index.ts";
import { estimatorContract, samplerContract } from "../contracts/index.ts";
import { createReferenceEngine } from "../support/reference-engine.ts";

const simulators = [
  ["statevector engine", () => localSimulator({ seed: 3 })],
  ["reference engine", () => localSimulator({ seed: 3, engine: createReferenceEngine() })],
] as const;

describe.each(simulators)("local simulator on the %s", (_, backend) => {
  describe("estimator contract, exact", () => {
    for (const { name, run } of estimatorContract({ backend, atol: 1e-10 })) test(name, run);
  });
  describe("estimator contract, sampled", () => {
    for (const { name, run } of estimatorContract({ backend, atol: 0.1, precision: 0.02 })) test(name, run);
  });
  describe("sampler contract", () => {
    for (const { name, run } of samplerContract({ backend, skip: {} })) test(name, run);
  });
});
