import {
  multiplyMask,
  multiplyTables,
  phaseGradientTables,
  subsetSums,
  supersetSums,
  swapAmplitudes,
} from "./kernels/monomial.ts";
import type { PermutationPrimitive, PhasePrimitive } from "./normal-form.ts";
import { laneAngle } from "./rotation-step.ts";
import type { MonomialStage } from "./stages.ts";
import type { Step, Workspace } from "./workspace.ts";

/** Qubits whose phases one table holds; a second table holds those of the qubits above. */
const LOW_QUBITS = 12;

interface Permutation {
  readonly kind: "permutation";
  /** Bits that `pairs` decide; all others run free. */
  readonly occupied: number;
  readonly pairs: readonly (readonly [low: number, high: number])[];
}

/** Phases between two permutations. */
interface Phases {
  readonly kind: "phases";
  readonly low: PhasePrimitive[];
  readonly high: PhasePrimitive[];
  /** Phases of low and high qubits together, which no table holds. */
  readonly straddling: PhasePrimitive[];
}

/** Tables over the low and over the high qubits that all in-place steps of a program use in turn. */
export interface InPlaceScratch {
  readonly lowBits: number;
  readonly lowSums: Float64Array;
  readonly highSums: Float64Array;
  readonly lowTable: Float64Array;
  readonly highTable: Float64Array;
}

export function inPlaceScratch(numQubits: number): InPlaceScratch {
  const lowBits = Math.min(LOW_QUBITS, numQubits);
  const [low, high] = [2 ** lowBits, 2 ** (numQubits - lowBits)];
  return {
    lowBits,
    lowSums: new Float64Array(low),
    highSums: new Float64Array(high),
    lowTable: new Float64Array(2 * low),
    highTable: new Float64Array(2 * high),
  };
}

/**
 * A stage of phases and permutations in place, for states too large to have tables over all basis states. Such states
 * are run one row at a time, so every angle is that of lane 0.
 */
export class InPlaceStep implements Step {
  readonly bytes = 0;
  readonly numParts: number;
  readonly #items: readonly (Permutation | Phases)[];
  /** Each part of `forward`: an item, and of phases the tables (-1) or one straddling phase. */
  readonly #parts: readonly (readonly [item: Permutation | Phases, straddling: number])[];
  readonly #scratch: InPlaceScratch;

  constructor(stage: MonomialStage, scratch: InPlaceScratch) {
    this.#scratch = scratch;
    const lowMask = 2 ** scratch.lowBits - 1;
    const items: (Permutation | Phases)[] = [];
    for (const item of stage.items) {
      if (item.kind === "permutation") {
        items.push(transpositions(item));
        continue;
      }
      let group = items.at(-1);
      if (group?.kind !== "phases") {
        group = { kind: "phases", low: [], high: [], straddling: [] };
        items.push(group);
      }
      if ((item.mask & ~lowMask) === 0) group.low.push(item);
      else if ((item.mask & lowMask) === 0) group.high.push(item);
      else group.straddling.push(item);
    }
    this.#items = items;
    const parts: (readonly [item: Permutation | Phases, straddling: number])[] = [];
    for (const item of items) {
      parts.push([item, -1]);
      if (item.kind === "phases") for (const straddling of item.straddling.keys()) parts.push([item, straddling]);
    }
    this.#parts = parts;
    this.numParts = this.#parts.length;
  }

  prepareShared(): void {}
  prepareLanes(): void {}

  forward(workspace: Workspace): void {
    for (let part = 0; part < this.numParts; part++) this.forwardPart(workspace, part);
  }

  forwardPart(workspace: Workspace, part: number): void {
    const [item, straddling] = this.#parts[part]!;
    if (item.kind === "permutation") permute(item, workspace, workspace.psi);
    else if (straddling >= 0) multiplyPhase(item.straddling[straddling]!, workspace, workspace.psi, 1);
    else {
      this.#fillTables(item, workspace);
      this.#multiplyTables(item, workspace, workspace.psi, 1);
    }
  }

  backward(workspace: Workspace): void {
    for (let index = this.#items.length - 1; index >= 0; index--) {
      const item = this.#items[index]!;
      if (item.kind === "permutation") {
        permute(item, workspace, workspace.psi);
        permute(item, workspace, workspace.lambda);
        continue;
      }
      this.#addGradients(item, workspace);
      this.#fillTables(item, workspace);
      for (const state of [workspace.psi, workspace.lambda]) {
        this.#multiplyTables(item, workspace, state, -1);
        for (const phase of item.straddling) multiplyPhase(phase, workspace, state, -1);
      }
    }
  }

  wantsGradient(workspace: Workspace): boolean {
    return this.#items.some(
      (item) =>
        item.kind === "phases" &&
        [...item.low, ...item.high, ...item.straddling].some((phase) => isWanted(phase, workspace)),
    );
  }

  #fillTables(phases: Phases, workspace: Workspace): void {
    const fill = (list: readonly PhasePrimitive[], shift: number, sums: Float64Array, table: Float64Array): void => {
      sums.fill(0);
      for (const { mask, angle } of list) sums[mask >>> shift]! += laneAngle(angle, workspace, 0);
      subsetSums(sums, sums.length);
      for (let i = 0; i < sums.length; i++) {
        table[2 * i] = Math.cos(sums[i]!);
        table[2 * i + 1] = Math.sin(sums[i]!);
      }
    };
    const { lowBits, lowSums, lowTable, highSums, highTable } = this.#scratch;
    fill(phases.low, 0, lowSums, lowTable);
    fill(phases.high, lowBits, highSums, highTable);
  }

  #multiplyTables(phases: Phases, workspace: Workspace, state: Float64Array, sign: number): void {
    if (phases.low.length + phases.high.length > 0)
      multiplyTables(state, workspace.size, this.#scratch.lowTable, this.#scratch.highTable, sign);
  }

  #addGradients(phases: Phases, workspace: Workspace): void {
    const { psi, lambda, size } = workspace;
    const { lowBits, lowSums, highSums } = this.#scratch;
    if (
      phases.low.some((phase) => isWanted(phase, workspace)) ||
      phases.high.some((phase) => isWanted(phase, workspace))
    ) {
      phaseGradientTables(psi, lambda, size, lowSums, highSums);
      supersetSums(lowSums, lowSums.length);
      supersetSums(highSums, highSums.length);
      for (const phase of phases.low) addGradient(phase, workspace, lowSums[phase.mask]!);
      for (const phase of phases.high) addGradient(phase, workspace, highSums[phase.mask >>> lowBits]!);
    }
    for (const phase of phases.straddling) {
      if (!isWanted(phase, workspace)) continue;
      const free = (size - 1) & ~phase.mask;
      let sum = 0;
      let rest = 0;
      do {
        const at = 2 * (rest | phase.mask);
        sum += lambda[at + 1]! * psi[at]! - lambda[at]! * psi[at + 1]!;
        rest = (rest - free) & free;
      } while (rest !== 0);
      addGradient(phase, workspace, 2 * sum);
    }
  }
}

function multiplyPhase({ mask, angle }: PhasePrimitive, workspace: Workspace, state: Float64Array, sign: number): void {
  const phase = sign * laneAngle(angle, workspace, 0);
  multiplyMask(state, workspace.size, 1, mask, Math.cos(phase), Math.sin(phase));
}

function isWanted({ angle }: PhasePrimitive, workspace: Workspace): boolean {
  return angle.slots.some((slot) => workspace.wanted[slot] === 1);
}

function addGradient({ angle }: PhasePrimitive, workspace: Workspace, gradient: number): void {
  for (let k = 0; k < angle.slots.length; k++) {
    const slot = angle.slots[k]!;
    if (workspace.shared[slot]) workspace.sharedGradients[slot]! += angle.coefficients[k]! * gradient;
    else workspace.laneGradients[slot * workspace.maxLanes]! += angle.coefficients[k]! * gradient;
  }
}

function transpositions({ qubits, permutation, controls }: PermutationPrimitive): Permutation {
  const spread = (local: number): number =>
    qubits.reduce((index, qubit, bit) => index | (((local >> bit) & 1) << qubit), controls);
  return {
    kind: "permutation",
    occupied: qubits.reduce((mask, qubit) => mask | (1 << qubit), controls),
    pairs: permutation.flatMap((to, from) => (from < to ? [[spread(from), spread(to)] as const] : [])),
  };
}

/** Every permutation of the gate table is its own inverse, so this also undoes it. */
function permute({ occupied, pairs }: Permutation, { size, lanes }: Workspace, state: Float64Array): void {
  for (const [low, high] of pairs) swapAmplitudes(state, size, lanes, occupied, low, high);
}
