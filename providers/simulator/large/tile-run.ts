import type { WorkMemory } from "../threads/index.ts";
import { scratchLayout, type TilePass, type TileProgram } from "./tile-program.ts";
import {
  addProductGradients,
  addRotationGradients,
  applyMonomial,
  applyUnitary,
  combination,
  combinations,
  fillProduct,
  foldSums,
  multiplyProduct,
  rotate,
  undoMonomial,
} from "./tile-sweeps.ts";

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
  const { inPlace, warms, bytes, run, skipped, fresh, ops } = pass;
  const from = Math.floor((chunk * pass.tiles) / pass.chunks);
  const to = Math.floor(((chunk + 1) * pass.tiles) / pass.chunks);
  let outer = spread(from, pass.outer);
  for (let tile = from; tile < to; tile++) {
    const place = program.psi + UNIT * outer;
    const home = inPlace ? place : scratch + layout.psi;
    if (!inPlace) kernels.gatherTile!(place, home, bytes, run, skipped);
    else if (warms) kernels.warmTile!(home, bytes, scratch + layout.psiSpare);
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
          multiplyProduct(memory, program, state, bytes, scratch, layout, memory.f64[op.numbers]!);
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
            addRotationGradients(memory, op, psi, lambda, bytes, 8 * (gradients + op.gradient));
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
            addProductGradients(
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
          multiplyProduct(memory, program, psi, bytes, scratch, layout, f64[op.numbers + 1]!);
          multiplyProduct(memory, program, lambda, bytes, scratch, layout, f64[op.numbers + 1]!);
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
