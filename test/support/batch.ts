import type { Circuit, Rng } from "../../circuits/index.ts";
import type { ConeExpectation } from "../../providers/simulator/cone-expectation.ts";

/** What is asked of a program of expectation values, with random numbers. */
export interface Batch {
  readonly rows: number;
  readonly inputs: Float64Array;
  readonly weights: Float64Array;
  readonly cotangents: Float64Array;
}

export interface BatchResult {
  readonly outputs: Float64Array;
  readonly weightGradients: Float64Array;
  readonly inputGradients: Float64Array;
}

/** A program, or the part of one that adds to gradients. */
export type Differentiable = Pick<ConeExpectation, "run">;

export function randomBatch(rng: Rng, circuit: Circuit, numObservables: number, rows: number): Batch {
  const draw = (length: number): Float64Array => Float64Array.from({ length }, () => 2 * rng.normal());
  return {
    rows,
    inputs: draw(rows * circuit.numInputs),
    weights: draw(circuit.numWeights),
    cotangents: draw(rows * numObservables),
  };
}

/** The rows from `start` on. */
export function rowsOf({ rows, inputs, weights, cotangents }: Batch, start: number, count: number): Batch {
  const cut = (values: Float64Array): Float64Array =>
    values.slice((start * values.length) / rows, ((start + count) * values.length) / rows);
  return { rows: count, inputs: cut(inputs), weights, cotangents: cut(cotangents) };
}

/** Outputs and all gradients, into arrays whose old content must not matter or be added to. */
export function differentiate(program: Differentiable, batch: Batch): BatchResult {
  const { inputs, weights, rows, cotangents } = batch;
  const outputs = new Float64Array(cotangents.length).fill(17);
  const weightGradients = new Float64Array(weights.length);
  const inputGradients = new Float64Array(inputs.length);
  program.run(inputs, weights, rows, cotangents, outputs, weightGradients, inputGradients);
  return { outputs, weightGradients, inputGradients };
}

/** The largest difference between two results, relative to the size of their numbers (at least 1); NaN where one is. */
export function distance(a: BatchResult, b: BatchResult): number {
  let worst = 0;
  for (const name of ["outputs", "weightGradients", "inputGradients"] as const) {
    const scale = Math.max(1, ...a[name].map(Math.abs));
    for (const [i, value] of a[name].entries()) {
      const difference = Math.abs(value - b[name][i]!) / scale;
      if (Number.isNaN(difference)) return difference;
      worst = Math.max(worst, difference);
    }
  }
  return worst;
}
