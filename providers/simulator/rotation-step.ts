import { type DenseKernel, denseKernel } from "./kernels/dense.ts";
import {
  prepareProduct,
  rotate,
  rotateLanes,
  rotationGradient,
  rotationGradientLanes,
  unrotate,
} from "./kernels/rotation.ts";
import type { AffineAngle } from "./normal-form.ts";
import type { RotationStage } from "./stages.ts";
import type { Step, Workspace } from "./workspace.ts";

interface Rotation {
  readonly qubit: number;
  readonly angle: AffineAngle;
  readonly c: Float64Array;
  readonly s: Float64Array;
  shared: boolean;
  wanted: boolean;
}

/** The angle of one lane; shared slots are read from the shared angles. */
export function laneAngle(angle: AffineAngle, workspace: Workspace, lane: number): number {
  let sum = angle.constant;
  for (let k = 0; k < angle.slots.length; k++) {
    const slot = angle.slots[k]!;
    const value = workspace.shared[slot]
      ? workspace.sharedAngles[slot]!
      : workspace.laneAngles[slot * workspace.maxLanes + lane]!;
    sum += angle.coefficients[k]! * value;
  }
  return sum;
}

/** RY rotations (and dense unitaries) on disjoint qubits. As the first step on |0…0⟩ it prepares a product state. */
export class RotationStep implements Step {
  readonly bytes: number;
  readonly numParts: number;
  readonly #rotations: readonly Rotation[];
  readonly #dense: readonly DenseKernel[];
  readonly #product: { readonly numQubits: number; readonly c: Float64Array; readonly s: Float64Array } | undefined;
  readonly #gradient: Float64Array;

  /** @param first whether this step starts from |0…0⟩, which it then need not read */
  constructor(stage: RotationStage, numQubits: number, maxLanes: number, first: boolean) {
    this.#rotations = stage.rotations.map(({ qubit, angle }) => ({
      qubit,
      angle,
      c: new Float64Array(maxLanes),
      s: new Float64Array(maxLanes),
      shared: false,
      wanted: false,
    }));
    this.#dense = stage.dense.map(({ matrix, qubits, controls }) =>
      denseKernel(matrix, qubits, controls, 2 ** numQubits),
    );
    this.#product =
      first && stage.dense.length === 0
        ? { numQubits, c: new Float64Array(numQubits * maxLanes), s: new Float64Array(numQubits * maxLanes) }
        : undefined;
    this.#gradient = new Float64Array(maxLanes);
    this.numParts = this.#product === undefined ? this.#rotations.length + this.#dense.length : 1;
    this.bytes =
      Float64Array.BYTES_PER_ELEMENT *
      (maxLanes * (2 * this.#rotations.length + (this.#product === undefined ? 1 : 2 * numQubits + 1)) +
        stage.dense.reduce((sum, { matrix, qubits }) => sum + matrix.length + 2 * maxLanes * 2 ** qubits.length, 0));
  }

  /** Whether `forward` overwrites the state with a product state. */
  get preparesState(): boolean {
    return this.#product !== undefined;
  }

  prepareShared(workspace: Workspace): void {
    for (const rotation of this.#rotations) {
      const { slots } = rotation.angle;
      rotation.shared = true;
      rotation.wanted = false;
      for (let k = 0; k < slots.length; k++) {
        if (!workspace.shared[slots[k]!]) rotation.shared = false;
        if (workspace.wanted[slots[k]!]) rotation.wanted = true;
      }
      if (!rotation.shared) continue;
      const half = laneAngle(rotation.angle, workspace, 0) / 2;
      rotation.c.fill(Math.cos(half));
      rotation.s.fill(Math.sin(half));
    }
  }

  prepareLanes(workspace: Workspace): void {
    for (const rotation of this.#rotations) {
      if (rotation.shared) continue;
      for (let lane = 0; lane < workspace.lanes; lane++) {
        const half = laneAngle(rotation.angle, workspace, lane) / 2;
        rotation.c[lane] = Math.cos(half);
        rotation.s[lane] = Math.sin(half);
      }
    }
  }

  forward(workspace: Workspace): void {
    for (let part = 0; part < this.numParts; part++) this.forwardPart(workspace, part);
  }

  forwardPart(workspace: Workspace, part: number): void {
    const { psi, size, lanes } = workspace;
    if (this.#product !== undefined) {
      const { numQubits, c, s } = this.#product;
      c.fill(1);
      s.fill(0);
      for (const rotation of this.#rotations)
        for (let lane = 0; lane < lanes; lane++) {
          c[rotation.qubit * lanes + lane] = rotation.c[lane]!;
          s[rotation.qubit * lanes + lane] = rotation.s[lane]!;
        }
      prepareProduct(psi, numQubits, lanes, c, s);
      return;
    }
    if (part >= this.#rotations.length) {
      this.#dense[part - this.#rotations.length]!.apply(psi, lanes, false);
      return;
    }
    const { qubit, shared, c, s } = this.#rotations[part]!;
    if (shared) rotate(psi, size, qubit, lanes, c[0]!, s[0]!);
    else rotateLanes(psi, size, qubit, lanes, c, s);
  }

  backward(workspace: Workspace, last: boolean): void {
    const { psi, lambda, size, lanes } = workspace;
    if (!last)
      for (const kernel of this.#dense) {
        kernel.apply(psi, lanes, true);
        kernel.apply(lambda, lanes, true);
      }
    for (const rotation of this.#rotations) {
      const { qubit, angle, shared, wanted, c, s } = rotation;
      if (shared) {
        // A rotation's gradient is the same before and after it, so the last step need not be undone.
        const gradient = last
          ? wanted
            ? rotationGradient(psi, lambda, size, qubit, lanes)
            : 0
          : unrotate(psi, lambda, size, qubit, lanes, c[0]!, s[0]!);
        if (wanted)
          for (let k = 0; k < angle.slots.length; k++)
            workspace.sharedGradients[angle.slots[k]!]! += angle.coefficients[k]! * gradient;
        continue;
      }
      if (wanted) {
        this.#gradient.fill(0);
        rotationGradientLanes(psi, lambda, size, qubit, lanes, this.#gradient);
        spreadLaneGradient(angle, workspace, this.#gradient);
      }
      if (!last) {
        for (let lane = 0; lane < lanes; lane++) s[lane] = -s[lane]!;
        rotateLanes(psi, size, qubit, lanes, c, s);
        rotateLanes(lambda, size, qubit, lanes, c, s);
        for (let lane = 0; lane < lanes; lane++) s[lane] = -s[lane]!;
      }
    }
  }

  wantsGradient(): boolean {
    return this.#rotations.some(({ wanted }) => wanted);
  }
}

/** Adds a lane-by-lane gradient of an angle to the gradients of its slots. */
export function spreadLaneGradient(angle: AffineAngle, workspace: Workspace, gradient: Float64Array): void {
  for (let k = 0; k < angle.slots.length; k++) {
    const slot = angle.slots[k]!;
    const coefficient = angle.coefficients[k]!;
    for (let lane = 0; lane < workspace.lanes; lane++)
      if (workspace.shared[slot]) workspace.sharedGradients[slot]! += coefficient * gradient[lane]!;
      else workspace.laneGradients[slot * workspace.maxLanes + lane]! += coefficient * gradient[lane]!;
  }
}
