import { initializers, type LayersModel, layers, sequential } from "@tensorflow/tfjs-layers";
import { type Circuit, SparsePauliOp } from "../../circuits/index.ts";
import { angleEmbedding, stronglyEntangling } from "../../circuits/library/index.ts";
import { QuantumLayer } from "./quantum-layer.ts";

export const QUBITS = 4;
export const QUANTUM_LAYERS = 2;

/** One X rotation a feature, then two strongly entangling layers: inputs `x` [4], weights `w` [2, 4, 3]. */
export function digitsCircuit(): Circuit {
  return angleEmbedding({ numQubits: QUBITS }).compose(
    stronglyEntangling({ numQubits: QUBITS, layers: QUANTUM_LAYERS }),
  );
}

/** Z on each qubit. */
export function digitsObservables(): readonly SparsePauliOp[] {
  return Array.from({ length: QUBITS }, (_, qubit) => SparsePauliOp.z(QUBITS, qubit));
}

export const MODELS = ["hybrid", "same without the circuit", "equal-parameter MLP", "logistic regression"] as const;
export type ModelName = (typeof MODELS)[number];

/** An untrained model from 64 pixels to the logits of 10 classes. The seed decides its weights. */
export function buildModel(name: ModelName, seed: number): LayersModel {
  const model = sequential({ name: name.replaceAll(/[^a-z]+/gi, "-") });
  for (const layer of LAYERS[name]((index) => 1 + 100 * seed + index)) model.add(layer);
  return model;
}

type Layer = layers.Layer;

const LAYERS: Readonly<Record<ModelName, (seedOf: (index: number) => number) => readonly Layer[]>> = {
  hybrid: (seedOf) => [
    dense("features", 64, QUBITS, seedOf(0)),
    new QuantumLayer({ name: "quantum", circuit: digitsCircuit(), observables: digitsObservables(), seed: seedOf(1) }),
    dense("head", QUBITS, 10, seedOf(2)),
  ],
  "same without the circuit": (seedOf) => [
    dense("features", 64, QUBITS, seedOf(0)),
    dense("head", QUBITS, 10, seedOf(2)),
  ],
  // A middle of 4-3-4 has as many parameters as the circuit has weights, within a few.
  "equal-parameter MLP": (seedOf) => [
    dense("features", 64, QUBITS, seedOf(0), "tanh"),
    dense("narrow", QUBITS, 3, seedOf(1), "tanh"),
    dense("wide", 3, QUBITS, seedOf(2), "tanh"),
    dense("head", QUBITS, 10, seedOf(3)),
  ],
  "logistic regression": (seedOf) => [dense("head", 64, 10, seedOf(0))],
};

/** A linear layer with weights uniform in ±1/√inputs. */
function dense(
  name: string,
  inputs: number,
  units: number,
  seed: number,
  activation: "linear" | "tanh" = "linear",
): Layer {
  const limit = 1 / Math.sqrt(inputs);
  return layers.dense({
    name,
    inputShape: [inputs],
    units,
    activation,
    kernelInitializer: initializers.randomUniform({ minval: -limit, maxval: limit, seed }),
  });
}
