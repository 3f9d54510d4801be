import type { Circuit } from "../../circuits/index.ts";

/** A circuit with values for its weights, in row order, radians. */
export interface TrainedCircuit {
  readonly circuit: Circuit;
  readonly weights: ArrayLike<number>;
}
