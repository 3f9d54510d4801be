import "@tensorflow/tfjs-backend-cpu";
// For the gradients of operations, which it registers.
import "@tensorflow/tfjs-layers";
import {
  add,
  losses,
  matMul,
  train as optimizers,
  type Tensor,
  tanh,
  tensor2d,
  tidy,
  variable,
  zeros,
} from "@tensorflow/tfjs-core";
import { type Features, pca } from "../../src/data/index.ts";
import { Rng } from "../../src/index.ts";

/** A classical way to say how unlike the training rows others are. */
export interface Rival {
  readonly params: number;
  /** One for each row, larger for less alike. */
  scores(rows: Features): Float64Array;
  dispose?(): void;
}

/** What is lost when rows are projected on principal components: the squared distance. */
export function pcaError(train: Features, numComponents: number): Rival {
  const fitted = pca({ numComponents }).fit(train);
  return {
    params: fitted.components.length + train.numFeatures,
    scores: (rows) => squaredErrors(rows, fitted.inverse(fitted.transform(rows)).x),
  };
}

/** The squared Mahalanobis distance from the mean of the training rows, by all principal components. */
export function mahalanobis(train: Features): Rival {
  const { numFeatures } = train;
  const fitted = pca({ numComponents: numFeatures }).fit(train);
  return {
    params: numFeatures + (numFeatures * (numFeatures + 1)) / 2,
    scores: (rows) => {
      const { x } = fitted.transform(rows);
      return perRow(rows, (at, f) => x[at]! ** 2 / fitted.explainedVariance[f]!);
    },
  };
}

/**
 * An autoencoder of one hidden unit whose weights are used on the way in and on the way out, with biases or without, trained on all rows
 * at once: the squared error of what it gives back.
 */
export function network(
  train: Features,
  { useBias, steps, seed }: { readonly useBias: boolean; readonly steps: number; readonly seed: number },
): Rival {
  const { numFeatures } = train;
  const rng = Rng.seed(seed).fork("network");
  const start = Array.from({ length: numFeatures }, () => rng.normal() / Math.sqrt(numFeatures));
  const weights = variable(tensor2d(start, [numFeatures, 1]));
  const biases = useBias ? [variable(zeros([1, 1])), variable(zeros([1, numFeatures]))] : [];
  const back = (x: Tensor): Tensor => {
    const [inner, outer] = biases;
    const hidden = matMul(x, weights);
    const given = matMul(tanh(inner === undefined ? hidden : add(hidden, inner)), weights, false, true);
    return outer === undefined ? given : add(given, outer);
  };
  const tensorOf = (rows: Features) => tensor2d(Float32Array.from(rows.x), [rows.numRows, numFeatures]);
  const optimizer = optimizers.adam(0.05);
  const x = tensorOf(train);
  for (let step = 0; step < steps; step++) optimizer.minimize(() => losses.meanSquaredError(x, back(x)));
  x.dispose();
  optimizer.dispose();
  return {
    params: [weights, ...biases].reduce((sum, { size }) => sum + size, 0),
    scores: (rows) =>
      squaredErrors(
        rows,
        tidy(() => back(tensorOf(rows)).dataSync()),
      ),
    dispose() {
      for (const one of [weights, ...biases]) one.dispose();
    },
  };
}

function squaredErrors(rows: Features, back: ArrayLike<number>): Float64Array {
  return perRow(rows, (at) => (rows.x[at]! - back[at]!) ** 2);
}

function perRow({ numRows, numFeatures }: Features, part: (at: number, feature: number) => number): Float64Array {
  return Float64Array.from({ length: numRows }, (_, row) => {
    let sum = 0;
    for (let f = 0; f < numFeatures; f++) sum += part(row * numFeatures + f, f);
    return sum;
  });
}
