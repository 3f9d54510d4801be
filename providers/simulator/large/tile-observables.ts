import type { SparsePauliOp } from "../../../circuits/index.ts";
import { pauliStrings } from "../pauli-strings.ts";
import type { WorkMemory } from "../threads/index.ts";
import { chunksOf, scratchLayout, type TileProgram } from "./tile-program.ts";

const UNIT = 16;
const REAL = 8;

/** So many strings of one group are read faster by one transform than one by one. */
const TRANSFORM_FROM = 5;

/**
 * Distinct Pauli strings that flip the same qubits and have the same parity of Y's. Where `strings` are several, or have Z's
 * on qubits of the tile, they are read from one array of overlaps.
 */
export interface StringGroup {
  /** Flipped qubits outside the tile, and byte offset of those in it. */
  readonly outerFlip: number;
  readonly flip: number;
  /** Whether the strings need the imaginary part of conj(ψ_{i⊕x})·ψ_i (an odd number of Y's). */
  readonly imaginary: boolean;
  readonly isSingle: boolean;
  /** Z's of each string, outside the tile and in it, and its place among all strings. */
  readonly outerZ: Int32Array;
  readonly innerZ: Int32Array;
  readonly index: Int32Array;
}

/** What threads need to know to read observables. */
export interface ObservableProgram {
  readonly groups: readonly StringGroup[];
  readonly numStrings: number;
  /** Number index of the weights of all strings in the adjoint state. */
  readonly weights: number;
  /** Number index of the values [chunk][string]. */
  readonly values: number;
  readonly chunks: number;
  readonly tiles: number;
}

/** K Pauli sums as strings: values of all, and the adjoint state of any combination, tile by tile. */
export class TileObservables {
  readonly program: ObservableProgram;
  readonly numObservables: number;
  /** Coefficient of string `string` in observable `observable`, its sign for the part of the overlap that is read included. */
  readonly #entries: readonly { readonly observable: number; readonly string: number; readonly coefficient: number }[];
  /** Signs of the strings in the adjoint state. */
  readonly #signs: Float64Array;
  readonly #imaginary: Uint8Array;

  /** @param address where its numbers go in linear memory */
  constructor(observables: readonly SparsePauliOp[], numQubits: number, tileBits: number, address: number) {
    const { groups, entries } = pauliStrings(observables);
    const all = groups.flatMap(({ strings }) => strings).sort((one, other) => one.index - other.index);
    const tileMask = 2 ** tileBits - 1;
    this.numObservables = observables.length;
    this.#entries = entries;
    this.#signs = Float64Array.from(all, ({ numY }) => (numY % 4 < 2 ? 1 : -1));
    this.#imaginary = Uint8Array.from(all, ({ numY }) => numY % 2);
    const tiles = 2 ** (numQubits - tileBits);
    this.program = {
      groups: groups.map(
        ({ x, imaginary, strings }): StringGroup => ({
          outerFlip: x & ~tileMask,
          flip: UNIT * (x & tileMask),
          imaginary,
          isSingle: strings.length === 1 && (strings[0]!.z & tileMask) === 0,
          outerZ: Int32Array.from(strings, ({ z }) => z & ~tileMask),
          innerZ: Int32Array.from(strings, ({ z }) => z & tileMask),
          index: Int32Array.from(strings, ({ index }) => index),
        }),
      ),
      numStrings: all.length,
      weights: address / REAL,
      values: address / REAL + all.length,
      chunks: chunksOf(tiles),
      tiles,
    };
  }

  /** Bytes of linear memory that its numbers take. */
  get tableBytes(): number {
    const { numStrings, chunks } = this.program;
    return REAL * numStrings * (1 + chunks);
  }

  /** Bytes that it holds between calls. */
  get bytes(): number {
    return 100 * this.program.numStrings + 50 * this.#entries.length;
  }

  /** Writes the values [K] to out from `at` on, when all chunks have been read. */
  combine({ f64 }: WorkMemory, out: Float64Array, at: number): void {
    const { numStrings, chunks, values } = this.program;
    out.fill(0, at, at + this.numObservables);
    for (const { observable, string, coefficient } of this.#entries) {
      let sum = 0;
      for (let chunk = 0; chunk < chunks; chunk++) sum += f64[values + chunk * numStrings + string]!;
      const sign = this.#imaginary[string] === 1 ? -this.#signs[string]! : this.#signs[string]!;
      out[at + observable]! += coefficient * sign * sum;
    }
  }

  /** Writes the weights of the strings in Σ_k cotangents[at + k]·O_k. */
  writeWeights({ f64 }: WorkMemory, cotangents: Float64Array, at: number): void {
    const { numStrings, weights } = this.program;
    f64.fill(0, weights, weights + numStrings);
    for (const { observable, string, coefficient } of this.#entries)
      f64[weights + string]! += coefficient * this.#signs[string]! * cotangents[at + observable]!;
  }
}

/** Reads the overlaps of all strings in the tiles of one chunk. */
export function readChunk(
  memory: WorkMemory,
  tiles: TileProgram,
  observables: ObservableProgram,
  chunk: number,
  thread: number,
): void {
  const scratch = tiles.scratch + thread * tiles.scratchBytes;
  const { kernels, f64 } = memory;
  const { tileBits, psi } = tiles;
  const { groups, numStrings } = observables;
  const bytes = UNIT * 2 ** tileBits;
  const numbers = scratch + scratchLayout(tileBits).tileSums;
  const pattern = scratch + scratchLayout(tileBits).psi;
  const single = scratch + scratchLayout(tileBits).angles;
  const values = observables.values + chunk * numStrings;
  f64.fill(0, values, values + numStrings);
  const from = Math.floor((chunk * observables.tiles) / observables.chunks);
  const to = Math.floor(((chunk + 1) * observables.tiles) / observables.chunks);
  for (let tile = from; tile < to; tile++) {
    const outer = tile * 2 ** tileBits;
    const own = psi + UNIT * outer;
    for (let g = 0; g < groups.length; g++) {
      const { outerFlip, flip, imaginary, isSingle, outerZ, innerZ, index } = groups[g]!;
      const other = psi + UNIT * (outer ^ outerFlip);
      if (isSingle) {
        f64[single / REAL] = 0;
        if (imaginary) kernels.overlapSumImaginary!(own, other, flip, bytes, single);
        else kernels.overlapSumReal!(own, other, flip, bytes, single);
        f64[values + index[0]!]! += signOf(outerZ[0]! & outer) * f64[single / REAL]!;
        continue;
      }
      if (imaginary) kernels.overlapsImaginary!(own, other, flip, bytes, numbers);
      else kernels.overlapsReal!(own, other, flip, bytes, numbers);
      if (index.length < TRANSFORM_FROM) {
        for (let k = 0; k < index.length; k++) {
          f64[single / REAL] = 0;
          kernels.signPattern!(pattern, bytes / 2, REAL * innerZ[k]!, signOf(outerZ[k]! & outer));
          kernels.addProducts!(numbers, pattern, bytes / 2, single);
          f64[values + index[k]!]! += f64[single / REAL]!;
        }
        continue;
      }
      kernels.tileTransform!(numbers, bytes / 2);
      for (let k = 0; k < index.length; k++)
        f64[values + index[k]!]! += signOf(outerZ[k]! & outer) * f64[numbers / REAL + innerZ[k]!]!;
    }
  }
}

/** Writes λ = Σ_k cotangents[k]·O_k ψ in the tiles of one chunk. */
export function adjointChunk(
  memory: WorkMemory,
  tiles: TileProgram,
  observables: ObservableProgram,
  chunk: number,
  thread: number,
): void {
  const scratch = tiles.scratch + thread * tiles.scratchBytes;
  const { kernels, f64 } = memory;
  const { tileBits, psi, lambda } = tiles;
  const { groups, weights } = observables;
  const bytes = UNIT * 2 ** tileBits;
  const numbers = scratch + scratchLayout(tileBits).tileSums;
  const pattern = scratch + scratchLayout(tileBits).psi;
  const from = Math.floor((chunk * observables.tiles) / observables.chunks);
  const to = Math.floor(((chunk + 1) * observables.tiles) / observables.chunks);
  for (let tile = from; tile < to; tile++) {
    const outer = tile * 2 ** tileBits;
    const own = lambda + UNIT * outer;
    f64.fill(0, own / REAL, (own + bytes) / REAL);
    for (let g = 0; g < groups.length; g++) {
      const { outerFlip, flip, imaginary, isSingle, outerZ, innerZ, index } = groups[g]!;
      const there = outer ^ outerFlip;
      const source = psi + UNIT * there;
      if (isSingle) {
        const weight = signOf(outerZ[0]! & there) * f64[weights + index[0]!]!;
        if (imaginary) kernels.addFlippedImaginary!(own, source, flip, bytes, weight);
        else kernels.addFlippedReal!(own, source, flip, bytes, weight);
        continue;
      }
      if (index.length < TRANSFORM_FROM)
        for (let k = 0; k < index.length; k++) {
          const weight = signOf(outerZ[k]! & there) * f64[weights + index[k]!]!;
          kernels.signPattern!(k === 0 ? numbers : pattern, bytes / 2, REAL * innerZ[k]!, weight);
          if (k > 0) kernels.addNumbers!(numbers, pattern, bytes / 2);
        }
      else {
        f64.fill(0, numbers / REAL, numbers / REAL + 2 ** tileBits);
        for (let k = 0; k < index.length; k++)
          f64[numbers / REAL + innerZ[k]!]! += signOf(outerZ[k]! & there) * f64[weights + index[k]!]!;
        kernels.tileTransform!(numbers, bytes / 2);
      }
      if (imaginary) kernels.addScaledImaginary!(own, source, flip, bytes, numbers);
      else kernels.addScaledReal!(own, source, flip, bytes, numbers);
    }
  }
}

/** -1 where an odd number of bits is set, else 1. */
function signOf(bits: number): number {
  let v = bits ^ (bits >>> 16);
  v ^= v >>> 8;
  v ^= v >>> 4;
  return 1 - 2 * ((0x6996 >>> (v & 15)) & 1);
}
