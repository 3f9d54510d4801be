import type { Backend } from "../../providers/index.ts";
import type { MinimizeOptions } from "./minimize-options.ts";
import type { TrainingData } from "./tensorflow-data.ts";
import type { LayersModel } from "./tensorflow-types.ts";
import type { PlanOptions, Price } from "./training-plan.ts";

/** A value, or a function that makes it when it is needed. */
export type Lazy<Value> = Value | (() => Value | Promise<Value>);

/** A model, its data, and the options of `train`. */
export interface ModelRunConfig extends Omit<PlanOptions, "provider"> {
  /** A function where it is one at a service: then the file can be read, and the run replayed, without a network. */
  readonly provider?: Lazy<Backend>;
  readonly model: Lazy<LayersModel>;
  readonly data: Lazy<TrainingData>;
}

/** A problem without a model: the options of `minimize`. */
export interface MinimizeRunConfig extends Omit<MinimizeOptions, "provider"> {
  /** As that of a model. */
  readonly provider?: Lazy<Backend>;
  readonly price?: Price;
}

/**
 * A run as a file describes it: `export default { model, data, epochs: 3, ... } satisfies RunConfig`. What is not said here
 * can be given on the command line.
 */
export type RunConfig = ModelRunConfig | MinimizeRunConfig;

/** Options of a run by name, as the command line and sweeps give them. */
export type RunConfigOptions = Readonly<Record<string, string | number | boolean>>;

/** The options that `train` and `minimize` know themselves; they replace what the file says. */
export const RUN_OPTIONS = [
  "provider",
  "precision",
  "steps",
  "epochs",
  "batchSize",
  "seed",
  "budget",
  "recalibration",
  "lostResults",
] as const;

/**
 * The default export of a run's file: the run, or a function that makes it of options, so that one file describes many runs:
 * `export default ({ lr = 0.01 }) => ({ model, data, optimizer: tf.train.adam(lr) })`. A function is called for each run.
 */
export type RunConfigFile = RunConfig | ((options: RunConfigOptions) => RunConfig | Promise<RunConfig>);

/** The value itself, made now if it was to be. */
export async function made<Value>(lazy: Lazy<Value>): Promise<Value> {
  return typeof lazy === "function" ? (lazy as () => Value | Promise<Value>)() : lazy;
}
