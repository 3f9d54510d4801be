import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type CompressedCircuit, compressCircuit, type TrainedCircuit } from "./circuit/index.ts";
import type { CompressedModelCircuit, CompressModelCircuitOptions } from "./model-circuit.ts";
import { ModelObjective } from "./tensorflow-circuit-objective.ts";
import { findQuantumLayer } from "./tensorflow-replace-circuit.ts";

/** What `compressModelCircuit` does, once TensorFlow.js is there. */
export async function compressLayer(
  model: LayersModel,
  options: CompressModelCircuitOptions,
): Promise<CompressedModelCircuit> {
  const {
    layer,
    train,
    validation,
    loss,
    metrics,
    optimizer,
    steps,
    learningRate,
    batchSize,
    provider,
    precision,
    seed,
    ...search
  } = options;
  const quantum = findQuantumLayer(model, layer);
  const given = { loss, metrics, optimizer, steps, learningRate, batchSize, provider, precision, seed };
  const objective = new ModelObjective(model, quantum, {
    train,
    validation,
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as typeof given),
  } as ConstructorParameters<typeof ModelObjective>[2]);
  const found: CompressedCircuit = await compressCircuit(objective.given, { ...search, objective });
  return {
    ...found,
    model: await objective.modelOf(found.best.trained),
    modelOf: ({ trained }: { readonly trained: TrainedCircuit }) => objective.modelOf(trained),
  };
}
