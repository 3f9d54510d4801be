import * as tf from "@tensorflow/tfjs-core";
import type { ExpectationProgram } from "../../providers/index.ts";
import { ModelError } from "../errors.ts";
import type { GradientWants } from "../gradients/index.ts";
import { BatchBuffers } from "./batch-buffers.ts";
import type { QuantumLayer } from "./quantum-layer.ts";

/** Where a circuit is evaluated: float64 copies, since other calls may come before its gradient is asked for. */
interface Point {
  readonly rows: number;
  /** [B, D] */
  readonly inputs: Float64Array;
  /** [W] */
  readonly weights: Float64Array;
}

export interface SimulationOptions {
  /** Both by default. What is not wanted has no gradient on TensorFlow.js's tape. */
  readonly wants?: GradientWants;
  /** Gets the expectation values [B, K] before they become a tensor, and may throw. */
  readonly check?: (values: Float64Array) => void;
}

/**
 * A compiled circuit as an operation of TensorFlow.js: float32 in tensors, float64 in the simulation. A call reads each
 * tensor once, and makes none but its value and the gradients that are wanted.
 */
export class TensorSimulation {
  readonly #name: string;
  readonly #layer: QuantumLayer;
  readonly #program: ExpectationProgram;
  readonly #buffers: BatchBuffers;

  /** @param name of the layer, for messages */
  constructor(name: string, layer: QuantumLayer, program: ExpectationProgram) {
    this.#name = name;
    this.#layer = layer;
    this.#program = program;
    this.#buffers = new BatchBuffers(layer);
  }

  /**
   * Expectation values [B, K] for features [B, D] in radians, differentiable.
   * @param variables one for each weight vector of the circuit
   * @throws ModelError LAYER_INPUT_SHAPE, LAYER_NOT_FINITE; what `check` throws
   */
  apply(features: tf.Tensor, variables: readonly tf.Tensor[], options: SimulationOptions = {}): tf.Tensor {
    const { wants = { inputs: true, weights: true }, check } = options;
    const point = this.#read(features, variables);
    const operands = [...(wants.inputs ? [features] : []), ...(wants.weights ? variables : [])];
    if (operands.length === 0) return this.#evaluate(point, check);
    const operation = tf.customGrad(() => ({
      value: this.#evaluate(point, check),
      gradFunc: (cotangents: tf.Tensor) => this.#pullback(point, cotangents, wants),
    }));
    return operation(...operands);
  }

  #read(features: tf.Tensor, variables: readonly tf.Tensor[]): Point {
    const { numInputs, numWeights } = this.#layer;
    checkInputShape(this.#name, numInputs, features.shape);
    const inputs = new Float64Array(features.dataSync());
    const weights = new Float64Array(numWeights);
    copyTensors(variables, weights);
    const badInput = inputs.findIndex(isNotFinite);
    if (badInput >= 0)
      throw new ModelError(
        "LAYER_NOT_FINITE",
        `Layer ${this.#name} was given ${inputs[badInput]} as feature ${badInput % numInputs} of row ${Math.floor(badInput / numInputs)}; angles must be finite.`,
      );
    const badWeight = weights.findIndex(isNotFinite);
    if (badWeight >= 0)
      throw new ModelError(
        "LAYER_NOT_FINITE",
        `Weight ${badWeight} of layer ${this.#name} is ${weights[badWeight]}; a smaller learning rate may keep training stable.`,
      );
    return { rows: features.shape[0]!, inputs, weights };
  }

  #evaluate({ rows, inputs, weights }: Point, check: SimulationOptions["check"]): tf.Tensor {
    const buffers = this.#buffers;
    buffers.resize(rows);
    this.#program.forward(inputs, weights, rows, buffers.outputs);
    check?.(buffers.outputs);
    return tf.tensor2d(new Float32Array(buffers.outputs), [rows, this.#layer.numOutputs]);
  }

  /** Gradients of the operands of `apply`. */
  #pullback({ rows, inputs, weights }: Point, cotangents: tf.Tensor, wants: GradientWants): tf.Tensor[] {
    const buffers = this.#buffers;
    buffers.resize(rows);
    buffers.cotangents.set(cotangents.dataSync());
    const weightGradient = wants.weights ? buffers.weightGradient : null;
    const inputGradient = wants.inputs ? buffers.inputGradient : null;
    this.#program.backward(inputs, weights, rows, buffers.cotangents, buffers.outputs, weightGradient, inputGradient);
    const gradients =
      inputGradient === null ? [] : [tf.tensor2d(new Float32Array(inputGradient), [rows, this.#layer.numInputs])];
    return weightGradient === null ? gradients : [...gradients, ...splitGradient(this.#layer, weightGradient)];
  }
}

/** @throws ModelError LAYER_INPUT_SHAPE */
export function checkInputShape(name: string, numInputs: number, shape: readonly (number | null)[]): void {
  if (shape.length === 2 && (shape[1] === numInputs || shape[1] === null)) return;
  throw new ModelError(
    "LAYER_INPUT_SHAPE",
    `Layer ${name} takes features of shape [batch, ${numInputs}], one column for each input of its circuit, but was given [${shape.map((size) => size ?? "null").join(", ")}].`,
  );
}

/** A gradient [W] in row order as tensors of the weight vectors' shapes. */
export function splitGradient({ weightVectors }: QuantumLayer, flat: Float64Array): tf.Tensor[] {
  let offset = 0;
  return weightVectors.map(({ shape, size }) => {
    const part = new Float32Array(flat.subarray(offset, offset + size));
    offset += size;
    return tf.tensor(part, [...shape]);
  });
}

/** Writes the values of tensors one after the other. */
export function copyTensors(tensors: readonly tf.Tensor[], flat: Float64Array): void {
  let offset = 0;
  for (const tensor of tensors) {
    flat.set(tensor.dataSync(), offset);
    offset += tensor.size;
  }
}

function isNotFinite(value: number): boolean {
  return !Number.isFinite(value);
}
