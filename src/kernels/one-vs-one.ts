import { kFold } from "../data/index.ts";
import { KernelError } from "../errors.ts";
import { coupledProbabilities, plattSigmoid, type Sigmoid, sigmoidOf } from "./platt-scaling.ts";
import { type DualSolution, solveDual } from "./sequential-minimal-optimization.ts";

export interface TrainSettings {
  readonly C: number;
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Factor of C for each class. */
  readonly classWeights: Float64Array;
  /** Undefined: no probabilities. */
  readonly probabilitySeed: number | undefined;
}

/** A classifier of two classes; f above 0 is `positive`. */
export interface PairModel {
  readonly positive: number;
  readonly negative: number;
  /** Training rows that are its support vectors. */
  readonly rows: Int32Array;
  /** One for each of `rows`. */
  readonly coefficients: Float64Array;
  readonly bias: number;
  readonly sigmoid: Sigmoid | undefined;
}

const PLATT_FOLDS = 5;

/**
 * One classifier for each pair of classes that occur (Knerr et al., 1990), as LIBSVM trains them.
 * @param kernel [n, n], or the first n rows and columns of a wider one of `stride` columns
 * @param y class index of each of the n rows
 * @throws KernelError SVC_CLASSES, SVC_CONVERGENCE
 */
export function trainPairs(
  kernel: Float64Array,
  y: ArrayLike<number>,
  settings: TrainSettings,
  stride: number = y.length,
): readonly PairModel[] {
  const n = y.length;
  const members = new Map<number, number[]>();
  for (let row = 0; row < n; row++) {
    const found = members.get(y[row]!);
    if (found === undefined) members.set(y[row]!, [row]);
    else found.push(row);
  }
  const present = [...members.keys()].sort((a, b) => a - b);
  if (present.length < 2)
    throw new KernelError(
      "SVC_CLASSES",
      `A classifier needs rows of two classes or more, but only ${present.length} occurs.`,
    );
  const models: PairModel[] = [];
  for (const [index, first] of present.entries())
    for (const second of present.slice(index + 1)) {
      // The later class is the positive one, so that a classifier of classes 0 and 1 says 1 above 0.
      const groups = [members.get(second)!, members.get(first)!] as const;
      const rows = Int32Array.from(groups.flat());
      const labels = Int8Array.from(rows, (row) => (y[row] === second ? 1 : -1));
      const { coefficients, bias } = solveRows(kernel, stride, rows, labels, second, first, settings);
      const support = [...coefficients.keys()].filter((t) => coefficients[t] !== 0);
      models.push({
        positive: second,
        negative: first,
        rows: Int32Array.from(support, (t) => rows[t]!),
        coefficients: Float64Array.from(support, (t) => coefficients[t]!),
        bias,
        sigmoid:
          settings.probabilitySeed === undefined
            ? undefined
            : crossValidatedSigmoid(kernel, stride, groups, second, first, settings, settings.probabilitySeed),
      });
    }
  return models;
}

function solveRows(
  kernel: Float64Array,
  stride: number,
  rows: Int32Array,
  labels: Int8Array,
  positive: number,
  negative: number,
  { C, classWeights, tolerance, maxIterations }: TrainSettings,
): DualSolution {
  const n = rows.length;
  const own = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) own[i * n + j] = kernel[rows[i]! * stride + rows[j]!]!;
  const bounds = Float64Array.from(labels, (label) => C * classWeights[label > 0 ? positive : negative]!);
  return solveDual({ kernel: own, labels, bounds, tolerance, maxIterations });
}

/** Platt's sigmoid on decision values of rows that were left out, fold by fold, of the training rows alone. */
function crossValidatedSigmoid(
  kernel: Float64Array,
  stride: number,
  groups: readonly [positive: readonly number[], negative: readonly number[]],
  positive: number,
  negative: number,
  settings: TrainSettings,
  seed: number,
): Sigmoid {
  const folds = Math.min(PLATT_FOLDS, ...groups.map((group) => group.length));
  if (folds < 2)
    throw new KernelError(
      "SVC_CLASSES",
      `Probabilities need two training rows or more of each class, but class ${groups[0].length < 2 ? positive : negative} has one.`,
    );
  const rows = Int32Array.from(groups.flat());
  const labels = Int8Array.from(rows, (_, at) => (at < groups[0].length ? 1 : -1));
  const decisions = new Float64Array(rows.length);
  for (const { train, validation } of kFold({ numRows: rows.length }, { folds, seed, stratified: labels })) {
    const own = train.map((at) => rows[at]!);
    const signs = Int8Array.from(train, (at) => labels[at]!);
    const { coefficients, bias } = solveRows(kernel, stride, own, signs, positive, negative, settings);
    for (const at of validation) {
      let sum = bias;
      for (let t = 0; t < own.length; t++) sum += coefficients[t]! * kernel[rows[at]! * stride + own[t]!]!;
      decisions[at] = sum;
    }
  }
  return plattSigmoid(decisions, labels);
}

/**
 * Decision values [m, pairs].
 * @param kernel of m rows with the training rows [m, stride], in the numbering of the models' rows
 */
export function pairDecisions(
  models: readonly PairModel[],
  kernel: Float64Array,
  m: number,
  stride: number,
): Float64Array {
  const decisions = new Float64Array(m * models.length);
  for (const [k, { rows, coefficients, bias }] of models.entries())
    for (let i = 0; i < m; i++) {
      let sum = bias;
      for (let t = 0; t < rows.length; t++) sum += coefficients[t]! * kernel[i * stride + rows[t]!]!;
      decisions[i * models.length + k] = sum;
    }
  return decisions;
}

/** The class with most votes for each row, the first where several have as many. */
export function votedClasses(
  models: readonly PairModel[],
  decisions: Float64Array,
  m: number,
  numClasses: number,
): Float64Array {
  const votes = new Float64Array(numClasses);
  const classes = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    votes.fill(0);
    for (const [k, { positive, negative }] of models.entries())
      votes[decisions[i * models.length + k]! > 0 ? positive : negative]!++;
    let most = 0;
    for (let c = 1; c < numClasses; c++) if (votes[c]! > votes[most]!) most = c;
    classes[i] = most;
  }
  return classes;
}

/**
 * One value for each class [m, numClasses]: its votes, and within (-⅓, ⅓) how sure they are, as scikit-learn ranks the classes
 * of pairwise classifiers.
 */
export function classDecisions(
  models: readonly PairModel[],
  decisions: Float64Array,
  m: number,
  numClasses: number,
): Float64Array {
  const values = new Float64Array(m * numClasses);
  const sure = new Float64Array(numClasses);
  for (let i = 0; i < m; i++) {
    sure.fill(0);
    for (const [k, { positive, negative }] of models.entries()) {
      const f = decisions[i * models.length + k]!;
      values[i * numClasses + (f > 0 ? positive : negative)]!++;
      sure[positive]! += f;
      sure[negative]! -= f;
    }
    for (let c = 0; c < numClasses; c++) values[i * numClasses + c]! += sure[c]! / (3 * (Math.abs(sure[c]!) + 1));
  }
  return values;
}

/** Probabilities [m, numClasses]; 0 for a class of which there were no training rows. */
export function classProbabilities(
  models: readonly PairModel[],
  decisions: Float64Array,
  m: number,
  numClasses: number,
): Float64Array {
  const present = [...new Set(models.flatMap(({ positive, negative }) => [positive, negative]))].sort((a, b) => a - b);
  const place = new Map(present.map((one, index) => [one, index]));
  const k = present.length;
  const pairwise = new Float64Array(k * k);
  const probabilities = new Float64Array(m * numClasses);
  for (let i = 0; i < m; i++) {
    for (const [index, { positive, negative, sigmoid }] of models.entries()) {
      // As LIBSVM, away from 0 and 1, where coupling has no solution.
      const p = Math.min(1 - 1e-7, Math.max(1e-7, sigmoidOf(sigmoid!, decisions[i * models.length + index]!)));
      pairwise[place.get(positive)! * k + place.get(negative)!] = p;
      pairwise[place.get(negative)! * k + place.get(positive)!] = 1 - p;
    }
    const coupled = k === 2 ? Float64Array.of(pairwise[1]!, pairwise[2]!) : coupledProbabilities(pairwise, k);
    for (const [index, one] of present.entries()) probabilities[i * numClasses + one] = coupled[index]!;
  }
  return probabilities;
}
