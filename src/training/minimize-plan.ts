import { type MinimizeOptions, minimize } from "./minimize.ts";
import { checkPrice, moneyFor, sumOfWork, timesWork, workOf } from "./planned-work.ts";
import { planningBackend } from "./planning-backend.ts";
import type { PlannedRun, Price } from "./training-plan.ts";

/**
 * What `minimize` would send with the same options, found out by a step on a stand-in for the provider; nothing is sent.
 * A tolerance or `stop()` only makes a run shorter.
 * @throws as `minimize`; TrainingError TRAINING_PRICE
 */
export async function planMinimize(options: MinimizeOptions & { readonly price?: Price }): Promise<PlannedRun> {
  const { price, callbacks: _callbacks, store: _store, id: _id, onSubmitted: _onSubmitted, ...problem } = options;
  checkPrice(price);
  const provider = planningBackend(problem.provider);
  await minimize({ ...problem, provider, steps: Math.min(1, problem.steps) });
  const { target, name, jobs } = provider;
  // The value at the end is a job of its own wherever jobs are sent at all.
  const step = workOf(problem.steps === 0 ? [] : jobs.slice(0, -1));
  const total = sumOfWork([timesWork(step, problem.steps), workOf(jobs.slice(-1))]);
  return {
    provider: name,
    device: target?.name,
    steps: problem.steps,
    step,
    total,
    circuits: jobs[0]?.circuits ?? [],
    money: moneyFor(total, price),
  };
}
