import type { Circuit } from "../../circuits/index.ts";
import { availableBytes, createStatevectorEngine, type StatevectorProgram } from "../../providers/index.ts";
import { KernelError } from "../errors.ts";
import type { KernelRows } from "./kernel.ts";
import { Pauses } from "./pauses.ts";

/** Rows of `b` that stay in cache while all rows of `a` pass; an even number. */
const TILE_BYTES = 1 << 18;

/** States of a feature map for rows, and their fidelities, in this process. */
export class StateOverlaps {
  readonly #program: StatevectorProgram;
  readonly #amplitudes: number;

  /** @throws CircuitError CIRCUIT_NOT_UNITARY; SimulatorError STATE_TOO_LARGE */
  constructor(circuit: Circuit) {
    this.#program = createStatevectorEngine().statevector(circuit);
    this.#amplitudes = 2 ** circuit.numQubits;
  }

  /**
   * |<ψ(c·a_i)|ψ(c·b_j)>|² [n, m] for bandwidth c, or of `a` with itself: a simulation for each row and an inner product for each pair.
   * @throws KernelError KERNEL_MEMORY; the signal's reason when aborted
   */
  async fidelities(
    a: KernelRows,
    b: KernelRows | undefined,
    bandwidth: number,
    signal?: AbortSignal,
  ): Promise<Float64Array> {
    const pauses = new Pauses(signal);
    this.#assertFits(a.numRows + (b?.numRows ?? 0));
    const left = await this.#states(a, bandwidth, pauses);
    const right = b === undefined ? left : await this.#states(b, bandwidth, pauses);
    const n = a.numRows;
    const m = b?.numRows ?? n;
    const data = new Float64Array(n * m);
    const width = 2 * this.#amplitudes;
    const tile = Math.max(2, 2 * Math.floor(TILE_BYTES / (2 * 8 * width)));
    for (let from = 0; from < m; from += tile) {
      const to = Math.min(m, from + tile);
      for (let row = 0; row < n; row += 2) {
        if (b === undefined && row >= to) break;
        fidelityRows(left, right, width, row, Math.min(n, row + 2), from, to, data, m);
        if (pauses.due) await pauses.pause();
      }
    }
    if (b === undefined)
      for (let row = 0; row < n; row++) {
        // Exact by definition; the sum of squares differs by rounding.
        data[row * n + row] = 1;
        for (let column = 0; column < row; column++) data[row * n + column] = data[column * n + row]!;
      }
    return data;
  }

  async #states(rows: KernelRows, bandwidth: number, pauses: Pauses): Promise<Float64Array> {
    const { numRows, numFeatures, x } = rows;
    const width = 2 * this.#amplitudes;
    const states = new Float64Array(numRows * width);
    const values = new Float64Array(numFeatures);
    let state: Float64Array | undefined;
    for (let row = 0; row < numRows; row++) {
      for (let f = 0; f < numFeatures; f++) values[f] = bandwidth * x[row * numFeatures + f]!;
      state = this.#program.statevector(values, state);
      states.set(state, row * width);
      if (pauses.due) await pauses.pause();
    }
    return states;
  }

  #assertFits(rows: number): void {
    const bytes = rows * this.#amplitudes * 16;
    const free = availableBytes();
    if (bytes > free)
      throw new KernelError(
        "KERNEL_MEMORY",
        `The states of ${rows} row(s) take ${bytes} bytes, but ${Math.floor(free)} can be used; give fewer rows at a time, or use fewer qubits.`,
      );
  }
}

/**
 * Writes the fidelities of rows [i0, i1) (at most two) with rows [j0, j1) of interleaved states of `width` numbers. Two by two, so
 * that every amplitude that is loaded is used twice.
 */
function fidelityRows(
  a: Float64Array,
  b: Float64Array,
  width: number,
  i0: number,
  i1: number,
  j0: number,
  j1: number,
  out: Float64Array,
  stride: number,
): void {
  const p = i0 * width;
  const q = (i1 - 1) * width;
  for (let j = j0; j < j1; j += 2) {
    const r = j * width;
    // The last of an odd number is paired with itself.
    const last = Math.min(j + 1, j1 - 1);
    const s = last * width;
    let pr = 0;
    let pi = 0;
    let ps = 0;
    let pt = 0;
    let qr = 0;
    let qi = 0;
    let qs = 0;
    let qt = 0;
    for (let k = 0; k < width; k += 2) {
      const ar = a[p + k]!;
      const ai = a[p + k + 1]!;
      const cr = a[q + k]!;
      const ci = a[q + k + 1]!;
      const br = b[r + k]!;
      const bi = b[r + k + 1]!;
      const dr = b[s + k]!;
      const di = b[s + k + 1]!;
      pr += ar * br + ai * bi;
      pi += ar * bi - ai * br;
      ps += ar * dr + ai * di;
      pt += ar * di - ai * dr;
      qr += cr * br + ci * bi;
      qi += cr * bi - ci * br;
      qs += cr * dr + ci * di;
      qt += cr * di - ci * dr;
    }
    // Rounding may leave a fidelity of equal states a little above 1.
    out[i0 * stride + j] = Math.min(1, pr * pr + pi * pi);
    out[i0 * stride + last] = Math.min(1, ps * ps + pt * pt);
    out[(i1 - 1) * stride + j] = Math.min(1, qr * qr + qi * qi);
    out[(i1 - 1) * stride + last] = Math.min(1, qs * qs + qt * qt);
  }
}
