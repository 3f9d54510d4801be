import type { System } from "./molecules.ts";

/** 1 kcal/mol in hartree, what a calculation should know energies to. */
export const CHEMICAL_ACCURACY = 1.6e-3;
/** What the rows about curves are judged by. */
export const CURVE_METRIC = "largest error (hartree)";

/** A system's curve as one seed found it; energies in hartree, bonds in angstrom. */
export interface Curve {
  readonly system: System;
  readonly points: readonly {
    readonly bond: number;
    readonly hartreeFock: number;
    readonly exact: number;
    readonly vqe: number;
    /** Exact in the whole basis. */
    readonly fullCi: number;
  }[];
}

/** How energies along a curve compare with the exact ones. */
export interface CurveErrors {
  /** Hartree. */
  readonly largest: number;
  readonly mean: number;
  /** Share of the points within chemical accuracy. */
  readonly within: number;
  /** Angstrom. */
  readonly bondLength: number;
}

export function curveErrors(
  bonds: readonly number[],
  energies: readonly number[],
  exact: readonly number[],
): CurveErrors {
  const errors = energies.map((energy, i) => Math.abs(energy - exact[i]!));
  return {
    largest: Math.max(...errors),
    mean: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    within: errors.filter((error) => error <= CHEMICAL_ACCURACY).length / errors.length,
    bondLength: bondLength(bonds, energies),
  };
}

/** Where the parabola through the lowest inner point and its neighbours is least. Bonds are equally spaced. */
export function bondLength(bonds: readonly number[], energies: readonly number[]): number {
  let lowest = 1;
  for (let i = 1; i + 1 < energies.length; i++) if (energies[i]! < energies[lowest]!) lowest = i;
  const [left, middle, right] = energies.slice(lowest - 1, lowest + 2) as [number, number, number];
  const spacing = bonds[lowest]! - bonds[lowest - 1]!;
  return bonds[lowest]! + (spacing * (left - right)) / (2 * (left - 2 * middle + right));
}
