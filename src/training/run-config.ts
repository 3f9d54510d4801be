import type { Backend } from "../../providers/index.ts";
import type { MinimizeOptions } from "./minimize.ts";
import type { TrainingData } from "./tensorflow-data.ts";
import type { LayersModel } from "./tensorflow-types.ts";
import type { PlanOptions, Price } from "./training-plan.ts";

/** A value, or a function that makes it when it is needed. */
export type Lazy<Value> = Value | (() => Value | Promise<Value>);

/** A model, its data, and the options of `train`. */
export interface ModelRunConfig extends PlanOptions {
  readonly model: Lazy<LayersModel>;
  readonly data: Lazy<TrainingData>;
}

/** A problem without a model: the options of `minimize`. */
export interface MinimizeRunConfig extends Omit<MinimizeOptions, "provider"> {
  readonly provider?: Backend;
  readonly price?: Price;
}

/**
 * A run as a file describes it: `export default { model, data, epochs: 3, ... } satisfies RunConfig`. What is not said here
 * can be given on the command line.
 */
export type RunConfig = ModelRunConfig | MinimizeRunConfig;

/** The value itself, made now if it was to be. */
export async function made<Value>(lazy: Lazy<Value>): Promise<Value> {
  return typeof lazy === "function" ? (lazy as () => Value | Promise<Value>)() : lazy;
}
