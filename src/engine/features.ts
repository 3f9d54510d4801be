import { type Features, type TransformJSON, transformFromJSON } from "../data/index.ts";
import { DataError } from "../errors.ts";
import type { FeatureUnit, FittedFeatures } from "./units.ts";

/** Feature units with what they learned, one after another. */
export interface FittedUnits<Source> {
  transform(rows: Source | Features): Features;
  /** One for each unit. */
  toJSON(): readonly TransformJSON[];
}

/** Fits units on the training rows, each as those before it leave them. */
export function fitFeatures<Source>(units: readonly FeatureUnit<Source>[], train: Source): FittedUnits<Source> {
  const fitted: FittedFeatures<Source>[] = [];
  let rows = train;
  for (const unit of units) {
    const next = unit.fit(rows);
    fitted.push(next);
    // What the first unit makes of a source are features, which are the source of the next.
    rows = next.transform(rows) as Source;
  }
  return chained(fitted);
}

/** Units from what `toJSON` gave; they transform to the same bits. @throws DataError TRANSFORM_JSON */
export function featuresFromJSON<Source>(json: readonly TransformJSON[]): FittedUnits<Source> {
  if (!Array.isArray(json)) throw new DataError("TRANSFORM_JSON", "The features of a saved engine must be a list.");
  return chained(json.map((one) => transformFromJSON(one) as unknown as FittedFeatures<Source>));
}

function chained<Source>(fitted: readonly FittedFeatures<Source>[]): FittedUnits<Source> {
  return {
    transform: (rows) => fitted.reduce((at, unit) => unit.transform(at as Source) as never, rows) as Features,
    toJSON: () => fitted.map((unit) => unit.toJSON()),
  };
}
