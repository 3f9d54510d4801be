import { type Circuit, SlotProgram, slotsOf } from "../../circuits/index.ts";
import type { StatevectorOptions } from "./expectation-program.ts";
import { InPlaceStep } from "./in-place-step.ts";
import { assertStateFits } from "./memory.ts";
import { MonomialStep } from "./monomial-step.ts";
import { normalForm } from "./normal-form.ts";
import { RotationStep } from "./rotation-step.ts";
import { type MonomialStage, schedule } from "./stages.ts";
import type { Step, Workspace } from "./workspace.ts";

/** Up to this size a stage of phases and permutations becomes a table over basis states. */
const TABLE_QUBITS = 14;
/** Lanes are chosen so that the states of one group stay in the second-level cache. */
const GROUP_BYTES = 1 << 20;
const MAX_LANES = 64;

/** What a caller wants of the last stage: amplitudes as they are, or only what diagonal observables see of it. */
export type Readout = "amplitudes" | "expectations" | "diagonal expectations";

/**
 * A unitary circuit compiled to steps over the states of a group of rows, with the slot angles of any rows. The state
 * buffers are made at the first run and kept.
 */
export class StepProgram {
  readonly workspace: Workspace;
  readonly numQubits: number;
  readonly maxLanes: number;
  /** With read-out "diagonal expectations": basis state i of the final state stands for finalPermutation[i]. */
  readonly finalPermutation: Int32Array | undefined;
  /** Slots that depend on weights only; one angle serves all rows of a call. */
  readonly #weightSlots: SlotProgram;
  readonly #weightIndices: Int32Array;
  readonly #rowSlots: SlotProgram;
  readonly #rowIndices: Int32Array;
  readonly #usesInput: Uint8Array;
  readonly #usesWeight: Uint8Array;
  readonly #steps: readonly Step[];
  readonly #preparesState: boolean;
  readonly #weightAngles: Float64Array;
  readonly #rowAngles: Float64Array;
  readonly #tables: boolean;
  readonly #maxBytes: number | undefined;
  #firstWanted = 0;

  constructor(circuit: Circuit, readout: Readout, { tableQubits = TABLE_QUBITS, maxBytes }: StatevectorOptions = {}) {
    this.#maxBytes = maxBytes;
    const { numQubits } = circuit;
    const slots = slotsOf(circuit);
    const globalPhase = readout === "amplitudes";
    const primitives = normalForm(circuit).filter(
      (primitive) => globalPhase || primitive.kind !== "phase" || primitive.mask !== 0,
    );
    const stages = [...schedule(primitives, numQubits)];
    const size = 2 ** numQubits;
    this.numQubits = numQubits;
    this.#tables = numQubits <= tableQubits;
    this.maxLanes = this.#tables ? Math.max(1, Math.min(MAX_LANES, Math.floor(GROUP_BYTES / (48 * size)))) : 1;
    if (readout === "diagonal expectations") {
      const last = stages.at(-1);
      if (last?.kind === "monomial" && (this.#tables || last.items.every(({ kind }) => kind === "phase"))) {
        stages.pop();
        if (this.#tables) this.finalPermutation = new MonomialStep(last, size, 1).permutation;
      }
    }
    this.#steps = stages.map((stage, index) =>
      stage.kind === "rotations"
        ? new RotationStep(stage, numQubits, this.maxLanes, index === 0)
        : this.#monomialStep(stage, size),
    );
    const [first] = this.#steps;
    this.#preparesState = first instanceof RotationStep && first.preparesState;

    const weightOnly = slots.map(({ expression }) => expression.parameters.every(({ role }) => role === "weight"));
    this.#weightIndices = Int32Array.from(
      slots.filter((_, i) => weightOnly[i]),
      ({ index }) => index,
    );
    this.#rowIndices = Int32Array.from(
      slots.filter((_, i) => !weightOnly[i]),
      ({ index }) => index,
    );
    this.#weightSlots = new SlotProgram(
      circuit,
      slots.filter((_, i) => weightOnly[i]),
    );
    this.#rowSlots = new SlotProgram(
      circuit,
      slots.filter((_, i) => !weightOnly[i]),
    );
    this.#usesInput = Uint8Array.from(slots, ({ expression }) =>
      expression.parameters.some(({ role }) => role === "input") ? 1 : 0,
    );
    this.#usesWeight = Uint8Array.from(slots, ({ expression }) =>
      expression.parameters.some(({ role }) => role === "weight") ? 1 : 0,
    );
    this.#weightAngles = new Float64Array(this.#weightIndices.length);
    this.#rowAngles = new Float64Array(this.#rowIndices.length);
    const empty = new Float64Array(0);
    this.workspace = {
      size,
      maxLanes: this.maxLanes,
      lanes: 0,
      psi: empty,
      psiSpare: empty,
      lambda: empty,
      lambdaSpare: empty,
      shared: new Uint8Array(slots.length),
      wanted: new Uint8Array(slots.length),
      sharedAngles: new Float64Array(slots.length),
      laneAngles: new Float64Array(slots.length * this.maxLanes),
      sharedGradients: new Float64Array(slots.length),
      laneGradients: new Float64Array(slots.length * this.maxLanes),
    };
  }

  #monomialStep(stage: MonomialStage, size: number): Step {
    return this.#tables ? new MonomialStep(stage, size, this.maxLanes) : new InPlaceStep(stage, this.numQubits);
  }

  /** Makes the buffers. @throws SimulatorError STATE_TOO_LARGE */
  allocate(adjoint: boolean): void {
    const { workspace } = this;
    const length = 2 * workspace.size * this.maxLanes;
    if (!this.#tables && (workspace.psi.length === 0 || (adjoint && workspace.lambda.length === 0)))
      assertStateFits(this.numQubits, adjoint ? 2.5 : 1.5, this.#maxBytes);
    if (workspace.psi.length === 0) {
      workspace.psi = new Float64Array(length);
      if (this.#tables) workspace.psiSpare = new Float64Array(length);
    }
    if (adjoint && workspace.lambda.length === 0) {
      workspace.lambda = new Float64Array(length);
      if (this.#tables) workspace.lambdaSpare = new Float64Array(length);
    }
  }

  /** Starts a call in which all rows share their weights: `row` holds any row [P] with the weights in place. */
  beginShared(row: Float64Array, wantInputs: boolean, wantWeights: boolean): void {
    const { workspace } = this;
    this.#weightSlots.evaluate(row, 1, this.#weightAngles);
    workspace.shared.fill(0);
    for (let k = 0; k < this.#weightIndices.length; k++) {
      workspace.shared[this.#weightIndices[k]!] = 1;
      workspace.sharedAngles[this.#weightIndices[k]!] = this.#weightAngles[k]!;
    }
    for (let slot = 0; slot < workspace.wanted.length; slot++)
      workspace.wanted[slot] = (wantInputs && this.#usesInput[slot]) || (wantWeights && this.#usesWeight[slot]) ? 1 : 0;
    workspace.sharedGradients.fill(0);
    for (const step of this.#steps) step.prepareShared(workspace);
    this.#firstWanted = this.#steps.findIndex((step) => step.wantsGradient(workspace));
  }

  /** Starts a call in which every slot may differ from row to row; no gradients. */
  beginRows(): void {
    const { workspace } = this;
    workspace.shared.fill(0);
    workspace.wanted.fill(0);
    for (const step of this.#steps) step.prepareShared(workspace);
  }

  /** Sets lane `lane` from a row [P] in a call begun with `beginShared`. */
  setLane(lane: number, row: Float64Array): void {
    this.#rowSlots.evaluate(row, 1, this.#rowAngles);
    for (let k = 0; k < this.#rowIndices.length; k++)
      this.workspace.laneAngles[this.#rowIndices[k]! * this.maxLanes + lane] = this.#rowAngles[k]!;
  }

  /** Sets lane `lane` from a row [P] in a call begun with `beginRows`. */
  setWholeLane(lane: number, row: Float64Array): void {
    this.setLane(lane, row);
    this.#weightSlots.evaluate(row, 1, this.#weightAngles);
    for (let k = 0; k < this.#weightIndices.length; k++)
      this.workspace.laneAngles[this.#weightIndices[k]! * this.maxLanes + lane] = this.#weightAngles[k]!;
  }

  /** Runs the circuit for `lanes` lanes from |0…0⟩; the result is in `workspace.psi`. */
  forward(lanes: number): void {
    const { workspace } = this;
    workspace.lanes = lanes;
    for (const step of this.#steps) step.prepareLanes(workspace);
    if (!this.#preparesState) {
      workspace.psi.fill(0, 0, 2 * workspace.size * lanes);
      workspace.psi.fill(1, 0, lanes);
    }
    for (const step of this.#steps) step.forward(workspace);
  }

  /** Goes back from ψ and λ, adding to the gradients of shared slots and setting those of this group's lanes. */
  backward(): void {
    const { workspace } = this;
    workspace.laneGradients.fill(0);
    if (this.#firstWanted < 0) return;
    for (let index = this.#steps.length - 1; index >= this.#firstWanted; index--)
      this.#steps[index]!.backward(workspace, index === this.#firstWanted);
  }

  /** Adds to `gradient` [P] the pullback of lane `lane` at parameter row `row`. */
  pullbackLane(lane: number, row: Float64Array, gradient: Float64Array): void {
    for (let k = 0; k < this.#rowIndices.length; k++)
      this.#rowAngles[k] = this.workspace.laneGradients[this.#rowIndices[k]! * this.maxLanes + lane]!;
    this.#rowSlots.pullback(row, 1, this.#rowAngles, gradient);
  }

  /** Adds to `gradient` [P] the pullback of the slots that all rows share. */
  pullbackShared(row: Float64Array, gradient: Float64Array): void {
    for (let k = 0; k < this.#weightIndices.length; k++)
      this.#weightAngles[k] = this.workspace.sharedGradients[this.#weightIndices[k]!]!;
    this.#weightSlots.pullback(row, 1, this.#weightAngles, gradient);
  }
}
