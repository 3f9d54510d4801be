import { describeValue } from "./describe-value.ts";
import { CircuitError } from "./errors.ts";
import { type Angle, constantValue, ParameterExpression, simplified } from "./expression.ts";
import { frequenciesOf, type GateName, gateSpec } from "./gates.ts";
import { controlledMatrix, dimensionOf, type Matrix, unitarityError } from "./matrices.ts";

/** A gate of the table on qubits, with `numControls` further controls in front of the gate's own qubits. */
export interface GateOperation {
  readonly kind: "gate";
  readonly gate: GateName;
  /** Radians. */
  readonly params: readonly Angle[];
  /** Further controls first, then the gate's qubits. */
  readonly qubits: readonly number[];
  readonly numControls: number;
  /** Bit i is the value control i must have; all ones unless negative controls were asked for. */
  readonly controlState: number;
}

/** An arbitrary unitary on qubits; the first target qubit is the matrix's least significant bit. */
export interface UnitaryOperation {
  readonly kind: "unitary";
  /** Shared by all that hold the operation: read it, never write to it. `operationMatrix` gives a copy. */
  readonly matrix: Readonly<Matrix>;
  readonly label: string;
  readonly qubits: readonly number[];
  readonly numControls: number;
  readonly controlState: number;
}

export interface MeasureOperation {
  readonly kind: "measure";
  readonly qubit: number;
  readonly clbit: number;
}

export interface ResetOperation {
  readonly kind: "reset";
  readonly qubit: number;
}

export interface BarrierOperation {
  readonly kind: "barrier";
  readonly qubits: readonly number[];
}

export const DURATION_UNITS = ["dt", "ns", "us", "ms", "s"] as const;
export type DurationUnit = (typeof DURATION_UNITS)[number];

export interface DelayOperation {
  readonly kind: "delay";
  readonly qubit: number;
  readonly duration: number;
  readonly unit: DurationUnit;
}

/** True when the clbits, the first being the least significant, read `value`. */
export interface Condition {
  readonly clbits: readonly number[];
  readonly value: number;
}

export interface IfOperation {
  readonly kind: "if";
  readonly condition: Condition;
  readonly whenTrue: readonly Operation[];
  readonly whenFalse: readonly Operation[];
}

export type UnitaryKind = GateOperation | UnitaryOperation;
export type Operation =
  | GateOperation
  | UnitaryOperation
  | MeasureOperation
  | ResetOperation
  | BarrierOperation
  | DelayOperation
  | IfOperation;

const MAX_CONTROLS = 30;

/** Makes a checked gate operation. @throws CircuitError GATE_UNKNOWN, GATE_QUBIT_COUNT, GATE_PARAMETER_COUNT, QUBIT_DUPLICATE, GATE_ANGLE, CONTROL_COUNT, CONTROL_STATE */
export function gateOperation(
  gate: string,
  params: readonly Angle[],
  qubits: readonly number[],
  numControls = 0,
  controlState: number = 2 ** numControls - 1,
): GateOperation {
  const spec = gateSpec(gate);
  if (!Array.isArray(params))
    throw new CircuitError(
      "GATE_PARAMETER_COUNT",
      `Gate ${gate} needs a list of parameters, not ${describeValue(params)}.`,
    );
  if (!Array.isArray(qubits))
    throw new CircuitError("GATE_QUBIT_COUNT", `Gate ${gate} needs a list of qubits, not ${describeValue(qubits)}.`);
  if (params.length !== spec.numParams)
    throw new CircuitError(
      "GATE_PARAMETER_COUNT",
      `Gate ${gate} takes ${spec.numParams} parameter(s) but was given ${params.length}.`,
    );
  checkControls(numControls, controlState);
  if (qubits.length !== spec.numQubits + numControls)
    throw new CircuitError(
      "GATE_QUBIT_COUNT",
      `Gate ${gate}${numControls === 0 ? "" : ` with ${numControls} more control(s)`} acts on ${spec.numQubits + numControls} qubit(s) but was given ${qubits.length} (${qubits.join(", ")}).`,
    );
  checkDistinct(`Gate ${gate}`, qubits);
  const simple = params.map((param, index) => {
    if (typeof param !== "number" && !(param instanceof ParameterExpression))
      throw new CircuitError(
        "GATE_ANGLE",
        `Parameter ${index} of gate ${gate} must be a number or an expression, not ${describeValue(param)}.`,
      );
    const angle = simplified(param);
    if (typeof angle === "number" && !Number.isFinite(angle))
      throw new CircuitError(
        "GATE_ANGLE",
        `Parameter ${index} of gate ${gate} is ${angle}; angles must be finite numbers in radians.`,
      );
    return angle;
  });
  return Object.freeze({
    kind: "gate",
    gate: gate as GateName,
    params: Object.freeze(simple),
    qubits: Object.freeze([...qubits]),
    numControls,
    controlState,
  });
}

/** Makes a checked unitary operation. @throws CircuitError UNITARY_SHAPE, UNITARY_NOT_UNITARY, QUBIT_DUPLICATE, CONTROL_COUNT, CONTROL_STATE */
export function unitaryOperation(
  matrix: Matrix,
  qubits: readonly number[],
  label = "unitary",
  numControls = 0,
  controlState: number = 2 ** numControls - 1,
): UnitaryOperation {
  if (!ArrayBuffer.isView(matrix) && !Array.isArray(matrix))
    throw new CircuitError(
      "UNITARY_SHAPE",
      `A unitary needs its matrix as numbers, not ${describeValue(matrix)}; complexMatrix(rows) makes them.`,
    );
  if (!Array.isArray(qubits))
    throw new CircuitError("UNITARY_SHAPE", `A unitary needs a list of qubits, not ${describeValue(qubits)}.`);
  const size = dimensionOf(matrix);
  checkControls(numControls, controlState);
  const targets = qubits.length - numControls;
  if (size !== 2 ** targets || matrix.length !== 2 * size * size)
    throw new CircuitError(
      "UNITARY_SHAPE",
      `A unitary on ${targets} qubit(s) needs ${2 * 4 ** targets} numbers (row-major, re and im interleaved) but has ${matrix.length}.`,
    );
  const error = unitarityError(matrix);
  if (!(error < 1e-8))
    throw new CircuitError(
      "UNITARY_NOT_UNITARY",
      `The matrix is not unitary: |U†U - 1| is ${error} (at most 1e-8 is allowed).`,
    );
  checkDistinct(`Unitary ${label}`, qubits);
  return Object.freeze({
    kind: "unitary",
    // JSON has one zero; adding 0 turns -0 into it, so that a round trip changes nothing.
    matrix: Float64Array.from(matrix, (value) => value + 0),
    label,
    qubits: Object.freeze([...qubits]),
    numControls,
    controlState,
  });
}

/** @throws CircuitError CONTROL_COUNT, CONTROL_STATE */
export function checkControls(numControls: number, controlState: number): void {
  if (!Number.isSafeInteger(numControls) || numControls < 0 || numControls > MAX_CONTROLS)
    throw new CircuitError(
      "CONTROL_COUNT",
      `${numControls} controls were asked for; 0 to ${MAX_CONTROLS} are possible.`,
    );
  if (!Number.isSafeInteger(controlState) || controlState < 0 || controlState >= 2 ** numControls)
    throw new CircuitError("CONTROL_STATE", `Control state ${controlState} does not fit ${numControls} control(s).`);
}

/** @throws CircuitError QUBIT_DUPLICATE */
export function checkDistinct(gate: string, qubits: readonly number[]): void {
  if (new Set(qubits).size !== qubits.length)
    throw new CircuitError("QUBIT_DUPLICATE", `${gate} was given the same qubit twice (${qubits.join(", ")}).`);
}

/**
 * The unitary of a gate or unitary operation, all controls included, on its own qubits; a copy, free to change.
 * @throws CircuitError CIRCUIT_UNBOUND
 */
export function operationMatrix(operation: UnitaryKind): Matrix {
  const matrix = matrixOf(operation);
  return operation.kind === "unitary" && matrix === operation.matrix ? matrix.slice() : matrix;
}

/** As `operationMatrix`, but a unitary's own matrix is not copied: only to be read. @throws CircuitError CIRCUIT_UNBOUND */
export function matrixOf(operation: UnitaryKind): Matrix {
  const base =
    operation.kind === "unitary"
      ? operation.matrix
      : gateSpec(operation.gate).matrix(
          operation.params.map((param) => {
            const value = constantValue(param);
            if (value === undefined)
              throw new CircuitError(
                "CIRCUIT_UNBOUND",
                `Gate ${operation.gate} has the free parameter ${String(param)}; bind it first.`,
              );
            return value;
          }),
        );
  return operation.numControls === 0
    ? base
    : controlledMatrix(base, operation.numControls, [1, 0], operation.controlState);
}

/** The frequencies of an expectation value in parameter `index` of a gate, its further controls taken into account. */
export function slotFrequencies(operation: GateOperation, index: number): readonly number[] {
  const harmonics = gateSpec(operation.gate).harmonics[index] ?? [];
  return frequenciesOf(operation.numControls === 0 ? harmonics : [...new Set([0, ...harmonics])]);
}

/** The qubits an operation touches, branches of an `if` included. */
export function qubitsOf(operation: Operation): readonly number[] {
  switch (operation.kind) {
    case "measure":
    case "reset":
    case "delay":
      return [operation.qubit];
    case "if":
      return [...new Set([...operation.whenTrue, ...operation.whenFalse].flatMap(qubitsOf))];
    default:
      return operation.qubits;
  }
}

/** The classical bits an operation reads or writes. */
export function clbitsOf(operation: Operation): readonly number[] {
  if (operation.kind === "measure") return [operation.clbit];
  if (operation.kind === "if")
    return [
      ...new Set([...operation.condition.clbits, ...[...operation.whenTrue, ...operation.whenFalse].flatMap(clbitsOf)]),
    ];
  return [];
}

/** Rebuilds an operation with mapped qubits, clbits and angles; the identity where a map is left out. */
export function mapOperation(
  operation: Operation,
  maps: {
    readonly qubit?: (qubit: number) => number;
    readonly clbit?: (clbit: number) => number;
    readonly angle?: (angle: Angle) => Angle;
  },
): Operation {
  const { qubit = (q) => q, clbit = (c) => c, angle = (a) => a } = maps;
  switch (operation.kind) {
    case "gate":
      return gateOperation(
        operation.gate,
        operation.params.map(angle),
        operation.qubits.map(qubit),
        operation.numControls,
        operation.controlState,
      );
    case "unitary":
      return Object.freeze({ ...operation, qubits: Object.freeze(operation.qubits.map(qubit)) });
    case "barrier":
      return Object.freeze({ ...operation, qubits: Object.freeze(operation.qubits.map(qubit)) });
    case "measure":
      return Object.freeze({ ...operation, qubit: qubit(operation.qubit), clbit: clbit(operation.clbit) });
    case "reset":
    case "delay":
      return Object.freeze({ ...operation, qubit: qubit(operation.qubit) });
    case "if":
      return Object.freeze({
        kind: "if",
        condition: Object.freeze({
          clbits: Object.freeze(operation.condition.clbits.map(clbit)),
          value: operation.condition.value,
        }),
        whenTrue: Object.freeze(operation.whenTrue.map((inner) => mapOperation(inner, maps))),
        whenFalse: Object.freeze(operation.whenFalse.map((inner) => mapOperation(inner, maps))),
      });
  }
}
