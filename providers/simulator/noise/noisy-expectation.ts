import type { Circuit, PauliTerm, SparsePauliOp } from "../../../circuits/index.ts";
import type { NoiseModel } from "./noise-model.ts";
import { exactProgram, type NoisySetting, partsOf } from "./noisy-parts.ts";
import { LETTER_DIGITS } from "./pauli-transfer.ts";
import type { TransferProgram } from "./transfer-program.ts";

/** Terms of all observables that one density matrix decides: out[k] += coefficient · r[index]. */
interface ExactPart {
  readonly program: TransferProgram;
  readonly observables: Int32Array;
  readonly indices: Int32Array;
  readonly coefficients: Float64Array;
}

/**
 * Exact expectation values of K observables of a noisy circuit, as a machine of infinitely many shots would read them: with
 * misread bits.
 */
export class NoisyExpectation {
  readonly bytes: number;
  readonly #parts: readonly ExactPart[];
  readonly #constants: Float64Array;

  /** @throws SimulatorError NOISE_NOT_EXACT, NOISE_MODEL, NOISE_TIME, STATE_TOO_LARGE */
  constructor(circuit: Circuit, observables: readonly SparsePauliOp[], setting: NoisySetting) {
    this.#constants = new Float64Array(observables.length);
    const terms: { readonly observable: number; readonly term: PauliTerm }[] = [];
    for (const [observable, { terms: own }] of observables.entries())
      for (const term of own)
        if (term.pauli.letters.length === 0) this.#constants[observable]! += term.coefficient;
        else terms.push({ observable, term });
    const supports = terms.map(({ term }) => term.pauli.letters.map(([qubit]) => qubit));
    this.#parts = partsOf(circuit, setting, supports).map(({ qubits, members }): ExactPart => {
      const program = exactProgram(circuit, setting, { qubits });
      const place = new Map(program.noisy.qubits.map((qubit, index) => [qubit, index]));
      return {
        program,
        observables: Int32Array.from(members, (member) => terms[member]!.observable),
        indices: Int32Array.from(members, (member) => indexOf(terms[member]!.term, place)),
        coefficients: Float64Array.from(
          members,
          (member) => terms[member]!.term.coefficient * idleFactor(terms[member]!.term, place, setting.noise),
        ),
      };
    });
    this.bytes = this.#parts.reduce((sum, { program, indices }) => sum + program.bytes + 16 * indices.length, 1000);
  }

  /** Writes the values of one row [P] to `out` [K] and returns the probability left out as negligible. */
  *evaluate(values: Float64Array, out: Float64Array): Generator<void, number> {
    out.set(this.#constants);
    let pruned = 0;
    for (const { program, observables, indices, coefficients } of this.#parts) {
      yield* program.run(values, (members) => {
        for (const { vector } of members)
          for (let at = 0; at < indices.length; at++)
            out[observables[at]!]! += coefficients[at]! * vector[indices[at]!]!;
      });
      pruned += program.prunedProbability;
    }
    return pruned;
  }
}

function indexOf({ pauli }: PauliTerm, place: ReadonlyMap<number, number>): number {
  let index = 0;
  for (const [qubit, letter] of pauli.letters) {
    const at = place.get(qubit);
    if (at !== undefined) index += LETTER_DIGITS[letter] * 4 ** at;
  }
  return index;
}

/** What qubits that nothing happens to contribute: Z reads |0>, X and Y are coins, and bits are misread. */
function idleFactor({ pauli }: PauliTerm, place: ReadonlyMap<number, number>, noise: NoiseModel): number {
  let factor = 1;
  for (const [qubit, letter] of pauli.letters) {
    if (place.has(qubit)) continue;
    const [e0, e1] = noise.readoutErrors(qubit);
    factor *= letter === "Z" ? 1 - 2 * e0 : e1 - e0;
  }
  return factor;
}
