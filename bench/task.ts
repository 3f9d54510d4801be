import type { Angle, Circuit, GateName, SparsePauliOp } from "../circuits/index.ts";

/** offset + Σ coefficient · value of a column; columns are the inputs, then the weights. Radians. */
export interface TaskAngle {
  readonly offset: number;
  readonly terms: readonly (readonly [coefficient: number, column: number])[];
}

/** `rot` has the angles of rz, ry and rz in the order in which they act. */
export interface TaskGate {
  readonly name: GateName | "rot";
  readonly qubits: readonly number[];
  readonly angles: readonly TaskAngle[];
}

/** A workload as JSON, from which every peer builds the same circuit in its own terms. */
export interface Task {
  readonly kind: "gradient" | "state" | "sampling";
  readonly numQubits: number;
  readonly gates: readonly TaskGate[];
  /** How many of the gates, from the first, only prepare the state. */
  readonly numPreparing: number;
  readonly numInputs: number;
  readonly numWeights: number;
  readonly batch: number;
  /** [batch, numInputs] */
  readonly inputs: readonly number[];
  readonly weights: readonly number[];
  /** [batch, observables] */
  readonly cotangents: readonly number[];
  /** Of each observable its terms: coefficient and letters by qubit, such as `[[0, "Z"], [1, "Z"]]`. */
  readonly observables: readonly (readonly (readonly [
    coefficient: number,
    letters: readonly (readonly [qubit: number, letter: string])[],
  ])[])[];
}

export function observablesForPeers(observables: readonly SparsePauliOp[]): Task["observables"] {
  return observables.map(({ terms }) => terms.map(({ coefficient, pauli }) => [coefficient, pauli.letters] as const));
}

/**
 * A circuit's gates for peers. rz ry rz in a row on one qubit become one gate, which PennyLane applies as one matrix.
 * @throws Error for what peers are not told: controls in front of gates, matrices, angles that are not linear in the parameters
 */
export function gatesForPeers(circuit: Circuit): readonly TaskGate[] {
  const column = new Map(circuit.parameters.map(({ name }, index) => [name, index]));
  const gates: TaskGate[] = [];
  for (const operation of circuit.operations) {
    if (operation.kind === "barrier") continue;
    if (operation.kind !== "gate" || operation.numControls > 0)
      throw new Error(`Peers are not told of ${operation.kind} operations with controls.`);
    const { gate, qubits, params } = operation;
    gates.push({ name: gate, qubits, angles: params.map((angle) => affine(angle, column)) });
    const [first, second, third] = gates.slice(-3);
    const qubit = qubits[0];
    if (
      third?.name === "rz" &&
      second?.name === "ry" &&
      first?.name === "rz" &&
      first.qubits[0] === qubit &&
      second.qubits[0] === qubit
    )
      gates.splice(-3, 3, { name: "rot", qubits, angles: [first, second, third].flatMap(({ angles }) => angles) });
  }
  return gates;
}

function affine(angle: Angle, column: ReadonlyMap<string, number>): TaskAngle {
  if (typeof angle === "number") return { offset: angle, terms: [] };
  return {
    offset: angle.evaluate(() => 0),
    terms: angle.parameters.map((parameter) => {
      const slope = angle.derivative(parameter);
      if (slope.parameters.length > 0) throw new Error(`The angle ${angle} is not linear, which peers are not told.`);
      return [slope.evaluate(() => 0), column.get(parameter.name)!];
    }),
  };
}
