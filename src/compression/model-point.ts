import {
  type CircuitSize,
  type CompressionStage,
  type HardwareCost,
  paretoFront,
  type RowScore,
} from "./circuit/index.ts";

/** One row of the table: a model, how good it is, and what it takes. */
export interface ModelPoint {
  /** The stage of the circuit search that found its circuit; undefined for models without one. */
  readonly circuit: CompressionStage | undefined;
  /** What was done to the classical layers, such as "5 bits, 50 % zeros"; "f32" where nothing was. */
  readonly classical: string;
  /** On validation rows. */
  readonly loss: number;
  readonly accuracy: number | undefined;
  readonly training: RowScore;
  /** All numbers of the model, and those that are not 0. */
  readonly parameters: number;
  readonly nonzero: number;
  /** Of the weights as they are saved: 4 for each parameter of the given model, their compact form for all others. */
  readonly bytes: number;
  /** Of the circuit, as it is drawn. */
  readonly size: CircuitSize | undefined;
  /** Of the circuit, compiled for the target; undefined without either. */
  readonly hardware: HardwareCost | undefined;
  /** Least wall time of five predictions of up to 32 training rows on the provider of the search, for one row; not the same in two runs, and undefined where the provider is remote. */
  readonly milliseconds: number | undefined;
}

/** Gates on two qubits, compiled where there is a device. */
function twoQubitGatesOf({ hardware, size }: ModelPoint): number {
  return hardware?.twoQubitGates ?? size?.entanglers ?? 0;
}

/** The row that takes least within a budget, as `CompressedModelSearch.best` says; of equal ones the more accurate, then the one with less loss. */
export function leastOf(given: ModelPoint, within: readonly ModelPoint[]): ModelPoint {
  const costs = [
    ({ bytes }: ModelPoint) => bytes,
    // One more, so that a circuit without any is better than all others, but not infinitely.
    (point: ModelPoint) => 1 + twoQubitGatesOf(point),
    ({ hardware }: ModelPoint) => hardware?.quantumSeconds ?? 1,
  ];
  const cost = (point: ModelPoint): number => costs.reduce((product, of) => (product * of(point)) / of(given), 1);
  return [given, ...within].toSorted(
    (a, b) => cost(a) - cost(b) || (b.accuracy ?? 0) - (a.accuracy ?? 0) || a.loss - b.loss,
  )[0]!;
}

/** The front of `CompressedModelSearch.points`. */
export function frontOf(points: readonly ModelPoint[]): readonly ModelPoint[] {
  const hasAccuracy = points.every(({ accuracy }) => accuracy !== undefined);
  // Of equal ones the first stays: the one that `leastOf` would take.
  const ordered = points.toSorted((a, b) => (b.accuracy ?? 0) - (a.accuracy ?? 0) || a.loss - b.loss);
  return paretoFront(ordered, [
    hasAccuracy ? { of: ({ accuracy }) => accuracy, better: "more" } : { of: ({ loss }) => loss, better: "less" },
    { of: ({ bytes }) => bytes, better: "less" },
    { of: twoQubitGatesOf, better: "less" },
    { of: ({ hardware }) => hardware?.quantumSeconds ?? 0, better: "less" },
  ]).toSorted((a, b) => twoQubitGatesOf(b) - twoQubitGatesOf(a) || b.bytes - a.bytes || a.loss - b.loss);
}
