/**
 * What the steps of one compiled program share during a call: the states of one group of lanes (rows of the batch), the
 * slot angles, and the gradients. States are borrowed for the call; `lanes` may be smaller than `maxLanes` for the last
 * group.
 */
export interface Workspace {
  readonly size: number;
  readonly maxLanes: number;
  lanes: number;
  /** States, [amplitude][re, im][lane]; spares are swapped with them by out-of-place passes. Empty where not needed. */
  psi: Float64Array;
  psiSpare: Float64Array;
  lambda: Float64Array;
  lambdaSpare: Float64Array;
  /** Per slot, 1 when its angle is the same for all rows of this call. */
  readonly shared: Uint8Array;
  /** Per slot, 1 when its gradient is wanted. */
  readonly wanted: Uint8Array;
  /** Angles of shared slots. */
  readonly sharedAngles: Float64Array;
  /** Angles [slot][maxLanes] of the others. */
  readonly laneAngles: Float64Array;
  /** Gradients of shared slots, summed over rows. */
  readonly sharedGradients: Float64Array;
  /** Gradients [slot][maxLanes] of the others. */
  readonly laneGradients: Float64Array;
}

/** One pass over the state, and its reverse for the adjoint method. */
export interface Step {
  /** Bytes that the step keeps between calls, without what it shares with other steps. */
  readonly bytes: number;
  /** Into how many parts of about one pass each `forward` can be cut, so that other work may run between them. */
  readonly numParts: number;
  /** Once a call, when shared angles are known. */
  prepareShared(workspace: Workspace): void;
  /** Once a group of lanes. */
  prepareLanes(workspace: Workspace): void;
  forward(workspace: Workspace): void;
  /** Part `part` of `forward`; all parts in order are the whole. */
  forwardPart(workspace: Workspace, part: number): void;
  /** Undoes the step on ψ and λ and adds gradients; `last` says that no earlier step needs the states any more. */
  backward(workspace: Workspace, last: boolean): void;
  /** True when some slot of this step wants a gradient. */
  wantsGradient(workspace: Workspace): boolean;
}
