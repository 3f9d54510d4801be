import type { LevelPlan } from "./levels.ts";

/** More shares than this would spread a batch over more threads than most machines have. */
const MAX_SHARES = 16;

export interface ShareSize {
  /** Work that is worth waking a thread for. */
  readonly microseconds: number;
  /** So many that what each share does once, about the work of a row, hardly counts. */
  readonly rows: number;
}

const SHARE: ShareSize = { microseconds: 150, rows: 16 };

/** Nanoseconds that one amplitude of a row takes forward; measured, to a factor of 2, on the circuits of bench/workloads.ts. */
const PER_LEVEL = 1;
const PER_ROTATION = 0.06;
const PER_LANE_ANGLE = 0.2;
/** Forward and back, compared with forward. */
const GRADIENT = 3;

/** Microseconds that a row takes, about; the same on every machine, since shares decide the last bits of gradients. */
export function rowMicroseconds({ numQubits, levels }: LevelPlan, gradients: boolean, realBits: 32 | 64): number {
  let perAmplitude = 0;
  for (const { rotations, dense } of levels) {
    perAmplitude += PER_LEVEL + PER_ROTATION * rotations.length;
    for (const { qubits } of dense) perAmplitude += PER_LANE_ANGLE * 2 ** qubits.length;
  }
  return (2 ** numQubits * perAmplitude * (gradients ? GRADIENT : 1) * realBits) / 64 / 1000;
}

/**
 * In how many shares a batch is cut: a power of 2, so that threads get equally many, and never by how many threads there
 * are, so that they do not change the result.
 * @param microseconds of a row
 * @param perChunk rows that a share can be cut by
 */
export function sharesOf(rows: number, microseconds: number, perChunk: number, share = SHARE): number {
  const most = Math.min(
    MAX_SHARES,
    (rows * microseconds) / share.microseconds,
    rows / share.rows,
    Math.ceil(rows / perChunk),
  );
  return most < 2 ? 1 : 2 ** Math.floor(Math.log2(most));
}
