import type { KernelMemory } from "../kernels/kernel-memory.ts";
import type { Angles } from "./angles.ts";
import type { LaneBuffers } from "./lane-buffers.ts";
import type { LaneSteps } from "./lane-steps.ts";
import type { PrefixRun } from "./prefix.ts";

/**
 * The last gates of the prefix, whose angles all rows share: one matrix for each qubit. Their gradients follow from the
 * correlations Σ conj(λ_b)·ψ_c of all rows, a matrix too, which goes back through the gates once a call.
 */
export class PrefixTail {
  readonly #runs: readonly PrefixRun[];
  readonly #shared: LaneSteps["prefixShared"];
  readonly #buffers: LaneBuffers;
  readonly #numQubits: number;
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;
  /** Of every qubit, four complex numbers row by row. */
  readonly #matrices: Float64Array;
  readonly #correlations: Float64Array;

  constructor({ tail, prefixShared }: LaneSteps, buffers: LaneBuffers, numQubits: number) {
    this.#runs = tail;
    this.#shared = prefixShared;
    this.#buffers = buffers;
    this.#numQubits = numQubits;
    this.#cosines = new Float64Array(prefixShared.length);
    this.#sines = new Float64Array(prefixShared.length);
    this.#matrices = new Float64Array(8 * numQubits);
    this.#correlations = new Float64Array(8 * numQubits);
  }

  get isEmpty(): boolean {
    return this.#runs.length === 0;
  }

  /** Multiplies the gates of a call to matrices. */
  prepare({ f64, reals, realBytes }: KernelMemory): void {
    if (this.isEmpty) return;
    const { sharedCosines, sharedSines, matrices } = this.#buffers;
    const m = this.#matrices;
    m.fill(0);
    for (let qubit = 0; qubit < this.#numQubits; qubit++) {
      m[8 * qubit] = 1;
      m[8 * qubit + 6] = 1;
    }
    for (let index = 0; index < this.#runs.length; index++) {
      const { kind, qubit, count, shared } = this.#runs[index]!;
      for (let k = 0; k < count; k++) {
        const { position } = this.#shared[shared + k]!;
        const c = f64[sharedCosines / 8 + position]!;
        const s = f64[sharedSines / 8 + position]!;
        this.#cosines[shared + k] = c;
        this.#sines[shared + k] = s;
        const at = 8 * (qubit + k);
        if (kind === "rotation") turnRows(m, at, c, s);
        else {
          turnEntry(m, at + 4, c, s);
          turnEntry(m, at + 6, c, s);
        }
      }
    }
    const to = matrices / realBytes;
    for (let i = 0; i < m.length; i++) reals[to + i] = m[i]!;
  }

  /** Starts the sums over chunks. */
  clear({ reals, realBytes, lanes }: KernelMemory): void {
    const sums = this.#buffers.correlations / realBytes;
    reals.fill(0, sums, sums + 8 * lanes * this.#numQubits);
  }

  /** Counts the gradients of all gates. @param scale of λ at the product state */
  addShares({ reals, realBytes, lanes }: KernelMemory, angles: Angles, scale: number): void {
    if (this.isEmpty) return;
    const m = this.#correlations;
    const from = this.#buffers.correlations / realBytes;
    for (let i = 0; i < m.length; i++) {
      let sum = 0;
      for (let lane = 0; lane < lanes; lane++) sum += reals[from + i * lanes + lane]!;
      m[i] = sum;
    }
    for (let index = this.#runs.length - 1; index >= 0; index--) {
      const { kind, qubit, count, shared } = this.#runs[index]!;
      for (let k = 0; k < count; k++) {
        const at = 8 * (qubit + k);
        const c = this.#cosines[shared + k]!;
        const s = this.#sines[shared + k]!;
        if (kind === "rotation") {
          angles.addShare(this.#shared[shared + k]!.shared, scale * (m[at + 4]! - m[at + 2]!));
          // M becomes transposed(R)·M·R.
          turnRows(m, at, c, -s);
          turnColumns(m, at, c, s);
        } else {
          angles.addShare(this.#shared[shared + k]!.shared, -2 * scale * m[at + 7]!);
          turnEntry(m, at + 4, c, s);
          turnEntry(m, at + 2, c, -s);
        }
      }
    }
  }
}

/** Multiplies by [[c, -s], [s, c]] from the left. */
function turnRows(m: Float64Array, at: number, c: number, s: number): void {
  for (let k = at; k < at + 4; k++) {
    const a = m[k]!;
    const b = m[k + 4]!;
    m[k] = c * a - s * b;
    m[k + 4] = s * a + c * b;
  }
}

/** Multiplies by [[c, -s], [s, c]] from the right. */
function turnColumns(m: Float64Array, at: number, c: number, s: number): void {
  for (let row = at; row < at + 8; row += 4)
    for (let k = row; k < row + 2; k++) {
      const a = m[k]!;
      const b = m[k + 2]!;
      m[k] = c * a + s * b;
      m[k + 2] = c * b - s * a;
    }
}

/** Multiplies one entry by c + is. */
function turnEntry(m: Float64Array, at: number, c: number, s: number): void {
  const re = m[at]!;
  const im = m[at + 1]!;
  m[at] = c * re - s * im;
  m[at + 1] = c * im + s * re;
}
