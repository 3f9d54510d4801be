import type { BasisTables } from "./basis-tables.ts";
import {
  applyMonomial,
  multiplyLanes,
  permuteAmplitudes,
  phaseGradient,
  phaseGradientLanes,
  subsetSums,
  supersetSums,
  unapplyMonomial,
  unpermuteAmplitudes,
} from "./kernels/monomial.ts";
import type { AffineAngle } from "./normal-form.ts";
import { laneAngle, spreadLaneGradient } from "./rotation-step.ts";
import type { MonomialStage } from "./stages.ts";
import type { Step, Workspace } from "./workspace.ts";

interface PhaseTerm {
  readonly mask: number;
  readonly angle: AffineAngle;
  /** States of basis 0 whose image in the term's basis has all bits of the mask. */
  readonly indices: Int32Array;
  shared: boolean;
  wanted: boolean;
}

/** Phases that speak of the same basis: those between two permutations. */
interface PhaseRun {
  /** Where the states of basis 0 are in this one. */
  readonly where: Int32Array;
  readonly terms: PhaseTerm[];
}

/** Arrays that all monomial steps of a program use in turn; none of them is read before it is written. */
export interface MonomialScratch {
  readonly phases: Float64Array;
  readonly sums: Float64Array;
  readonly c: Float64Array;
  readonly s: Float64Array;
}

export function monomialScratch(size: number, maxLanes: number): MonomialScratch {
  return {
    phases: new Float64Array(size),
    sums: new Float64Array(size),
    c: new Float64Array(maxLanes),
    s: new Float64Array(maxLanes),
  };
}

/** Bytes of a step's own table. */
export function monomialBytes(stage: MonomialStage, size: number): number {
  return stage.items.some(({ kind }) => kind === "phase") ? 2 * Float64Array.BYTES_PER_ELEMENT * size : 0;
}

/**
 * A whole stage of phases and permutations as one pass: a table of phases over basis states, made once a call for the
 * phases that all rows share, and one permutation. Phases that differ from row to row multiply their states first. All
 * phases are diagonal in the stage's first basis, so their order does not matter there.
 */
export class MonomialStep implements Step {
  readonly bytes: number;
  readonly numParts = 1;
  readonly #runs: readonly PhaseRun[];
  readonly #terms: readonly PhaseTerm[];
  /** Where the states of basis 0 go. */
  readonly #permutation: Int32Array;
  readonly #identity: boolean;
  /** e^{iΦ} of each state, interleaved re/im, unless all are 1; empty in a stage without phases. */
  readonly #table: Float64Array;
  readonly #scratch: MonomialScratch;
  #tableIsOne = true;

  constructor(stage: MonomialStage, tables: BasisTables, scratch: MonomialScratch) {
    const runs = new Map<number, PhaseRun>();
    let basis = 0;
    for (const item of stage.items)
      if (item.kind === "permutation") basis = tables.after(basis, item);
      else {
        const run = runs.get(basis) ?? { where: tables.table(basis), terms: [] };
        runs.set(basis, run);
        const { mask, angle } = item;
        run.terms.push({ mask, angle, indices: tables.indices(basis, mask), shared: false, wanted: false });
      }
    this.#runs = [...runs.values()];
    this.#terms = this.#runs.flatMap(({ terms }) => terms);
    this.#permutation = tables.table(basis);
    this.#identity = tables.isIdentity(basis);
    this.bytes = monomialBytes(stage, tables.size);
    this.#table = new Float64Array(this.#terms.length === 0 ? 0 : 2 * tables.size);
    this.#scratch = scratch;
  }

  prepareShared(workspace: Workspace): void {
    if (this.#terms.length === 0) return;
    const { size } = workspace;
    const { phases, sums } = this.#scratch;
    const table = this.#table;
    phases.fill(0);
    this.#tableIsOne = true;
    for (const { where, terms } of this.#runs) {
      let used = false;
      for (const term of terms) {
        term.shared = true;
        term.wanted = false;
        for (const slot of term.angle.slots) {
          if (!workspace.shared[slot]) term.shared = false;
          if (workspace.wanted[slot]) term.wanted = true;
        }
        if (!term.shared) continue;
        if (!used) sums.fill(0);
        used = true;
        sums[term.mask]! += laneAngle(term.angle, workspace, 0);
      }
      if (!used) continue;
      this.#tableIsOne = false;
      subsetSums(sums, size);
      for (let i = 0; i < size; i++) phases[i]! += sums[where[i]!]!;
    }
    if (this.#tableIsOne) return;
    for (let i = 0; i < size; i++) {
      table[2 * i] = Math.cos(phases[i]!);
      table[2 * i + 1] = Math.sin(phases[i]!);
    }
  }

  prepareLanes(): void {}

  forwardPart(workspace: Workspace): void {
    this.forward(workspace);
  }

  forward(workspace: Workspace): void {
    this.#multiplyLanes(workspace, workspace.psi, 1);
    if (this.#tableIsOne && this.#identity) return;
    const { size, lanes, psi, psiSpare } = workspace;
    if (this.#tableIsOne) permuteAmplitudes(psi, psiSpare, size, lanes, this.#permutation);
    else applyMonomial(psi, psiSpare, size, lanes, this.#table, this.#permutation);
    workspace.psi = psiSpare;
    workspace.psiSpare = psi;
  }

  backward(workspace: Workspace): void {
    const { size, lanes } = workspace;
    if (!(this.#tableIsOne && this.#identity)) {
      const { psi, psiSpare, lambda, lambdaSpare } = workspace;
      if (this.#tableIsOne) {
        unpermuteAmplitudes(psi, psiSpare, size, lanes, this.#permutation);
        unpermuteAmplitudes(lambda, lambdaSpare, size, lanes, this.#permutation);
      } else {
        unapplyMonomial(psi, psiSpare, size, lanes, this.#table, this.#permutation);
        unapplyMonomial(lambda, lambdaSpare, size, lanes, this.#table, this.#permutation);
      }
      workspace.psi = psiSpare;
      workspace.psiSpare = psi;
      workspace.lambda = lambdaSpare;
      workspace.lambdaSpare = lambda;
    }
    // ψ and λ carry the same lane phases, which cancel in conj(λ)·ψ, so gradients may be read before these are undone.
    this.#sharedGradients(workspace);
    const gradient = this.#scratch.c;
    for (const { angle, shared, wanted, indices } of this.#terms) {
      if (shared || !wanted) continue;
      gradient.fill(0);
      phaseGradientLanes(workspace.psi, workspace.lambda, indices, lanes, gradient);
      spreadLaneGradient(angle, workspace, gradient);
    }
    this.#multiplyLanes(workspace, workspace.psi, -1);
    this.#multiplyLanes(workspace, workspace.lambda, -1);
  }

  wantsGradient(): boolean {
    return this.#terms.some(({ wanted }) => wanted);
  }

  #multiplyLanes(workspace: Workspace, state: Float64Array, sign: number): void {
    const { c, s } = this.#scratch;
    for (const { angle, shared, indices } of this.#terms) {
      if (shared) continue;
      for (let lane = 0; lane < workspace.lanes; lane++) {
        const phase = laneAngle(angle, workspace, lane);
        c[lane] = Math.cos(phase);
        s[lane] = Math.sin(phase);
      }
      multiplyLanes(state, indices, workspace.lanes, c, s, sign);
    }
  }

  #sharedGradients(workspace: Workspace): void {
    if (!this.#terms.some(({ shared, wanted }) => shared && wanted)) return;
    const { size } = workspace;
    const { phases, sums } = this.#scratch;
    phases.fill(0);
    phaseGradient(workspace.psi, workspace.lambda, size, workspace.lanes, phases);
    for (const { where, terms } of this.#runs) {
      if (!terms.some(({ shared, wanted }) => shared && wanted)) continue;
      for (let i = 0; i < size; i++) sums[where[i]!] = phases[i]!;
      supersetSums(sums, size);
      for (const { mask, angle, shared, wanted } of terms)
        if (shared && wanted)
          for (let k = 0; k < angle.slots.length; k++)
            workspace.sharedGradients[angle.slots[k]!]! += angle.coefficients[k]! * sums[mask]!;
    }
  }
}
