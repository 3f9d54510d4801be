import type { LayersModel } from "@tensorflow/tfjs-layers";
import { describeValue } from "../../circuits/index.ts";
import { segmentPlan } from "../compute/tensorflow-segments.ts";
import { TrainingError } from "../errors.ts";
import { type ModelPlan, planModel } from "../layers/tensorflow-plan.ts";

/** Where classical layers run. */
export type ComputePlace = "tensorflow" | "wasm";

/** @throws TrainingError TRAINING_OPTION */
export function checkCompute(compute: ComputePlace | undefined): void {
  if (compute === undefined || compute === "tensorflow" || compute === "wasm") return;
  throw new TrainingError(
    "TRAINING_OPTION",
    `compute is ${describeValue(compute)}; classical layers run on "tensorflow" or "wasm".`,
  );
}

/** The model taken apart, with the layers that the compute unit has in segments of it where that is asked for. */
export function planFor(model: LayersModel, compute: ComputePlace | undefined): ModelPlan {
  checkCompute(compute);
  const plan = planModel(model);
  return compute === "wasm" ? segmentPlan(plan).plan : plan;
}
