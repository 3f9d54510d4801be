import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { Rng } from "../../circuits/index.ts";
import { callLayer, feed } from "../layers/tensorflow-call.ts";
import { planModel } from "../layers/tensorflow-plan.ts";
import { type LayerPlace, type SegmentedPlan, segmentPlan } from "./tensorflow-segments.ts";

export interface ApplyOptions {
  /** As layers take it: dropout drops, batch normalisation takes the batch's statistics. Default: false. */
  readonly training?: boolean;
  /** Decides dropout's masks. Default: 0. */
  readonly seed?: number;
}

/**
 * Compiles a model of TensorFlow.js layers: layers in a row that the compute unit has run on it, all others as they are, on
 * TensorFlow.js or, quantum ones, on the local simulator. The model keeps its weights, also while they change.
 * `train(model, data, { compute: "wasm" })` does the same for training on any provider.
 * @throws ModelError MODEL_NOT_BUILT and others of `train`
 * @example const compiled = compileModel(model); console.log(compiled.summary()); const y = compiled.apply(x);
 */
export function compileModel(model: LayersModel): CompiledModel {
  return new CompiledModel(model);
}

/** See `compileModel`. */
export class CompiledModel {
  readonly model: LayersModel;
  readonly #segmented: SegmentedPlan;

  constructor(model: LayersModel) {
    this.model = model;
    this.#segmented = segmentPlan(planModel(model), true);
  }

  /** Where each layer runs, and why. */
  get places(): readonly LayerPlace[] {
    return this.#segmented.places;
  }

  /**
   * The model's output for a batch; one tensor for each output where there are several. `tf.grads` and `tf.variableGrads` go
   * through it, to weights and to inputs.
   */
  apply(
    x: tf.Tensor | readonly tf.Tensor[],
    { training = false, seed = 0 }: ApplyOptions = {},
  ): tf.Tensor | tf.Tensor[] {
    const { plan } = this.#segmented;
    return tf.tidy(() => {
      const values = feed(plan, Array.isArray(x) ? (x as tf.Tensor[]) : [x as tf.Tensor]);
      const rng = Rng.seed(seed);
      for (const node of plan.nodes) callLayer(node, values, training, rng);
      const outputs = plan.outputs.map((value) => values.tensors[value]!);
      return outputs.length === 1 ? outputs[0]! : outputs;
    });
  }

  /** A table of layers: shape, weights, where each runs and why. */
  summary(): string {
    const head = ["layer", "makes", "weights", "runs on", "why"];
    const rows = this.places.map(({ layer, place, reason, segment }) => [
      `${layer.name} (${layer.getClassName()})`,
      JSON.stringify((layer.inboundNodes[0]?.outputShapes[0] as (number | null)[] | undefined)?.slice(1) ?? "?"),
      String(layer.countParams()),
      place === "compute" ? `compute unit, segment ${segment}` : place === "quantum" ? "quantum" : "TensorFlow.js",
      reason,
    ]);
    const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
    const line = (cells: readonly string[]): string =>
      cells
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd();
    return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
  }
}
