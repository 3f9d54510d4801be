import { type Circuit, Rng, type SparsePauliOp } from "../../circuits/index.ts";
import {
  type Backend,
  blocksOf,
  type CheckedEstimatorPub,
  checkEstimatorPubs,
  type Estimator,
  type EstimatorOptions,
  type EstimatorPubResult,
  isDifferentiable,
  type Job,
  type JobPlan,
  measurementGroups,
  shotsFor,
} from "../../providers/index.ts";
import { TrainingError } from "../errors.ts";

export interface PlanningBackend extends Backend {
  /** One for each job, in order. */
  readonly jobs: readonly JobPlan[];
}

/**
 * A stand-in for a provider that notes what its jobs would take and answers any values. What runs on it takes the same way
 * through the program as on the provider itself, so a plan cannot differ from what is sent but by the values measured.
 */
export function planningBackend(provider: Backend): PlanningBackend {
  const jobs: JobPlan[] = [];
  const rng = Rng.seed("plan");
  return {
    name: provider.name,
    target: provider.target,
    capabilities: provider.capabilities,
    jobs,
    estimator(options: EstimatorOptions = {}): Estimator {
      const real = provider.estimator(options);
      return {
        async run(pubs) {
          const checked = checkEstimatorPubs(pubs, options.precision ?? 0);
          const plan = (await real.plan?.(pubs)) ?? uncompiledPlan(checked);
          jobs.push(plan);
          return plannedJob(
            plan,
            checked.map((pub) => anyValues(pub, rng)),
          );
        },
      };
    },
    sampler() {
      throw new TrainingError(
        "TRAINING_PROVIDER",
        "A plan is made without samplers: training measures expectation values, and what a sampler draws would be sent.",
      );
    },
    status: () => provider.status(),
    // A backend that differentiates in this process submits nothing.
    ...(isDifferentiable(provider)
      ? {
          differentiate: (circuit: Circuit, observables: readonly SparsePauliOp[]) =>
            provider.differentiate(circuit, observables),
        }
      : {}),
  };
}

/** PUBs as they are, on a backend that neither compiles nor charges. */
function uncompiledPlan(checked: readonly CheckedEstimatorPub[]): JobPlan {
  let rows = 0;
  let executions = 0;
  for (const pub of checked)
    for (const block of blocksOf(pub)) {
      rows += block.rows.length;
      const each = pub.precision > 0 ? shotsFor(pub.precision) * measurementGroups(block.observables).length : 1;
      executions += block.rows.length * each;
    }
  return { pubs: checked.length, rows, executions, subJobs: 1, quantumSeconds: 0 };
}

/** Different values between -1 and 1: equal ones would make rows of a next layer equal, which are sent once. */
function anyValues({ shape, rowOf }: CheckedEstimatorPub, rng: Rng): EstimatorPubResult {
  const evs = Float64Array.from(rowOf, () => 2 * rng.uniform() - 1);
  return { shape, evs, stds: new Float64Array(rowOf.length), metadata: {} };
}

function plannedJob(plan: JobPlan, results: readonly EstimatorPubResult[]): Job<EstimatorPubResult> {
  return {
    id: "planned",
    plan,
    status: async () => "done",
    result: async () => results,
    cancel: async () => {},
    usage: async () => ({ quantumSeconds: plan.quantumSeconds, executions: plan.executions }),
  };
}
