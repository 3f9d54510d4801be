import { type Dataset, minMax, pca, pipeline, scale, standardise, type Transform } from "../data/index.ts";
import { KernelError } from "../errors.ts";
import type { CircuitTemplate } from "../layers/circuit-template.ts";
import { perception } from "../layers/perception.ts";
import {
  bestOf,
  CrossValidation,
  type CrossValidationOptions,
  type FoldRows,
  type FoldScores,
} from "./cross-validation.ts";
import { DEFAULT_C } from "./fit-kernel.ts";
import { FittedEncoder } from "./fitted-encoder.ts";
import { checkOptions } from "./kernel.ts";
import { quantumKernel } from "./quantum-kernel.ts";
import { StateOverlaps } from "./state-overlaps.ts";

/** What is tried, each with each. */
export interface EncodingCandidates {
  readonly qubits: readonly number[];
  /** By name; angle and ZZ encodings by default. */
  readonly featureMaps?: Readonly<Record<string, CircuitTemplate>>;
  /** Factors of the reduced features, radians per unit; [0.05, 0.1, 0.2, 0.4, 0.8] where there are no `ranges`. */
  readonly bandwidths?: readonly number[];
  /** Intervals of angles, radians, onto which the reduced training features are stretched. */
  readonly ranges?: readonly (readonly [low: number, high: number])[];
  /** [0.1, 1, 10, 100] by default. */
  readonly C?: readonly number[];
}

export interface FitEncodingOptions extends CrossValidationOptions {
  readonly candidates: EncodingCandidates;
  /**
   * From all features to as many as a circuit has inputs, before they become angles; by default standardised features and their
   * principal components. It is fitted anew on the training rows of each fold.
   */
  readonly reduce?: (numFeatures: number) => Transform;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: EncodingProgress) => void;
}

/** One encoding with one C. */
export interface EncodingCandidate extends FoldScores {
  readonly featureMap: string;
  readonly qubits: number;
  /** Exactly one of these is set. */
  readonly bandwidth: number | undefined;
  readonly range: readonly [low: number, high: number] | undefined;
}

/** Told after each encoding, with all its values of C. */
export interface EncodingProgress {
  readonly done: number;
  readonly total: number;
  /** The best so far. */
  readonly best: EncodingCandidate;
}

export interface EncodingFit {
  /** All that were tried: by qubits, feature map, bandwidth or range, and C. */
  readonly candidates: readonly EncodingCandidate[];
  /** The highest mean score; the first of equal ones, so put the simpler first. */
  readonly chosen: EncodingCandidate;
  /** The chosen encoding, fitted on all training rows. */
  readonly encoder: FittedEncoder;
  /** States that were simulated. */
  readonly executions: number;
}

type Scaling = { readonly bandwidth: number } | { readonly range: readonly [low: number, high: number] };

/**
 * Chooses how rows become states, bandwidth included, by cross-validation of a support vector machine on the fidelity kernel. Give it
 * the training rows only: everything, from the principal components on, is learned within each fold from its own training rows. States
 * are simulated in this process, once for each row, fold and scaling; a circuit is compiled once. Deterministic by seed.
 * @example
 * const { encoder } = await fitEncoding(train, { candidates: { qubits: [4], bandwidths: [0.1, 0.2, 0.4] } });
 * const classifier = await encoder.classifier().fit(encoder.encode(train));
 * @throws KernelError KERNEL_OPTION, KERNEL_FEATURE_MAP, KERNEL_MEMORY, SVC_CLASSES, SVC_CONVERGENCE; DataError
 * DATA_SPLIT; what `reduce` throws, such as DataError PCA_COMPONENTS; the signal's reason when aborted
 */
export async function fitEncoding(train: Dataset, options: FitEncodingOptions): Promise<EncodingFit> {
  checkOptions("fitEncoding", options, ["candidates", "reduce", "folds", "seed", "score", "signal", "onProgress"]);
  const { reduce = principalComponents, signal, onProgress } = options;
  const { qubits, featureMaps, scalings, C } = checkedCandidates(options.candidates);
  const validation = new CrossValidation(train, C, options);
  const reduced = new ReducedFolds(validation.folds, reduce);
  const circuits = qubits.flatMap((size) =>
    Object.entries(featureMaps).map(([name, featureMap]) => ({
      name,
      circuit: quantumKernel({ featureMap, qubits: size }).circuit,
    })),
  );
  const total = circuits.length * scalings.length;
  const candidates: EncodingCandidate[] = [];
  let done = 0;
  let executions = 0;
  for (const { name, circuit } of circuits) {
    const overlaps = new StateOverlaps(circuit);
    for (const scaling of scalings) {
      const scores: Float64Array[] = [];
      for (const fold of reduced.folds(circuit.numInputs)) {
        const rows = scalingOf(scaling).fit(fold.train).transform(fold.all);
        scores.push(validation.scores(fold, await overlaps.fidelities(rows, undefined, 1, signal)));
        executions += rows.numRows;
      }
      const bandwidth = "bandwidth" in scaling ? scaling.bandwidth : undefined;
      const range = "range" in scaling ? scaling.range : undefined;
      for (const summary of validation.summary(scores))
        candidates.push({ featureMap: name, qubits: circuit.numQubits, bandwidth, range, ...summary });
      onProgress?.({ done: ++done, total, best: bestOf(candidates) });
    }
  }
  const chosen = bestOf(candidates);
  const { circuit } = circuits.find(
    ({ name, circuit: { numQubits } }) => name === chosen.featureMap && numQubits === chosen.qubits,
  )!;
  const scaling = chosen.range === undefined ? { bandwidth: chosen.bandwidth! } : { range: chosen.range };
  const transform = pipeline([reduce(circuit.numInputs), scalingOf(scaling)]).fit(train);
  return {
    candidates,
    chosen,
    encoder: new FittedEncoder(chosen.featureMap, circuit, transform, chosen.C),
    executions,
  };
}

/** The folds with features reduced to a number of them, each computed once. */
class ReducedFolds {
  readonly #folds: readonly FoldRows[];
  readonly #reduce: (numFeatures: number) => Transform;
  readonly #known = new Map<number, readonly FoldRows[]>();

  constructor(folds: readonly FoldRows[], reduce: (numFeatures: number) => Transform) {
    this.#folds = folds;
    this.#reduce = reduce;
  }

  folds(numFeatures: number): readonly FoldRows[] {
    let folds = this.#known.get(numFeatures);
    if (folds === undefined) {
      folds = this.#folds.map(({ train, all }) => {
        const transform = this.#reduce(numFeatures).fit(train);
        return { train: transform.transform(train), all: transform.transform(all) };
      });
      this.#known.set(numFeatures, folds);
    }
    return folds;
  }
}

function principalComponents(numComponents: number): Transform {
  return pipeline([standardise(), pca({ numComponents })]);
}

function scalingOf(scaling: Scaling): Transform {
  return "bandwidth" in scaling ? scale({ factor: scaling.bandwidth }) : minMax({ range: scaling.range });
}

/** @throws KernelError KERNEL_OPTION */
function checkedCandidates(candidates: EncodingCandidates) {
  checkOptions("candidates", candidates, ["qubits", "featureMaps", "bandwidths", "ranges", "C"]);
  const {
    qubits,
    featureMaps = { angle: perception.angle(), zz: perception.zz() },
    ranges = [],
    bandwidths = ranges.length > 0 ? [] : [0.05, 0.1, 0.2, 0.4, 0.8],
    C = DEFAULT_C,
  } = candidates;
  const scalings: readonly Scaling[] = [
    ...bandwidths.map((bandwidth) => ({ bandwidth })),
    ...ranges.map((range) => ({ range })),
  ];
  for (const [what, list] of Object.entries({ qubits, featureMaps: Object.keys(featureMaps), scalings }))
    if (!Array.isArray(list) || list.length === 0)
      throw new KernelError("KERNEL_OPTION", `candidates.${what} is empty; name one or more.`);
  return { qubits, featureMaps, scalings, C };
}
