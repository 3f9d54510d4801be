import { multiplyMask, swapAmplitudes } from "./kernels/monomial.ts";
import type { AffineAngle, PermutationPrimitive } from "./normal-form.ts";
import { laneAngle } from "./rotation-step.ts";
import type { MonomialStage } from "./stages.ts";
import type { Step, Workspace } from "./workspace.ts";

type Item =
  | { readonly kind: "phase"; readonly mask: number; readonly angle: AffineAngle }
  | {
      readonly kind: "permutation";
      readonly occupied: number;
      readonly pairs: readonly (readonly [low: number, high: number])[];
    };

/**
 * A stage of phases and permutations applied one by one in place: for states too large for tables. Such states are run
 * one row at a time, so every angle is that of lane 0.
 */
export class InPlaceStep implements Step {
  readonly #items: readonly Item[];

  constructor(stage: MonomialStage) {
    this.#items = stage.items.map((item) => (item.kind === "phase" ? item : transpositions(item)));
  }

  prepareShared(): void {}
  prepareLanes(): void {}

  forward(workspace: Workspace): void {
    for (const item of this.#items) applyItem(item, workspace, workspace.psi, 1);
  }

  backward(workspace: Workspace): void {
    for (let index = this.#items.length - 1; index >= 0; index--) {
      const item = this.#items[index]!;
      if (item.kind === "phase") addGradient(item.mask, item.angle, workspace);
      applyItem(item, workspace, workspace.psi, -1);
      applyItem(item, workspace, workspace.lambda, -1);
    }
  }

  wantsGradient(workspace: Workspace): boolean {
    return this.#items.some((item) => item.kind === "phase" && item.angle.slots.some((slot) => workspace.wanted[slot]));
  }
}

function transpositions({ qubits, permutation, controls }: PermutationPrimitive): Item {
  const spread = (local: number): number =>
    qubits.reduce((index, qubit, bit) => index | (((local >> bit) & 1) << qubit), controls);
  return {
    kind: "permutation",
    occupied: qubits.reduce((mask, qubit) => mask | (1 << qubit), controls),
    pairs: permutation.flatMap((to, from) => (from < to ? [[spread(from), spread(to)] as const] : [])),
  };
}

function applyItem(item: Item, workspace: Workspace, state: Float64Array, sign: number): void {
  const { size, lanes } = workspace;
  if (item.kind === "permutation") {
    for (const [low, high] of item.pairs) swapAmplitudes(state, size, lanes, item.occupied, low, high);
    return;
  }
  const phase = sign * laneAngle(item.angle, workspace, 0);
  multiplyMask(state, size, lanes, item.mask, Math.cos(phase), Math.sin(phase));
}

function addGradient(mask: number, angle: AffineAngle, workspace: Workspace): void {
  if (!angle.slots.some((slot) => workspace.wanted[slot])) return;
  const { psi, lambda, size } = workspace;
  const free = (size - 1) & ~mask;
  let sum = 0;
  let rest = 0;
  do {
    const at = 2 * (rest | mask);
    sum += lambda[at + 1]! * psi[at]! - lambda[at]! * psi[at + 1]!;
    rest = (rest - free) & free;
  } while (rest !== 0);
  for (let k = 0; k < angle.slots.length; k++) {
    const slot = angle.slots[k]!;
    const gradient = 2 * angle.coefficients[k]! * sum;
    if (workspace.shared[slot]) workspace.sharedGradients[slot]! += gradient;
    else workspace.laneGradients[slot * workspace.maxLanes]! += gradient;
  }
}
