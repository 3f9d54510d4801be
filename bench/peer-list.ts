import { availableParallelism } from "node:os";
import type { PeerSpec } from "./measure.ts";

// The peers, each as it is best run; docs/performance.md says what each leaves out.

export const PENNYLANE_JAX: PeerSpec = {
  id: "pennylane-jax",
  name: "PennyLane {pennylane} default.qubit, jax {jax} jit",
  environment: "simulators",
  script: "pennylane_jax.py",
};
export const JAX: PeerSpec = {
  id: "jax",
  name: "jax {jax} jit, written by hand",
  environment: "simulators",
  script: "jax_w1.py",
};
export const LIGHTNING: PeerSpec = {
  id: "lightning",
  name: "PennyLane lightning.qubit {lightning}",
  environment: "simulators",
  script: "lightning_engine.py",
};
export const QULACS: PeerSpec = {
  id: "qulacs",
  name: "qulacs {qulacs}",
  environment: "simulators",
  script: "qulacs_engine.py",
};
export const AER: PeerSpec = {
  id: "aer",
  name: "qiskit-aer {qiskit-aer}, whole state",
  environment: "simulators",
  script: "aer_state.py",
};
export const PENNYLANE_TORCH: PeerSpec = {
  id: "pennylane-torch",
  name: "PennyLane {pennylane} default.qubit, torch {torch}",
  environment: "torch",
  script: "pennylane_torch.py",
};
export const QISKIT_TORCH: PeerSpec = {
  id: "qiskit-torch",
  name: "Qiskit Machine Learning {qiskit-machine-learning}, torch {torch}",
  environment: "torch",
  script: "qiskit_torch.py",
  // A second thread changes nothing, and a step takes seconds.
  threads: [availableParallelism()],
};
