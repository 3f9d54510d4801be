import { type IsaEstimatorPub, type IsaSamplerPub, JOB_OVERHEAD_SECONDS, planIsaPubs } from "../isa-pubs.ts";
import type { JobPlan } from "../primitives.ts";
import { shotsFor } from "../shots.ts";
import type { IbmEstimatorOptions, IbmSamplerOptions } from "./program-options.ts";
import { twirlsGates, twirlsMeasurements } from "./twirling.ts";

type Options = IbmEstimatorOptions | IbmSamplerOptions;

/** What PUBs will take at the service: as `planIsaPubs`, with its delay between shots and the shots that twirling makes of them. */
export function planAtService(
  pubs: readonly (IsaEstimatorPub | IsaSamplerPub)[],
  options: Options,
  subJobs = 1,
): JobPlan {
  const repDelaySeconds = options.execution?.repDelay;
  const delay = repDelaySeconds === undefined ? {} : { repDelaySeconds };
  const plan = planIsaPubs(pubs, { subJobs, ...delay });
  const factors = pubs.map((pub) => twirlingFactor(pub, options));
  if (factors.every((factor) => factor === 1)) return plan;
  const circuits = plan.circuits!.map((circuit, index) => ({
    ...circuit,
    executions: Math.round(circuit.executions * factors[index]!),
  }));
  const measuring = pubs.map((pub) => planIsaPubs([pub], delay).quantumSeconds - JOB_OVERHEAD_SECONDS);
  return Object.freeze({
    ...plan,
    executions: circuits.reduce((sum, { executions }) => sum + executions, 0),
    quantumSeconds: measuring.reduce(
      (sum, seconds, index) => sum + seconds * factors[index]!,
      JOB_OVERHEAD_SECONDS * subJobs,
    ),
    circuits: Object.freeze(circuits),
  });
}

/** By how much the randomisations that options ask for raise the shots of a PUB, 1 or more. */
export function twirlingFactor(pub: IsaEstimatorPub | IsaSamplerPub, options: Options): number {
  const { numRandomizations, shotsPerRandomization } = options.twirling ?? {};
  if (!twirlsGates(options) && !twirlsMeasurements(options)) return 1;
  const shots = "shots" in pub ? pub.shots : pub.precision > 0 ? shotsFor(pub.precision) : 1;
  // Where one of them is left to the service, it chooses as many as the shots need.
  const given = [numRandomizations, shotsPerRandomization].filter((count) => typeof count === "number");
  const [first, second = Math.ceil(shots / (first ?? shots))] = given;
  return first === undefined ? 1 : Math.max(1, (first * second) / shots);
}
