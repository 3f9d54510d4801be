import { minimize } from "./minimize.ts";
import { checkMinimizeOptions, type MinimizeOptions } from "./minimize-options.ts";
import { planProblem } from "./problem-plan.ts";
import type { PlannedRun } from "./training-plan.ts";

/**
 * What `minimize` would send with the same options, found out by steps on a stand-in for the provider; nothing is sent.
 * A tolerance or `stop()` only makes a run shorter; one that goes on from a checkpoint has the steps that are left.
 * @throws as `minimize`, at once; TrainingError TRAINING_PRICE
 */
export async function planMinimize(options: MinimizeOptions): Promise<PlannedRun> {
  checkMinimizeOptions(options);
  return planProblem(minimize, options);
}
