import type { AffineAngle, Primitive } from "../normal-form.ts";
import { planPasses, type TileShape } from "./pass-plan.ts";
import { type Sweep, sweepsOf } from "./pass-slots.ts";
import { OpList } from "./tile-ops.ts";
import {
  chunksOf,
  countBits,
  localMask,
  scratchLayout,
  type TileOp,
  type TilePass,
  type TileProgram,
} from "./tile-program.ts";
import { draftTables, type PlacesRecipe, type TableRecipe, TableSpace, tableBytes } from "./tile-tables.ts";

const UNIT = 16;
const REAL = 8;
/** Tables of one pass: more would not stay in the cache with the tile. */
const PASS_TABLE_BYTES = 1 << 19;
/** Tables of all passes together that are made once a run; beyond it each pass makes its own when it is run. */
const KEPT_TABLE_BYTES = 1 << 22;

/** What the caller's thread knows of a pass besides what all threads do. */
export interface PassRecipe {
  readonly tables: readonly TableRecipe[];
  readonly places: readonly PlacesRecipe[];
  /** The angle of each gradient of the pass. */
  readonly gradients: readonly AffineAngle[];
  /** For each operation its angles in order; none for monomials, whose tables have them. */
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
    const scales = new Map(ops.ops.map((op) => [op.kind === "monomial" ? op.tables[0] : undefined, op.numbers]));
    const tables = recipe.tables.map((table) => ({ ...table, scale: scales.get(table.address) ?? -1 }));
    recipes.push({ ...recipe, tables, gradients: ops.gradients, angles: ops.angles, owned: ops.owned });
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
      warms: inPlace && tiles > 1 && jumps(ops.ops[0]),
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
    bytes: constants.reduce((sum, { data }) => sum + data.byteLength, 0) + tables.placesBytes,
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

/**
 * Pairs so many bytes apart are fetched in an order that processors do not foresee: they are neither fetched together nor as
 * two runs.
 */
const JUMP = { least: 512, most: 8192 } as const;

function jumps(op: TileOp | undefined): boolean {
  if (op?.kind !== "rotations") return false;
  const stride = Math.min(...op.strides);
  return stride >= JUMP.least && stride <= JUMP.most;
}
