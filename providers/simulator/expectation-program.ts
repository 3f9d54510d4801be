import type { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import { type ConeExpectation, type ConeOptions, coneExpectation } from "./cone-expectation.ts";
import { partition } from "./cone-partition.ts";
import type { Dtype } from "./dtype.ts";
import type { RowExpectationProgram } from "./engine.ts";
import { assertLength, assertRows } from "./program-arrays.ts";
import type { StateMemory } from "./state-memory.ts";

/**
 * Exact expectation values and adjoint gradients (Jones and Gacon, arXiv:2009.02823) of a unitary circuit. Only the
 * light cone of the observables is simulated; on larger circuits each group of terms gets its own, one after another.
 */
export class StatevectorExpectation implements RowExpectationProgram {
  readonly circuit: Circuit;
  readonly numObservables: number;
  readonly #cones: readonly ConeExpectation[];
  #partial = new Float64Array(0);

  /** @throws SimulatorError STATE_TOO_LARGE */
  constructor(circuit: Circuit, observables: readonly SparsePauliOp[], memory: StateMemory, options: ConeOptions) {
    this.circuit = circuit;
    this.numObservables = observables.length;
    this.#cones = partition(circuit, observables).map((part) =>
      coneExpectation(circuit, part.cone, part.observables, memory, options),
    );
  }

  /** float32 where any part of the values comes from amplitudes in single precision. */
  get dtype(): Dtype {
    return this.#cones.some(({ dtype }) => dtype === "float32") ? "float32" : "float64";
  }

  get bytes(): number {
    return this.#cones.reduce((sum, cone) => sum + cone.bytes, 0);
  }

  evaluate(values: Float64Array, rows: number, outputs: Float64Array): void {
    for (const _ of this.evaluateInSteps(values, rows, outputs));
  }

  *evaluateInSteps(values: Float64Array, rows: number, outputs: Float64Array): Generator<void> {
    assertRows(rows);
    assertLength("values", values, "parameter", this.circuit.parameters.length, rows);
    assertLength("outputs", outputs, "observable", this.numObservables, rows);
    const [first, ...others] = this.#cones;
    yield* first!.evaluateInSteps(values, rows, outputs);
    if (others.length === 0) return;
    // Not the array of the other calls: some of them may come before the next step of this one.
    const partial = new Float64Array(outputs.length);
    for (const cone of others) {
      yield* cone.evaluateInSteps(values, rows, partial);
      for (let i = 0; i < partial.length; i++) outputs[i]! += partial[i]!;
    }
  }

  forward(inputs: Float64Array, weights: Float64Array, rows: number, outputs: Float64Array): void {
    this.#assertPoint(inputs, weights, rows, outputs);
    for (let index = 0; index < this.#cones.length; index++) {
      const target = this.#target(index, rows, outputs);
      this.#cones[index]!.run(inputs, weights, rows, null, target, null, null);
      this.#add(index, rows, outputs);
    }
  }

  backward(
    inputs: Float64Array,
    weights: Float64Array,
    rows: number,
    cotangents: Float64Array,
    outputs: Float64Array,
    weightGradients: Float64Array | null,
    inputGradients: Float64Array | null,
  ): void {
    const { numInputs, numWeights } = this.circuit;
    this.#assertPoint(inputs, weights, rows, outputs);
    assertLength("cotangents", cotangents, "observable", this.numObservables, rows);
    if (weightGradients !== null) assertLength("weightGradients", weightGradients, "weight", numWeights);
    if (inputGradients !== null) assertLength("inputGradients", inputGradients, "input", numInputs, rows);
    weightGradients?.fill(0);
    inputGradients?.fill(0);
    for (let index = 0; index < this.#cones.length; index++) {
      const target = this.#target(index, rows, outputs);
      this.#cones[index]!.run(inputs, weights, rows, cotangents, target, weightGradients, inputGradients);
      this.#add(index, rows, outputs);
    }
  }

  /** The first cone writes to the outputs, the others to an array that is added to them. */
  #target(cone: number, rows: number, outputs: Float64Array): Float64Array {
    if (cone === 0) return outputs;
    const length = rows * this.numObservables;
    if (this.#partial.length < length) this.#partial = new Float64Array(length);
    return this.#partial;
  }

  #add(cone: number, rows: number, outputs: Float64Array): void {
    if (cone === 0) return;
    const partial = this.#partial;
    const length = rows * this.numObservables;
    for (let i = 0; i < length; i++) outputs[i]! += partial[i]!;
  }

  #assertPoint(inputs: Float64Array, weights: Float64Array, rows: number, outputs: Float64Array): void {
    assertRows(rows);
    assertLength("inputs", inputs, "input", this.circuit.numInputs, rows);
    assertLength("weights", weights, "weight", this.circuit.numWeights);
    assertLength("outputs", outputs, "observable", this.numObservables, rows);
  }
}
