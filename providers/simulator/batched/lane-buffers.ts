import { AMPLITUDE, type LaneSteps } from "./lane-steps.ts";
import type { Layout } from "./layout.ts";
import type { LevelPlan } from "./levels.ts";

/** States of one chunk, which a kernel goes through in one call: they should stay in the first-level cache. */
const CHUNK_BYTES = 1 << 14;
/** States that are kept for the way back; deeper circuits recover the first ones from the later ones. */
const KEPT_BYTES = 1 << 24;

/** Numbers of one angle for each lane: itself, its cosine and sine, and its gradient. */
const PER_ANGLE = 4;
/** Numbers of one qubit for each lane: its state before and after the gates that all rows share, its λ, and its sign. */
const PER_QUBIT = 13;

/** What each group of lanes needs room for, besides states. */
export interface GroupNeeds {
  readonly numQubits: number;
  readonly numAngles: number;
  readonly numStrings: number;
}

/**
 * How many groups of lanes a chunk has at most: as many as its states stay in the cache, fewer where circuits of few qubits
 * have very many angles, and where all that a call needs would else take more than half of `maxBytes`.
 */
export function groupsPerChunk({ numQubits, numAngles, numStrings }: GroupNeeds, maxBytes: number | undefined): number {
  const state = AMPLITUDE * 2 ** numQubits;
  const numbers = 16 * (PER_ANGLE * numAngles + PER_QUBIT * numQubits + numStrings);
  // Two states that are kept, two λ, partial products, and a number for each basis state.
  const all = 5.5 * state + numbers;
  const groups = Math.min(CHUNK_BYTES / state, KEPT_BYTES / numbers, (maxBytes ?? Number.POSITIVE_INFINITY) / 2 / all);
  return Math.max(1, Math.floor(groups));
}

/** Where a program's arrays are in linear memory: addresses, and lengths in bytes. */
export interface LaneBuffers {
  /** Of one group: [amplitude][re, im], a unit of lanes each. */
  readonly stateBytes: number;
  readonly numKept: number;
  /** ψ after each level that is kept: level l in slot l mod numKept. */
  readonly slots: number;
  readonly slotBytes: number;
  readonly lambdas: readonly [number, number];
  /** Shared angles with their cosines and sines, f64. */
  readonly sharedAngles: number;
  readonly sharedCosines: number;
  readonly sharedSines: number;
  /** [lane angle][group], a unit of lanes each. */
  readonly laneAngles: number;
  readonly laneCosines: number;
  readonly laneSines: number;
  /** States of single qubits and their λ, [qubit][group][amplitude][re, im], and products of the first qubits. */
  readonly qubits: number;
  /** The same before the gates that all rows share; where there are none, the same array. */
  readonly laneQubits: number;
  /** A matrix for each qubit, and a unit for each entry of its correlations, re and im. */
  readonly matrices: number;
  readonly correlations: number;
  readonly qubitLambdas: number;
  readonly partials: number;
  /** Cosines, then sines, of shared angles of the prefix, one number each. */
  readonly prefixNumbers: number;
  /** Cosines, sines and gradients of shared angles of the prefix, [angle][group]. */
  readonly prefixCosines: number;
  readonly prefixSines: number;
  readonly prefixGradients: number;
  /** A unit for each shared rotation. */
  readonly sharedGradients: number;
  /** [lane angle][group]. */
  readonly laneGradients: number;
  readonly tableScratch: number;
  readonly denseScratch: number;
}

/**
 * @param groups of lanes in a chunk
 * @param maxKept bytes that kept states may take
 */
export function placeBuffers(
  { numQubits, levels }: LevelPlan,
  { numPositions, rotations, prefixShared, tail }: LaneSteps,
  numLane: number,
  layout: Layout,
  {
    groups,
    maxKept = KEPT_BYTES,
    realBytes,
  }: { readonly groups: number; readonly maxKept?: number; readonly realBytes: number },
): LaneBuffers {
  const size = 2 ** numQubits;
  const stateBytes = AMPLITUDE * size;
  const perGroup = 16 * groups;
  const slotBytes = stateBytes * groups;
  const numKept = Math.min(levels.length, Math.max(2, Math.floor(Math.min(KEPT_BYTES, maxKept) / slotBytes)));
  const local = Math.max(1, ...levels.flatMap(({ dense }) => dense.map(({ qubits }) => 2 ** qubits.length)));
  const qubits = layout.take(4 * perGroup * numQubits);
  return {
    stateBytes,
    numKept,
    slots: layout.take(slotBytes * numKept),
    slotBytes,
    lambdas: [layout.take(slotBytes), layout.take(slotBytes)],
    sharedAngles: layout.take(8 * (numPositions + 1)),
    sharedCosines: layout.take(8 * (numPositions + 1)),
    sharedSines: layout.take(8 * (numPositions + 1)),
    laneAngles: layout.take(perGroup * numLane),
    laneCosines: layout.take(perGroup * numLane),
    laneSines: layout.take(perGroup * numLane),
    qubits,
    laneQubits: tail.length === 0 ? qubits : layout.take(4 * perGroup * numQubits),
    matrices: layout.take(8 * realBytes * numQubits),
    correlations: layout.take(8 * 16 * numQubits),
    qubitLambdas: layout.take(4 * perGroup * numQubits),
    partials: layout.take(slotBytes),
    prefixNumbers: layout.take(2 * realBytes * prefixShared.length),
    prefixCosines: layout.take(perGroup * prefixShared.length),
    prefixSines: layout.take(perGroup * prefixShared.length),
    prefixGradients: layout.take(perGroup * prefixShared.length),
    sharedGradients: layout.take(16 * rotations.length),
    laneGradients: layout.take(perGroup * numLane),
    tableScratch: layout.take(2 * realBytes * size),
    denseScratch: layout.take(AMPLITUDE * local),
  };
}
