import type { TrainedCircuit } from "./trained-circuit.ts";

/** How good a circuit is on some rows. */
export interface RowScore {
  /** The smaller the better. */
  readonly loss: number;
  /** Between 0 and 1; of objectives that have one. */
  readonly accuracy?: number;
}

/** How good a circuit is, on rows that it is not trained on. */
export interface Score extends RowScore {
  /**
   * The same on the rows that it is trained on. Many circuits are tried on few validation rows, so some look good there by
   * chance: the budget is to be kept here as well, and what ranks gates is this loss.
   */
  readonly training?: RowScore;
}

/** What the training rows say about a circuit's outputs. */
export interface OutputSlopes {
  /** Inputs [B, D] of the circuit. */
  readonly inputs: Float64Array;
  readonly rows: number;
  /** [B, K]: the slope of each row's own loss in the row's outputs. The loss is the mean over rows. */
  readonly slopes: Float64Array;
}

/** What a circuit is compressed for. Everything is awaited, one call at a time. */
export interface CircuitObjective {
  /** Compression keeps within a budget of it. */
  score(trained: TrainedCircuit, signal?: AbortSignal): Promise<Score>;
  /** The same circuit trained a little further, on training rows. */
  fineTune(trained: TrainedCircuit, signal?: AbortSignal): Promise<TrainedCircuit>;
  /** Where a loss of rows is known, which the Fisher information needs. */
  slopes?(trained: TrainedCircuit, signal?: AbortSignal): Promise<OutputSlopes>;
}
