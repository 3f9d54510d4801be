import type { Budget } from "./budget.ts";
import type { Evaluator } from "./evaluator.ts";
import type { Source } from "./source.ts";

/** What all that reads one text shares. */
export interface Context {
  readonly source: Source;
  readonly version: 2 | 3;
  readonly budget: Budget;
  readonly evaluator: Evaluator;
  /** How many branches around the current statement depend on measurements. */
  runtimeDepth: number;
}
