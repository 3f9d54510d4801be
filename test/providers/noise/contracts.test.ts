import { describe, test } from "vitest";
import { NoiseModel, noisySimulator } from "../../../providers/index.ts";
import { estimatorContract, samplerContract } from "../../contracts/index.ts";

const perfect = NoiseModel.build(() => {});

describe("noisy simulator without noise, density matrices", () => {
  const backend = () => noisySimulator({ noise: perfect, seed: 3 });
  describe("estimator contract, exact", () => {
    for (const { name, run } of estimatorContract({ backend, atol: 1e-10 })) test(name, run);
  });
  describe("estimator contract, sampled", () => {
    for (const { name, run } of estimatorContract({ backend, atol: 0.1, precision: 0.02 })) test(name, run);
  });
  describe("sampler contract", () => {
    for (const { name, run } of samplerContract({ backend })) test(name, run);
  });
});

describe("noisy simulator without noise, trajectories", () => {
  const backend = () => noisySimulator({ noise: perfect, seed: 3, method: "trajectories" });
  describe("estimator contract, sampled", () => {
    for (const { name, run } of estimatorContract({ backend, atol: 0.1, precision: 0.02 })) test(name, run);
  });
  describe("sampler contract", () => {
    for (const { name, run } of samplerContract({ backend })) test(name, run);
  });
});
