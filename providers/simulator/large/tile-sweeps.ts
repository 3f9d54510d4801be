import type { WorkMemory } from "../threads/index.ts";
import {
  lowBits,
  type MonomialOp,
  type ProductOp,
  type RotationOp,
  type ScratchLayout,
  type TileProgram,
  type UnitaryOp,
} from "./tile-program.ts";

const UNIT = 16;

/*
 * The operations of a pass on one tile, in the cache.
 */

export function combination(conditions: readonly number[], outer: number): number {
  let found = 0;
  for (let k = 0; k < conditions.length; k++) if ((outer & conditions[k]!) === conditions[k]) found |= 1 << k;
  return found;
}

export function combinations({ conditions }: MonomialOp): number {
  return 1 << conditions.length;
}

export function rotate(
  { kernels, f64 }: WorkMemory,
  { strides, numbers }: RotationOp,
  state: number,
  bytes: number,
  sign: number,
): void {
  const forms = f64[numbers]!;
  const t = sign * f64[numbers + 1]!;
  if (strides.length === 1) kernels.givens1!(state, bytes, strides[0]!, forms, t);
  else if (strides.length === 2)
    kernels.givens2!(state, bytes, strides[0]!, strides[1]!, forms, t, sign * f64[numbers + 2]!);
  else
    kernels.givens3!(
      state,
      bytes,
      strides[0]!,
      strides[1]!,
      strides[2]!,
      forms,
      t,
      sign * f64[numbers + 2]!,
      sign * f64[numbers + 3]!,
    );
}

export function addRotationGradients(
  { kernels }: WorkMemory,
  { strides }: RotationOp,
  psi: number,
  lambda: number,
  bytes: number,
  out: number,
): void {
  if (strides.length === 1) kernels.tileRotation1!(psi, lambda, bytes, strides[0]!, out);
  else if (strides.length === 2) kernels.tileRotation2!(psi, lambda, bytes, strides[0]!, strides[1]!, out);
  else kernels.tileRotation3!(psi, lambda, bytes, strides[0]!, strides[1]!, strides[2]!, out);
}

/** True when the result is in `spare`. */
export function applyMonomial(
  { kernels, f64 }: WorkMemory,
  { conditions, tables, places, numbers }: MonomialOp,
  outer: number,
  state: number,
  spare: number,
  bytes: number,
): boolean {
  const at = combination(conditions, outer);
  const scale = f64[numbers]!;
  const place = places.length === 0 ? -1 : places[at]!;
  if (tables.length === 0) {
    if (place < 0) {
      if (scale !== 1) kernels.scaleUnits!(state, bytes, scale);
      return false;
    }
    kernels.permuteUnits!(state, spare, place, bytes, scale);
    return true;
  }
  if (place < 0) kernels.tilePhases!(state, tables[at]!, bytes);
  else kernels.permutePhases!(state, spare, place, tables[at]!, bytes);
  return place >= 0;
}

/** True when the result is in `spare`. */
export function undoMonomial(
  { kernels, f64 }: WorkMemory,
  { conditions, tables, places, numbers }: MonomialOp,
  outer: number,
  state: number,
  spare: number,
  bytes: number,
): boolean {
  const at = combination(conditions, outer);
  const scale = f64[numbers + 1]!;
  const place = places.length === 0 ? -1 : places[at]!;
  if (tables.length === 0) {
    if (place < 0) {
      if (scale !== 1) kernels.scaleUnits!(state, bytes, scale);
      return false;
    }
    kernels.unpermuteUnits!(state, spare, place, bytes, scale);
    return true;
  }
  if (place < 0) kernels.tilePhasesConjugate!(state, tables[at]!, bytes);
  else kernels.unpermutePhases!(state, spare, place, tables[at]!, bytes);
  return place >= 0;
}

/** Fills the tables of a product for one tile. */
export function fillProduct(
  { kernels, f64 }: WorkMemory,
  { tileBits }: TileProgram,
  { bits, conditions, numbers }: ProductOp,
  outer: number,
  scratch: number,
  layout: ScratchLayout,
  sign: number,
): void {
  const cosines = (scratch + layout.angles) / 8;
  const sines = cosines + 32;
  f64.fill(0, sines, sines + tileBits);
  let whole = 0;
  for (let k = 0; k < bits.length; k++) {
    if ((outer & conditions[k]!) !== conditions[k]) continue;
    const angle = sign * f64[numbers + 3 + k]!;
    if (bits[k]! < 0) whole += angle;
    else f64[sines + bits[k]!]! += angle;
  }
  for (let bit = 0; bit < tileBits; bit++) {
    const angle = f64[sines + bit]!;
    f64[cosines + bit] = Math.cos(angle);
    f64[sines + bit] = Math.sin(angle);
  }
  const low = lowBits(tileBits);
  kernels.phaseProduct!(scratch + layout.low, low, 1, 8 * cosines, 8 * sines);
  kernels.phaseProduct!(scratch + layout.high, tileBits - low, 1, 8 * (cosines + low), 8 * (sines + low));
  if (whole !== 0) kernels.maskPhases!(scratch + layout.low, UNIT << low, 0, Math.cos(whole), Math.sin(whole));
}

export function multiplyProduct(
  { kernels }: WorkMemory,
  { tileBits }: TileProgram,
  state: number,
  bytes: number,
  scratch: number,
  layout: ScratchLayout,
  scale: number,
): void {
  kernels.productPhases!(state, scratch + layout.low, UNIT << lowBits(tileBits), scratch + layout.high, bytes, scale);
}

export function applyUnitary(
  { kernels }: WorkMemory,
  { occupied, controls, dimension, places }: UnitaryOp,
  state: number,
  spare: number,
  bytes: number,
  matrix: number,
): void {
  if (dimension === 2) kernels.unitary1!(state, bytes, occupied ^ controls, controls, matrix);
  else kernels.unitary!(state, bytes, occupied, controls, dimension, places, matrix, spare);
}

/** Adds the gradients of a product's phases in one tile. */
export function addProductGradients(
  { kernels, f64 }: WorkMemory,
  { bits, conditions, gradients }: ProductOp,
  outer: number,
  psi: number,
  lambda: number,
  bytes: number,
  tileBits: number,
  sums: number,
  folded: number,
  partial: number,
): void {
  f64.fill(0, sums / 8, sums / 8 + bytes / UNIT);
  kernels.tilePhaseGradient!(psi, lambda, sums, bytes);
  kernels.foldBits!(sums, bytes / 2, folded + 8 * tileBits);
  for (let k = 0; k < bits.length; k++)
    if (gradients[k]! >= 0 && (outer & conditions[k]!) === conditions[k])
      f64[partial + gradients[k]!]! += f64[folded / 8 + 1 + bits[k]!]!;
}

/** Adds the sums of a chunk to the gradients of the single phases, and destroys them. */
export function foldSums(
  { kernels, f64 }: WorkMemory,
  op: MonomialOp,
  sums: number,
  bytes: number,
  tileBits: number,
  folded: number,
  partial: number,
): void {
  const size = bytes / 8;
  for (let at = 0; at < combinations(op); at++) {
    const from = sums + at * bytes;
    for (const { mask, condition, gradient } of op.folds) {
      if ((mask & (mask - 1)) === 0 || (condition & at) !== condition) continue;
      let sum = 0;
      const free = (size - 1) & ~mask;
      let rest = 0;
      do {
        sum += f64[from / 8 + (rest | mask)]!;
        rest = (rest - free) & free;
      } while (rest !== 0);
      f64[partial + gradient]! += sum;
    }
    kernels.foldBits!(from, bytes, folded + 8 * tileBits);
    for (const { mask, condition, gradient } of op.folds)
      if ((mask & (mask - 1)) === 0 && (condition & at) === condition)
        f64[partial + gradient]! += f64[folded / 8 + 32 - Math.clz32(mask)]!;
  }
}
