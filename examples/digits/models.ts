import { initializers, type LayersModel, layers, sequential } from "@tensorflow/tfjs-layers";
import { connection, perception, type QuantumLayer, quantumLayer } from "../../src/index.ts";
import { quantum } from "../../src/tfjs.ts";

const QUBITS = 4;

/** One X rotation a feature, two strongly entangling layers, Z on each qubit: inputs `x` [4], weights `w` [2, 4, 3]. */
function digitsLayer(seed: number): QuantumLayer {
  return quantumLayer({
    qubits: QUBITS,
    perception: perception.angle(),
    connection: connection.stronglyEntangling({ layers: 2 }),
    seed,
  });
}

export const MODELS = ["hybrid", "same without the circuit", "equal-parameter MLP", "logistic regression"] as const;
export type ModelName = (typeof MODELS)[number];

/** An untrained model from 64 pixels to the probabilities of 10 classes. The seed decides its weights. */
export function buildModel(name: ModelName, seed: number): LayersModel {
  const model = sequential({ name: name.replaceAll(/[^a-z]+/gi, "-") });
  for (const layer of LAYERS[name]((index) => 1 + 100 * seed + index)) model.add(layer);
  return model;
}

type Layer = layers.Layer;

const LAYERS: Readonly<Record<ModelName, (seedOf: (index: number) => number) => readonly Layer[]>> = {
  hybrid: (seedOf) => [
    dense("features", 64, QUBITS, seedOf(0)),
    quantum(digitsLayer(seedOf(1)), { name: "quantum" }),
    dense("head", QUBITS, 10, seedOf(2), "softmax"),
  ],
  "same without the circuit": (seedOf) => [
    dense("features", 64, QUBITS, seedOf(0)),
    dense("head", QUBITS, 10, seedOf(2), "softmax"),
  ],
  // A middle of 4-3-4 has as many parameters as the circuit has weights, within a few.
  "equal-parameter MLP": (seedOf) => [
    dense("features", 64, QUBITS, seedOf(0), "tanh"),
    dense("narrow", QUBITS, 3, seedOf(1), "tanh"),
    dense("wide", 3, QUBITS, seedOf(2), "tanh"),
    dense("head", QUBITS, 10, seedOf(3), "softmax"),
  ],
  "logistic regression": (seedOf) => [dense("head", 64, 10, seedOf(0), "softmax")],
};

/** A linear layer with weights uniform in ±1/√inputs. */
function dense(
  name: string,
  inputs: number,
  units: number,
  seed: number,
  activation: "linear" | "tanh" | "softmax" = "linear",
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
