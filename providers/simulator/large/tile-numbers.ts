import type { KernelMemory } from "../kernels/kernel-memory.ts";
import type { AffineAngle } from "../normal-form.ts";
import type { CompiledTiles, PassRecipe } from "./tile-compiler.ts";
import { countBits } from "./tile-program.ts";

const UNIT = 16;
const REAL = 8;
/** Unitaries take part in scaling only where numbers would become too small otherwise. */
const SMALL_SCALE = 2 ** -300;

/** Radians of an angle, from those of the circuit's slots, which begin at number `slots` of linear memory. */
function angleOf(angle: AffineAngle, numbers: Float64Array, slots: number): number {
  let sum = angle.constant;
  for (let k = 0; k < angle.slots.length; k++) sum += angle.coefficients[k]! * numbers[slots + angle.slots[k]!]!;
  return sum;
}

/**
 * What the tiles' operations need to know of one row of parameter values: written to linear memory before the passes run.
 * Rotations are scaled (see givens.ts); their factors are carried on to the next phases or permutation, or else to the
 * amplitude that the state starts with.
 */
export class TileNumbers {
  readonly #tiles: CompiledTiles;
  /** What each gradient of each pass is to be multiplied with. */
  readonly factors: readonly Float64Array[];
  /** The first pass whose gradients are wanted; the number of passes where there is none. */
  firstPass = 0;
  /** The amplitude of |0…0⟩ that the state starts with. */
  readonly initial = new Float64Array(2);

  constructor(tiles: CompiledTiles) {
    this.#tiles = tiles;
    this.factors = tiles.recipes.map(({ gradients }) => new Float64Array(gradients.length));
  }

  /**
   * Writes the numbers of all passes, for gradients in the slots that are wanted.
   * @param slots number index of the slots' angles in linear memory
   */
  write({ f64 }: KernelMemory, slots: number, wanted: Uint8Array): void {
    const { program, recipes, global } = this.#tiles;
    const { passes } = program;
    this.firstPass = passes.length;
    let scale = 1;
    for (let index = 0; index < passes.length; index++) {
      const { ops, stop } = passes[index]!;
      const recipe = recipes[index]!;
      let first = -1;
      for (let at = 0; at < ops.length; at++) {
        const op = ops[at]!;
        const angles = recipe.angles[at]!;
        const isWanted = hasWanted(recipe, at, wanted);
        if (isWanted && first < 0) first = at;
        switch (op.kind) {
          case "rotations": {
            let forms = 0;
            for (let k = 0; k < angles.length; k++) {
              const half = angleOf(angles[k]!, f64, slots) / 2;
              const c = Math.cos(half);
              const s = Math.sin(half);
              const form = Math.abs(s) <= Math.abs(c) ? 0 : 1;
              forms |= form << k;
              f64[op.numbers + 1 + k] = form === 0 ? s / c : c / s;
              scale *= form === 0 ? c : s;
            }
            f64[op.numbers] = forms;
            f64[op.numbers + 4] = isWanted ? 1 : 0;
            break;
          }
          case "product":
          case "monomial":
            if (op.kind === "product")
              for (let k = 0; k < angles.length; k++) f64[op.numbers + 3 + k] = angleOf(angles[k]!, f64, slots);
            f64[op.numbers] = scale;
            scale = 1;
            f64[op.numbers + 2] = isWanted ? 1 : 0;
            break;
          case "unitary": {
            const isSmall = Math.abs(scale) < SMALL_SCALE;
            f64[op.numbers] = isSmall ? scale : 1;
            if (isSmall) scale = 1;
          }
        }
      }
      if (first >= 0 && this.firstPass === passes.length) {
        this.firstPass = index;
        f64[stop] = first;
      } else f64[stop] = -1;
    }
    let phase = 0;
    for (const angle of global) phase += angleOf(angle, f64, slots);
    this.initial[0] = scale * Math.cos(phase);
    this.initial[1] = scale * Math.sin(phase);
  }

  /** Writes the scales of the way back, after `write`. */
  writeBackward({ f64 }: KernelMemory): void {
    const { passes } = this.#tiles.program;
    let scale = 1;
    for (let index = passes.length - 1; index >= this.firstPass; index--) {
      const { ops } = passes[index]!;
      const factors = this.factors[index]!;
      const owned = this.#tiles.recipes[index]!.owned;
      for (let at = ops.length - 1; at >= 0; at--) {
        const op = ops[at]!;
        const [from, count] = owned[at]!;
        switch (op.kind) {
          case "rotations":
            factors.fill(scale * scale, from, from + count);
            for (let k = 0; k < count; k++) {
              const t = f64[op.numbers + 1 + k]!;
              // The inverse has the same form: its factor is the cosine, or minus the sine, which 1 + t² gives but for the sign.
              scale /= Math.sqrt(1 + t * t);
            }
            break;
          case "monomial":
            if (op.tables.length > 0) scale /= f64[op.numbers]!;
            else {
              f64[op.numbers + 1] = scale;
              scale = 1;
            }
            factors.fill(2 * scale * scale, from, from + count);
            break;
          case "product":
            factors.fill(2 * scale * scale, from, from + count);
            f64[op.numbers + 1] = scale;
            scale = 1;
            break;
          case "unitary": {
            const isSmall = Math.abs(scale) < SMALL_SCALE;
            f64[op.numbers + 1] = isSmall ? scale : 1;
            if (isSmall) scale = 1;
          }
        }
      }
    }
  }

  /** Writes what no run changes. */
  writeConstants({ f64, u32 }: KernelMemory): void {
    const { constants, keepsTables, recipes } = this.#tiles;
    for (const { address, data } of constants)
      if (data instanceof Float64Array) f64.set(data, address / REAL);
      else u32.set(data, address / 4);
    if (keepsTables)
      for (const { places } of recipes) for (const { address, data } of places) u32.set(data(), address / 4);
  }

  /** Makes the tables of a pass; its numbers must have been written. */
  writeTables(memory: KernelMemory, pass: number, slots: number): void {
    const { program, recipes, keepsTables } = this.#tiles;
    const { kernels, f64, u32 } = memory;
    const { tileBits } = program;
    const { tables, places } = recipes[pass]!;
    const bytes = UNIT * 2 ** tileBits;
    if (!keepsTables) for (const { address, data } of places) u32.set(data(), address / 4);
    const cosines = program.scratch / REAL;
    const sines = cosines + 32;
    for (const { address, phases, base, scale } of tables) {
      if (base >= 0) f64.copyWithin(address / REAL, base / REAL, (base + bytes) / REAL);
      else {
        f64.fill(0, sines, sines + tileBits);
        for (const { mask, angle } of phases)
          if (countBits(mask) === 1) f64[sines + 31 - Math.clz32(mask)]! += angleOf(angle, f64, slots);
        for (let bit = 0; bit < tileBits; bit++) {
          const angle = f64[sines + bit]!;
          f64[cosines + bit] = Math.cos(angle);
          f64[sines + bit] = Math.sin(angle);
        }
        kernels.phaseProduct!(address, tileBits, f64[scale]!, 8 * cosines, 8 * sines);
      }
      for (const { mask, angle } of phases) {
        if (base < 0 && countBits(mask) === 1) continue;
        const phase = angleOf(angle, f64, slots);
        kernels.maskPhases!(address, bytes, UNIT * mask, Math.cos(phase), Math.sin(phase));
      }
    }
    for (const { address } of tables) kernels.pairPhases!(address, bytes);
  }

  /** Adds the gradients of a pass, summed over its chunks in order, to those of the slots. */
  collect({ f64 }: KernelMemory, pass: number, slotGradients: Float64Array): void {
    const { program, recipes } = this.#tiles;
    const { chunks, numGradients } = program.passes[pass]!;
    const factors = this.factors[pass]!;
    const { gradients } = recipes[pass]!;
    for (let k = 0; k < numGradients; k++) {
      let sum = 0;
      for (let chunk = 0; chunk < chunks; chunk++) sum += f64[program.partial + chunk * numGradients + k]!;
      const { slots, coefficients } = gradients[k]!;
      for (let i = 0; i < slots.length; i++) slotGradients[slots[i]!]! += coefficients[i]! * factors[k]! * sum;
    }
  }
}

function hasWanted({ owned, gradients }: PassRecipe, op: number, wanted: Uint8Array): boolean {
  const [from, count] = owned[op]!;
  for (let k = from; k < from + count; k++) {
    const { slots } = gradients[k]!;
    for (let i = 0; i < slots.length; i++) if (wanted[slots[i]!] === 1) return true;
  }
  return false;
}
