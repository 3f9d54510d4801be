import { ObservableError } from "../errors.ts";
import { type PauliTerm, SparsePauliOp } from "../observable.ts";
import type { PauliLetter } from "../pauli.ts";

/** a†_mode (`"create"`) or a_mode (`"annihilate"`). */
export type LadderOperator = readonly [mode: number, action: "create" | "annihilate"];

/** coefficient · ladders[0] · ladders[1] · ...: the last one acts first. No ladders: a constant. */
export interface FermionTerm {
  readonly coefficient: number;
  readonly ladders: readonly LadderOperator[];
}

/** The two masks of a string are kept in one exact number. */
const MAX_MODES = 26;

/**
 * The qubit operator of a fermionic one under the Jordan-Wigner map (Z. Phys. 47, 631, 1928): mode p is qubit p, |1> is
 * occupied, and a_p carries Z on all qubits below p. Terms that cancel are dropped.
 * @param numModes spin orbitals, 26 at most
 * @throws ObservableError FERMION_TERM for a mode or coefficient that cannot be; OBSERVABLE_NOT_HERMITIAN when the sum is
 * not its own adjoint
 * @example jordanWigner([{ coefficient: 1, ladders: [[0, "create"], [0, "annihilate"]] }], 1) // 0.5*I - 0.5*Z
 */
export function jordanWigner(terms: Iterable<FermionTerm>, numModes: number): SparsePauliOp {
  if (!Number.isSafeInteger(numModes) || numModes < 1 || numModes > MAX_MODES)
    throw new ObservableError("FERMION_TERM", `jordanWigner maps 1 to ${MAX_MODES} modes, not ${numModes}.`);
  // Strings are kept as X^x·Z^z, which multiply with signs alone: a_p = X_p Z_below (1 - Z_p)/2 and a†_p = X_p Z_below (1 + Z_p)/2.
  const base = 2 ** numModes;
  const sums = new Map<number, number>();
  let largest = 0;
  for (const { coefficient, ladders } of terms) {
    if (!Number.isFinite(coefficient))
      throw new ObservableError("FERMION_TERM", `A fermionic term has the coefficient ${coefficient}.`);
    let product: (readonly [x: number, z: number, sign: number])[] = [[0, 0, 1]];
    for (const [mode, action] of ladders) {
      checkLadder(mode, action, numModes);
      const bit = 1 << mode;
      const below = bit - 1;
      const own = action === "create" ? 1 : -1;
      product = product.flatMap(([x, z, sign]) => {
        const crossed = isOdd(z & bit) ? -sign : sign;
        return [
          [x ^ bit, z ^ below, crossed],
          [x ^ bit, z ^ below ^ bit, own * crossed],
        ] as const;
      });
    }
    const share = coefficient / 2 ** ladders.length;
    largest = Math.max(largest, Math.abs(coefficient));
    for (const [x, z, sign] of product) {
      const key = x * base + z;
      sums.set(key, (sums.get(key) ?? 0) + sign * share);
    }
  }
  const rounding = 1e-14 * largest;
  const strings: PauliTerm[] = [];
  for (const [key, sum] of sums) {
    if (Math.abs(sum) <= rounding) continue;
    const x = Math.floor(key / base);
    const z = key % base;
    // X·Z = -i·Y, so an odd number of them makes the string's coefficient imaginary.
    const turns = countOnes(x & z);
    if (turns % 2 === 1)
      throw new ObservableError(
        "OBSERVABLE_NOT_HERMITIAN",
        "The fermionic operator is not its own adjoint; give every term that changes occupations together with its conjugate.",
      );
    strings.push({ coefficient: turns % 4 === 0 ? sum : -sum, pauli: { letters: lettersOf(x, z, numModes) } });
  }
  return SparsePauliOp.fromTerms(numModes, strings);
}

function checkLadder(mode: number, action: string, numModes: number): void {
  if (!Number.isSafeInteger(mode) || mode < 0 || mode >= numModes || (action !== "create" && action !== "annihilate"))
    throw new ObservableError(
      "FERMION_TERM",
      `["create" or "annihilate" a mode below ${numModes}] is what a ladder operator does, not [${mode}, "${action}"].`,
    );
}

function lettersOf(x: number, z: number, numModes: number): (readonly [number, Exclude<PauliLetter, "I">])[] {
  const letters: (readonly [number, Exclude<PauliLetter, "I">])[] = [];
  for (let qubit = 0; qubit < numModes; qubit++) {
    const flips = (x >> qubit) & 1;
    const signs = (z >> qubit) & 1;
    if (flips + signs > 0) letters.push([qubit, flips === 0 ? "Z" : signs === 0 ? "X" : "Y"]);
  }
  return letters;
}

function countOnes(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

function isOdd(bits: number): boolean {
  return countOnes(bits) % 2 === 1;
}
