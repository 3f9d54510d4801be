import type { AffineAngle } from "../normal-form.ts";
import type { MonomialSweep, Sweep } from "./pass-slots.ts";
import { holds, localMask, placesOf } from "./tile-program.ts";

const UNIT = 16;
/** Places of permutations that a program keeps; of a deep circuit with more of them, others are found anew in each run. */
const PLACES_BYTES = 1 << 24;

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

/** Where the amplitudes of a tile go in a permutation, and where these places stand in linear memory. */
export interface PlacesRecipe {
  readonly address: number;
  readonly data: () => Uint32Array;
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
  readonly #places = new Map<string, (() => Uint32Array) | undefined>();
  #next: number;
  end: number;
  /** Bytes of the places that are kept. */
  placesBytes = 0;

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

  /** The places of a permutation, kept as long as all together are few; undefined where it moves nothing. */
  places(key: string, make: () => Uint32Array | undefined): (() => Uint32Array) | undefined {
    if (this.#places.has(key)) return this.#places.get(key);
    const made = make();
    const keeps = made !== undefined && this.placesBytes + made.byteLength <= PLACES_BYTES;
    if (keeps) this.placesBytes += made.byteLength;
    const data = made === undefined ? undefined : keeps ? (): Uint32Array => made : (): Uint32Array => make()!;
    this.#places.set(key, data);
    return data;
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
  const uploads: PlacesRecipe[] = [];
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
    const placesKey = (combination: number): string => `${inner} ${key} ${sweep.conditions} ${combination}`;
    const places =
      sweep.permutations.length === 0
        ? []
        : all.map((combination) =>
            space.share(placesKey(combination), () => {
              const data = space.places(placesKey(combination), () => placesOf(sweep, combination, inner, tileBits));
              if (data === undefined) return undefined;
              return { bytes: 4 * 2 ** tileBits, fill: (address) => uploads.push({ address, data }) };
            }),
          );
    monomials.set(sweep, { tables: own, places });
  }
  return { monomials, recipe: { tables, places: uploads } };
}
