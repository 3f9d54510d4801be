import type { AffineAngle } from "../normal-form.ts";
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

/** Nanoseconds that one amplitude of a row takes forward; measured, to a factor of 2, on many kinds of circuits. */
const PER_LEVEL = 1;
const PER_ROTATION = 0.08;
const PER_LANE_ROTATION = 0.35;
const PER_LANE_PHASE = 0.15;
const PER_DENSE = 0.15;
/** Nanoseconds that an angle of a row takes, and all that does not depend on the circuit. */
const PER_LANE_ANGLE = 15;
const PER_ROW = 30;
/** Forward and back, compared with forward. */
const GRADIENT = 3;

/**
 * Microseconds that a row takes forward, about; the same on every machine, since shares decide the last bits of gradients.
 * @param isLane whether an angle differs from row to row
 */
export function rowMicroseconds({ numQubits, levels }: LevelPlan, isLane: (angle: AffineAngle) => boolean): number {
  let perAmplitude = 0;
  let perRow = PER_ROW;
  const add = (angle: AffineAngle, shared: number, lane: number): void => {
    perAmplitude += isLane(angle) ? lane : shared;
    if (isLane(angle)) perRow += PER_LANE_ANGLE;
  };
  for (const { rotations, phases, dense } of levels) {
    perAmplitude += PER_LEVEL;
    for (const { angle } of rotations) add(angle, PER_ROTATION, PER_LANE_ROTATION);
    for (const { angle } of phases) add(angle, 0, PER_LANE_PHASE);
    for (const { qubits } of dense) perAmplitude += PER_DENSE * 2 ** qubits.length;
  }
  return (2 ** numQubits * perAmplitude + perRow) / 1000;
}

/** Microseconds of a row of a call, from those forward. */
export function callMicroseconds(forward: number, gradients: boolean, realBits: 32 | 64): number {
  return (forward * (gradients ? GRADIENT : 1) * realBits) / 64;
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
