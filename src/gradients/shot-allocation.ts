import { SparsePauliOp } from "../../circuits/index.ts";
import { measurementGroups } from "../../providers/index.ts";
import { GradientError } from "../errors.ts";

/** A standard error needs two. */
const FEWEST_SHOTS = 2;
/** An evaluation keeps this share of an even one, so that its spread stays known. */
const LEAST_SHARE = 1 / 8;
/** Evaluations whose shots differ by less than this factor get the same, so that a job has few PUBs. */
const CLASS_FACTOR = Math.SQRT2;

/** Shots that the evaluations of one point take together, and what they are shared out by. */
export interface ShotRequest {
  /** Of the whole batch, value and gradient; never exceeded. */
  readonly total: number;
  /**
   * For each shifted evaluation and group of terms [T, M] the variance that one shot of it adds to the gradient, as last seen;
   * without it all get the same.
   */
  readonly variances?: readonly number[] | undefined;
}

/** Parts of the observables that one measurement setting serves. */
export interface MeasuredPart {
  readonly observables: readonly SparsePauliOp[];
  /** Of each its place among the observables. */
  readonly columns: readonly number[];
}

/** The shots of each row of parameter values, and of each part of the observables: [rows, M]. */
export interface RowShots {
  readonly parts: readonly MeasuredPart[];
  readonly shots: Int32Array;
}

/** The observables by qubit-wise commuting groups of all their terms together. */
export function measuredParts(observables: readonly SparsePauliOp[]): readonly MeasuredPart[] {
  const [{ numQubits }] = observables as readonly [SparsePauliOp];
  const keyOf = (letters: readonly (readonly [qubit: number, letter: string])[]): string => letters.join(" ");
  return measurementGroups(observables).map(({ basis, terms }) => {
    const letterAt = new Map(basis);
    const keys = new Set(terms.map(({ qubits }) => keyOf(qubits.map((qubit) => [qubit, letterAt.get(qubit)!]))));
    const found = observables.flatMap((observable, column) => {
      const own = observable.terms.filter(({ pauli }) => keys.has(keyOf(pauli.letters)));
      return own.length === 0 ? [] : [{ column, observable: SparsePauliOp.fromTerms(numQubits, own) }];
    });
    return { observables: found.map(({ observable }) => observable), columns: found.map(({ column }) => column) };
  });
}

/**
 * Shots [1 + T, M] of each row: an even share for the unshifted evaluation; the rest in proportion to the standard deviation
 * that each shifted evaluation brings into the gradient, which gives the least variance for their sum (Neyman, J. R. Stat.
 * Soc. 97, 558, 1934; for the terms of gradients Arrasmith et al., arXiv:2004.06252, and Gu et al., arXiv:2108.10434).
 * Together no more than (1 + T)·M even shares.
 * @throws GradientError GRADIENT_SHOTS when there are fewer than two for an evaluation
 */
export function allocateShots(request: ShotRequest, rows: number, numShifts: number, numParts: number): Int32Array {
  const { total, variances } = request;
  const count = (1 + numShifts) * numParts;
  const even = Math.floor(total / (rows * count));
  if (even < FEWEST_SHOTS)
    throw new GradientError(
      "GRADIENT_SHOTS",
      `${total} shots are too few for ${rows} row(s) with ${1 + numShifts} evaluation(s) of ${numParts} measurement group(s) each; give ${FEWEST_SHOTS * rows * count} or more, or smaller batches.`,
    );
  const shots = new Int32Array(count).fill(even);
  if (variances === undefined || numShifts === 0) return shots;
  if (variances.length !== numShifts * numParts)
    throw new GradientError(
      "GRADIENT_SHAPE",
      `There are ${variances.length} variance(s) for ${numShifts} shifted evaluation(s) of ${numParts} measurement group(s).`,
    );
  const least = Math.max(FEWEST_SHOTS, Math.floor(even * LEAST_SHARE));
  const shares = shareOut(variances.map(Math.sqrt), even * numShifts * numParts, least);
  for (const [index, share] of inClasses(shares).entries()) shots[numParts + index] = share;
  return shots;
}

/** Shares of a total in proportion to weights, none below the least. */
function shareOut(weights: readonly number[], total: number, least: number): readonly number[] {
  const shares = new Array<number>(weights.length).fill(least);
  let open = weights.map((_, index) => index);
  for (;;) {
    const room = total - least * (weights.length - open.length);
    const sum = open.reduce((all, index) => all + weights[index]!, 0);
    if (!(sum > 0)) return weights.map(() => Math.floor(total / weights.length));
    const above = open.filter((index) => (room * weights[index]!) / sum >= least);
    if (above.length < open.length) {
      open = above;
      continue;
    }
    for (const index of open) shares[index] = (room * weights[index]!) / sum;
    return shares;
  }
}

/** Like shares become their mean, rounded down. */
function inClasses(shares: readonly number[]): Int32Array {
  const order = shares.map((_, index) => index).sort((a, b) => shares[a]! - shares[b]! || a - b);
  const made = new Int32Array(shares.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    let sum = 0;
    while (to < order.length && shares[order[to]!]! <= shares[order[from]!]! * CLASS_FACTOR)
      sum += shares[order[to++]!]!;
    // The slack keeps a mean that should be an integer from being rounded down to the one before.
    const mean = Math.floor((sum / (to - from)) * (1 + 1e-12));
    for (; from < to; from++) made[order[from]!] = mean;
  }
  return made;
}
