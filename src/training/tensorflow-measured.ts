import * as tf from "@tensorflow/tfjs-core";
import type { MeasuredOutputs, QuantumGradients } from "../layers/index.ts";
import type { PlanNode, QuantumNode } from "../layers/tensorflow-plan.ts";
import { outputTensor } from "./tensorflow-walk.ts";

/** Standard error of the loss to first order: its slope by the outputs of each quantum layer, times their errors. */
export function lossError(
  forwards: ReadonlyMap<PlanNode, MeasuredOutputs>,
  probes: ReadonlyMap<PlanNode, tf.Variable>,
  grads: tf.NamedTensorMap,
): number {
  // The noise of one layer goes through the next, whose slope by its inputs nobody paid for where nothing before is trained.
  for (const { quantum } of forwards.keys())
    if (probes.size > 0 && quantum!.afterQuantum && !quantum!.needsInputGradient) return Number.NaN;
  let variance = 0;
  for (const [node, probe] of probes) {
    const slope = grads[probe.name];
    if (slope != null) variance += forwards.get(node)!.standardError(new Float64Array(slope.dataSync())) ** 2;
  }
  return Math.sqrt(variance);
}

/** A quantum layer's values, measured already, as an operation that TensorFlow.js can differentiate. */
export function measuredOperation(
  { layer }: QuantumNode,
  input: tf.Tensor,
  forward: MeasuredOutputs,
  note: (cotangents: Float64Array, gradients: QuantumGradients) => void,
): tf.Tensor {
  const operation = tf.customGrad((...args) => {
    const [features, ...weights] = args.slice(0, -1) as [tf.Tensor, ...tf.Tensor[]];
    return {
      value: outputTensor(forward),
      gradFunc: (dy: tf.Tensor) => {
        const cotangents = new Float64Array(dy.dataSync());
        const gradients = forward.pullback(cotangents);
        note(cotangents, gradients);
        const { weightGradient, inputGradient } = gradients;
        return [
          inputGradient === undefined
            ? tf.zeros(features.shape)
            : tf.tensor(new Float32Array(inputGradient), features.shape),
          ...(weightGradient === undefined
            ? weights.map(({ shape }) => tf.zeros(shape))
            : layer.splitGradient(weightGradient)),
        ];
      },
    };
  });
  return operation(input, ...layer.variables());
}
