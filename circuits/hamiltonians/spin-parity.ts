import { ObservableError } from "../errors.ts";
import { type PauliTerm, SparsePauliOp } from "../observable.ts";
import type { PauliLetter } from "../pauli.ts";

/** X and Z parts of a letter: Y is both. */
const PARTS: Readonly<Record<PauliLetter, readonly [x: number, z: number]>> = {
  I: [0, 0],
  X: [1, 0],
  Y: [1, 1],
  Z: [0, 1],
};
const LETTERS = ["I", "Z", "X", "Y"] as const;

/**
 * A Hamiltonian that keeps the parities of spins up and down, on two qubits fewer, in the sector of these electrons (Bravyi
 * et al., arXiv:1701.08213). Qubits are spin orbitals under the Jordan-Wigner map with interleaved spins. CNOTs gather each
 * parity on the last orbital of its spin, where it is a number and not an operator any more; the others keep their order and
 * their meaning, |1> is occupied.
 * @param electrons of either spin
 * @throws ObservableError SPIN_PARITY for a Hamiltonian that changes a parity, an odd number of qubits or fewer than 4, or
 * electrons that do not fit
 * @example reduceSpinParities(molecularHamiltonian(h2), { up: 1, down: 1 }) // 2 qubits instead of 4
 */
export function reduceSpinParities(
  hamiltonian: SparsePauliOp,
  electrons: { readonly up: number; readonly down: number },
): SparsePauliOp {
  const { numQubits } = hamiltonian;
  const { up, down } = electrons;
  const fits = (count: number): boolean => Number.isSafeInteger(count) && count >= 0 && count <= numQubits / 2;
  if (numQubits % 2 !== 0 || numQubits < 4 || !fits(up) || !fits(down))
    throw new ObservableError(
      "SPIN_PARITY",
      `${up} electron(s) up and ${down} down do not fit ${numQubits} qubit(s), of which an even number of 4 or more is needed.`,
    );
  const lastUp = numQubits - 2;
  const lastDown = numQubits - 1;
  const reduced = hamiltonian.terms.map(({ coefficient, pauli }): PauliTerm => {
    const x = new Array<number>(numQubits).fill(0);
    const z = new Array<number>(numQubits).fill(0);
    let countY = 0;
    for (const [qubit, letter] of pauli.letters) {
      [x[qubit], z[qubit]] = PARTS[letter] as [number, number];
      if (letter === "Y") countY++;
    }
    // CX takes X of its control to X on both, and Z of its target to Z on both; in the form X^x·Z^z no sign arises.
    for (let qubit = 0; qubit < lastUp; qubit++) {
      const target = qubit % 2 === 0 ? lastUp : lastDown;
      x[target]! ^= x[qubit]!;
      z[qubit]! ^= z[target]!;
    }
    if (x[lastUp] === 1 || x[lastDown] === 1)
      throw new ObservableError(
        "SPIN_PARITY",
        "The Hamiltonian changes the parity of a spin's electrons, so there is no sector to reduce it to.",
      );
    const value = (z[lastUp] === 1 && up % 2 === 1 ? -1 : 1) * (z[lastDown] === 1 && down % 2 === 1 ? -1 : 1);
    const letters = x
      .slice(0, lastUp)
      .map((bit, qubit) => [qubit, LETTERS[2 * bit + z[qubit]!]!] as const)
      .filter((pair): pair is readonly [number, Exclude<PauliLetter, "I">] => pair[1] !== "I");
    // X·Z = -i·Y: the number of Y before and after differs by an even one.
    const turns = (countY - letters.filter(([, letter]) => letter === "Y").length) / 2;
    return { coefficient: (turns % 2 === 0 ? value : -value) * coefficient, pauli: { letters } };
  });
  return SparsePauliOp.fromTerms(lastUp, reduced).simplify(1e-12);
}
