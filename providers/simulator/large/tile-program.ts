import type { DensePrimitive, PermutationPrimitive } from "../normal-form.ts";
import type { MonomialSweep } from "./pass-slots.ts";

/*
 * What threads need to know to work on tiles, as plain data that can be posted to them. Addresses are bytes of linear
 * memory; what changes from run to run stands there as numbers, at indices of 8 bytes.
 */

/** Up to three rotations in one sweep. Numbers: forms, three factors, whether gradients are wanted. */
export interface RotationOp {
  readonly kind: "rotations";
  readonly strides: readonly number[];
  readonly numbers: number;
  readonly gradient: number;
}

/**
 * Phases and a permutation. Numbers: scale forward, which tables of phases contain; scale backward, only without tables;
 * whether gradients are wanted.
 */
export interface MonomialOp {
  readonly kind: "monomial";
  readonly conditions: readonly number[];
  /** For each combination of conditions the address of its phases; none where there are no phases. */
  readonly tables: readonly number[];
  /** For each combination the address of its places, -1 for the identity; none where there is no permutation. */
  readonly places: readonly number[];
  readonly numbers: number;
  /** Where in the scratch the sums of phase gradients are, one array for each combination; -1 where nothing depends on parameters. */
  readonly sums: number;
  readonly folds: readonly Fold[];
}

/** The gradient of one phase: the sum over the basis states that have all bits of `mask`, in combinations that have `condition`. */
export interface Fold {
  readonly mask: number;
  /** A bit of the combinations, 0 where the phase is in all. */
  readonly condition: number;
  readonly gradient: number;
}

/** Phases of at most one inner bit under many conditions. Numbers: as of a monomial, then the angles. */
export interface ProductOp {
  readonly kind: "product";
  /** Of each phase its bit in the tile, -1 for none, and the outer bits that must be set. */
  readonly bits: Int32Array;
  readonly conditions: Int32Array;
  /** Of each phase the place of its gradient, -1 where its angle is constant. */
  readonly gradients: Int32Array;
  readonly numbers: number;
}

/** A dense matrix, at `matrix`, its adjoint at `adjoint`. Numbers: scale forward, scale backward. */
export interface UnitaryOp {
  readonly kind: "unitary";
  readonly numbers: number;
  readonly condition: number;
  readonly controls: number;
  readonly occupied: number;
  readonly dimension: number;
  readonly places: number;
  readonly matrix: number;
  readonly adjoint: number;
}

export type TileOp = RotationOp | MonomialOp | ProductOp | UnitaryOp;

/** One sweep over the tiles of the state. */
export interface TilePass {
  readonly ops: readonly TileOp[];
  /** Bits of the tile, as a mask of qubits. */
  readonly inner: number;
  /** Whether a tile is a run of the state and is worked on there. */
  readonly inPlace: boolean;
  /** Whether a tile is read in order first, since its first sweep would fetch it in an order that is slow. */
  readonly warms: boolean;
  /** Outer bits in which tiles differ; the amplitudes of all others are 0 so far. */
  readonly outer: number;
  /** Bits within the tile of which only 0 occurred so far; the rest of the tile is not there yet. */
  readonly fresh: number;
  readonly bytes: number;
  /** Bytes that are copied at once, and the bits of byte offsets that copying skips. */
  readonly run: number;
  readonly skipped: number;
  readonly tiles: number;
  readonly chunks: number;
  /** How many gradients each chunk adds up. */
  readonly numGradients: number;
  /** Number that says which operation nothing before it in the circuit needs, -1 where that is none of the pass. */
  readonly stop: number;
}

/** A compiled circuit on one state, or two for gradients. */
export interface TileProgram {
  readonly numQubits: number;
  readonly tileBits: number;
  readonly passes: readonly TilePass[];
  readonly psi: number;
  readonly lambda: number;
  /** Where the scratch of the first thread is; those of the others follow. */
  readonly scratch: number;
  readonly scratchBytes: number;
  /** Number index of the gradients [chunk][gradient] of the pass that is run. */
  readonly partial: number;
}

/** Places within a scratch, in bytes. */
export interface ScratchLayout {
  readonly psi: number;
  readonly psiSpare: number;
  readonly lambda: number;
  readonly lambdaSpare: number;
  readonly low: number;
  readonly high: number;
  readonly angles: number;
  readonly tileSums: number;
  readonly sums: number;
}

const UNIT = 16;
const REAL = 8;

/** Bits of the low table of a product. */
export function lowBits(tileBits: number): number {
  return tileBits >> 1;
}

export function scratchLayout(tileBits: number): ScratchLayout {
  const tile = UNIT * 2 ** tileBits;
  const low = 4 * tile;
  const high = low + UNIT * 2 ** lowBits(tileBits);
  const angles = high + UNIT * 2 ** (tileBits - lowBits(tileBits));
  const tileSums = angles + 64 * REAL;
  return {
    psi: 0,
    psiSpare: tile,
    lambda: 2 * tile,
    lambdaSpare: 3 * tile,
    low,
    high,
    angles,
    tileSums,
    sums: tileSums + Math.max(UNIT, REAL * 2 ** tileBits),
  };
}

/** Tiles are dealt out in so many chunks at most: by the circuit alone, so that sums do not depend on who adds them up. */
const MAX_CHUNKS = 64;

export function chunksOf(tiles: number): number {
  return Math.min(MAX_CHUNKS, tiles);
}

/** The bits of a mask of qubits that are in `inner`, as bits of the tile. */
export function localMask(mask: number, inner: number): number {
  let local = 0;
  for (let qubit = 0, bit = 0; inner >> qubit !== 0; qubit++)
    if ((inner >> qubit) & 1) local |= ((mask >> qubit) & 1) << bit++;
  return local;
}

export function countBits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Byte offsets of the local basis states of some qubits in a tile. */
export function localPlaces(qubits: readonly number[], inner: number): readonly number[] {
  const bits = qubits.map((qubit) => localMask(1 << qubit, inner));
  return Array.from(
    { length: 2 ** qubits.length },
    (_, local) => UNIT * bits.reduce((offset, bit, k) => offset | ((local >> k) & 1 ? bit : 0), 0),
  );
}

/** Where each amplitude of a tile goes, as byte offsets, under the conditions of `combination`; undefined for nowhere else. */
export function placesOf(
  sweep: MonomialSweep,
  combination: number,
  inner: number,
  tileBits: number,
): Uint32Array | undefined {
  const active = sweep.permutations.filter(({ controls }) => holds(sweep.conditions, controls & ~inner, combination));
  if (active.length === 0) return undefined;
  const places = new Uint32Array(2 ** tileBits);
  for (let i = 0; i < places.length; i++) places[i] = i;
  for (const permutation of active) permute(places, permutation, inner);
  let moved = false;
  for (let i = 0; i < places.length; i++) {
    if (places[i] !== i) moved = true;
    places[i]! *= UNIT;
  }
  return moved ? places : undefined;
}

function permute(places: Uint32Array, { qubits, permutation, controls }: PermutationPrimitive, inner: number): void {
  const bits = qubits.map((qubit) => Math.log2(localMask(1 << qubit, inner)));
  const needed = localMask(controls, inner);
  const clear = ~bits.reduce((mask, bit) => mask | (1 << bit), 0);
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!;
    if ((place & needed) !== needed) continue;
    let from = 0;
    for (let k = 0; k < bits.length; k++) from |= ((place >> bits[k]!) & 1) << k;
    const to = permutation[from]!;
    let moved = place & clear;
    for (let k = 0; k < bits.length; k++) moved |= ((to >> k) & 1) << bits[k]!;
    places[i] = moved;
  }
}

/** Whether something under `condition` (0 for none) happens in a combination of conditions. */
export function holds(conditions: readonly number[], condition: number, combination: number): boolean {
  return condition === 0 || ((combination >> conditions.indexOf(condition)) & 1) === 1;
}

/** A matrix as the kernels read it, row-major, or its adjoint. */
export function spreadMatrix({ matrix, qubits }: DensePrimitive, adjoint: boolean): Float64Array {
  const size = 2 ** qubits.length;
  const spread = new Float64Array(4 * size * size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const at = 2 * (adjoint ? column * size + row : row * size + column);
      const re = matrix[at]!;
      const im = adjoint ? -matrix[at + 1]! : matrix[at + 1]!;
      spread.set([re, re, -im, im], 4 * (row * size + column));
    }
  return spread;
}
