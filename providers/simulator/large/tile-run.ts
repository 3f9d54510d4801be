import type { WorkMemory } from "../threads/index.ts";
import {
  lowBits,
  type MonomialOp,
  type ProductOp,
  type RotationOp,
  type ScratchLayout,
  scratchLayout,
  type TilePass,
  type TileProgram,
  type UnitaryOp,
} from "./tile-program.ts";

const UNIT = 16;

/** Does the tiles of one chunk of pass `pass`, on ψ, from |0…0⟩ on. Threads may do chunks in any order. */
export function forwardChunk(
  memory: WorkMemory,
  program: TileProgram,
  pass: TilePass,
  chunk: number,
  thread: number,
): void {
  const scratch = program.scratch + thread * program.scratchBytes;
  const layout = scratchLayout(program.tileBits);
  const { kernels } = memory;
  const { inPlace, bytes, run, skipped, fresh, ops } = pass;
  const from = Math.floor((chunk * pass.tiles) / pass.chunks);
  const to = Math.floor(((chunk + 1) * pass.tiles) / pass.chunks);
  let outer = spread(from, pass.outer);
  for (let tile = from; tile < to; tile++) {
    const place = program.psi + UNIT * outer;
    const home = inPlace ? place : scratch + layout.psi;
    if (!inPlace) kernels.gatherTile!(place, home, bytes, run, skipped);
    if (fresh !== 0) clear(memory.f64, home, bytes, fresh);
    let state = home;
    let spare = scratch + layout.psiSpare;
    for (let index = 0; index < ops.length; index++) {
      const op = ops[index]!;
      switch (op.kind) {
        case "rotations":
          rotate(memory, op, state, bytes, 1);
          break;
        case "monomial":
          if (applyMonomial(memory, op, outer, state, spare, bytes)) {
            const kept = state;
            state = spare;
            spare = kept;
          }
          break;
        case "product":
          fillProduct(memory, program, op, outer, scratch, layout, 1);
          multiplyProduct(memory, program, op, state, bytes, scratch, layout, memory.f64[op.numbers]!);
          break;
        case "unitary":
          if (memory.f64[op.numbers] !== 1) kernels.scaleUnits!(state, bytes, memory.f64[op.numbers]!);
          if ((outer & op.condition) === op.condition) applyUnitary(memory, op, state, spare, bytes, op.matrix);
      }
    }
    if (!inPlace) kernels.scatterTile!(place, state, bytes, run, skipped);
    else if (state !== home) kernels.scatterTile!(home, state, bytes, bytes, bytes - 1);
    outer = (outer - pass.outer) & pass.outer;
  }
}

/** Undoes pass `pass` on ψ and λ for the tiles of one chunk, and adds up the chunk's gradients. */
export function backwardChunk(
  memory: WorkMemory,
  program: TileProgram,
  pass: TilePass,
  chunk: number,
  thread: number,
): void {
  const scratch = program.scratch + thread * program.scratchBytes;
  const layout = scratchLayout(program.tileBits);
  const { kernels, f64 } = memory;
  const { inPlace, bytes, run, skipped, ops } = pass;
  const last = f64[pass.stop]!;
  const stop = Math.max(0, last);
  const gradients = program.partial + chunk * pass.numGradients;
  f64.fill(0, gradients, gradients + pass.numGradients);
  for (let index = stop; index < ops.length; index++) {
    const op = ops[index]!;
    if (op.kind !== "monomial" || op.sums < 0 || f64[op.numbers + 2] === 0) continue;
    const at = (scratch + op.sums) / 8;
    f64.fill(0, at, at + (combinations(op) * bytes) / UNIT);
  }
  const from = Math.floor((chunk * pass.tiles) / pass.chunks);
  const to = Math.floor(((chunk + 1) * pass.tiles) / pass.chunks);
  let outer = spread(from, pass.outer);
  for (let tile = from; tile < to; tile++) {
    const psiPlace = program.psi + UNIT * outer;
    const lambdaPlace = program.lambda + UNIT * outer;
    const psiHome = inPlace ? psiPlace : scratch + layout.psi;
    const lambdaHome = inPlace ? lambdaPlace : scratch + layout.lambda;
    if (!inPlace) {
      kernels.gatherTile!(psiPlace, psiHome, bytes, run, skipped);
      kernels.gatherTile!(lambdaPlace, lambdaHome, bytes, run, skipped);
    }
    let psi = psiHome;
    let psiSpare = scratch + layout.psiSpare;
    let lambda = lambdaHome;
    let lambdaSpare = scratch + layout.lambdaSpare;
    for (let index = ops.length - 1; index >= stop; index--) {
      const op = ops[index]!;
      switch (op.kind) {
        case "rotations":
          if (f64[op.numbers + 4] !== 0)
            rotationGradients(memory, op, psi, lambda, bytes, 8 * (gradients + op.gradient));
          // A rotation's gradient is the same before and after it, so the last one to be read need not be undone.
          if (index === last) break;
          rotate(memory, op, psi, bytes, -1);
          rotate(memory, op, lambda, bytes, -1);
          break;
        case "monomial": {
          const moved = undoMonomial(memory, op, outer, psi, psiSpare, bytes);
          undoMonomial(memory, op, outer, lambda, lambdaSpare, bytes);
          if (moved) {
            const kept = psi;
            psi = psiSpare;
            psiSpare = kept;
            const adjoint = lambda;
            lambda = lambdaSpare;
            lambdaSpare = adjoint;
          }
          // The gradient of a phase is read before the permutation that follows it, where its bits are what they were.
          if (op.sums >= 0 && f64[op.numbers + 2] !== 0) {
            const sums = scratch + op.sums + (combination(op.conditions, outer) * bytes) / 2;
            kernels.tilePhaseGradient!(psi, lambda, sums, bytes);
          }
          break;
        }
        case "product":
          if (f64[op.numbers + 2] !== 0)
            productGradients(
              memory,
              op,
              outer,
              psi,
              lambda,
              bytes,
              program.tileBits,
              scratch + layout.tileSums,
              scratch + layout.angles,
              gradients,
            );
          fillProduct(memory, program, op, outer, scratch, layout, -1);
          multiplyProduct(memory, program, op, psi, bytes, scratch, layout, f64[op.numbers + 1]!);
          multiplyProduct(memory, program, op, lambda, bytes, scratch, layout, f64[op.numbers + 1]!);
          break;
        case "unitary":
          if (f64[op.numbers + 1] !== 1) {
            kernels.scaleUnits!(psi, bytes, f64[op.numbers + 1]!);
            kernels.scaleUnits!(lambda, bytes, f64[op.numbers + 1]!);
          }
          if ((outer & op.condition) === op.condition) {
            applyUnitary(memory, op, psi, psiSpare, bytes, op.adjoint);
            applyUnitary(memory, op, lambda, lambdaSpare, bytes, op.adjoint);
          }
      }
    }
    if (!inPlace) {
      kernels.scatterTile!(psiPlace, psi, bytes, run, skipped);
      kernels.scatterTile!(lambdaPlace, lambda, bytes, run, skipped);
    } else if (psi !== psiHome) {
      kernels.scatterTile!(psiHome, psi, bytes, bytes, bytes - 1);
      kernels.scatterTile!(lambdaHome, lambda, bytes, bytes, bytes - 1);
    }
    outer = (outer - pass.outer) & pass.outer;
  }
  for (let index = stop; index < ops.length; index++) {
    const op = ops[index]!;
    if (op.kind === "monomial" && op.sums >= 0 && f64[op.numbers + 2] !== 0)
      foldSums(memory, op, scratch + op.sums, bytes / 2, program.tileBits, scratch + layout.angles, gradients);
  }
}

/** The bits of `value` at the places of the bits of `mask`. */
function spread(value: number, mask: number): number {
  let out = 0;
  for (let rest = mask, k = 0; rest !== 0; rest &= rest - 1, k++) if ((value >> k) & 1) out |= rest & -rest;
  return out;
}

/** Sets the amplitudes of a tile to 0 that have any of the bits `fresh`. */
function clear(f64: Float64Array, tile: number, bytes: number, fresh: number): void {
  const step = fresh & -fresh;
  const size = bytes / UNIT;
  for (let i = step; i < size; i += step) {
    const from = i;
    while (i < size && (i & fresh) !== 0) i += step;
    if (i > from) f64.fill(0, tile / 8 + 2 * from, tile / 8 + 2 * i);
  }
}

function combination(conditions: readonly number[], outer: number): number {
  let found = 0;
  for (let k = 0; k < conditions.length; k++) if ((outer & conditions[k]!) === conditions[k]) found |= 1 << k;
  return found;
}

function combinations({ conditions }: MonomialOp): number {
  return 1 << conditions.length;
}

function rotate(
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

function rotationGradients(
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
function applyMonomial(
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
  if (place < 0) kernels.tilePhases!(state, tables[at]!, bytes, scale, 1);
  else kernels.permutePhases!(state, spare, place, tables[at]!, bytes, scale);
  return place >= 0;
}

/** True when the result is in `spare`. */
function undoMonomial(
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
  if (place < 0) kernels.tilePhases!(state, tables[at]!, bytes, scale, -1);
  else kernels.unpermutePhases!(state, spare, place, tables[at]!, bytes, scale);
  return place >= 0;
}

/** Fills the tables of a product for one tile. */
function fillProduct(
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

function multiplyProduct(
  { kernels }: WorkMemory,
  { tileBits }: TileProgram,
  _: ProductOp,
  state: number,
  bytes: number,
  scratch: number,
  layout: ScratchLayout,
  scale: number,
): void {
  kernels.productPhases!(state, scratch + layout.low, UNIT << lowBits(tileBits), scratch + layout.high, bytes, scale);
}

function applyUnitary(
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
function productGradients(
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
function foldSums(
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
