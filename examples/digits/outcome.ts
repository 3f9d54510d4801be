import type { DemoResult } from "../../src/cli/demo.ts";

/** What the demo found; all its models take the same number of steps. */
export type DigitsResult = Omit<DemoResult, "files"> & { readonly steps: number };

/** One look at a model in training. */
export interface HistoryPoint {
  readonly step: number;
  /** Mean cross-entropy of the training batches since the last point, in nats. */
  readonly loss: number;
  /** Share of those training rows that were recognised, before each step's update. */
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
}

/** A model trained from one seed, measured. */
export interface Outcome {
  readonly model: string;
  readonly params: number;
  readonly seed: number;
  readonly testAccuracy: number;
  /** Class indices for the test rows. */
  readonly predictions: Int32Array;
  readonly circuitExecutions: number;
  /** Seconds of training, without the looks at the test rows. */
  readonly seconds: number;
  readonly history: readonly HistoryPoint[];
}
