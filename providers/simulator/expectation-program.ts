import { Circuit, mapOperation, SparsePauliOp } from "../../circuits/index.ts";
import type { RowExpectationProgram } from "./engine.ts";
import { type LightCone, lightCone, restrict } from "./light-cone.ts";
import { assertStateFits } from "./memory.ts";
import { ObservableKernel } from "./observable-kernel.ts";
import { StepProgram } from "./step-program.ts";

/** One light cone with the parts of the observables that it decides. */
class ConeProgram {
  readonly #steps: StepProgram;
  readonly #observables: ObservableKernel;
  readonly #numInputs: number;
  readonly #row: Float64Array;
  readonly #gradient: Float64Array;

  constructor(circuit: Circuit, cone: LightCone, observables: readonly SparsePauliOp[], options: StatevectorOptions) {
    assertStateFits(cone.numQubits, 1.5, options.maxBytes);
    const place = new Map(cone.qubits.map((qubit, index) => [qubit, index]));
    const reduced = Circuit.build(cone.numQubits, (builder) => {
      builder.declare(...circuit.vectors);
      for (const operation of cone.operations)
        builder.append(mapOperation(operation, { qubit: (qubit) => place.get(qubit)! }));
    });
    const local = observables.map((observable) => restrict(observable, cone));
    const diagonal = local.every(({ isDiagonal }) => isDiagonal);
    this.#steps = new StepProgram(reduced, diagonal ? "diagonal expectations" : "expectations", options);
    this.#observables = new ObservableKernel(local, cone.numQubits, this.#steps.maxLanes, this.#steps.finalPermutation);
    this.#numInputs = circuit.numInputs;
    this.#row = new Float64Array(circuit.parameters.length);
    this.#gradient = new Float64Array(circuit.parameters.length);
  }

  /** Writes [rows, K] for values [rows, P]. */
  evaluate(values: Float64Array, rows: number, outputs: Float64Array): void {
    const width = this.#row.length;
    const steps = this.#steps;
    steps.allocate(false);
    steps.beginRows();
    for (let start = 0; start < rows; start += steps.maxLanes) {
      const lanes = Math.min(steps.maxLanes, rows - start);
      for (let lane = 0; lane < lanes; lane++) {
        for (let k = 0; k < width; k++) this.#row[k] = values[(start + lane) * width + k]!;
        steps.setWholeLane(lane, this.#row);
      }
      steps.forward(lanes);
      this.#observables.evaluate(steps.workspace.psi, lanes, outputs, start);
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
    const numInputs = this.#numInputs;
    const row = this.#row;
    const adjoint = cotangents !== null;
    steps.allocate(adjoint);
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
      const { workspace } = steps;
      this.#observables.evaluate(workspace.psi, lanes, outputs, start);
      if (cotangents === null) continue;
      this.#observables.adjoint(workspace.psi, workspace.lambda, lanes, cotangents, start);
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
  }
}

/** Settings of the statevector engine; the defaults suit all circuits. */
export interface StatevectorOptions {
  /** Up to this many qubits, phases and permutations go by table, many rows at once; above, in place, row by row. */
  readonly tableQubits?: number;
  /** Bytes that the states of one program may take; by default most of what is free. */
  readonly maxBytes?: number;
}

/** Above this many qubits it pays to look for terms whose light cones are smaller than all together. */
const SPLIT_ABOVE = 10;

/**
 * Exact expectation values and adjoint gradients (Jones and Gacon, arXiv:2009.02823) of a unitary circuit. Only the
 * light cone of the observables is simulated; on larger circuits each group of terms gets its own.
 */
export class StatevectorExpectation implements RowExpectationProgram {
  readonly circuit: Circuit;
  readonly numObservables: number;
  readonly #cones: readonly ConeProgram[];
  #partial = new Float64Array(0);

  constructor(circuit: Circuit, observables: readonly SparsePauliOp[], options: StatevectorOptions = {}) {
    this.circuit = circuit;
    this.numObservables = observables.length;
    this.#cones = partition(circuit, observables).map(
      ({ cone, parts }) => new ConeProgram(circuit, cone, parts, options),
    );
  }

  evaluate(values: Float64Array, rows: number, outputs: Float64Array): void {
    this.#sum(rows, outputs, (cone, target) => cone.evaluate(values, rows, target));
  }

  forward(inputs: Float64Array, weights: Float64Array, rows: number, outputs: Float64Array): void {
    this.#sum(rows, outputs, (cone, target) => cone.run(inputs, weights, rows, null, target, null, null));
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
    weightGradients?.fill(0);
    inputGradients?.fill(0);
    this.#sum(rows, outputs, (cone, target) =>
      cone.run(inputs, weights, rows, cotangents, target, weightGradients, inputGradients),
    );
  }

  #sum(rows: number, outputs: Float64Array, run: (cone: ConeProgram, target: Float64Array) => void): void {
    const length = rows * this.numObservables;
    for (const [index, cone] of this.#cones.entries()) {
      if (index === 0) {
        run(cone, outputs);
        continue;
      }
      if (this.#partial.length < length) this.#partial = new Float64Array(length);
      run(cone, this.#partial);
      for (let i = 0; i < length; i++) outputs[i]! += this.#partial[i]!;
    }
  }
}

interface Part {
  readonly cone: LightCone;
  readonly parts: readonly SparsePauliOp[];
}

/** One cone for all terms, or several smaller ones where their states together are smaller. */
function partition(circuit: Circuit, observables: readonly SparsePauliOp[]): readonly Part[] {
  const whole = lightCone(circuit, [...new Set(observables.flatMap(({ support }) => support))]);
  const single = [{ cone: whole, parts: observables }];
  if (whole.numQubits <= SPLIT_ABOVE) return single;
  const cones = new Map<string, LightCone>();
  const coneOfSupport = (support: readonly number[]): LightCone => {
    const key = support.join();
    const cone = cones.get(key) ?? lightCone(circuit, support);
    cones.set(key, cone);
    return cone;
  };
  const terms = observables
    .flatMap(({ terms: own }, observable) =>
      own.map((term) => ({ observable, term, support: term.pauli.letters.map(([qubit]) => qubit) })),
    )
    .map((entry) => ({ ...entry, cone: coneOfSupport(entry.support) }))
    .sort((a, b) => b.cone.numQubits - a.cone.numQubits);
  const groups: { support: Set<number>; cone: LightCone; members: typeof terms }[] = [];
  for (const entry of terms) {
    const found = groups.find(({ cone }) => entry.cone.qubits.every((qubit) => cone.qubits.includes(qubit)));
    if (found === undefined) groups.push({ support: new Set(entry.support), cone: entry.cone, members: [entry] });
    else {
      found.members.push(entry);
      for (const qubit of entry.support) found.support.add(qubit);
    }
  }
  const parts = groups.map(({ support, members }) => ({
    cone: lightCone(circuit, [...support]),
    parts: observables.map(({ numQubits }, observable) =>
      SparsePauliOp.fromTerms(
        numQubits,
        members.filter((member) => member.observable === observable).map(({ term }) => term),
      ),
    ),
  }));
  const cost = (cone: LightCone): number => 2 ** cone.numQubits * (1 + cone.operations.length);
  return parts.reduce((sum, { cone }) => sum + cost(cone), 0) < cost(whole) ? parts : single;
}
