import { negate } from "../arithmetic.ts";
import type { CircuitBuilder } from "../builder.ts";
import { Circuit } from "../circuit.ts";
import { CircuitError } from "../errors.ts";
import type { Angle } from "../expression.ts";
import { weight } from "../parameter.ts";
import { checkChoice, checkCount, checkOptions } from "./checks.ts";

/** Qubits are spin orbitals under the Jordan-Wigner map; |1> is occupied. */
export interface ExcitationOptions {
  /**
   * True for the fermionic excitation: occupied orbitals in between change the sign, by CZ on both sides. False (default)
   * for the plain Givens rotation of qubits.
   */
  readonly fermionic?: boolean;
}

/** CZ from every orbital that an odd number of `orbitals` lies above, but for these themselves: the Jordan-Wigner sign. */
function appendSign(builder: CircuitBuilder, orbitals: readonly number[], pivot: number): void {
  const highest = Math.max(...orbitals);
  for (let qubit = Math.min(...orbitals); qubit < highest; qubit++)
    if (!orbitals.includes(qubit) && orbitals.filter((orbital) => orbital > qubit).length % 2 === 1)
      builder.cz(qubit, pivot);
}

function inSign(builder: CircuitBuilder, orbitals: readonly number[], fermionic: boolean, rotate: () => void): void {
  if (fermionic) appendSign(builder, orbitals, orbitals[0]!);
  rotate();
  if (fermionic) appendSign(builder, orbitals, orbitals[0]!);
}

/**
 * Appends the Givens rotation that takes |p occupied, r empty> to cos(angle/2) of itself + sin(angle/2) |r occupied, p
 * empty>, and leaves both-empty and both-occupied as they are. With `fermionic` it is exp(angle/2·(a†_r a_p - h.c.)).
 * One slot of frequencies 1/2 and 1 (Arrazola et al., arXiv:2106.13839).
 * @throws CircuitError QUBIT_DUPLICATE, QUBIT_RANGE
 */
export function appendSingleExcitation(
  builder: CircuitBuilder,
  angle: Angle,
  [p, r]: readonly [occupied: number, empty: number],
  options: ExcitationOptions = {},
): void {
  inSign(builder, [p, r], options.fermionic ?? false, () => builder.xx_plus_yy(angle, Math.PI / 2, p, r));
}

/**
 * Appends the rotation that takes |p, q occupied; r, s empty> to cos(angle/2) of itself + sin(angle/2) |r, s occupied; p, q
 * empty>, and leaves all other occupations as they are. With `fermionic` it is
 * exp(angle/2·(a†_r a†_s a_q a_p - h.c.)). A CX ladder makes it one ry under three controls: one slot of frequencies 1/2
 * and 1 (Arrazola et al., arXiv:2106.13839).
 * @throws CircuitError QUBIT_DUPLICATE, QUBIT_RANGE
 */
export function appendDoubleExcitation(
  builder: CircuitBuilder,
  angle: Angle,
  [p, q, r, s]: readonly [occupied: number, occupied: number, empty: number, empty: number],
  options: ExcitationOptions = {},
): void {
  const fermionic = options.fermionic ?? false;
  const swapped = fermionic && q < p !== s < r;
  inSign(builder, [p, q, r, s], fermionic, () => {
    for (const target of [q, r, s]) builder.cx(p, target);
    // The pair is now |p=1> and |p=0> where q=0, r=1, s=1.
    builder.gate("ry", [swapped ? angle : negate(angle)], [q, r, s, p], { numControls: 3, controlState: 0b110 });
    for (const target of [s, r, q]) builder.cx(p, target);
  });
}

/** A circuit of one single excitation; see `appendSingleExcitation`. `numQubits` by default just holds the orbitals. */
export function singleExcitation(
  angle: Angle,
  orbitals: readonly [occupied: number, empty: number],
  options: ExcitationOptions & { readonly numQubits?: number } = {},
): Circuit {
  return Circuit.build(options.numQubits ?? Math.max(...orbitals) + 1, (c) =>
    appendSingleExcitation(c, angle, orbitals, options),
  );
}

/** A circuit of one double excitation; see `appendDoubleExcitation`. `numQubits` by default just holds the orbitals. */
export function doubleExcitation(
  angle: Angle,
  orbitals: readonly [occupied: number, occupied: number, empty: number, empty: number],
  options: ExcitationOptions & { readonly numQubits?: number } = {},
): Circuit {
  return Circuit.build(options.numQubits ?? Math.max(...orbitals) + 1, (c) =>
    appendDoubleExcitation(c, angle, orbitals, options),
  );
}

/** Where the two spins of spatial orbital k sit: `interleaved` at 2k and 2k+1, `blocked` at k and k + numQubits/2. */
export type SpinOrdering = "interleaved" | "blocked";

/** All spin-conserving excitations from the Hartree-Fock state, singles first, in ascending order. */
export function excitations(
  numQubits: number,
  numElectrons: number,
  ordering: SpinOrdering = "interleaved",
): {
  readonly occupied: readonly number[];
  readonly singles: readonly (readonly [number, number])[];
  readonly doubles: readonly (readonly [number, number, number, number])[];
} {
  checkCount("uccsd", "numQubits", numQubits, 2);
  checkCount("uccsd", "numElectrons", numElectrons);
  checkChoice("uccsd", "ordering", ordering, ["interleaved", "blocked"]);
  if (numQubits % 2 !== 0 || numElectrons >= numQubits)
    throw new CircuitError(
      "UCC_SPACE",
      `uccsd needs an even number of spin orbitals and fewer electrons than these, not ${numElectrons} in ${numQubits}.`,
    );
  const half = numQubits / 2;
  const spin = (orbital: number): number => (ordering === "interleaved" ? orbital % 2 : Math.floor(orbital / half));
  const spatial = (orbital: number): number => (ordering === "interleaved" ? Math.floor(orbital / 2) : orbital % half);
  const all = Array.from({ length: numQubits }, (_, i) => i);
  const occupied = all
    .toSorted((a, b) => spatial(a) - spatial(b) || spin(a) - spin(b))
    .slice(0, numElectrons)
    .sort((a, b) => a - b);
  const empty = all.filter((orbital) => !occupied.includes(orbital));
  const pairs = (orbitals: readonly number[]): (readonly [number, number])[] =>
    orbitals.flatMap((a, i) => orbitals.slice(i + 1).map((b) => [a, b] as const));
  return {
    occupied,
    singles: occupied.flatMap((p) => empty.filter((r) => spin(r) === spin(p)).map((r) => [p, r] as const)),
    doubles: pairs(occupied).flatMap(([p, q]) =>
      pairs(empty)
        .filter(([r, s]) => spin(r) + spin(s) === spin(p) + spin(q))
        .map(([r, s]) => [p, q, r, s] as const),
    ),
  };
}

/**
 * Unitary coupled cluster with singles and doubles in the Jordan-Wigner map, as `reps` products of fermionic excitations on
 * the Hartree-Fock state (the disentangled form of Evangelista et al., arXiv:1910.10130). It keeps the numbers of electrons
 * of either spin. Weights `w` [reps, excitations], singles first; all zero is Hartree-Fock.
 * @param options.numQubits spin orbitals, the lowest in energy first
 * @throws CircuitError LIBRARY_COUNT, LIBRARY_OPTION, UCC_SPACE
 */
export function uccsd(options: {
  readonly numQubits: number;
  readonly numElectrons: number;
  readonly reps?: number;
  readonly ordering?: SpinOrdering;
  readonly name?: string;
}): Circuit {
  checkOptions("uccsd", options, ["numQubits", "numElectrons", "reps", "ordering", "name"]);
  const { numQubits, numElectrons, reps = 1, ordering = "interleaved", name = "w" } = options;
  checkCount("uccsd", "reps", reps);
  const { occupied, singles, doubles } = excitations(numQubits, numElectrons, ordering);
  const total = singles.length + doubles.length;
  if (total === 0)
    throw new CircuitError(
      "UCC_SPACE",
      `No excitation of ${numElectrons} electron(s) in ${numQubits} spin orbitals keeps the spin.`,
    );
  const w = weight(name, [reps, total]);
  return Circuit.build(numQubits, (c) => {
    for (const orbital of occupied) c.x(orbital);
    for (let rep = 0; rep < reps; rep++) {
      for (const [i, single] of singles.entries()) appendSingleExcitation(c, w.at(rep, i), single, { fermionic: true });
      for (const [i, double] of doubles.entries())
        appendDoubleExcitation(c, w.at(rep, singles.length + i), double, { fermionic: true });
    }
  });
}
