import type { SparsePauliOp } from "../../circuits/index.ts";
import {
  addScaled,
  addSigned,
  foldZ,
  overlaps,
  probabilities,
  signedSum,
  unfoldZ,
  walshHadamard,
} from "./kernels/pauli.ts";
import { type PauliStrings, pauliStrings, TRANSFORM_FROM } from "./pauli-strings.ts";

/**
 * K Pauli sums made ready for states of n qubits: values of all, and the adjoint state of any combination of them. Its calls
 * take an array `scratch` of at least 2^n·lanes numbers, which is overwritten.
 */
export class ObservableKernel {
  readonly numObservables: number;
  readonly #numQubits: number;
  readonly #groups: PauliStrings["groups"];
  /** Only Z on single qubits (and the identity): the usual read-out of a model. */
  readonly #singleZ: boolean;
  readonly #entries: PauliStrings["entries"];
  readonly #numStrings: number;
  readonly #permutation: Int32Array | undefined;
  readonly #strings: Float64Array;
  readonly #folded: Float64Array;

  /** @param permutation basis states i of the state stand for basis states permutation[i]; only for diagonal observables */
  constructor(observables: readonly SparsePauliOp[], numQubits: number, maxLanes: number, permutation?: Int32Array) {
    const { groups, entries, numStrings, singleZ } = pauliStrings(observables);
    this.numObservables = observables.length;
    this.#numQubits = numQubits;
    this.#groups = groups;
    this.#entries = entries;
    this.#numStrings = numStrings;
    this.#permutation = permutation;
    this.#singleZ = singleZ;
    this.#strings = new Float64Array(Math.max(1, numStrings) * maxLanes);
    this.#folded = new Float64Array(Math.max(1, numQubits) * maxLanes);
  }

  /** Bytes that the kernel keeps. */
  get bytes(): number {
    return 8 * (this.#strings.length + this.#folded.length) + 200 * this.#entries.length;
  }

  /** Into how many parts of about one transform each `evaluate` can be cut; `combine` follows them. */
  get numParts(): number {
    return this.#groups.length;
  }

  /** Writes the expectation values to out[(row + lane)·K + k]. */
  evaluate(psi: Float64Array, lanes: number, out: Float64Array, row: number, scratch: Float64Array): void {
    for (let part = 0; part < this.#groups.length; part++) this.evaluatePart(part, psi, lanes, scratch);
    this.combine(lanes, out, row);
  }

  evaluatePart(part: number, psi: Float64Array, lanes: number, scratch: Float64Array): void {
    const size = 2 ** this.#numQubits;
    const strings = this.#strings;
    const { x, imaginary, strings: members } = this.#groups[part]!;
    if (x === 0) probabilities(psi, size, lanes, this.#permutation, scratch);
    else overlaps(psi, size, lanes, x, imaginary, scratch);
    if (this.#singleZ) foldZ(scratch, this.#numQubits, lanes, this.#folded);
    else if (members.length >= TRANSFORM_FROM) walshHadamard(scratch, size, lanes);
    for (const { z, index, numY } of members) {
      const at = index * lanes;
      if (this.#singleZ) {
        if (z === 0) for (let lane = 0; lane < lanes; lane++) strings[at + lane] = scratch[lane]!;
        else {
          const from = (31 - Math.clz32(z)) * lanes;
          for (let lane = 0; lane < lanes; lane++) strings[at + lane] = this.#folded[from + lane]!;
        }
      } else if (members.length >= TRANSFORM_FROM)
        for (let lane = 0; lane < lanes; lane++) strings[at + lane] = scratch[z * lanes + lane]!;
      else signedSum(scratch, size, lanes, z, strings, at);
      // Re(i^numY · (re + i·im)): the sign of the part that the group holds.
      if (numY % 4 === 1 || numY % 4 === 2)
        for (let lane = 0; lane < lanes; lane++) strings[at + lane] = -strings[at + lane]!;
    }
  }

  /** Writes what all parts found. */
  combine(lanes: number, out: Float64Array, row: number): void {
    const strings = this.#strings;
    out.fill(0, row * this.numObservables, (row + lanes) * this.numObservables);
    for (const { observable, string, coefficient } of this.#entries)
      for (let lane = 0; lane < lanes; lane++)
        out[(row + lane) * this.numObservables + observable]! += coefficient * strings[string * lanes + lane]!;
  }

  /** λ = Σ_k cotangents[(row + lane)·K + k]·O_k ψ. */
  adjoint(
    psi: Float64Array,
    lambda: Float64Array,
    lanes: number,
    cotangents: Float64Array,
    row: number,
    scratch: Float64Array,
  ): void {
    const size = 2 ** this.#numQubits;
    const weights = this.#strings;
    weights.fill(0, 0, this.#numStrings * lanes);
    for (const { observable, string, coefficient } of this.#entries)
      for (let lane = 0; lane < lanes; lane++)
        weights[string * lanes + lane]! += coefficient * cotangents[(row + lane) * this.numObservables + observable]!;
    lambda.fill(0, 0, 2 * size * lanes);
    for (const { x, strings: members } of this.#groups) {
      if (this.#singleZ) {
        this.#folded.fill(0);
        for (const { z, index } of members)
          if (z !== 0)
            this.#folded.set(weights.subarray(index * lanes, (index + 1) * lanes), (31 - Math.clz32(z)) * lanes);
        unfoldZ(this.#folded, this.#numQubits, lanes, scratch);
        for (const { z, index } of members) if (z === 0) addSigned(scratch, size, lanes, 0, weights, index * lanes);
        addScaled(psi, lambda, size, lanes, 0, 0, this.#permutation, scratch);
        continue;
      }
      // Strings of a group differ by i^2 = -1 at most, so one array holds them all and one factor i^numY is left.
      const turns = members[0]!.numY % 4;
      scratch.fill(0, 0, size * lanes);
      for (const { z, index, numY } of members) {
        const at = index * lanes;
        if (numY % 4 !== turns) for (let lane = 0; lane < lanes; lane++) weights[at + lane] = -weights[at + lane]!;
        if (members.length >= TRANSFORM_FROM)
          for (let lane = 0; lane < lanes; lane++) scratch[z * lanes + lane]! += weights[at + lane]!;
        else addSigned(scratch, size, lanes, z, weights, at);
      }
      if (members.length >= TRANSFORM_FROM) walshHadamard(scratch, size, lanes);
      addScaled(psi, lambda, size, lanes, x, turns, this.#permutation, scratch);
    }
  }
}
