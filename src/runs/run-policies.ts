import { describeValue } from "../../circuits/index.ts";
import { RunError } from "../errors.ts";

/** What a run does when its device is calibrated anew, and when the service has lost the values of a job; the defaults first. */
export const RUN_POLICIES = {
  recalibration: ["continue", "pause", "restart-step"],
  lostResults: ["stop", "rebuy"],
} as const;

export type RecalibrationPolicy = (typeof RUN_POLICIES.recalibration)[number];
export type LostResultPolicy = (typeof RUN_POLICIES.lostResults)[number];

export interface RunPolicies {
  /**
   * What to do when the device is calibrated anew meanwhile, which is noticed before each job: go on, and tell it in the history
   * (by default); "pause": submit nothing more, so that the run fails with RUN_RECALIBRATED and compiles for the new calibration
   * once it is resumed; "restart-step": where a step takes several jobs in a row, buy those that it has done again, so that all
   * are of one calibration, at most once a step. Needs a store.
   */
  readonly recalibration?: RecalibrationPolicy | undefined;
  /**
   * What to do when the service has no values of a job that it has done, also when it is asked again later: fail with
   * RUN_RESULT_LOST and buy nothing (by default); "rebuy": count what the job was charged, and send it again from the budget.
   * Needs a store.
   */
  readonly lostResults?: LostResultPolicy | undefined;
}

/** @throws RunError RUN_OPTION */
export function checkPolicies(policies: RunPolicies, isKept: boolean): void {
  for (const [name, known] of Object.entries(RUN_POLICIES) as [keyof RunPolicies, readonly string[]][]) {
    const policy = policies[name];
    if (policy === undefined) continue;
    if (!known.includes(policy))
      throw new RunError("RUN_OPTION", `Option ${name} is ${describeValue(policy)}; it is one of ${known.join(", ")}.`);
    if (!isKept && policy !== known[0])
      throw new RunError("RUN_OPTION", `${name}: "${policy}" needs a store: only a run that is kept notices.`);
  }
}
