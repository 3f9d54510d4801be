import { describe, test } from "vitest";
import { loadTarget } from "../../../providers/devices/index.ts";
import { deviceSimulator, NoiseChannel, NoiseModel } from "../../../providers/index.ts";
import { estimatorContract, samplerContract } from "../../contracts/index.ts";

const torino = loadTarget("torino");
const compile = { effort: 0 } as const;

describe("device simulator without noise", () => {
  const backend = () => deviceSimulator(torino, { noise: false, seed: 3, compile });
  describe("estimator contract, exact", () => {
    for (const { name, run } of estimatorContract({ backend, atol: 1e-9 })) test(name, run);
  });
  describe("sampler contract", () => {
    for (const { name, run } of samplerContract({ backend })) test(name, run);
  });
});

/** As a good device, the same everywhere: which qubits the compiler picks for an idle qubit is no matter of the simulator. */
const noise = NoiseModel.build((n) =>
  n
    .gate("cz", NoiseChannel.depolarizing(0.001, 2))
    .gate("sx", NoiseChannel.depolarizing(0.0001))
    .readout([
      [0.99, 0.01],
      [0.02, 0.98],
    ]),
);

describe("device simulator with noise", () => {
  const backend = () => deviceSimulator(torino, { seed: 3, compile, noise });
  describe("estimator contract, exact", () => {
    for (const { name, run } of estimatorContract({ backend, atol: 0.2 })) test(name, run);
  });
  describe("sampler contract", () => {
    for (const { name, run } of samplerContract({ backend, errorRate: 0.1 })) test(name, run);
  });
});
