import { DataError } from "../errors.ts";
import type { Features } from "./dataset.ts";
import { FEATURES_FROM_JSON } from "./features/index.ts";
import { imputeFromJSON } from "./impute.ts";
import { pcaFromJSON } from "./pca.ts";
import { scalingFromJSON } from "./scaling.ts";
import type { FittedTransform, Transform, TransformJSON } from "./transform.ts";

/**
 * Transforms one after another; each is fitted on the training rows as those before it leave them.
 * @throws DataError TRANSFORM_PIPELINE without steps
 */
export function pipeline(steps: readonly Transform[]): Transform {
  if (steps.length === 0) throw new DataError("TRANSFORM_PIPELINE", "A pipeline needs at least one step.");
  return {
    fit(train) {
      const fitted: FittedTransform[] = [];
      let rows: Features = train;
      for (const step of steps) {
        const next = step.fit(rows);
        fitted.push(next);
        rows = next.transform(rows);
      }
      return fittedPipeline(fitted);
    },
  };
}

function fittedPipeline(steps: readonly FittedTransform[]): FittedTransform {
  return Object.freeze({
    numInputs: steps[0]!.numInputs,
    numOutputs: steps.at(-1)!.numOutputs,
    transform: <Source extends Features>(source: Source) => steps.reduce((rows, step) => step.transform(rows), source),
    inverse: <Source extends Features>(source: Source) => steps.reduceRight((rows, step) => step.inverse(rows), source),
    toJSON: () => ({ kind: "pipeline", steps: steps.map((step) => step.toJSON()) }),
  });
}

/** A fitted transform from what its `toJSON` gave; it transforms to the same bits. @throws DataError TRANSFORM_JSON */
export function transformFromJSON(json: TransformJSON): FittedTransform {
  switch (json?.kind) {
    case "standardise":
    case "minMax":
    case "robust":
      return scalingFromJSON(json);
    case "impute":
      return imputeFromJSON(json);
    case "pca":
      return pcaFromJSON(json);
    case "pipeline": {
      const steps = json.steps;
      if (!Array.isArray(steps) || steps.length === 0)
        throw new DataError("TRANSFORM_JSON", "A saved pipeline needs a list of steps.");
      return fittedPipeline(steps.map(transformFromJSON));
    }
    case "columns":
      throw new DataError("TRANSFORM_JSON", "Saved columns make features of a table; columnsFromJSON reads them.");
    default:
      if (typeof json?.kind === "string" && Object.hasOwn(FEATURES_FROM_JSON, json.kind))
        return FEATURES_FROM_JSON[json.kind]!(json);
      throw new DataError("TRANSFORM_JSON", `${JSON.stringify(json?.kind)} is no kind of saved transform.`);
  }
}
