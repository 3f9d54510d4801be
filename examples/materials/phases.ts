import type { Chain } from "./materials.ts";

export const MODELS = ["exact", "variational circuit", "Jastrow", "mean field"] as const;
export type ModelName = (typeof MODELS)[number];

/** A chain's ground states as the first seed found them, by every model. */
export interface PhaseDiagram {
  readonly chain: Chain;
  readonly points: readonly {
    /** h/J, Δ or U/t. */
    readonly value: number;
    readonly states: Readonly<Record<ModelName, { readonly energy: number; readonly order: number }>>;
  }[];
}

/** How energies and order parameters over a phase diagram compare with the exact ones. */
export interface PhaseErrors {
  /** Of the energy, relative. */
  readonly largest: number;
  readonly mean: number;
  /** Of the order parameter, absolute. */
  readonly order: number;
}

interface State {
  readonly energy: number;
  readonly order: number;
}

export function phaseErrors(states: readonly State[], exact: readonly State[]): PhaseErrors {
  const relative = states.map(({ energy }, i) => Math.abs((energy - exact[i]!.energy) / exact[i]!.energy));
  return {
    largest: Math.max(...relative),
    mean: relative.reduce((sum, error) => sum + error, 0) / relative.length,
    order: Math.max(...states.map(({ order }, i) => Math.abs(order - exact[i]!.order))),
  };
}
