import { constantValue } from "../expression.ts";
import { gateSpec } from "../gates.ts";
import { dimensionOf, type Matrix } from "../matrices.ts";
import { type GateOperation, matrixOf, type UnitaryKind } from "../operation.ts";

export type PauliAxis = "X" | "Y" | "Z";
const PAULI_AXES: readonly PauliAxis[] = ["X", "Y", "Z"];

const TOLERANCE = 1e-12;
/** Angles that are special for no gate; what holds at two such rows holds for all angles. */
const SAMPLES: readonly (readonly number[])[] = [
  [0.7313, 1.1371, -0.5127, 0.3719],
  [2.0141, -0.8733, 1.6127, -1.2341],
];

/** The matrices of a gate at sample angles (in place of free ones only), or of a unitary as it is. */
export function sampleMatrices(operation: UnitaryKind): readonly Matrix[] {
  if (operation.kind === "unitary") return [matrixOf(operation)];
  const { params } = operation;
  if (params.every((param) => constantValue(param) !== undefined)) return [matrixOf(operation)];
  return SAMPLES.map((sample) => matrixOf(withParams(operation, sample)));
}

/** The gate with other angles, of which there may be more than it needs. */
export function withParams(operation: GateOperation, params: readonly number[]): GateOperation {
  return { ...operation, params: params.slice(0, operation.params.length) };
}

const OF_GATES = new Map<string, readonly (PauliAxis | undefined)[]>();

/**
 * For each qubit of an operation the Pauli with which it commutes there, whatever its angles; undefined where there is none.
 * Two operations commute when they have the same Pauli on every qubit that they share.
 */
export function commutingAxes(operation: UnitaryKind): readonly (PauliAxis | undefined)[] {
  const controls = new Array<PauliAxis>(operation.numControls).fill("Z");
  if (operation.kind === "unitary")
    return [...controls, ...axesOf([operation.matrix as Matrix], operation.qubits.length - controls.length)];
  let own = OF_GATES.get(operation.gate);
  if (own === undefined) {
    const { matrix, numQubits, numParams } = gateSpec(operation.gate);
    const samples = numParams === 0 ? [matrix([])] : SAMPLES.map((sample) => matrix(sample.slice(0, numParams)));
    own = axesOf(samples, numQubits);
    OF_GATES.set(operation.gate, own);
  }
  return [...controls, ...own];
}

function axesOf(matrices: readonly Matrix[], numQubits: number): readonly (PauliAxis | undefined)[] {
  return Array.from({ length: numQubits }, (_, bit) =>
    PAULI_AXES.find((axis) => matrices.every((matrix) => commutesWith(matrix, bit, axis))),
  );
}

/** Whether P·M·P = M for a Pauli on one bit of the matrix's index. */
function commutesWith(matrix: Matrix, bit: number, axis: PauliAxis): boolean {
  const size = dimensionOf(matrix);
  const flip = axis === "Z" ? 0 : 1 << bit;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const differ = ((i ^ j) >> bit) & 1;
      const sign = axis !== "X" && differ === 1 ? -1 : 1;
      const here = 2 * (i * size + j);
      const there = 2 * ((i ^ flip) * size + (j ^ flip));
      if (Math.abs(matrix[here]! - sign * matrix[there]!) > TOLERANCE) return false;
      if (Math.abs(matrix[here + 1]! - sign * matrix[there + 1]!) > TOLERANCE) return false;
    }
  return true;
}

/** Whether two operations commute by the Paulis on the qubits that they share. */
export function commute(a: UnitaryKind, b: UnitaryKind): boolean {
  let axesOfA: readonly (PauliAxis | undefined)[] | undefined;
  let axesOfB: readonly (PauliAxis | undefined)[] | undefined;
  for (const [position, qubit] of a.qubits.entries()) {
    const other = b.qubits.indexOf(qubit);
    if (other < 0) continue;
    axesOfA ??= commutingAxes(a);
    axesOfB ??= commutingAxes(b);
    if (axesOfA[position] === undefined || axesOfA[position] !== axesOfB[other]) return false;
  }
  return true;
}
