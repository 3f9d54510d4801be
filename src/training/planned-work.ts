import { describeValue } from "../../circuits/index.ts";
import type { JobPlan } from "../../providers/index.ts";
import { TrainingError } from "../errors.ts";
import type { PlannedWork, Price } from "./training-plan.ts";

export const NO_WORK: PlannedWork = Object.freeze({ jobs: 0, pubs: 0, rows: 0, executions: 0, quantumSeconds: 0 });

export function workOf(jobs: readonly JobPlan[]): PlannedWork {
  return sumOfWork(jobs.map(({ subJobs, ...plan }) => ({ ...plan, jobs: subJobs })));
}

export function timesWork(work: PlannedWork, factor: number): PlannedWork {
  const { jobs, pubs, rows, executions, quantumSeconds } = work;
  return {
    jobs: jobs * factor,
    pubs: pubs * factor,
    rows: rows * factor,
    executions: executions * factor,
    quantumSeconds: quantumSeconds * factor,
  };
}

export function sumOfWork(works: readonly PlannedWork[]): PlannedWork {
  const total = { ...NO_WORK };
  for (const work of works)
    for (const key of ["jobs", "pubs", "rows", "executions", "quantumSeconds"] as const) total[key] += work[key];
  return total;
}

/** What work costs; undefined without a price. */
export function moneyFor(
  { quantumSeconds }: PlannedWork,
  price: Price | undefined,
): { readonly amount: number; readonly currency: string } | undefined {
  return price === undefined ? undefined : { amount: quantumSeconds * price.perSecond, currency: price.currency };
}

/** @throws TrainingError TRAINING_PRICE */
export function checkPrice(price: Price | undefined): void {
  if (price === undefined) return;
  const { perSecond, currency } = (price ?? {}) as Partial<Price>;
  if (typeof perSecond !== "number" || !(perSecond >= 0 && perSecond < Infinity) || typeof currency !== "string")
    throw new TrainingError(
      "TRAINING_PRICE",
      `A price is { perSecond: 1.6, currency: "USD" }, the price of a second of the quantum computer, not ${describeValue(price)}.`,
    );
}
