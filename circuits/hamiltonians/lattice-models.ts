import { checkCount, checkFinite, checkOptions } from "../library/checks.ts";
import { SparsePauliOp } from "../observable.ts";
import type { PauliMap } from "../pauli.ts";
import { jordanWigner } from "./jordan-wigner.ts";

/** Neighbours on a chain, or on a ring when `periodic`. */
function bondsOf(sites: number, periodic: boolean): readonly (readonly [number, number])[] {
  const bonds = Array.from({ length: sites - 1 }, (_, site) => [site, site + 1] as const);
  return periodic && sites > 2 ? [...bonds, [sites - 1, 0] as const] : bonds;
}

/**
 * The Ising chain in a transverse field, H = -J Σ Z_i Z_{i+1} - h Σ X_i. Its phases meet at |h| = |J|.
 * @param options.coupling J, 1 by default
 * @param options.field h, in the unit of J
 * @throws CircuitError LIBRARY_COUNT, LIBRARY_NUMBER, LIBRARY_OPTION
 */
export function isingChain(options: {
  readonly sites: number;
  readonly coupling?: number;
  readonly field: number;
  readonly periodic?: boolean;
}): SparsePauliOp {
  checkOptions("isingChain", options, ["sites", "coupling", "field", "periodic"]);
  const { sites, coupling = 1, field, periodic = false } = options;
  checkCount("isingChain", "sites", sites, 2);
  checkFinite("isingChain", "coupling", coupling);
  checkFinite("isingChain", "field", field);
  return SparsePauliOp.fromMaps(sites, [
    ...bondsOf(sites, periodic).map(([a, b]) => [{ [a]: "Z", [b]: "Z" }, -coupling] as [PauliMap, number]),
    ...Array.from({ length: sites }, (_, site) => [{ [site]: "X" }, -field] as [PauliMap, number]),
  ]);
}

/**
 * The Heisenberg (XXZ) chain in Pauli matrices, H = J Σ (X_i X_{i+1} + Y_i Y_{i+1} + Δ Z_i Z_{i+1}); J > 0 is
 * antiferromagnetic, and spins 1/2 have S = P/2, so this is 4 times the chain in S.
 * @param options.coupling J, 1 by default
 * @param options.anisotropy Δ, 1 by default
 * @throws CircuitError LIBRARY_COUNT, LIBRARY_NUMBER, LIBRARY_OPTION
 */
export function heisenbergChain(options: {
  readonly sites: number;
  readonly coupling?: number;
  readonly anisotropy?: number;
  readonly periodic?: boolean;
}): SparsePauliOp {
  checkOptions("heisenbergChain", options, ["sites", "coupling", "anisotropy", "periodic"]);
  const { sites, coupling = 1, anisotropy = 1, periodic = false } = options;
  checkCount("heisenbergChain", "sites", sites, 2);
  checkFinite("heisenbergChain", "coupling", coupling);
  checkFinite("heisenbergChain", "anisotropy", anisotropy);
  return SparsePauliOp.fromMaps(
    sites,
    bondsOf(sites, periodic).flatMap(([a, b]) =>
      (["X", "Y", "Z"] as const).map(
        (letter) =>
          [{ [a]: letter, [b]: letter }, letter === "Z" ? coupling * anisotropy : coupling] as [PauliMap, number],
      ),
    ),
  );
}

/**
 * The Fermi-Hubbard chain, H = -t Σ (a†_iσ a_{i+1,σ} + h.c.) + U Σ n_i↑ n_i↓ - μ Σ n_iσ, under the Jordan-Wigner map with
 * interleaved spins: site i is qubit 2i (up) and 2i+1 (down).
 * @param options.hopping t, 1 by default
 * @param options.interaction U, in the unit of t
 * @param options.chemicalPotential μ; by default U/2, where the ground state is half filled
 * @throws CircuitError LIBRARY_COUNT, LIBRARY_NUMBER, LIBRARY_OPTION
 */
export function hubbardChain(options: {
  readonly sites: number;
  readonly hopping?: number;
  readonly interaction: number;
  readonly chemicalPotential?: number;
  readonly periodic?: boolean;
}): SparsePauliOp {
  checkOptions("hubbardChain", options, ["sites", "hopping", "interaction", "chemicalPotential", "periodic"]);
  const { sites, hopping = 1, interaction, periodic = false } = options;
  const { chemicalPotential = interaction / 2 } = options;
  checkCount("hubbardChain", "sites", sites, 2, 13);
  checkFinite("hubbardChain", "hopping", hopping);
  checkFinite("hubbardChain", "interaction", interaction);
  checkFinite("hubbardChain", "chemicalPotential", chemicalPotential);
  const up = (site: number): number => 2 * site;
  const down = (site: number): number => 2 * site + 1;
  const hop = (from: number, to: number) =>
    ({
      coefficient: -hopping,
      ladders: [
        [to, "create"],
        [from, "annihilate"],
      ],
    }) as const;
  const number = (mode: number) =>
    [
      [mode, "create"],
      [mode, "annihilate"],
    ] as const;
  const all = Array.from({ length: sites }, (_, site) => site);
  return jordanWigner(
    [
      ...bondsOf(sites, periodic).flatMap(([a, b]) =>
        [up, down].flatMap((spin) => [hop(spin(a), spin(b)), hop(spin(b), spin(a))]),
      ),
      ...all.map((site) => ({
        coefficient: interaction,
        ladders: [...number(up(site)), ...number(down(site))],
      })),
      ...all.flatMap((site) =>
        [up, down].map((spin) => ({ coefficient: -chemicalPotential, ladders: number(spin(site)) })),
      ),
    ],
    2 * sites,
  );
}
