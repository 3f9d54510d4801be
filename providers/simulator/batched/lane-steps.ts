import type { DensePrimitive } from "../normal-form.ts";
import type { Angles, AngleUse } from "./angles.ts";
import type { Layout } from "./layout.ts";
import type { LevelPlan } from "./levels.ts";
import { laneColumns, type PrefixRun, prefixRuns } from "./prefix.ts";

/** Bytes of an amplitude: a unit of lanes for re and one for im. */
export const AMPLITUDE = 32;

/** Up to three rotations on different qubits that all rows share, applied in one sweep. */
export interface Sweep {
  readonly strides: readonly number[];
  /** Places among the shared rotations, one after another from here. */
  readonly first: number;
}

/** A rotation or phase with an angle of its own for each lane. */
export interface LaneRotation {
  readonly stride: number;
  readonly lane: number;
}

/** Lists of basis states in linear memory: before and after the level's permutation. */
export interface LanePhase {
  readonly lane: number;
  readonly count: number;
  readonly before: number;
  readonly after: number;
}

/** Shared phases that speak of one basis. */
export interface PhaseRun {
  readonly where: number;
  readonly table: Int32Array;
  readonly isFirst: boolean;
  /** Where the angles of single qubits begin, one for each qubit; -1 for none. */
  readonly block: number;
  /** Shared angles on one qubit: the qubit and the place among the shared angles. */
  readonly singles: readonly { readonly qubit: number; readonly shared: number }[];
  /** Angles of several qubits at once. */
  readonly multiples: readonly {
    readonly mask: number;
    readonly position: number;
    readonly shared: number;
    readonly indices: Int32Array;
  }[];
}

export interface DenseStep {
  readonly occupied: number;
  readonly local: number;
  readonly places: number;
  readonly matrix: number;
  readonly adjoint: number;
}

/** One level made ready for kernels: addresses of its tables and its operations in order. */
export interface LaneStep {
  /** π as u32; the identity's where nothing is permuted. */
  readonly permutation: number;
  readonly isIdentity: boolean;
  readonly table: number;
  readonly runs: readonly PhaseRun[];
  /** e^{iφ} of the phases that are constant, or undefined. */
  readonly constants: { readonly address: number; readonly values: Float64Array } | undefined;
  readonly sweeps: readonly Sweep[];
  readonly numShared: number;
  readonly laneRotations: readonly LaneRotation[];
  readonly lanePhases: readonly LanePhase[];
  readonly dense: readonly DenseStep[];
  /** Units of the gradient of each basis state's phase; 0 where no shared phase has parameters. */
  readonly phaseGradient: number;
}

/** All uses of angles of a plan in the order in which `laneSteps` takes them. */
export function angleUses({ prefix, levels }: LevelPlan): readonly AngleUse[] {
  return [
    ...prefix.flatMap((column) => column.map(({ kind, angle }) => ({ angle, factor: kind === "rotation" ? 0.5 : 1 }))),
    ...levels.flatMap(({ rotations, phases }) => [
      ...rotations.map(({ angle }) => ({ angle, factor: 0.5 })),
      ...phases.map(({ angle }) => ({ angle, factor: 1 })),
    ]),
  ];
}

/** What is written to linear memory once, before the first call. */
export interface Constants {
  readonly u32: readonly (readonly [address: number, values: Int32Array])[];
  readonly real: readonly (readonly [address: number, values: Float64Array])[];
}

export interface LaneSteps {
  /** Runs of the columns up to the last one with lane angles; those of the columns after it. */
  readonly prefix: readonly PrefixRun[];
  readonly tail: readonly PrefixRun[];
  /** Positions of shared angles of the prefix, in the order of its runs. */
  readonly prefixShared: readonly { readonly position: number; readonly shared: number }[];
  readonly steps: readonly LaneStep[];
  /** Where each shared angle is added up, in the array of shared angles. */
  readonly positions: Int32Array;
  readonly numPositions: number;
  /** Positions of shared rotations, in the order of the sweeps. */
  readonly rotations: Int32Array;
  /** For each of them, its place among the shared angles. */
  readonly rotationShared: Int32Array;
  /** A list of one basis state, 1. */
  readonly one: number;
  /** Address of the identity permutation and of the one before diagonal observables. */
  readonly identity: number;
  readonly final: number;
  readonly constants: Constants;
}

/** Places the tables of all levels and lists their operations for one way of sharing angles. */
export function laneSteps(plan: LevelPlan, angles: Angles, layout: Layout, realBytes: number): LaneSteps {
  const { numQubits, tables, levels } = plan;
  const size = 2 ** numQubits;
  const u32: (readonly [number, Int32Array])[] = [];
  const real: (readonly [number, Float64Array])[] = [];
  const known = new Map<Int32Array, number>();
  const listAt = (values: Int32Array): number => {
    let address = known.get(values);
    if (address === undefined) {
      address = layout.take(4 * values.length);
      known.set(values, address);
      u32.push([address, values]);
    }
    return address;
  };
  const tableAt = (values: Float64Array): number => {
    let address = placed.get(values);
    if (address === undefined) {
      address = layout.take(realBytes * values.length);
      placed.set(values, address);
      real.push([address, values]);
    }
    return address;
  };
  const placed = new Map<Float64Array, number>();
  const images = new Map<string, Int32Array>();
  const after = (indices: Int32Array, basis: number, key: string): Int32Array => {
    if (tables.isIdentity(basis)) return indices;
    const own = `${key} ${basis}`;
    const found = images.get(own) ?? indices.map((index) => tables.table(basis)[index]!);
    images.set(own, found);
    return found;
  };

  const positions = new Int32Array(angles.numShared).fill(-1);
  const rotations: number[] = [];
  const rotationShared: number[] = [];
  // The first block stays 0, for tables that only hold a scale.
  let numPositions = numQubits;
  let use = 0;
  const prefixShared: { readonly position: number; readonly shared: number }[] = [];
  const numColumns = laneColumns(plan.prefix, 0, angles);
  const prefix: PrefixRun[] = [];
  const tail: PrefixRun[] = [];
  for (const [index, column] of plan.prefix.entries()) {
    const runs = prefixRuns(column, use, angles, (shared) => {
      positions[shared] = numPositions;
      return prefixShared.push({ position: numPositions++, shared }) - 1;
    });
    (index < numColumns ? prefix : tail).push(...runs);
    use += column.length;
  }

  const steps = levels.map((level): LaneStep => {
    const shared: { stride: number; use: number }[] = [];
    const laneRotations: LaneRotation[] = [];
    for (const { qubit } of level.rotations) {
      const stride = AMPLITUDE * 2 ** qubit;
      if (angles.laneIndex[use]! >= 0) laneRotations.push({ stride, lane: angles.laneIndex[use]! });
      else shared.push({ stride, use });
      use++;
    }
    shared.sort((a, b) => a.stride - b.stride);
    const sweeps = cut(shared.length).map(([from, to]): Sweep => {
      const first = rotations.length;
      for (const entry of shared.slice(from, to)) {
        positions[angles.sharedIndex[entry.use]!] = numPositions;
        rotationShared.push(angles.sharedIndex[entry.use]!);
        rotations.push(numPositions++);
      }
      return { strides: shared.slice(from, to).map(({ stride }) => stride), first };
    });
    const runs = new Map<
      number,
      { block: number; singles: PhaseRun["singles"][number][]; multiples: PhaseRun["multiples"][number][] }
    >();
    const lanePhases: LanePhase[] = [];
    for (const { mask, basis } of level.phases) {
      const own = use++;
      const indices = tables.indices(basis, mask);
      if (angles.laneIndex[own]! >= 0) {
        lanePhases.push({
          lane: angles.laneIndex[own]!,
          count: indices.length,
          before: listAt(indices),
          after: listAt(after(indices, level.basis, `${basis} ${mask}`)),
        });
        continue;
      }
      const sharedPlace = angles.sharedIndex[own]!;
      const run = runs.get(basis) ?? { block: -1, singles: [], multiples: [] };
      runs.set(basis, run);
      if ((mask & (mask - 1)) === 0) {
        if (run.block < 0) {
          run.block = numPositions;
          numPositions += numQubits;
        }
        const qubit = 31 - Math.clz32(mask);
        positions[sharedPlace] = run.block + qubit;
        run.singles.push({ qubit, shared: sharedPlace });
      } else {
        positions[sharedPlace] = numPositions;
        run.multiples.push({ mask, position: numPositions++, shared: sharedPlace, indices });
      }
    }
    const identityBasis = tables.isIdentity(level.basis);
    const constants = level.constants?.();
    return {
      permutation: listAt(tables.table(identityBasis ? 0 : level.basis)),
      isIdentity: identityBasis,
      table: layout.take(2 * realBytes * size),
      runs: [...runs].map(([basis, { block, singles, multiples }]) => ({
        where: listAt(tables.table(basis)),
        table: tables.table(basis),
        isFirst: tables.isIdentity(basis),
        block,
        singles,
        multiples,
      })),
      constants: constants === undefined ? undefined : { address: tableAt(constants), values: constants },
      sweeps,
      numShared: shared.length,
      laneRotations,
      lanePhases,
      dense: level.dense.map((dense) => placeDense(dense, layout, u32, real, realBytes)),
      phaseGradient: runs.size === 0 ? 0 : layout.take(16 * size),
    };
  });
  return {
    prefix,
    tail,
    prefixShared,
    steps,
    positions,
    numPositions,
    rotations: Int32Array.from(rotations),
    rotationShared: Int32Array.from(rotationShared),
    one: listAt(Int32Array.of(1)),
    identity: listAt(tables.table(0)),
    final: listAt(tables.table(plan.finalBasis)),
    constants: { u32, real },
  };
}

/** Cuts `count` rotations into sweeps of three and two, one only where there is just one. */
function cut(count: number): readonly (readonly [from: number, to: number])[] {
  const parts: (readonly [number, number])[] = [];
  for (let from = 0; from < count; ) {
    const rest = count - from;
    const length = rest === 4 || rest === 2 ? 2 : Math.min(3, rest);
    parts.push([from, from + length]);
    from += length;
  }
  return parts;
}

function placeDense(
  { qubits, matrix, controls }: DensePrimitive,
  layout: Layout,
  u32: (readonly [number, Int32Array])[],
  real: (readonly [number, Float64Array])[],
  realBytes: number,
): DenseStep {
  const local = 2 ** qubits.length;
  const spread = (index: number): number =>
    qubits.reduce((bits, qubit, bit) => bits | (((index >> bit) & 1) << qubit), controls);
  const places = layout.take(4 * local);
  u32.push([places, Int32Array.from({ length: local }, (_, index) => AMPLITUDE * spread(index))]);
  const place = (values: Float64Array): number => {
    const address = layout.take(realBytes * values.length);
    real.push([address, values]);
    return address;
  };
  const adjoint = new Float64Array(matrix.length);
  for (let i = 0; i < local; i++)
    for (let j = 0; j < local; j++) {
      adjoint[2 * (j * local + i)] = matrix[2 * (i * local + j)]!;
      adjoint[2 * (j * local + i) + 1] = -matrix[2 * (i * local + j) + 1]!;
    }
  return {
    occupied: AMPLITUDE * qubits.reduce((mask, qubit) => mask | (1 << qubit), controls),
    local,
    places,
    matrix: place(Float64Array.from(matrix)),
    adjoint: place(adjoint),
  };
}
