import { type Backend, type EstimatorOptions, isRemote, type RemoteBackend } from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import { JournaledEstimator } from "./journaled-estimator.ts";
import { CalibrationWatch } from "./recalibration.ts";
import type { RunJournal } from "./run-journal.ts";
import type { RunPolicies } from "./run-policies.ts";

/** A backend at a service whose estimator jobs are journaled: each is paid for once, whenever the process ends. */
export function journaledBackend(
  remote: RemoteBackend,
  journal: RunJournal,
  { recalibration, lostResults }: RunPolicies,
): Backend {
  const calibrations = new CalibrationWatch(remote, journal, recalibration);
  return {
    name: remote.name,
    target: remote.target,
    capabilities: remote.capabilities,
    estimator: (options: EstimatorOptions = {}) =>
      new JournaledEstimator(remote, journal, { calibrations, lostResults }, options),
    sampler() {
      throw new RunError(
        "RUN_PROVIDER",
        "A durable run journals estimator jobs only; take samples outside of it, with the provider itself.",
      );
    },
    status: () => remote.status(),
  };
}

/** @throws RunError RUN_PROVIDER for one on which a job whose answer is lost could be paid twice */
export function assertJournalable(backend: Backend): asserts backend is RemoteBackend {
  if (!isRemote(backend))
    throw new RunError(
      "RUN_PROVIDER",
      `Backend ${backend.name} runs jobs elsewhere but cannot say which bear a tag (it is no RemoteBackend), so a job whose answer is lost could be paid twice. Use a backend of ibmProvider, or run without a store.`,
    );
  if (backend.capabilities.idempotentSubmit === "none")
    throw new RunError(
      "RUN_PROVIDER",
      `Backend ${backend.name} can neither repeat a submit safely nor find a job whose answer was lost, so it could be paid twice. Use another backend, or run without a store.`,
    );
}
