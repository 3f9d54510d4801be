import type { MinimizeOptions, MinimizeResult, MinimizeStep } from "./minimize-options.ts";
import { checkPrice, moneyFor, NO_WORK, sumOfWork, timesWork, workOf } from "./planned-work.ts";
import { planningBackend } from "./planning-backend.ts";
import type { Run } from "./run.ts";
import { plannedSampling } from "./sampling.ts";
import type { PlannedRun } from "./training-plan.ts";

/**
 * Plans a run of `minimize`, which is given so that it can plan itself.
 * @throws as `minimize`; TrainingError TRAINING_PRICE
 */
export async function planProblem(
  minimize: (options: MinimizeOptions) => Run<MinimizeStep, MinimizeResult>,
  options: MinimizeOptions,
): Promise<PlannedRun> {
  const { most, least } = plannedSampling(options);
  if (least !== undefined) {
    const { total } = await planProblem(minimize, { ...options, ...least });
    return { ...(await planProblem(minimize, { ...options, ...most })), least: total };
  }
  const { circuit, observable, optimizer, initial, seed, method, maxRows, spsa, inputs, from } = options;
  const { price, tolerance, patience, signal } = options;
  checkPrice(price);
  const done = from?.step ?? 0;
  const steps = Math.max(0, options.steps - done);
  const provider = planningBackend(options.provider);
  // The first step of an optimizer that calibrates itself is longer than the others, so two are looked at.
  const ends: number[] = [];
  const problem = { circuit, observable, optimizer, initial, seed, method, maxRows, spsa, ...most, inputs, from };
  const given = Object.entries({ ...problem, tolerance, patience, signal }).filter(([, value]) => value !== undefined);
  await minimize({
    ...(Object.fromEntries(given) as unknown as MinimizeOptions),
    provider,
    steps: done + Math.min(2, steps),
    callbacks: { onStep: () => void ends.push(provider.jobs.length) },
  });
  const { target, name, jobs } = provider;
  const [first = 0, second = first] = ends;
  const firstStep = workOf(jobs.slice(0, first));
  const step = ends.length > 1 ? workOf(jobs.slice(first, second)) : firstStep;
  // Last comes the value at the end.
  const total = sumOfWork([
    ends.length > 0 ? firstStep : NO_WORK,
    timesWork(step, Math.max(0, steps - 1)),
    workOf(jobs.slice(second)),
  ]);
  return {
    provider: name,
    device: target?.name,
    steps,
    step,
    total,
    circuits: jobs[0]?.circuits ?? [],
    money: moneyFor(total, price),
  };
}
