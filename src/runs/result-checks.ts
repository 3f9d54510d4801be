import type { CheckedEstimatorPub, EstimatorPubResult } from "../../providers/index.ts";
import { RunError } from "../errors.ts";

/** Mitigation extrapolates, so values may lie somewhat outside of what the observable allows; not further. */
const OVERSHOOT = 2;
const ERRORS_BEYOND = 10;
/** Extrapolation from noise makes errors larger, too; one of a hundred times what the observable allows says nothing. */
const LARGEST_ERROR = 100;
const ROUNDING = 1e-9;

/**
 * Values reach an optimizer only if they can be what was asked for: one for each element of each PUB, finite, with errors that
 * are, and within the observable's bounds.
 * @throws RunError RUN_RESULT_WRONG naming PUB and element
 */
export function assertResults(
  results: readonly EstimatorPubResult[],
  pubs: readonly CheckedEstimatorPub[],
  jobId: string,
): void {
  const fail = (what: string): never => {
    throw new RunError(
      "RUN_RESULT_WRONG",
      `The result of job ${jobId} cannot be right: ${what}. It was not used. The job is known, so resuming the run reads it again without paying again.`,
    );
  };
  if (results.length !== pubs.length) fail(`it has ${results.length} PUB(s), and ${pubs.length} were sent`);
  for (const [index, { observables, observableOf, shape }] of pubs.entries()) {
    const { evs, stds, shape: found } = results[index]!;
    const size = observableOf.length;
    if (found.length !== shape.length || found.some((length, axis) => length !== shape[axis]))
      fail(`PUB ${index} has shape [${found.join(", ")}] instead of [${shape.join(", ")}]`);
    if (evs.length !== size || stds.length !== size) fail(`PUB ${index} has ${evs.length} values instead of ${size}`);
    const bounds = observables.distinct.map(({ terms }) =>
      [...terms].reduce((sum, { coefficient }) => sum + Math.abs(coefficient), 0),
    );
    for (let i = 0; i < size; i++) {
      const value = evs[i]!;
      const error = stds[i]!;
      if (!Number.isFinite(value) || !(error >= 0 && error < Number.POSITIVE_INFINITY))
        fail(`value ${i} of PUB ${index} is ${value} ± ${error}`);
      const bound = bounds[observableOf[i]!]!;
      if (
        error > LARGEST_ERROR * bound + ROUNDING ||
        Math.abs(value) > OVERSHOOT * bound + ERRORS_BEYOND * error + ROUNDING
      )
        fail(`value ${i} of PUB ${index} is ${value} ± ${error}, and its observable has values of at most ${bound}`);
    }
  }
}
