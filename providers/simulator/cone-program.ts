import { Circuit, mapOperation, type SparsePauliOp } from "../../circuits/index.ts";
import { type LightCone, restrict } from "./light-cone.ts";
import { ObservableKernel } from "./observable-kernel.ts";
import type { StateMemory } from "./state-memory.ts";
import { StepProgram } from "./step-program.ts";

/** States that a read-out of observables holds: the state, and half of one for what is read from it. */
const READ_STATES = 1.5;
/** With gradients the adjoint state is held besides. */
const GRADIENT_STATES = 2.5;

/** One light cone with the parts of the observables that it decides. */
export class ConeProgram {
  readonly bytes: number;
  readonly #memory: StateMemory;
  readonly #steps: StepProgram;
  readonly #kernel: ObservableKernel;
  readonly #numInputs: number;
  readonly #row: Float64Array;
  readonly #gradient: Float64Array;

  /** @throws SimulatorError STATE_TOO_LARGE */
  constructor(
    circuit: Circuit,
    cone: LightCone,
    observables: readonly SparsePauliOp[],
    memory: StateMemory,
    tableQubits: number | undefined,
  ) {
    memory.assertFits(cone.numQubits, READ_STATES);
    const place = new Map(cone.qubits.map((qubit, index) => [qubit, index]));
    const reduced = Circuit.build(cone.numQubits, (builder) => {
      for (const vector of circuit.vectors) builder.declare(vector);
      for (const operation of cone.operations)
        builder.append(mapOperation(operation, { qubit: (qubit) => place.get(qubit)! }));
    });
    const local = observables.map((observable) => restrict(observable, cone));
    const diagonal = local.every(({ isDiagonal }) => isDiagonal);
    this.#memory = memory;
    this.#steps = new StepProgram(reduced, diagonal ? "diagonal expectations" : "expectations", {
      memory,
      tableQubits,
    });
    this.#kernel = new ObservableKernel(local, cone.numQubits, this.#steps.maxLanes, this.#steps.finalPermutation);
    this.#numInputs = circuit.numInputs;
    this.#row = new Float64Array(circuit.parameters.length);
    this.#gradient = new Float64Array(circuit.parameters.length);
    this.bytes = this.#steps.bytes + this.#kernel.bytes + 16 * this.#row.length;
  }

  /** Writes [rows, K] for values [rows, P], pausing after each group of rows, and between passes where a group takes long. */
  *evaluateInSteps(values: Float64Array, rows: number, outputs: Float64Array): Generator<void> {
    const width = this.#row.length;
    const steps = this.#steps;
    const { workspace, pauses } = steps;
    const kernel = this.#kernel;
    const scratch = this.#begin(false);
    try {
      steps.beginRows();
      for (let start = 0; start < rows; start += steps.maxLanes) {
        const lanes = Math.min(steps.maxLanes, rows - start);
        for (let lane = 0; lane < lanes; lane++) {
          for (let k = 0; k < width; k++) this.#row[k] = values[(start + lane) * width + k]!;
          steps.setWholeLane(lane, this.#row);
        }
        if (!pauses) {
          steps.forward(lanes);
          kernel.evaluate(workspace.psi, lanes, outputs, start, scratch);
          yield;
          continue;
        }
        yield* steps.forwardInSteps(lanes);
        for (let part = 0; part < kernel.numParts; part++) {
          kernel.evaluatePart(part, workspace.psi, lanes, scratch);
          yield;
        }
        kernel.combine(lanes, outputs, start);
      }
    } finally {
      this.#end(scratch);
    }
  }

  /** Writes outputs; with cotangents also adds to the gradients that are not null. */
  run(
    inputs: Float64Array,
    weights: Float64Array,
    rows: number,
    cotangents: Float64Array | null,
    outputs: Float64Array,
    weightGradients: Float64Array | null,
    inputGradients: Float64Array | null,
  ): void {
    const steps = this.#steps;
    const { workspace } = steps;
    const numInputs = this.#numInputs;
    const row = this.#row;
    const adjoint = cotangents !== null;
    const scratch = this.#begin(adjoint);
    try {
      row.set(weights, numInputs);
      steps.beginShared(row, adjoint && inputGradients !== null, adjoint && weightGradients !== null);
      this.#gradient.fill(0);
      for (let start = 0; start < rows; start += steps.maxLanes) {
        const lanes = Math.min(steps.maxLanes, rows - start);
        for (let lane = 0; lane < lanes; lane++) {
          for (let k = 0; k < numInputs; k++) row[k] = inputs[(start + lane) * numInputs + k]!;
          steps.setLane(lane, row);
        }
        steps.forward(lanes);
        this.#kernel.evaluate(workspace.psi, lanes, outputs, start, scratch);
        if (cotangents === null) continue;
        this.#kernel.adjoint(workspace.psi, workspace.lambda, lanes, cotangents, start, scratch);
        steps.backward();
        for (let lane = 0; lane < lanes; lane++) {
          const from = (start + lane) * numInputs;
          for (let k = 0; k < numInputs; k++) {
            row[k] = inputs[from + k]!;
            this.#gradient[k] = 0;
          }
          steps.pullbackLane(lane, row, this.#gradient);
          if (inputGradients !== null)
            for (let k = 0; k < numInputs; k++) inputGradients[from + k]! += this.#gradient[k]!;
        }
      }
      if (cotangents === null || weightGradients === null) return;
      steps.pullbackShared(row, this.#gradient);
      for (let k = 0; k < weightGradients.length; k++) weightGradients[k]! += this.#gradient[numInputs + k]!;
    } finally {
      this.#end(scratch);
    }
  }

  /** Borrows what a call needs, and returns the array that read-outs overwrite. @throws SimulatorError STATE_TOO_LARGE */
  #begin(adjoint: boolean): Float64Array {
    const { numQubits, maxLanes, workspace } = this.#steps;
    this.#memory.assertFits(numQubits, adjoint ? GRADIENT_STATES : READ_STATES);
    try {
      this.#steps.begin(adjoint);
      return this.#memory.take(workspace.size * maxLanes);
    } catch (error) {
      this.#steps.end();
      throw error;
    }
  }

  #end(scratch: Float64Array): void {
    this.#steps.end();
    this.#memory.giveBack(scratch);
  }
}
