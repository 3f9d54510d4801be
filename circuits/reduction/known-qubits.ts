import { multiply } from "../arithmetic.ts";
import { foldControls, unfoldControls } from "../controls.ts";
import { constantValue } from "../expression.ts";
import { adjointMatrix, type Matrix } from "../matrices.ts";
import { gateOperation, matrixOf, type Operation, type UnitaryKind } from "../operation.ts";
import { angleAbout, axisOf } from "../transpiler/linalg/two-by-two.ts";
import { turnedAxis } from "../transpiler/passes/merge-locals.ts";
import { commutingAxes, type PauliAxis, sampleMatrices, withParams } from "./gate-axes.ts";

/** The Pauli of which a qubit is an eigenstate, apart from all others, and for which eigenvalue. */
interface KnownQubit {
  readonly axis: PauliAxis;
  readonly negative: boolean;
}

/**
 * Leaves out what does nothing since the circuit starts in |0…0⟩, walking forwards as long as single qubits are in known
 * states: rotations about their axis, controls that never or always hold, and the known half of a gate on two qubits.
 */
export function useKnownQubits(operations: readonly Operation[], numQubits: number): readonly Operation[] {
  const known = Array.from({ length: numQubits }, (): KnownQubit | undefined => ({ axis: "Z", negative: false }));
  const out: Operation[] = [];
  for (const operation of operations) {
    if (operation.kind !== "gate" && operation.kind !== "unitary") {
      out.push(operation);
      continue;
    }
    const simpler = withoutKnownQubits(withoutKnownControls(operation, known), known);
    if (simpler === undefined) continue;
    out.push(simpler);
    follow(simpler, known);
  }
  return out;
}

/** The operation without controls whose values are known; undefined where one never holds. */
function withoutKnownControls(
  operation: UnitaryKind,
  known: readonly (KnownQubit | undefined)[],
): UnitaryKind | undefined {
  const open = operation.kind === "gate" ? unfoldControls(operation) : operation;
  const { numControls, controlState, qubits } = open;
  const kept: number[] = [];
  for (let control = 0; control < numControls; control++) {
    const found = known[qubits[control]!];
    if (found?.axis !== "Z") {
      kept.push(control);
      continue;
    }
    if (bitOf(controlState, control) !== (found.negative ? 1 : 0)) return undefined;
  }
  if (kept.length === numControls) return operation;
  const state = kept.reduce((sum, control, bit) => sum + bitOf(controlState, control) * 2 ** bit, 0);
  const rest = [...kept.map((control) => qubits[control]!), ...qubits.slice(numControls)];
  if (open.kind === "gate") return foldControls(gateOperation(open.gate, open.params, rest, kept.length, state));
  return Object.freeze({ ...open, qubits: Object.freeze(rest), numControls: kept.length, controlState: state });
}

function bitOf(state: number, bit: number): number {
  return Math.floor(state / 2 ** bit) % 2;
}

/** The operation without a qubit that it leaves in its known state; undefined where nothing is left. */
function withoutKnownQubits(
  operation: UnitaryKind | undefined,
  known: readonly (KnownQubit | undefined)[],
): UnitaryKind | undefined {
  if (operation === undefined || operation.qubits.length > 2 || operation.qubits.length === 0) return operation;
  const axes = commutingAxes(operation);
  const position = operation.qubits.findIndex((qubit, i) => axes[i] !== undefined && known[qubit]?.axis === axes[i]);
  if (position < 0) return operation;
  if (operation.qubits.length === 1) return undefined;
  const { axis, negative } = known[operation.qubits[position]!]!;
  const other = operation.qubits[1 - position]!;
  const rest = restricted(operation, position, axis, negative, other);
  return rest === "unknown" ? operation : withoutKnownQubits(rest, known);
}

/** Half of a gate on two qubits, as a rotation of the other one. */
function restricted(
  operation: UnitaryKind,
  position: number,
  axis: PauliAxis,
  negative: boolean,
  other: number,
): UnitaryKind | undefined | "unknown" {
  const halves = sampleMatrices(operation).map((matrix) => halfOf(matrix, position, axis, negative));
  const axes = halves.map(axisOf);
  if (axes.every((one) => one === "I")) return undefined;
  const found = axes.find((one) => one !== "I")!;
  if (found === "none" || axes.some((one) => one !== "I" && one !== found)) return "unknown";
  const gate = ({ X: "rx", Y: "ry", Z: "rz" } as const)[found];
  if (halves.length === 1) return gateOperation(gate, [angleAbout(halves[0]!, found)], [other]);
  if (operation.kind !== "gate" || operation.params.length !== 1) return "unknown";
  const slope = SLOPES.find((factor) =>
    PROBES.every((probe) => {
      const half = halfOf(matrixOf(withParams(operation, [probe])), position, axis, negative);
      const turn = 2 * Math.PI;
      const apart = (angleAbout(half, found) - factor * probe) / turn;
      return Math.abs(apart - Math.round(apart)) < 1e-9;
    }),
  );
  return slope === undefined ? "unknown" : gateOperation(gate, [multiply(slope, operation.params[0]!)], [other]);
}

/** What the angle of a two-qubit gate of the table can mean to one of its qubits. */
const SLOPES = [1, -1, 0.5, -0.5];
const PROBES = [0.7313, 2.0141, -1.1371];

/** (⟨v|⊗1)·M·(|v⟩⊗1) for the eigenstate v of a Pauli on one of two qubits. */
function halfOf(matrix: Matrix, position: number, axis: PauliAxis, negative: boolean): Matrix {
  const sign = negative ? -1 : 1;
  const r = Math.SQRT1_2;
  const [re, im] =
    axis === "Z"
      ? [negative ? [0, 1] : [1, 0], [0, 0]]
      : axis === "X"
        ? [
            [r, sign * r],
            [0, 0],
          ]
        : [
            [r, 0],
            [0, sign * r],
          ];
  const out = new Float64Array(8);
  const index = (own: number, rest: number): number => (position === 0 ? own | (rest << 1) : rest | (own << 1));
  for (let row = 0; row < 2; row++)
    for (let column = 0; column < 2; column++)
      for (let i = 0; i < 2; i++)
        for (let j = 0; j < 2; j++) {
          const at = 2 * (index(i, row) * 4 + index(j, column));
          // conj(v_i)·v_j
          const pr = re![i]! * re![j]! + im![i]! * im![j]!;
          const pi = re![i]! * im![j]! - im![i]! * re![j]!;
          out[2 * (2 * row + column)]! += pr * matrix[at]! - pi * matrix[at + 1]!;
          out[2 * (2 * row + column) + 1]! += pr * matrix[at + 1]! + pi * matrix[at]!;
        }
  return out;
}

/** What is known of the qubits after an operation. */
function follow(operation: UnitaryKind, known: (KnownQubit | undefined)[]): void {
  const axes = commutingAxes(operation);
  for (const [position, qubit] of operation.qubits.entries()) {
    const before = known[qubit];
    if (before === undefined || before.axis === axes[position]) continue;
    known[qubit] = operation.qubits.length === 1 ? turned(operation, before) : undefined;
  }
}

function turned(operation: UnitaryKind, before: KnownQubit): KnownQubit | undefined {
  if (operation.kind === "gate" && operation.params.some((param) => constantValue(param) === undefined))
    return undefined;
  // U·P·U† stabilises what P did.
  const found = turnedAxis(adjointMatrix(matrixOf(operation)), before.axis);
  return found === undefined ? undefined : { axis: found.axis, negative: found.negative !== before.negative };
}
