import { checkMinimizeOptions, type MinimizeOptions, minimize } from "./minimize.ts";
import { checkPrice, moneyFor, NO_WORK, sumOfWork, timesWork, workOf } from "./planned-work.ts";
import { planningBackend } from "./planning-backend.ts";
import type { PlannedRun, Price } from "./training-plan.ts";

/**
 * What `minimize` would send with the same options, found out by steps on a stand-in for the provider; nothing is sent.
 * A tolerance or `stop()` only makes a run shorter; one that goes on from a checkpoint has the steps that are left.
 * @throws as `minimize`; TrainingError TRAINING_PRICE
 */
export async function planMinimize(options: MinimizeOptions & { readonly price?: Price }): Promise<PlannedRun> {
  const { price, callbacks: _callbacks, store: _store, id: _id, onSubmitted: _onSubmitted, ...problem } = options;
  checkPrice(price);
  checkMinimizeOptions(problem);
  const done = problem.from?.step ?? 0;
  const steps = Math.max(0, problem.steps - done);
  const provider = planningBackend(problem.provider);
  // The first step of an optimizer that calibrates itself is longer than the others, so two are looked at.
  const ends: number[] = [];
  const onStep = (): void => void ends.push(provider.jobs.length);
  await minimize({ ...problem, provider, steps: done + Math.min(2, steps), callbacks: { onStep } });
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
