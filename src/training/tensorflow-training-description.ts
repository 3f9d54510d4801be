import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Backend } from "../../providers/index.ts";
import type { RunDescription } from "../runs/index.ts";
import { providerParts, remoteOf } from "./provider-description.ts";
import { Sampling } from "./sampling.ts";
import type { RowArray, Rows } from "./tensorflow-data.ts";
import type { Objective } from "./tensorflow-objective.ts";
import { modelDescription, optimizerDescription } from "./tensorflow-state.ts";
import type { TrainOptions } from "./train.ts";

interface TrainingFacts {
  readonly model: LayersModel;
  readonly rows: Rows;
  readonly validation: Rows | undefined;
  readonly objective: Objective;
  readonly options: TrainOptions;
  readonly provider: Backend;
}

/** All that decides the numbers of a training run, but for its first weights. */
export function trainingDescription(facts: TrainingFacts): RunDescription {
  const { model, rows, validation, objective, options, provider } = facts;
  const { epochs, steps, batchSize = 32, seed = 0, shuffle = true, gradient = "auto", spsa } = options;
  return {
    kind: "train",
    ...remoteOf(provider),
    parts: {
      model: modelDescription(model),
      tensorflowBackend: tf.getBackend(),
      data: hashOfRows(rows),
      validation: validation === undefined ? null : hashOfRows(validation),
      optimizer: optimizerDescription(objective.optimizer),
      learningRate: options.learningRate == null ? null : textOf(options.learningRate),
      loss: textOf(model.loss),
      metrics: textOf(model.metrics),
      epochs: epochs ?? null,
      steps: steps ?? null,
      batchSize,
      seed,
      shuffle,
      ...Sampling.of(options).parts,
      gradient,
      spsa: spsa === undefined ? null : textOf(spsa),
      // Runs of versions without a compute unit have no such part.
      ...(options.compute === "wasm" ? { compute: "wasm" } : {}),
      earlyStopping: options.earlyStopping == null ? null : textOf(options.earlyStopping),
      ...providerParts(provider),
    },
    versions: { "tfjs-core": tf.version_core, "tfjs backend": tf.getBackend() },
  };
}

function hashOfRows({ x, y }: Rows): string {
  const hash = createHash("sha256");
  const add = ({ shape, dtype, values }: RowArray): void => {
    hash.update(JSON.stringify([shape, dtype]));
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  };
  for (const array of [...x, ...y]) add(array);
  return hash.digest("hex");
}

/** As JSON, in which a function stands by its source. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_name, item: unknown) => (typeof item === "function" ? String(item) : item)) ?? "none";
}
