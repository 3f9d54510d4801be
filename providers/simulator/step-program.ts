import { type Circuit, SlotProgram, slotsOf } from "../../circuits/index.ts";
import { BasisTables } from "./basis-tables.ts";
import { InPlaceStep, inPlaceScratch } from "./in-place-step.ts";
import { MonomialStep, monomialBytes, monomialScratch } from "./monomial-step.ts";
import { normalForm } from "./normal-form.ts";
import { PAUSE_WORK } from "./pauses.ts";
import { RotationStep } from "./rotation-step.ts";
import { type MonomialStage, type Stage, schedule } from "./stages.ts";
import type { StateMemory } from "./state-memory.ts";
import type { Step, Workspace } from "./workspace.ts";

/** Up to this size a stage of phases and permutations becomes a table over basis states. */
const TABLE_QUBITS = 14;
/** Beyond this many bytes of tables a program goes in place: its depth would cost more memory than its states. */
const TABLE_BYTES = 1 << 26;
/** So few bytes of tables that nobody needs to ask how much memory is free. */
const SMALL_TABLE_BYTES = 1 << 20;
/** Lanes are chosen so that the states of one group stay in the second-level cache. */
const GROUP_BYTES = 1 << 20;
const MAX_LANES = 64;
/** Bytes a lane takes for each basis state in one pass: a state, its copy, and what is read from it. */
const LANE_BYTES = 48;
/** Bytes of the objects of one gate, about. */
const GATE_BYTES = 400;

const EMPTY = new Float64Array(0);

/** What a caller wants of the last stage: amplitudes as they are, or only what diagonal observables see of it. */
export type Readout = "amplitudes" | "expectations" | "diagonal expectations";

export interface StepProgramOptions {
  readonly memory: StateMemory;
  readonly tableQubits?: number | undefined;
  /** The most rows that are run at once. */
  readonly maxLanes?: number;
}

/**
 * A unitary circuit compiled to steps over the states of a group of rows, with the slot angles of any rows. It borrows
 * state buffers for a call, between `begin` and `end`; what it keeps are tables of `bytes` bytes.
 */
export class StepProgram {
  readonly workspace: Workspace;
  readonly numQubits: number;
  readonly maxLanes: number;
  readonly bytes: number;
  /** True where the states are so large that callers should let other work run between the parts of a pass. */
  readonly pauses: boolean;
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
  readonly #memory: StateMemory;
  /** A buffer of the caller's that takes part in the call and is not given back. */
  #own: Float64Array | undefined;
  #firstWanted = 0;

  /** The circuit's states must fit into memory; the caller has checked that. */
  constructor(circuit: Circuit, readout: Readout, options: StepProgramOptions) {
    const { memory, tableQubits = TABLE_QUBITS, maxLanes = MAX_LANES } = options;
    const { numQubits } = circuit;
    const size = 2 ** numQubits;
    this.#memory = memory;
    this.numQubits = numQubits;

    const slots = slotsOf(circuit);
    const primitives = normalForm(circuit).filter(
      (primitive) => readout === "amplitudes" || primitive.kind !== "phase" || primitive.mask !== 0,
    );
    const stages = [...schedule(primitives, numQubits)];
    const tables = numQubits <= tableQubits ? fittingTables(stages, size, memory) : undefined;
    this.#tables = tables !== undefined;
    this.maxLanes = tables === undefined ? 1 : Math.min(maxLanes, lanesFor(size, memory.maxBytes));
    const last = stages.at(-1);
    if (readout === "diagonal expectations" && last?.kind === "monomial") {
      if (tables !== undefined) {
        stages.pop();
        const basis = tables.last(last);
        if (!tables.isIdentity(basis)) this.finalPermutation = tables.table(basis);
      } else if (last.items.every(({ kind }) => kind === "phase")) stages.pop();
    }
    const monomialStep = monomialSteps(tables, numQubits, this.maxLanes);
    this.#steps = stages.map((stage, index) =>
      stage.kind === "rotations" ? new RotationStep(stage, numQubits, this.maxLanes, index === 0) : monomialStep(stage),
    );
    this.pauses = size * this.maxLanes * this.#steps.length >= PAUSE_WORK;
    const [first] = this.#steps;
    this.#preparesState = first instanceof RotationStep && first.preparesState;

    this.#weightSlots = new SlotProgram(circuit, slots.filter(isShared));
    this.#weightIndices = Int32Array.from(this.#weightSlots.slots, ({ index }) => index);
    this.#rowSlots = new SlotProgram(
      circuit,
      slots.filter((slot) => !isShared(slot)),
    );
    this.#rowIndices = Int32Array.from(this.#rowSlots.slots, ({ index }) => index);
    this.#usesInput = Uint8Array.from(slots, ({ expression }) =>
      expression.parameters.some(({ role }) => role === "input") ? 1 : 0,
    );
    this.#usesWeight = Uint8Array.from(slots, ({ expression }) =>
      expression.parameters.some(({ role }) => role === "weight") ? 1 : 0,
    );
    this.#weightAngles = new Float64Array(this.#weightIndices.length);
    this.#rowAngles = new Float64Array(this.#rowIndices.length);
    this.workspace = {
      size,
      maxLanes: this.maxLanes,
      lanes: 0,
      psi: EMPTY,
      psiSpare: EMPTY,
      lambda: EMPTY,
      lambdaSpare: EMPTY,
      shared: new Uint8Array(slots.length),
      wanted: new Uint8Array(slots.length),
      sharedAngles: new Float64Array(slots.length),
      laneAngles: new Float64Array(slots.length * this.maxLanes),
      sharedGradients: new Float64Array(slots.length),
      laneGradients: new Float64Array(slots.length * this.maxLanes),
    };
    this.bytes =
      (tables?.bytes ?? 0) +
      this.#steps.reduce((sum, step) => sum + step.bytes, 0) +
      16 * slots.length * (this.maxLanes + 2) +
      GATE_BYTES * primitives.length;
  }

  /**
   * Borrows the buffers of a call; `end` must follow, whatever happens.
   * @param own a buffer of 2·2^n numbers to use for one row, which stays with the caller
   * @throws SimulatorError STATE_TOO_LARGE
   */
  begin(adjoint: boolean, own?: Float64Array): void {
    const { workspace } = this;
    const length = 2 * workspace.size * this.maxLanes;
    this.#own = own;
    workspace.psi = own ?? this.#memory.take(length);
    if (this.#tables) workspace.psiSpare = this.#memory.take(length);
    if (!adjoint) return;
    workspace.lambda = this.#memory.take(length);
    if (this.#tables) workspace.lambdaSpare = this.#memory.take(length);
  }

  end(): void {
    const { workspace } = this;
    this.#giveBack(workspace.psi);
    this.#giveBack(workspace.psiSpare);
    this.#giveBack(workspace.lambda);
    this.#giveBack(workspace.lambdaSpare);
    workspace.psi = EMPTY;
    workspace.psiSpare = EMPTY;
    workspace.lambda = EMPTY;
    workspace.lambdaSpare = EMPTY;
    this.#own = undefined;
  }

  #giveBack(buffer: Float64Array): void {
    if (buffer !== EMPTY && buffer !== this.#own) this.#memory.giveBack(buffer);
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
    this.#start(lanes);
    for (const step of this.#steps) step.forward(this.workspace);
  }

  /** As `forward`, pausing between the parts of a step where the state is large. */
  *forwardInSteps(lanes: number): Generator<void> {
    this.#start(lanes);
    for (const step of this.#steps)
      for (let part = 0; part < step.numParts; part++) {
        step.forwardPart(this.workspace, part);
        if (this.pauses) yield;
      }
  }

  #start(lanes: number): void {
    const { workspace } = this;
    workspace.lanes = lanes;
    for (const step of this.#steps) step.prepareLanes(workspace);
    if (this.#preparesState) return;
    workspace.psi.fill(0, 0, 2 * workspace.size * lanes);
    workspace.psi.fill(1, 0, lanes);
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

function isShared({ expression }: ReturnType<typeof slotsOf>[number]): boolean {
  return expression.parameters.every(({ role }) => role === "weight");
}

/** The tables of a program, not made yet, or undefined where they would take too much. */
function fittingTables(stages: readonly Stage[], size: number, memory: StateMemory): BasisTables | undefined {
  const { maxBytes } = memory;
  if (maxBytes !== undefined && LANE_BYTES * size > groupBytesFor(maxBytes)) return undefined;
  const tables = new BasisTables(size);
  let bytes = 0;
  for (const stage of stages)
    if (stage.kind === "monomial") {
      tables.count(stage);
      bytes += monomialBytes(stage, size);
    }
  bytes += tables.bytes;
  if (maxBytes === undefined && bytes <= SMALL_TABLE_BYTES) return tables;
  // By what the user set, never by what happens to be free: the two ways of computing round differently.
  return bytes <= Math.min(TABLE_BYTES, (maxBytes ?? Number.POSITIVE_INFINITY) / 8) ? tables : undefined;
}

function groupBytesFor(maxBytes: number | undefined): number {
  return maxBytes === undefined ? GROUP_BYTES : Math.min(GROUP_BYTES, maxBytes / 4);
}

function lanesFor(size: number, maxBytes: number | undefined): number {
  return Math.max(1, Math.min(MAX_LANES, Math.floor(groupBytesFor(maxBytes) / (LANE_BYTES * size))));
}

function monomialSteps(
  tables: BasisTables | undefined,
  numQubits: number,
  maxLanes: number,
): (stage: MonomialStage) => Step {
  if (tables === undefined) {
    const scratch = inPlaceScratch(numQubits);
    return (stage) => new InPlaceStep(stage, scratch);
  }
  const scratch = monomialScratch(2 ** numQubits, maxLanes);
  return (stage) => new MonomialStep(stage, tables, scratch);
}
