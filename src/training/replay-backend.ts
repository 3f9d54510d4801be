import { type RemoteBackend, type RemoteEstimator, systemClock } from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import { foldRun, type RunBundle } from "../runs/index.ts";

/** Stands in for the backend of a run at a service. It knows no network: whatever it is asked for is not in the record. */
export function replayBackend({ run, records }: RunBundle): RemoteBackend | undefined {
  const { description } = foldRun(records);
  if (description?.remote === undefined) return undefined;
  const { name, account, capabilities } = description.remote;
  const refuse = (what: string): never => {
    throw new RunError(
      "REPLAY_MISSING",
      `The record of run ${run.id} has no ${what}, and a replay asks nobody for it.`,
    );
  };
  const estimator: RemoteEstimator = {
    async run(_pubs, { submitKey = "", beforeSubmit } = {}) {
      // Asked for as for any job, so that it is refused by its place in the run.
      const nothing = { executions: 0, quantumSeconds: 0, capSeconds: 1, serviceTime: 0 };
      await beforeSubmit?.({ key: submitKey, part: 0, parts: 1, bodyHash: "", ...nothing });
      return refuse("job that fits");
    },
    plan: async () => refuse("plan of a job"),
    attach: () => refuse("job that is out"),
    // Of a job that is refused before it is kept.
    record: () => ({ circuits: [], calibration: undefined }),
  };
  const { backendSettings } = description.parts;
  return {
    name,
    settings: typeof backendSettings === "string" ? backendSettings : undefined,
    account,
    capabilities,
    submitsPerMinute: undefined,
    clock: systemClock,
    estimator: () => estimator,
    sampler: () => refuse("samples"),
    status: async () => ({ operational: true, pendingJobs: 0, message: "" }),
    // A run that is to heed it may be replayed.
    calibration: async () => undefined,
    jobsTagged: async () => refuse("list of jobs"),
    cancelJob: async () => refuse("jobs to cancel"),
    jobUsage: async () => refuse("further charges"),
  };
}
