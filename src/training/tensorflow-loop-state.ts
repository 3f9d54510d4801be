import type { KeptRate } from "../optimizers/index.ts";
import type { SamplingState } from "./sampling.ts";
import type { captureTraining } from "./tensorflow-state.ts";
import type { QuantumCosts } from "./tensorflow-walk.ts";
import type { EpochReport, StepReport } from "./train.ts";

/**
 * What a training run needs to go on after a step or an epoch, besides its data and options. No times are in it, which stand in
 * reports: whoever takes the same steps comes to the same bytes.
 */
export interface TrainingState {
  readonly training: ReturnType<typeof captureTraining>;
  /** Steps so far. */
  readonly steps: number;
  /** The epoch at hand from 0, how many of its rows are done, and sums over these. */
  readonly epoch: number;
  readonly rowsDone: number;
  readonly sums: Readonly<Record<string, number>>;
  readonly loss: number;
  readonly costs: QuantumCosts;
  /** Of the sum of the epoch's losses; absent in runs of versions that did not know it. */
  readonly lossVariance?: number;
  /** Of a learning rate that goes by values. */
  readonly rate?: KeptRate;
  readonly sampling?: SamplingState;
  /** Early stopping, or a callback that has asked to stop in this step. */
  readonly ended: "early-stopping" | "noise-floor" | "stopped" | null;
  readonly early: unknown;
  readonly best: readonly Float32Array[];
  readonly callbacks: readonly unknown[];
}

/** The jobs of a run's reports in the order in which they were sent. */
export function jobIdsOf(steps: readonly StepReport[], epochs: readonly EpochReport[]): string[] {
  const lastStep = epochs.at(-1)?.steps ?? 0;
  const ended = epochs.flatMap(({ steps: end, jobIds }, i) => [
    ...steps.slice(epochs[i - 1]?.steps ?? 0, end).flatMap((step) => step.jobIds),
    ...jobIds,
  ]);
  return [...ended, ...steps.slice(lastStep).flatMap((step) => step.jobIds)];
}

export function secondsOf(reports: readonly { readonly seconds: number }[]): number {
  return reports.reduce((sum, { seconds }) => sum + seconds, 0);
}
