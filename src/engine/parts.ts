import type { Dataset, Features } from "../data/index.ts";
import { DataError, EngineError } from "../errors.ts";
import type { FittedUnits } from "./features.ts";
import type { DataParts, PartName } from "./units.ts";

/** The parts of the data that are there, as features with targets. */
export type FeatureParts = Readonly<Partial<Record<PartName, Dataset>>>;

/** The parts as features. @throws EngineError ENGINE_TARGETS; DataError DATA_CLASSES */
export function partsOf<Source>(sources: DataParts<Source>, features: FittedUnits<unknown>): FeatureParts {
  const parts: Partial<Record<PartName, Dataset>> = {};
  for (const name of ["train", "validation", "test"] as const) {
    const source = sources[name];
    if (source === undefined) continue;
    const rows = features.transform(source);
    if (!hasTargets(rows))
      throw new EngineError(
        "ENGINE_TARGETS",
        `The ${name} rows have no targets: give a Dataset, such as datasetFromTable makes, or feature units that make one.`,
      );
    if (parts.train !== undefined && String(rows.classes) !== String(parts.train.classes))
      throw new DataError(
        "DATA_CLASSES",
        `The ${name} rows have the classes ${rows.classes?.join(", ")}, but those to train on ${parts.train.classes?.join(", ")}; split one dataset.`,
      );
    parts[name] = rows;
  }
  return parts;
}

export function hasTargets(rows: Features): rows is Dataset {
  return typeof rows === "object" && rows !== null && "y" in rows;
}

/** Rows of each part that is there. */
export function numRowsOf(parts: FeatureParts): Readonly<Partial<Record<PartName, number>>> {
  return Object.fromEntries(Object.entries(parts).map(([part, rows]) => [part, rows.numRows]));
}
