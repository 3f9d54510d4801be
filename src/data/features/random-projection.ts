import { Rng } from "../../../circuits/index.ts";
import { DataError } from "../../errors.ts";
import { checkOptions } from "../options.ts";
import {
  checkTrainingRows,
  type FittedTransform,
  fittedTransform,
  namesFromJSON,
  numbersFromJSON,
  type Transform,
  type TransformJSON,
} from "../transform.ts";
import { noInverse } from "./no-inverse.ts";

export interface RandomProjectionOptions {
  readonly numComponents: number;
  /** Decides the projection. */
  readonly seed: number;
  /**
   * `gaussian` (default): entries are normal with variance 1/numComponents. `sparse`: ±√(3/numComponents) with probability 1/6 each, else
   * 0 (Achlioptas, J. Comput. Syst. Sci. 66, 2003), so that two thirds of the products fall away.
   */
  readonly kind?: "gaussian" | "sparse";
}

/**
 * Rows projected by a random matrix, which keeps all distances up to a factor of 1 ± ε with numComponents of the order of
 * log(rows)/ε² (Johnson and Lindenstrauss, 1984). It learns nothing from the rows. There is no inverse.
 * @throws DataError PROJECTION_COMPONENTS unless numComponents is an integer of 1 or more; DATA_OPTION
 */
export function randomProjection(options: RandomProjectionOptions): Transform {
  checkOptions("randomProjection", options, ["numComponents", "seed", "kind"]);
  const { numComponents, seed, kind = "gaussian" } = options;
  if (!Number.isSafeInteger(numComponents) || numComponents < 1)
    throw new DataError(
      "PROJECTION_COMPONENTS",
      `numComponents is ${String(numComponents)}; give an integer of 1 or more.`,
    );
  if (kind !== "gaussian" && kind !== "sparse")
    throw new DataError("DATA_OPTION", `kind is ${JSON.stringify(kind)}; give "gaussian" or "sparse".`);
  const rng = Rng.seed(seed).fork("projection", kind);
  return {
    fit(train) {
      checkTrainingRows(train);
      const draw = rng.fork(train.numFeatures);
      const components = Float64Array.from({ length: numComponents * train.numFeatures }, () =>
        kind === "gaussian" ? draw.normal() / Math.sqrt(numComponents) : sparseEntry(draw, numComponents),
      );
      return projection(train.featureNames, components);
    },
  };
}

function sparseEntry(rng: Rng, numComponents: number): number {
  const side = rng.integer(6);
  return side > 1 ? 0 : (side === 0 ? 1 : -1) * Math.sqrt(3 / numComponents);
}

/** @param components [numOutputs, numInputs], row-major */
function projection(names: readonly string[], components: Float64Array): FittedTransform {
  const width = names.length;
  const numOutputs = components.length / width;
  // Columns by row, without zeros: a sparse projection does only the work it has.
  const starts = new Int32Array(numOutputs + 1);
  const columns: number[] = [];
  const values: number[] = [];
  for (let c = 0; c < numOutputs; c++) {
    for (let f = 0; f < width; f++)
      if (components[c * width + f] !== 0) {
        columns.push(f);
        values.push(components[c * width + f]!);
      }
    starts[c + 1] = columns.length;
  }
  const places = Int32Array.from(columns);
  const factors = Float64Array.from(values);
  return fittedTransform(
    {
      numOutputs,
      names: Object.freeze(Array.from({ length: numOutputs }, (_, c) => `rp${c}`)),
      apply(from, fromStart, to, toStart) {
        for (let c = 0; c < numOutputs; c++) {
          let sum = 0;
          for (let k = starts[c]!; k < starts[c + 1]!; k++) sum += factors[k]! * from[fromStart + places[k]!]!;
          to[toStart + c] = sum;
        }
      },
    },
    noInverse("a random projection", names),
    () => ({ kind: "randomProjection", names, components: [...components] }),
  );
}

/** @throws DataError TRANSFORM_JSON */
export function randomProjectionFromJSON(json: TransformJSON): FittedTransform {
  const names = namesFromJSON(json);
  const components = numbersFromJSON(json, "components");
  if (components.length === 0 || components.length % names.length !== 0)
    throw new DataError("TRANSFORM_JSON", '"components" of a saved randomProjection must hold one row or more.');
  return projection(names, components);
}
