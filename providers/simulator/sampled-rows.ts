import type { Rng } from "../../circuits/index.ts";
import type { JobContext } from "../job.ts";
import type { CheckedEstimatorPub } from "../pub.ts";
import type { Block } from "./blocks.ts";
import { assertFiniteValues } from "./finite.ts";
import type { Place } from "./place.ts";

/** Estimates the expectation values of K observables from shots, row by row. */
export interface RowEstimates {
  /**
   * Writes means [K] and squared standard errors [K].
   * @param charge is told the executions as they are done
   */
  estimate(
    values: Float64Array,
    shots: number,
    rng: Rng,
    means: Float64Array,
    variances: Float64Array,
    charge: (executions: number) => void,
  ): Generator<void>;
}

/** Estimates all rows of a block; each has samples of its own, whatever rows there are besides. */
export async function estimateRows(
  program: RowEstimates,
  { pub, block, shots, rng }: { pub: CheckedEstimatorPub; block: Block; shots: number; rng: Rng },
  { evs, stds }: { readonly evs: Float64Array; readonly stds: Float64Array },
  context: JobContext,
  place: Place,
): Promise<void> {
  const width = pub.circuit.parameters.length;
  const means = new Float64Array(block.observables.length);
  const variances = new Float64Array(block.observables.length);
  for (const row of block.rows) {
    place.row = row;
    const values = pub.values.data.slice(row * width, (row + 1) * width);
    const draw = rng.fork("row", row, "block", block.index);
    await context.finish(program.estimate(values, shots, draw, means, variances, context.charge));
    assertFiniteValues(means, 0, means.length);
    block.scatter(row, means, 0, evs);
    block.scatter(row, variances.map(Math.sqrt), 0, stds);
    await context.checkpoint();
  }
}
