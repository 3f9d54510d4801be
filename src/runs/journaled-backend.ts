import type { Backend, EstimatorOptions, RemoteBackend } from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import { JournaledEstimator } from "./journaled-estimator.ts";
import type { RunJournal } from "./run-journal.ts";

/** A backend at a service whose estimator jobs are journaled: each is paid for once, whenever the process ends. */
export function journaledBackend(remote: RemoteBackend, journal: RunJournal): Backend {
  return {
    name: remote.name,
    target: remote.target,
    capabilities: remote.capabilities,
    estimator: (options: EstimatorOptions = {}) => new JournaledEstimator(remote, journal, options),
    sampler() {
      throw new RunError(
        "RUN_PROVIDER",
        "A durable run journals estimator jobs only; take samples outside of it, with the provider itself.",
      );
    },
    status: () => remote.status(),
  };
}
