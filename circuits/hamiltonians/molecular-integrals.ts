import { ObservableError } from "../errors.ts";
import type { SparsePauliOp } from "../observable.ts";
import { type FermionTerm, jordanWigner } from "./jordan-wigner.ts";

/** Integrals over M real, orthonormal spatial orbitals; energies in hartree. */
export interface MolecularIntegrals {
  readonly numOrbitals: number;
  readonly numElectrons: number;
  /** Nuclear repulsion, and the energy of frozen electrons. */
  readonly constant: number;
  /** h_pq [M, M]. */
  readonly oneBody: Float64Array;
  /** (pq|rs) in chemists' notation [M, M, M, M]. */
  readonly twoBody: Float64Array;
}

/**
 * Reads an FCIDUMP text (Knowles and Handy, Comput. Phys. Commun. 54, 75, 1989), which PySCF, Psi4, Molpro and others write:
 * a namelist with NORB and NELEC, then lines `value p q r s` counted from 1, where each of the eight equal integrals stands
 * once. Restricted orbitals only. Orbital energies (`value p 0 0 0`) are skipped.
 * @throws ObservableError FCIDUMP_TEXT naming the line
 */
export function parseFcidump(text: string): MolecularIntegrals {
  const lines = text.split(/\r?\n/);
  const end = lines.findIndex((line) => /&END|^\s*\/|\/\s*$/i.test(line));
  const header = lines.slice(0, end + 1).join(" ");
  const setting = (name: string): number => {
    const found = new RegExp(`\\b${name}\\s*=\\s*(\\d+)`, "i").exec(header);
    if (found === null || Number(found[1]) < 1)
      throw new ObservableError(
        "FCIDUMP_TEXT",
        `An FCIDUMP starts with a namelist &FCI ... &END; this has no ${name}.`,
      );
    return Number(found[1]);
  };
  if (/\bIUHF\s*=\s*[1.]/i.test(header) || /\bUHF\s*=\s*\.?T/i.test(header))
    throw new ObservableError(
      "FCIDUMP_TEXT",
      "This FCIDUMP has other orbitals for either spin; restricted ones are read.",
    );
  const size = setting("NORB");
  const numElectrons = setting("NELEC");
  const oneBody = new Float64Array(size ** 2);
  const twoBody = new Float64Array(size ** 4);
  let constant = 0;
  for (const [index, line] of lines.entries()) {
    if (index <= end || line.trim() === "") continue;
    const [valueText = "", ...orbitals] = line.trim().split(/\s+/);
    const value = Number(valueText.replace(/d/i, "e"));
    const [p, q, r, s] = orbitals.map((orbital) => Number(orbital) - 1) as [number, number, number, number];
    const inRange = [p, q, r, s].every((orbital) => Number.isSafeInteger(orbital) && orbital >= -1 && orbital < size);
    const kind = [p, q, r, s].filter((orbital) => orbital >= 0).length;
    const ordered = [p, q, r, s].slice(0, kind).every((orbital) => orbital >= 0);
    if (!Number.isFinite(value) || orbitals.length !== 4 || !inRange || !ordered || kind === 3)
      throw new ObservableError(
        "FCIDUMP_TEXT",
        `Line ${index + 1} of the FCIDUMP, "${line.trim().slice(0, 60)}", is not a value and four orbitals from 0 to ${size}.`,
      );
    if (kind === 0) constant = value;
    else if (kind === 2) {
      oneBody[p * size + q] = value;
      oneBody[q * size + p] = value;
    } else if (kind === 4)
      for (const [a, b] of [
        [p, q],
        [q, p],
      ] as const)
        for (const [c, d] of [
          [r, s],
          [s, r],
        ] as const) {
          twoBody[((a * size + b) * size + c) * size + d] = value;
          twoBody[((c * size + d) * size + a) * size + b] = value;
        }
  }
  return { numOrbitals: size, numElectrons, constant, oneBody, twoBody };
}

/**
 * The integrals of the active orbitals, in the order given, in the mean field of the doubly occupied `core` orbitals, whose
 * energy joins the constant. Orbitals that are in neither list stay empty.
 * @param options.core orbital numbers from 0; by default the lowest, as many as the electrons that are not active fill
 * @param options.electrons active ones; by default all but two for each core orbital
 * @throws ObservableError ACTIVE_SPACE
 */
export function activeSpace(
  integrals: MolecularIntegrals,
  options: { readonly active: readonly number[]; readonly core?: readonly number[]; readonly electrons?: number },
): MolecularIntegrals {
  const { numOrbitals: size, numElectrons, oneBody, twoBody } = integrals;
  const { active } = options;
  const left = options.electrons === undefined ? undefined : (numElectrons - options.electrons) / 2;
  const core = options.core ?? Array.from({ length: Math.max(0, Math.ceil(left ?? 0)) }, (_, orbital) => orbital);
  const electrons = options.electrons ?? numElectrons - 2 * core.length;
  const all = [...core, ...active];
  const fits = all.every((orbital) => Number.isSafeInteger(orbital) && orbital >= 0 && orbital < size);
  if (!fits || new Set(all).size !== all.length || active.length === 0)
    throw new ObservableError(
      "ACTIVE_SPACE",
      `Core [${core.join(", ")}] and active [${active.join(", ")}] must name different orbitals from 0 to ${size - 1}.`,
    );
  if (electrons + 2 * core.length !== numElectrons || electrons < 0 || electrons > 2 * active.length)
    throw new ObservableError(
      "ACTIVE_SPACE",
      `${electrons} electron(s) in ${active.length} active orbital(s) over ${core.length} filled one(s) are not the ${numElectrons} there are.`,
    );
  const g = (p: number, q: number, r: number, s: number): number => twoBody[((p * size + q) * size + r) * size + s]!;
  const count = active.length;
  const inField = (p: number, q: number): number =>
    core.reduce((sum, i) => sum + 2 * g(p, q, i, i) - g(p, i, i, q), oneBody[p * size + q]!);
  const constant = core.reduce((sum, i) => sum + oneBody[i * size + i]! + inField(i, i), integrals.constant);
  const inner = { oneBody: new Float64Array(count ** 2), twoBody: new Float64Array(count ** 4) };
  for (const [a, p] of active.entries())
    for (const [b, q] of active.entries()) {
      inner.oneBody[a * count + b] = inField(p, q);
      for (const [c, r] of active.entries())
        for (const [d, s] of active.entries()) inner.twoBody[((a * count + b) * count + c) * count + d] = g(p, q, r, s);
    }
  return { numOrbitals: count, numElectrons: electrons, constant, ...inner };
}

/**
 * The energy of the determinant that fills the lowest orbitals twice: the Hartree-Fock energy where the orbitals are its own.
 * @returns hartree
 * @throws ObservableError ACTIVE_SPACE for an odd number of electrons
 */
export function closedShellEnergy({
  numOrbitals,
  numElectrons,
  constant,
  oneBody,
  twoBody,
}: MolecularIntegrals): number {
  if (numElectrons % 2 !== 0)
    throw new ObservableError("ACTIVE_SPACE", `${numElectrons} electrons do not fill orbitals in pairs.`);
  let energy = constant;
  const at = (p: number, q: number, r: number, s: number): number =>
    twoBody[((p * numOrbitals + q) * numOrbitals + r) * numOrbitals + s]!;
  for (let i = 0; i < numElectrons / 2; i++) {
    energy += 2 * oneBody[i * numOrbitals + i]!;
    for (let j = 0; j < numElectrons / 2; j++) energy += 2 * at(i, i, j, j) - at(i, j, j, i);
  }
  return energy;
}

/**
 * The electronic Hamiltonian on 2M qubits under the Jordan-Wigner map, spin orbitals interleaved (2p up, 2p+1 down), the
 * constant included:
 * H = E + Σ h_pq a†_pσ a_qσ + 1/2 Σ (pq|rs) a†_pσ a†_rτ a_sτ a_qσ.
 * @returns in hartree; `uccsd({ numQubits: 2 * M, numElectrons })` fits it
 * @throws ObservableError FERMION_TERM for more than 13 orbitals
 */
export function molecularHamiltonian(integrals: MolecularIntegrals): SparsePauliOp {
  return jordanWigner(electronicTerms(integrals), 2 * integrals.numOrbitals).simplify(1e-12);
}

function* electronicTerms({
  numOrbitals: size,
  constant,
  oneBody,
  twoBody,
}: MolecularIntegrals): Generator<FermionTerm> {
  yield { coefficient: constant, ladders: [] };
  for (let p = 0; p < size; p++)
    for (let q = 0; q < size; q++) {
      const h = oneBody[p * size + q]!;
      for (const spin of [0, 1])
        if (h !== 0)
          yield {
            coefficient: h,
            ladders: [
              [2 * p + spin, "create"],
              [2 * q + spin, "annihilate"],
            ],
          };
      for (let r = 0; r < size; r++)
        for (let s = 0; s < size; s++) {
          const g = twoBody[((p * size + q) * size + r) * size + s]!;
          if (g === 0) continue;
          for (const first of [0, 1])
            for (const second of [0, 1])
              if (first !== second || (p !== r && q !== s))
                yield {
                  coefficient: g / 2,
                  ladders: [
                    [2 * p + first, "create"],
                    [2 * r + second, "create"],
                    [2 * s + second, "annihilate"],
                    [2 * q + first, "annihilate"],
                  ],
                };
        }
    }
}
