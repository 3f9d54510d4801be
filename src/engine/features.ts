import { describeValue } from "../../circuits/index.ts";
import type { Features, FittedColumns, Table, TableTransform, TransformJSON } from "../data/index.ts";
import { DataError, EngineError } from "../errors.ts";
import type { FeatureUnit, FittedFeatures } from "./units.ts";

/** A unit whatever it takes; the types of an engine's options see to it that each takes what the one before gives. */
export type AnyUnit = FeatureUnit<unknown> | TableTransform;

/** Feature units with what they learned, one after another. */
export interface FittedUnits<Source> {
  transform(rows: Source | Features): Features;
  /** One for each unit. */
  toJSON(): readonly TransformJSON[];
}

/** Fits units on the training rows, each as those before it leave them. @throws EngineError ENGINE_UNIT; what a unit throws */
export function fitFeatures(units: readonly AnyUnit[], train: unknown): FittedUnits<unknown> {
  const fitted: FittedFeatures<unknown>[] = [];
  let rows = train;
  for (const [i, unit] of units.entries()) {
    if (typeof unit?.fit !== "function")
      throw new EngineError(
        "ENGINE_UNIT",
        `features[${i}] is ${typeof unit === "function" ? `the function ${(unit as { readonly name: string }).name}` : describeValue(unit)}, which has no fit; a feature unit is standardise(), pca({ numComponents: 4 }) or the like.`,
      );
    const next = asFeatures(unit.fit(rows as never));
    fitted.push(next);
    rows = next.transform(rows);
  }
  return chained(fitted);
}

/**
 * Units from what `toJSON` gave; they transform to the same bits. The data module comes with them, so that a program without
 * a saved engine does not load its parsers.
 * @throws DataError TRANSFORM_JSON
 */
export async function featuresFromJSON(json: readonly TransformJSON[]): Promise<FittedUnits<unknown>> {
  if (!Array.isArray(json)) throw new DataError("TRANSFORM_JSON", "The features of a saved engine must be a list.");
  const { columnsFromJSON, transformFromJSON } = await import("../data/index.ts");
  return chained(
    json.map((one) => asFeatures(one?.kind === "columns" ? columnsFromJSON(one) : transformFromJSON(one))),
  );
}

/** Columns make a dataset of a table that has the target's column, and features of one that has not. */
function asFeatures(fitted: FittedColumns | object): FittedFeatures<unknown> {
  if (!("dataset" in fitted)) return fitted as FittedFeatures<unknown>;
  const { target } = fitted.toJSON();
  const transform = (rows: unknown): Features => {
    const table = rows as Table;
    const isLabelled = table?.columns?.some(({ name }) => name === target);
    return isLabelled ? fitted.dataset(table) : fitted.features(table);
  };
  return { transform, toJSON: () => fitted.toJSON() };
}

function chained(fitted: readonly FittedFeatures<unknown>[]): FittedUnits<unknown> {
  return {
    transform: (rows) => fitted.reduce((at, unit) => unit.transform(at), rows as unknown) as Features,
    toJSON: () => fitted.map((unit) => unit.toJSON()),
  };
}
