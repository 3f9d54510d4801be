import { PCA } from "ml-pca";
import { DataError } from "../errors.ts";
import { checkOptions } from "./options.ts";
import {
  checkTrainingRows,
  type FittedTransform,
  fittedTransform,
  namesFromJSON,
  numbersFromJSON,
  type Transform,
  type TransformJSON,
} from "./transform.ts";

/** A fitted principal component analysis. */
export interface FittedPca extends FittedTransform {
  /** Variance (divisor n-1) of the training rows along each kept component, descending. */
  readonly explainedVariance: Float64Array;
  /** The same as a share of the total variance. */
  readonly explainedVarianceRatio: Float64Array;
  /** [numOutputs, numInputs], row-major: orthonormal rows, the entry of largest size in each is positive. */
  readonly components: Float64Array;
}

/**
 * Principal components by singular value decomposition of the centred training rows. `inverse` gives back the projection
 * onto the kept components: exact when all are kept. Features are not scaled; put `standardise()` before it where units differ.
 * @throws DataError PCA_COMPONENTS unless 1 <= numComponents <= min(rows - 1, features), or the data do not vary
 */
export function pca(options: { readonly numComponents: number }): {
  fit(train: Parameters<Transform["fit"]>[0]): FittedPca;
} {
  checkOptions("pca", options, ["numComponents"]);
  const { numComponents } = options;
  return {
    fit(train) {
      checkTrainingRows(train, 2);
      const { numRows, numFeatures, x } = train;
      const most = Math.min(numRows - 1, numFeatures);
      if (!(Number.isSafeInteger(numComponents) && numComponents >= 1 && numComponents <= most))
        throw new DataError(
          "PCA_COMPONENTS",
          `${numRows} row(s) of ${numFeatures} feature(s) have 1 to ${most} principal component(s), not ${numComponents}.`,
        );
      const mean = new Float64Array(numFeatures);
      for (let i = 0; i < x.length; i++) mean[i % numFeatures]! += x[i]! / numRows;
      const rows = Array.from({ length: numRows }, (_, row) =>
        Array.from({ length: numFeatures }, (_, f) => x[row * numFeatures + f]! - mean[f]!),
      );
      const model = new PCA(rows, { center: false, method: "SVD" });
      const variances = model.getEigenvalues();
      const total = variances.reduce((sum, variance) => sum + variance, 0);
      if (!(total > 0))
        throw new DataError("PCA_COMPONENTS", "All training rows are equal, so there is no principal component.");
      const vectors = model.getEigenvectors();
      const components = new Float64Array(numComponents * numFeatures);
      for (let c = 0; c < numComponents; c++) {
        let largest = 0;
        for (let f = 0; f < numFeatures; f++)
          if (Math.abs(vectors.get(f, c)) > Math.abs(largest) + 1e-12) largest = vectors.get(f, c);
        for (let f = 0; f < numFeatures; f++) components[c * numFeatures + f] = Math.sign(largest) * vectors.get(f, c);
      }
      const explainedVariance = Float64Array.from(variances.slice(0, numComponents));
      return fittedPca(
        train.featureNames,
        mean,
        components,
        explainedVariance,
        explainedVariance.map((variance) => variance / total),
      );
    },
  };
}

function fittedPca(
  inputNames: readonly string[],
  mean: Float64Array,
  components: Float64Array,
  explainedVariance: Float64Array,
  explainedVarianceRatio: Float64Array,
): FittedPca {
  const numInputs = mean.length;
  const numOutputs = explainedVariance.length;
  const fitted = fittedTransform(
    {
      numOutputs,
      names: Object.freeze(Array.from({ length: numOutputs }, (_, c) => `pc${c + 1}`)),
      apply(from, fromStart, to, toStart) {
        for (let c = 0; c < numOutputs; c++) {
          let sum = 0;
          for (let f = 0; f < numInputs; f++) sum += (from[fromStart + f]! - mean[f]!) * components[c * numInputs + f]!;
          to[toStart + c] = sum;
        }
      },
    },
    {
      numOutputs: numInputs,
      names: inputNames,
      apply(from, fromStart, to, toStart) {
        for (let f = 0; f < numInputs; f++) {
          let sum = mean[f]!;
          for (let c = 0; c < numOutputs; c++) sum += from[fromStart + c]! * components[c * numInputs + f]!;
          to[toStart + f] = sum;
        }
      },
    },
    () => ({
      kind: "pca",
      names: inputNames,
      mean: [...mean],
      components: [...components],
      explainedVariance: [...explainedVariance],
      explainedVarianceRatio: [...explainedVarianceRatio],
    }),
  );
  return Object.freeze({ ...fitted, components, explainedVariance, explainedVarianceRatio });
}

/** @throws DataError TRANSFORM_JSON */
export function pcaFromJSON(json: TransformJSON): FittedPca {
  const names = namesFromJSON(json);
  const variance = numbersFromJSON(json, "explainedVariance");
  return fittedPca(
    names,
    numbersFromJSON(json, "mean", names.length),
    numbersFromJSON(json, "components", names.length * variance.length),
    variance,
    numbersFromJSON(json, "explainedVarianceRatio", variance.length),
  );
}
