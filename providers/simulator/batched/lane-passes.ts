import type { KernelMemory } from "../kernels/kernel-memory.ts";
import type { LaneBuffers } from "./lane-buffers.ts";
import type { LaneStep } from "./lane-steps.ts";
import type { LevelScales } from "./level-scales.ts";

/** One chunk on its way through the levels. */
export interface Passage {
  readonly memory: KernelMemory;
  readonly buffers: LaneBuffers;
  readonly scales: LevelScales;
  readonly size: number;
  readonly groups: number;
}

/** Phases and the permutation of a level, out of place. */
export function applyPermutation(passage: Passage, step: LaneStep, level: number, from: number, to: number): void {
  const { memory, scales, size, groups } = passage;
  const { kernels } = memory;
  if (scales.hasTable[level] === 1) kernels.applyMonomial!(from, to, size, groups, step.permutation, step.table);
  else kernels.permute!(from, to, size, groups, step.permutation, 0);
  multiplyLanePhases(passage, step, to, 1);
}

/** The reverse of `applyPermutation`; `from` is overwritten. */
export function undoPermutation(passage: Passage, step: LaneStep, level: number, from: number, to: number): void {
  const { memory, scales, size, groups } = passage;
  const { kernels } = memory;
  multiplyLanePhases(passage, step, from, -1);
  if (scales.hasTable[level] === 1) kernels.unapplyMonomial!(from, to, size, groups, step.permutation, step.table);
  else kernels.unpermute!(from, to, size, groups, step.permutation, 0);
}

/** Phases with an angle of each lane, where the permutation has brought their basis states. */
function multiplyLanePhases(
  { memory: { kernels }, buffers, groups }: Passage,
  { lanePhases }: LaneStep,
  state: number,
  sign: 1 | -1,
): void {
  const { stateBytes, laneCosines, laneSines } = buffers;
  for (let index = 0; index < lanePhases.length; index++) {
    const { lane, count, after } = lanePhases[index]!;
    const at = 16 * groups * lane;
    kernels.multiplyLanes!(state, stateBytes, groups, after, count, laneCosines + at, laneSines + at, sign);
  }
}

/** Rotations and dense unitaries of a level in place, or with sign -1 their inverses. */
export function turn(
  { memory: { kernels }, buffers, scales, groups }: Passage,
  { sweeps, laneRotations, dense }: LaneStep,
  state: number,
  sign: 1 | -1,
): void {
  const { forms, factors } = scales;
  const { stateBytes } = buffers;
  const bytes = stateBytes * groups;
  for (let index = 0; index < sweeps.length; index++) {
    const { strides, first } = sweeps[index]!;
    const t0 = sign * factors[first]!;
    if (strides.length === 1) {
      kernels.givens1!(state, bytes, strides[0]!, forms[first]!, t0);
      continue;
    }
    const t1 = sign * factors[first + 1]!;
    if (strides.length === 2) {
      kernels.givens2!(state, bytes, strides[0]!, strides[1]!, forms[first]! | (forms[first + 1]! << 1), t0, t1);
      continue;
    }
    const combined = forms[first]! | (forms[first + 1]! << 1) | (forms[first + 2]! << 2);
    const t2 = sign * factors[first + 2]!;
    kernels.givens3!(state, bytes, strides[0]!, strides[1]!, strides[2]!, combined, t0, t1, t2);
  }
  for (let index = 0; index < laneRotations.length; index++) {
    const { stride, lane } = laneRotations[index]!;
    const cosines = buffers.laneCosines + 16 * groups * lane;
    kernels.rotateLanes!(state, stateBytes, groups, stride, cosines, buffers.laneSines + 16 * groups * lane, sign);
  }
  for (const { occupied, local, places, matrix, adjoint } of dense)
    kernels.denseLanes!(state, bytes, occupied, places, local, sign === 1 ? matrix : adjoint, buffers.denseScratch);
}

/** Adds the gradients of a level's shared rotations to their units. */
export function addRotationGradients(
  { memory: { kernels }, buffers, groups }: Passage,
  { sweeps }: LaneStep,
  psi: number,
  lambda: number,
): void {
  const bytes = buffers.stateBytes * groups;
  for (let index = 0; index < sweeps.length; index++) {
    const { strides, first } = sweeps[index]!;
    const out = buffers.sharedGradients + 16 * first;
    if (strides.length === 1) kernels.rotationGradient1!(psi, lambda, bytes, 1, strides[0]!, out, 16, 0);
    else if (strides.length === 2)
      kernels.rotationGradient2!(psi, lambda, bytes, 1, strides[0]!, strides[1]!, out, 16, 0);
    else kernels.rotationGradient3!(psi, lambda, bytes, 1, strides[0]!, strides[1]!, strides[2]!, out, 16, 0);
  }
}

/** Adds the gradients of a level's lane rotations to theirs. */
export function addLaneRotationGradients(
  { memory: { kernels }, buffers, groups }: Passage,
  { laneRotations }: LaneStep,
  psi: number,
  lambda: number,
): void {
  const { stateBytes, laneGradients } = buffers;
  const spacing = 16 * groups;
  for (let index = 0; index < laneRotations.length; ) {
    const { stride, lane } = laneRotations[index]!;
    const out = laneGradients + spacing * lane;
    const rest = laneRotations.length - index;
    // Lane angles of one level are numbered in the order of its rotations.
    if (rest === 1) {
      kernels.rotationGradient1!(psi, lambda, stateBytes, groups, stride, out, spacing, 16);
      index += 1;
    } else if (rest === 2 || rest === 4) {
      const second = laneRotations[index + 1]!.stride;
      kernels.rotationGradient2!(psi, lambda, stateBytes, groups, stride, second, out, spacing, 16);
      index += 2;
    } else {
      const second = laneRotations[index + 1]!.stride;
      const third = laneRotations[index + 2]!.stride;
      kernels.rotationGradient3!(psi, lambda, stateBytes, groups, stride, second, third, out, spacing, 16);
      index += 3;
    }
  }
}

/** Adds the gradients of a level's lane phases, read before its permutation. */
export function addLanePhaseGradients(
  { memory: { kernels }, buffers, groups }: Passage,
  { lanePhases }: LaneStep,
  psi: number,
  lambda: number,
): void {
  const { stateBytes, laneGradients } = buffers;
  for (let index = 0; index < lanePhases.length; index++) {
    const { lane, count, before } = lanePhases[index]!;
    kernels.phaseGradientLanes!(psi, lambda, stateBytes, groups, before, count, laneGradients + 16 * groups * lane);
  }
}
