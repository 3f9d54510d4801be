import type { AffineAngle, Primitive } from "../normal-form.ts";
import { planPasses, type TileShape } from "./pass-plan.ts";
import {
  type MonomialSweep,
  type ProductSweep,
  type RotationSweep,
  type Sweep,
  sweepsOf,
  type UnitarySweep,
} from "./pass-slots.ts";
import {
  chunksOf,
  countBits,
  type Fold,
  holds,
  localMask,
  localPlaces,
  type MonomialOp,
  type ProductOp,
  placesOf,
  type RotationOp,
  scratchLayout,
  spreadMatrix,
  type TileOp,
  type TilePass,
  type TileProgram,
  type UnitaryOp,
} from "./tile-program.ts";

const UNIT = 16;
const REAL = 8;
/** What one operation's sweep over all qubits of a register file takes: givens3. */
const ROTATIONS = 3;
/** Tables of one pass: more would not stay in the cache with the tile. */
const PASS_TABLE_BYTES = 1 << 19;
/** Tables of all passes together that are made once a run; beyond it each pass makes its own when it is run. */
const KEPT_TABLE_BYTES = 1 << 22;

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
}

/** What the caller's thread knows of a pass besides what all threads do. */
export interface PassRecipe {
  readonly tables: readonly TableRecipe[];
  readonly places: readonly { readonly address: number; readonly data: Uint32Array }[];
  /** The angle of each gradient of the pass, and whether it is that of a phase. */
  readonly gradients: readonly { readonly angle: AffineAngle; readonly isPhase: boolean }[];
  /** For each operation its angles: of rotations and products in order, of monomials those of gradients. */
  readonly angles: readonly (readonly AffineAngle[])[];
  /** For each operation the gradients that it adds up: from, count. */
  readonly owned: readonly (readonly [from: number, count: number])[];
}

export interface CompiledTiles {
  readonly program: TileProgram;
  readonly recipes: readonly PassRecipe[];
  /** Written once: dense matrices and their places. */
  readonly constants: readonly { readonly address: number; readonly data: Float64Array | Uint32Array }[];
  /** Whether the tables of all passes have places of their own. */
  readonly keepsTables: boolean;
  /** Angles of phases that all basis states get. */
  readonly global: readonly AffineAngle[];
  /** Whether all amplitudes are written on the way; if not, the state must start as zeros. */
  readonly coversState: boolean;
  /** Where the bytes are that the caller asked for. */
  readonly reserved: number;
  /** Where the states start; each takes 16·2^n bytes. */
  readonly stateAddress: number;
  /** Bytes of tables and matrices that the compiled program holds outside linear memory. */
  readonly bytes: number;
}

interface Cut {
  readonly inner: number;
  readonly sweeps: readonly Sweep[];
}

/**
 * Compiles primitives.
 * @param threads how many may work at once
 * @param reserve says how many bytes of linear memory its caller wants besides
 */
export function compileTiles(
  primitives: readonly Primitive[],
  numQubits: number,
  shape: TileShape,
  threads: number,
  reserve: (tileBits: number) => number = () => 0,
): CompiledTiles {
  const global: AffineAngle[] = [];
  const local: Primitive[] = [];
  for (const primitive of primitives.map(withoutEmptyUnitary))
    if (primitive.kind === "phase" && primitive.mask === 0) global.push(primitive.angle);
    else local.push(primitive);
  const planned = planPasses(local, numQubits, shape);
  const tileBits = planned.length === 0 ? Math.min(numQubits, shape.tileQubits) : countBits(planned[0]!.inner);
  const cuts = planned.flatMap((pass) => cut({ inner: pass.inner, sweeps: sweepsOf(pass, numQubits) }, tileBits));
  const keepsTables = cuts.reduce((sum, { sweeps }) => sum + tableBytes(sweeps, tileBits), 0) <= KEPT_TABLE_BYTES;

  const tables = new TableSpace(0, keepsTables);
  const drafts = cuts.map(({ inner, sweeps }) => {
    tables.next();
    return draftTables(sweeps, inner, tileBits, tables);
  });
  let end = tables.end;
  const allocate = (bytes: number): number => {
    const address = end;
    end += Math.ceil(bytes / UNIT) * UNIT;
    return address;
  };
  const constants: { address: number; data: Float64Array | Uint32Array }[] = [];
  const constant = (data: Float64Array | Uint32Array): number => {
    const address = allocate(data.byteLength);
    constants.push({ address, data });
    return address;
  };
  let sums = 0;
  let partial = 0;
  let touched = 0;
  const recipes: PassRecipe[] = [];
  const passes = cuts.map(({ inner, sweeps }, index): TilePass => {
    const { monomials, recipe } = drafts[index]!;
    const ops = new OpList(inner, tileBits, allocate, constant);
    for (const sweep of sweeps) ops.add(sweep, monomials);
    recipes.push({ ...recipe, gradients: ops.gradients, angles: ops.angles, owned: ops.owned });
    sums = Math.max(sums, ops.sumBytes);
    const outer = touched & ~inner;
    const tiles = 2 ** countBits(outer);
    const fresh = localMask(inner & ~touched, inner);
    touched |= inner;
    partial = Math.max(partial, chunksOf(tiles) * ops.gradients.length);
    const inPlace = inner === 2 ** tileBits - 1;
    let runQubits = 0;
    while ((inner >> runQubits) & 1) runQubits++;
    const run = UNIT * 2 ** runQubits;
    return {
      ops: ops.ops,
      inner,
      inPlace,
      outer,
      fresh,
      bytes: UNIT * 2 ** tileBits,
      run,
      skipped: UNIT * (2 ** numQubits - 1 - inner) + run - 1,
      tiles,
      chunks: chunksOf(tiles),
      numGradients: ops.gradients.length,
      stop: allocate(REAL) / REAL,
    };
  });
  const partialAddress = allocate(REAL * partial);
  const scratchBytes = Math.ceil((scratchLayout(tileBits).sums + sums) / 64) * 64;
  end = Math.ceil(end / 64) * 64;
  const scratch = allocate(threads * scratchBytes);
  const reserved = allocate(reserve(tileBits));
  const stateAddress = Math.ceil(end / 64) * 64;
  return {
    program: {
      numQubits,
      tileBits,
      passes,
      psi: stateAddress,
      lambda: stateAddress + UNIT * 2 ** numQubits,
      scratch,
      scratchBytes,
      partial: partialAddress / REAL,
    },
    recipes,
    constants,
    keepsTables,
    global,
    coversState: touched === 2 ** numQubits - 1,
    reserved,
    stateAddress,
    bytes:
      constants.reduce((sum, { data }) => sum + data.byteLength, 0) +
      recipes.reduce((sum, { places }) => sum + places.reduce((own, { data }) => own + data.byteLength, 0), 0),
  };
}

/** A unitary on no qubits is the phase of the states that have its controls. */
function withoutEmptyUnitary(primitive: Primitive): Primitive {
  if (primitive.kind !== "dense" || primitive.qubits.length > 0) return primitive;
  const constant = Math.atan2(primitive.matrix[1]!, primitive.matrix[0]!);
  return { kind: "phase", mask: primitive.controls, angle: { constant, slots: [], coefficients: [] } };
}

/** Cuts the sweeps of a pass where their tables would not stay in the cache. */
function cut({ inner, sweeps }: Cut, tileBits: number): readonly Cut[] {
  const cuts: Sweep[][] = [[]];
  let bytes = 0;
  for (const sweep of sweeps) {
    const own = tableBytes([sweep], tileBits);
    if (bytes > 0 && bytes + own > PASS_TABLE_BYTES) {
      cuts.push([]);
      bytes = 0;
    }
    bytes += own;
    cuts.at(-1)!.push(sweep);
  }
  return cuts.map((part) => ({ inner, sweeps: part }));
}

function tableBytes(sweeps: readonly Sweep[], tileBits: number): number {
  let bytes = 0;
  for (const sweep of sweeps) {
    if (sweep.kind !== "monomial") continue;
    const each = (sweep.phases.length > 0 ? UNIT : 0) + (sweep.permutations.length > 0 ? 4 : 0);
    bytes += 2 ** sweep.conditions.length * each * 2 ** tileBits;
  }
  return bytes;
}

/** Hands out room for tables: to each pass its own, or to all of them the same. */
class TableSpace {
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

type MonomialTables = Map<MonomialSweep, { readonly tables: readonly number[]; readonly places: readonly number[] }>;

function draftTables(
  sweeps: readonly Sweep[],
  inner: number,
  tileBits: number,
  space: TableSpace,
): { readonly monomials: MonomialTables; readonly recipe: Pick<PassRecipe, "tables" | "places"> } {
  const monomials: MonomialTables = new Map();
  const tables: TableRecipe[] = [];
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

/** The operations of a pass while they are made from its sweeps. */
class OpList {
  readonly ops: TileOp[] = [];
  readonly gradients: { angle: AffineAngle; isPhase: boolean }[] = [];
  readonly angles: (readonly AffineAngle[])[] = [];
  readonly owned: (readonly [from: number, count: number])[] = [];
  sumBytes = 0;
  readonly #inner: number;
  readonly #tileBits: number;
  readonly #allocate: (bytes: number) => number;
  readonly #constant: (data: Float64Array | Uint32Array) => number;

  constructor(
    inner: number,
    tileBits: number,
    allocate: (bytes: number) => number,
    constant: (data: Float64Array | Uint32Array) => number,
  ) {
    this.#inner = inner;
    this.#tileBits = tileBits;
    this.#allocate = allocate;
    this.#constant = constant;
  }

  add(sweep: Sweep, monomials: MonomialTables): void {
    switch (sweep.kind) {
      case "rotations":
        this.#rotations(sweep);
        return;
      case "monomial":
        this.#monomial(sweep, monomials);
        return;
      case "product":
        this.#product(sweep);
        return;
      case "unitary":
        this.#unitary(sweep);
    }
  }

  #numbers(count: number): number {
    return this.#allocate(REAL * count) / REAL;
  }

  #push(op: TileOp, angles: readonly AffineAngle[], from: number): void {
    this.ops.push(op);
    this.angles.push(angles);
    this.owned.push([from, this.gradients.length - from]);
  }

  #gradient(angle: AffineAngle, isPhase: boolean): number {
    return this.gradients.push({ angle, isPhase }) - 1;
  }

  #rotations({ rotations }: RotationSweep): void {
    const sorted = [...rotations].sort((a, b) => a.qubit - b.qubit);
    for (let start = 0; start < sorted.length; start += ROTATIONS) {
      const group = sorted.slice(start, start + ROTATIONS);
      const gradient = this.gradients.length;
      for (const { angle } of group) this.#gradient(angle, false);
      const op: RotationOp = {
        kind: "rotations",
        strides: group.map(({ qubit }) => UNIT * localMask(1 << qubit, this.#inner)),
        numbers: this.#numbers(ROTATIONS + 2),
        gradient,
      };
      this.#push(
        op,
        group.map(({ angle }) => angle),
        gradient,
      );
    }
  }

  #monomial(sweep: MonomialSweep, monomials: MonomialTables): void {
    const from = this.gradients.length;
    const folds: Fold[] = [];
    for (const { mask, angle } of sweep.phases) {
      if (angle.slots.length === 0) continue;
      const condition = mask & ~this.#inner;
      folds.push({
        mask: localMask(mask, this.#inner),
        condition: condition === 0 ? 0 : 1 << sweep.conditions.indexOf(condition),
        gradient: this.#gradient(angle, true),
      });
    }
    const { tables, places } = monomials.get(sweep)!;
    let sums = -1;
    if (folds.length > 0) {
      sums = scratchLayout(this.#tileBits).sums + this.sumBytes;
      this.sumBytes += Math.max(UNIT, 2 ** sweep.conditions.length * REAL * 2 ** this.#tileBits);
    }
    const op: MonomialOp = {
      kind: "monomial",
      conditions: sweep.conditions,
      tables,
      places,
      numbers: this.#numbers(3),
      sums,
      folds,
    };
    this.#push(
      op,
      folds.map(({ gradient }) => this.gradients[gradient]!.angle),
      from,
    );
  }

  #product({ phases }: ProductSweep): void {
    const from = this.gradients.length;
    const bitOf = (mask: number): number => 31 - Math.clz32(localMask(mask, this.#inner));
    const op: ProductOp = {
      kind: "product",
      bits: Int32Array.from(phases, ({ mask }) => bitOf(mask)),
      conditions: Int32Array.from(phases, ({ mask }) => mask & ~this.#inner),
      gradients: Int32Array.from(phases, ({ angle }) => (angle.slots.length === 0 ? -1 : this.#gradient(angle, true))),
      numbers: this.#numbers(3 + phases.length),
    };
    this.#push(
      op,
      phases.map(({ angle }) => angle),
      from,
    );
  }

  #unitary({ unitary }: UnitarySweep): void {
    const inner = this.#inner;
    const places = localPlaces(unitary.qubits, inner);
    const controls = UNIT * localMask(unitary.controls & inner, inner);
    const op: UnitaryOp = {
      kind: "unitary",
      condition: unitary.controls & ~inner,
      controls,
      occupied: controls | places.at(-1)!,
      dimension: places.length,
      numbers: this.#numbers(2),
      places: this.#constant(Uint32Array.from(places)),
      matrix: this.#constant(spreadMatrix(unitary, false)),
      adjoint: this.#constant(spreadMatrix(unitary, true)),
    };
    this.#push(op, [], this.gradients.length);
  }
}
