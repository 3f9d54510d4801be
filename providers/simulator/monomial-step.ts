import {
  applyMonomial,
  multiplyLanes,
  phaseGradient,
  phaseGradientLanes,
  subsetSums,
  supersetSums,
  unapplyMonomial,
} from "./kernels/monomial.ts";
import type { AffineAngle, PermutationPrimitive } from "./normal-form.ts";
import { laneAngle, spreadLaneGradient } from "./rotation-step.ts";
import type { MonomialStage } from "./stages.ts";
import type { Step, Workspace } from "./workspace.ts";

interface PhaseTerm {
  readonly mask: number;
  readonly angle: AffineAngle;
  /** Which of the stage's bases (0 = before any permutation) the mask speaks of. */
  readonly basis: number;
  /** Basis states of basis 0 whose image in `basis` has all bits of the mask. */
  readonly indices: Int32Array;
  shared: boolean;
  wanted: boolean;
}

/** Where each basis state goes under one permutation. */
export function permutationTable({ qubits, permutation, controls }: PermutationPrimitive, size: number): Int32Array {
  const targets = qubits.reduce((mask, qubit) => mask | (1 << qubit), 0);
  return Int32Array.from({ length: size }, (_, i) => {
    if ((i & controls) !== controls) return i;
    const local = qubits.reduce((index, qubit, bit) => index | (((i >> qubit) & 1) << bit), 0);
    const moved = permutation[local]!;
    return qubits.reduce((index, qubit, bit) => index | (((moved >> bit) & 1) << qubit), i & ~targets);
  });
}

/**
 * A whole stage of phases and permutations as one pass: a table of phases over basis states, made once a call for the
 * phases that all rows share, and one permutation. Phases that differ from row to row multiply their states first. All
 * phases are diagonal in the stage's first basis, so their order does not matter there.
 */
export class MonomialStep implements Step {
  readonly #terms: readonly PhaseTerm[];
  /** For every basis, where the states of basis 0 are. */
  readonly #bases: readonly Int32Array[];
  readonly #table: Float64Array;
  readonly #phases: Float64Array;
  readonly #sums: Float64Array;
  readonly #image: Float64Array;
  readonly #c: Float64Array;
  readonly #s: Float64Array;
  readonly #identity: boolean;
  #tableIsOne = false;

  constructor(stage: MonomialStage, size: number, maxLanes: number) {
    const bases = [Int32Array.from({ length: size }, (_, i) => i)];
    const terms: PhaseTerm[] = [];
    const indexSets = new Map<string, Int32Array>();
    for (const item of stage.items) {
      const basis = bases.at(-1)!;
      if (item.kind === "permutation") {
        const table = permutationTable(item, size);
        bases.push(basis.map((i) => table[i]!));
        continue;
      }
      const key = `${bases.length}:${item.mask}`;
      const indices = indexSets.get(key) ?? bases[0]!.filter((_, i) => (basis[i]! & item.mask) === item.mask);
      indexSets.set(key, indices);
      terms.push({
        mask: item.mask,
        angle: item.angle,
        basis: bases.length - 1,
        indices,
        shared: false,
        wanted: false,
      });
    }
    this.#bases = bases;
    this.#terms = terms;
    this.#table = new Float64Array(2 * size);
    this.#phases = new Float64Array(size);
    this.#sums = new Float64Array(size);
    this.#image = new Float64Array(size);
    this.#c = new Float64Array(maxLanes);
    this.#s = new Float64Array(maxLanes);
    this.#identity = bases.at(-1)!.every((to, from) => to === from);
  }

  /** Where basis states go. */
  get permutation(): Int32Array {
    return this.#bases.at(-1)!;
  }

  prepareShared(workspace: Workspace): void {
    const { size } = workspace;
    this.#phases.fill(0);
    let any = false;
    let at = 0;
    for (let basis = 0; basis < this.#bases.length; basis++) {
      let used = false;
      for (; at < this.#terms.length && this.#terms[at]!.basis === basis; at++) {
        const term = this.#terms[at]!;
        term.shared = true;
        term.wanted = false;
        for (const slot of term.angle.slots) {
          if (!workspace.shared[slot]) term.shared = false;
          if (workspace.wanted[slot]) term.wanted = true;
        }
        if (!term.shared) continue;
        if (!used) this.#sums.fill(0);
        used = true;
        this.#sums[term.mask]! += laneAngle(term.angle, workspace, 0);
      }
      if (!used) continue;
      any = true;
      subsetSums(this.#sums, size);
      const where = this.#bases[basis]!;
      for (let i = 0; i < size; i++) this.#phases[i]! += this.#sums[where[i]!]!;
    }
    this.#tableIsOne = !any;
    for (let i = 0; i < size; i++) {
      this.#table[2 * i] = any ? Math.cos(this.#phases[i]!) : 1;
      this.#table[2 * i + 1] = any ? Math.sin(this.#phases[i]!) : 0;
    }
  }

  prepareLanes(): void {}

  forward(workspace: Workspace): void {
    this.#multiplyLanes(workspace, workspace.psi, 1);
    if (this.#tableIsOne && this.#identity) return;
    applyMonomial(workspace.psi, workspace.psiSpare, workspace.size, workspace.lanes, this.#table, this.permutation);
    [workspace.psi, workspace.psiSpare] = [workspace.psiSpare, workspace.psi];
  }

  backward(workspace: Workspace): void {
    if (!(this.#tableIsOne && this.#identity)) {
      const { size, lanes } = workspace;
      unapplyMonomial(workspace.psi, workspace.psiSpare, size, lanes, this.#table, this.permutation);
      [workspace.psi, workspace.psiSpare] = [workspace.psiSpare, workspace.psi];
      unapplyMonomial(workspace.lambda, workspace.lambdaSpare, size, lanes, this.#table, this.permutation);
      [workspace.lambda, workspace.lambdaSpare] = [workspace.lambdaSpare, workspace.lambda];
    }
    // ψ and λ carry the same lane phases, which cancel in conj(λ)·ψ, so gradients may be read before these are undone.
    this.#sharedGradients(workspace);
    for (const { angle, shared, wanted, indices } of this.#terms) {
      if (shared || !wanted) continue;
      this.#c.fill(0);
      phaseGradientLanes(workspace.psi, workspace.lambda, indices, workspace.lanes, this.#c);
      spreadLaneGradient(angle, workspace, this.#c);
    }
    this.#multiplyLanes(workspace, workspace.psi, -1);
    this.#multiplyLanes(workspace, workspace.lambda, -1);
  }

  wantsGradient(): boolean {
    return this.#terms.some(({ wanted }) => wanted);
  }

  #multiplyLanes(workspace: Workspace, state: Float64Array, sign: number): void {
    for (const { angle, shared, indices } of this.#terms) {
      if (shared) continue;
      for (let lane = 0; lane < workspace.lanes; lane++) {
        const phase = laneAngle(angle, workspace, lane);
        this.#c[lane] = Math.cos(phase);
        this.#s[lane] = Math.sin(phase);
      }
      multiplyLanes(state, indices, workspace.lanes, this.#c, this.#s, sign);
    }
  }

  #sharedGradients(workspace: Workspace): void {
    if (!this.#terms.some(({ shared, wanted }) => shared && wanted)) return;
    const { size } = workspace;
    this.#phases.fill(0);
    phaseGradient(workspace.psi, workspace.lambda, size, workspace.lanes, this.#phases);
    let at = 0;
    for (let basis = 0; basis < this.#bases.length; basis++) {
      let summed = false;
      for (; at < this.#terms.length && this.#terms[at]!.basis === basis; at++) {
        const { mask, angle, shared, wanted } = this.#terms[at]!;
        if (!shared || !wanted) continue;
        if (!summed) {
          const where = this.#bases[basis]!;
          for (let i = 0; i < size; i++) this.#image[where[i]!] = this.#phases[i]!;
          supersetSums(this.#image, size);
          summed = true;
        }
        for (let k = 0; k < angle.slots.length; k++)
          workspace.sharedGradients[angle.slots[k]!]! += angle.coefficients[k]! * this.#image[mask]!;
      }
    }
  }
}
