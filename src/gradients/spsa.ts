import { Rng } from "../../circuits/index.ts";
import {
  type CheckedPoint,
  checkCotangents,
  type GradientProblem,
  type GradientStrategy,
  type Gradients,
  type PreparedEvaluation,
  type PrepareOptions,
  parameterRowsOf,
  spreadOf,
  unshifted,
} from "./evaluation.ts";
import { wantedParameters } from "./slot-circuit.ts";

export interface SpsaGradientOptions {
  /** Radians by which every parameter moves; 0.1 by default. Smaller is less biased and more noisy. */
  readonly perturbation?: number;
  /** Random directions that are averaged; 1 by default. */
  readonly repeats?: number;
}

/**
 * Simultaneous perturbation (Spall, IEEE TAC 37, 332, 1992): all wanted parameters move by ±c at once along random signs
 * Δ, and (f(t+cΔ) - f(t-cΔ))/2c·Δ estimates the gradient from two evaluations a row and direction, however many
 * parameters there are. One job of [B, 1 + 2·repeats] rows. Standard errors are the spread between repeats.
 */
export class SpsaGradient implements GradientStrategy {
  readonly #problem: GradientProblem;
  readonly #perturbation: number;
  readonly #repeats: number;

  constructor(problem: GradientProblem, { perturbation = 0.1, repeats = 1 }: SpsaGradientOptions = {}) {
    this.#problem = problem;
    this.#perturbation = perturbation;
    // Where nothing is differentiated, directions would only cost.
    this.#repeats = wantedParameters(problem.circuit, problem.wants) === 0 ? 0 : repeats;
  }

  prepare(point: CheckedPoint, options: PrepareOptions): PreparedEvaluation {
    const { circuit, observables } = this.#problem;
    const { rows } = point;
    const count = observables.length;
    const width = circuit.parameters.length;
    const base = parameterRowsOf(circuit, point);
    const signs = this.#signs(rows, Rng.seed(options.seed ?? 0).fork("spsa"));
    const evaluations = 1 + 2 * this.#repeats;
    const data = new Float64Array(rows * evaluations * width);
    for (let row = 0; row < rows; row++)
      for (let e = 0; e < evaluations; e++) {
        const at = (row * evaluations + e) * width;
        const from = (((e - 1) >> 1) * rows + row) * width;
        const step = e === 0 ? 0 : e % 2 === 1 ? this.#perturbation : -this.#perturbation;
        for (let p = 0; p < width; p++) data[at + p] = base[row * width + p]! + (e === 0 ? 0 : step * signs[from + p]!);
      }
    const check = (cotangents: Float64Array | undefined) => checkCotangents(cotangents, rows, count);
    return {
      request: { circuit, observables, shape: [rows, evaluations], data },
      finish: (result) => {
        const { values, stderr } = unshifted(result!, rows, evaluations, count);
        return {
          values,
          stderr,
          pullback: (cotangents = options.cotangents) => this.#pullback(rows, result!.evs, signs, check(cotangents)),
          standardError: (cotangents) => spreadOf(check(cotangents), stderr, count),
        };
      },
    };
  }

  /** [repeats, rows, P]: 0 where nothing is wanted; weights have one sign for all rows, since the rows share them. */
  #signs(rows: number, rng: Rng): Float64Array {
    const { circuit, wants } = this.#problem;
    const { numInputs, parameters } = circuit;
    const width = parameters.length;
    const sign = (): number => (rng.uint32() >>> 31 === 0 ? 1 : -1);
    const signs = new Float64Array(this.#repeats * rows * width);
    for (let repeat = 0; repeat < this.#repeats; repeat++) {
      const shared = Float64Array.from({ length: width - numInputs }, () => (wants.weights ? sign() : 0));
      for (let row = 0; row < rows; row++) {
        const at = (repeat * rows + row) * width;
        if (wants.inputs) for (let p = 0; p < numInputs; p++) signs[at + p] = sign();
        signs.set(shared, at + numInputs);
      }
    }
    return signs;
  }

  #pullback(rows: number, evs: Float64Array, signs: Float64Array, cotangents: Float64Array): Gradients {
    const { circuit, observables, wants } = this.#problem;
    const { numInputs, numWeights } = circuit;
    const width = numInputs + numWeights;
    const count = observables.length;
    const stride = (1 + 2 * this.#repeats) * count;
    const weights = new Spread(numWeights, this.#repeats);
    const inputs = new Spread(rows * numInputs, this.#repeats);
    for (let repeat = 0; repeat < this.#repeats; repeat++) {
      for (let row = 0; row < rows; row++) {
        const plus = row * stride + (1 + 2 * repeat) * count;
        let slope = 0;
        for (let k = 0; k < count; k++)
          slope +=
            (cotangents[row * count + k]! * (evs[plus + k]! - evs[plus + count + k]!)) / (2 * this.#perturbation);
        const at = (repeat * rows + row) * width;
        for (let p = 0; p < numInputs; p++) inputs.add(repeat, row * numInputs + p, slope * signs[at + p]!);
        for (let p = 0; p < numWeights; p++) weights.add(repeat, p, slope * signs[at + numInputs + p]!);
      }
    }
    return {
      weights: wants.weights ? weights.mean() : undefined,
      weightStderr: wants.weights ? weights.stderr() : undefined,
      inputs: wants.inputs ? inputs.mean() : undefined,
      inputStderr: wants.inputs ? inputs.stderr() : undefined,
    };
  }
}

/** Estimates of several numbers from several repeats. */
class Spread {
  readonly #size: number;
  readonly #repeats: number;
  readonly #samples: Float64Array;
  constructor(size: number, repeats: number) {
    this.#size = size;
    this.#repeats = repeats;
    this.#samples = new Float64Array(size * repeats);
  }
  add(repeat: number, index: number, value: number): void {
    this.#samples[repeat * this.#size + index]! += value;
  }
  mean(): Float64Array {
    return Float64Array.from({ length: this.#size }, (_, index) => this.#meanAt(index));
  }
  /** NaN for a single repeat, which says nothing about its error. */
  stderr(): Float64Array {
    const n = this.#repeats;
    return Float64Array.from({ length: this.#size }, (_, index) => {
      const mean = this.#meanAt(index);
      let squares = 0;
      for (let r = 0; r < n; r++) squares += (this.#samples[r * this.#size + index]! - mean) ** 2;
      return n === 1 ? Number.NaN : Math.sqrt(squares / (n - 1) / n);
    });
  }
  #meanAt(index: number): number {
    let sum = 0;
    for (let r = 0; r < this.#repeats; r++) sum += this.#samples[r * this.#size + index]!;
    return sum / this.#repeats;
  }
}
