import type { AffineAngle } from "../normal-form.ts";
import type { MonomialSweep, Sweep } from "./pass-slots.ts";
import { holds, localMask, placesOf } from "./tile-program.ts";

const UNIT = 16;

/** A phase in a table: its bits in the tile and its angle. */
export interface TablePhase {
  readonly mask: number;
  readonly angle: AffineAngle;
}

/** The phases that one table holds. */
export interface TableRecipe {
  readonly address: number;
  readonly phases: readonly TablePhase[];
  /** The table that these phases come on top of, -1 for none. */
  readonly base: number;
  /** Number that says what a table without a base is multiplied with. */
  readonly scale: number;
}

/** The places of the amplitudes of a tile after a permutation, and where they go in linear memory. */
export interface PlacesRecipe {
  readonly address: number;
  readonly data: Uint32Array;
}

/** Bytes of the tables of some sweeps. */
export function tableBytes(sweeps: readonly Sweep[], tileBits: number): number {
  let bytes = 0;
  for (const sweep of sweeps) {
    if (sweep.kind !== "monomial") continue;
    const each = (sweep.phases.length > 0 ? UNIT : 0) + (sweep.permutations.length > 0 ? 4 : 0);
    bytes += 2 ** sweep.conditions.length * each * 2 ** tileBits;
  }
  return bytes;
}

/** Hands out room for tables: to each pass its own, or to all of them the same. */
export class TableSpace {
  readonly #start: number;
  readonly #kept: boolean;
  readonly #known = new Map<string, number>();
  #next: number;
  end: number;

  constructor(start: number, kept: boolean) {
    this.#start = start;
    this.#kept = kept;
    this.#next = start;
    this.end = start;
  }

  /** Another pass follows. */
  next(): void {
    if (this.#kept) return;
    this.#next = this.#start;
    this.#known.clear();
  }

  take(bytes: number): number {
    const address = this.#next;
    this.#next += Math.ceil(bytes / 64) * 64;
    this.end = Math.max(this.end, this.#next);
    return address;
  }

  /** The place of a table that other passes or operations may have too. */
  share(
    key: string,
    make: () => { readonly bytes: number; readonly fill: (address: number) => void } | undefined,
  ): number {
    let address = this.#known.get(key);
    if (address !== undefined) return address;
    const made = make();
    address = made === undefined ? -1 : this.take(made.bytes);
    made?.fill(address);
    this.#known.set(key, address);
    return address;
  }
}

export type MonomialTables = Map<
  MonomialSweep,
  { readonly tables: readonly number[]; readonly places: readonly number[] }
>;

/** Gives the tables of a pass their places. */
export function draftTables(
  sweeps: readonly Sweep[],
  inner: number,
  tileBits: number,
  space: TableSpace,
): {
  readonly monomials: MonomialTables;
  readonly recipe: { readonly tables: readonly Omit<TableRecipe, "scale">[]; readonly places: readonly PlacesRecipe[] };
} {
  const monomials: MonomialTables = new Map();
  const tables: Omit<TableRecipe, "scale">[] = [];
  const uploads: { address: number; data: Uint32Array }[] = [];
  for (const sweep of sweeps) {
    if (sweep.kind !== "monomial") continue;
    const all = Array.from({ length: 2 ** sweep.conditions.length }, (_, combination) => combination);
    const phasesOf = (wanted: (condition: number) => boolean): readonly TablePhase[] =>
      sweep.phases
        .filter(({ mask }) => wanted(mask & ~inner))
        .map(({ mask, angle }) => ({ mask: localMask(mask, inner), angle }));
    const own: number[] = [];
    if (sweep.phases.length > 0)
      for (const combination of all) {
        const address = space.take(UNIT * 2 ** tileBits);
        own.push(address);
        tables.push(
          combination === 0
            ? { address, phases: phasesOf((condition) => condition === 0), base: -1 }
            : {
                address,
                phases: phasesOf((condition) => condition !== 0 && holds(sweep.conditions, condition, combination)),
                base: own[0]!,
              },
        );
      }
    const key = sweep.permutations
      .map(({ qubits, permutation, controls }) => `${qubits}:${permutation}:${controls}`)
      .join(" ");
    const places =
      sweep.permutations.length === 0
        ? []
        : all.map((combination) =>
            space.share(`${inner} ${key} ${sweep.conditions} ${combination}`, () => {
              const data = placesOf(sweep, combination, inner, tileBits);
              if (data === undefined) return undefined;
              return { bytes: data.byteLength, fill: (address) => uploads.push({ address, data }) };
            }),
          );
    monomials.set(sweep, { tables: own, places });
  }
  return { monomials, recipe: { tables, places: uploads } };
}
