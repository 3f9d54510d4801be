import { expect, test } from "vitest";
import { Circuit, SparsePauliOp } from "../../../circuits/index.ts";
import { type Backend, type JobPlan, type JobUsage, localSimulator, ProviderError } from "../../../providers/index.ts";
import { runExpectations } from "../../../src/gradients/expectation-job.ts";

const plan: JobPlan = { pubs: 1, rows: 1, executions: 400, subJobs: 1, quantumSeconds: 2.1 };

/** A backend whose jobs tell their price so. */
function priced(usage: () => Promise<JobUsage>, planned: JobPlan | undefined): Backend {
  const local = localSimulator();
  return {
    name: "deaf",
    capabilities: local.capabilities,
    status: () => local.status(),
    sampler: (options) => local.sampler(options),
    estimator: (options) => ({
      run: async (pubs, runOptions) => {
        const job = await local.estimator(options).run(pubs, runOptions);
        return {
          id: job.id,
          plan: planned,
          status: () => job.status(),
          result: (wait) => job.result(wait),
          cancel: () => job.cancel(),
          usage,
        };
      },
    }),
  };
}

/** Gives values, but not what they cost. */
const withoutUsage = (error: Error, planned: JobPlan | undefined) => priced(() => Promise.reject(error), planned);

const request = {
  circuit: Circuit.build(1, (c) => c.x(0)),
  observables: [SparsePauliOp.parse("Z")],
  shape: [],
  data: new Float64Array(0),
};

test("values are kept when the service cannot tell what they cost: it is then as planned", async () => {
  const down = new ProviderError("IBM_SERVICE", "down", { retryable: true });
  const job = await runExpectations(withoutUsage(down, plan), [request], {});
  expect([...job.results[0]!.evs]).toEqual([-1]);
  expect(job).toMatchObject({ executions: 400, quantumSeconds: 2.1 });
  await expect(runExpectations(withoutUsage(down, undefined), [request], {})).rejects.toBe(down);
  const bug = new TypeError("a fault of the program");
  await expect(runExpectations(withoutUsage(bug, plan), [request], {})).rejects.toBe(bug);
});

test("a charge that is not final counts as no less than planned", async () => {
  const costs = async (usage: JobUsage, planned: JobPlan | undefined = plan) =>
    (
      await runExpectations(
        priced(() => Promise.resolve(usage), planned),
        [request],
        {},
      )
    ).quantumSeconds;
  expect(await costs({ executions: 400, quantumSeconds: 0, final: false })).toBe(2.1);
  expect(await costs({ executions: 400, quantumSeconds: 3, final: false })).toBe(3);
  expect(await costs({ executions: 400, quantumSeconds: 1.5, final: true })).toBe(1.5);
  expect(await costs({ executions: 400, quantumSeconds: 0 })).toBe(0);
});
