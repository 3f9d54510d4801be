import {
  type Angle,
  type GateOperation,
  gateSpec,
  isCliffordMatrix,
  type Operation,
  operationMatrix,
  ParameterExpression,
} from "../../../circuits/index.ts";
import { isEntangler, type TrainedCircuit, withOperations } from "./trained-circuit.ts";

/** A gate with one angle that does not depend on inputs, so that it can be moved for all rows of data at once. */
export interface TunableGate {
  /** Among the circuit's operations. */
  readonly position: number;
  readonly operation: GateOperation;
  /** Its angle at the circuit's weights, radians. */
  readonly angle: number;
  /** False where the angle is a number and not a weight's. */
  readonly free: boolean;
}

/** Gates whose one angle depends on weights alone, or is a number. */
export function tunableGates({ circuit, weights }: TrainedCircuit): readonly TunableGate[] {
  const { numInputs, parameters } = circuit;
  const values = new Map(parameters.slice(numInputs).map(({ name }, index) => [name, weights[index]!]));
  return circuit.operations.flatMap((operation, position): readonly TunableGate[] => {
    if (operation.kind !== "gate" || operation.params.length !== 1 || gateSpec(operation.gate).power === undefined)
      return [];
    const [param] = operation.params as readonly [Angle];
    if (!(param instanceof ParameterExpression)) return [{ position, operation, angle: param, free: false }];
    if (param.parameters.some(({ role }) => role === "input")) return [];
    return [{ position, operation, angle: param.evaluate(({ name }) => values.get(name)), free: true }];
  });
}

/**
 * The same circuit with gates of several angles taken apart, where these have weights and no further controls: a u becomes
 * three rotations, each of which can be moved and taken away by itself.
 */
export function withSingleAngles(trained: TrainedCircuit): TrainedCircuit {
  const apart = (operation: Operation): readonly Operation[] => {
    if (operation.kind !== "gate" || operation.params.length < 2 || operation.numControls > 0) return [operation];
    const calls = gateSpec(operation.gate).decomposition?.(operation.params);
    if (calls === undefined || !rolesOf(operation).has("weight")) return [operation];
    return calls.flatMap(([gate, params, positions]) => {
      const qubits = positions.map((position) => operation.qubits[position]!);
      return apart({ ...operation, gate: gate as GateOperation["gate"], params, qubits });
    });
  };
  const operations = trained.circuit.operations.flatMap(apart);
  return operations.length === trained.circuit.operations.length ? trained : withOperations(trained, operations);
}

/** What can be taken away: gates that have weights, and those on two qubits or more that have no inputs. */
export function removablePositions({ circuit }: TrainedCircuit): readonly number[] {
  return circuit.operations.flatMap((operation, position) => {
    const roles = rolesOf(operation);
    return !roles.has("input") && (roles.has("weight") || isEntangler(operation)) ? [position] : [];
  });
}

export function rolesOf(operation: Operation): ReadonlySet<string> {
  if (operation.kind !== "gate") return new Set();
  return new Set(
    operation.params.flatMap((param) => (typeof param === "number" ? [] : param.parameters.map(({ role }) => role))),
  );
}

/** The numbers s such that the gate's elements are combinations of exp(-i·s·angle), controls taken into account. */
export function slotHarmonics({ gate, numControls }: GateOperation): readonly number[] {
  const own = gateSpec(gate).harmonics[0]!;
  return numControls === 0 ? own : [...new Set([0, ...own])];
}

/** After which angle the gate is the same again, global phase aside. */
export function periodOf(operation: GateOperation): number {
  const harmonics = slotHarmonics(operation);
  const gaps = harmonics.flatMap((a) => harmonics.map((b) => Math.abs(a - b))).filter((gap) => gap > 0);
  return (2 * Math.PI) / Math.min(...gaps);
}

/** The way to the nearest angle at which the gate is the identity. */
export function shiftToIdentity({ operation, angle }: TunableGate): number {
  const period = periodOf(operation);
  return period * Math.round(angle / period) - angle;
}

/** To which angles gates are snapped: those of Clifford gates, or all multiples of π/4 as well. */
export type AngleGrid = "clifford" | "eighth";

/** The way to the nearest cheap angle. */
export function shiftToGrid(gate: TunableGate, grid: AngleGrid): number {
  const { operation, angle } = gate;
  const step = grid === "clifford" ? Math.PI / 2 : Math.PI / 4;
  const period = periodOf(operation);
  const count = Math.round(period / step);
  let best = shiftToIdentity(gate);
  for (let k = 0; k < count; k++) {
    const target = k * step;
    if (grid === "clifford" && !isClifford(operation, target)) continue;
    const shift = period * Math.round((angle - target) / period) + target - angle;
    if (Math.abs(shift) < Math.abs(best)) best = shift;
  }
  return best;
}

const KNOWN = new Map<string, boolean>();

function isClifford(operation: GateOperation, angle: number): boolean {
  const { gate, numControls, controlState } = operation;
  const key = `${gate} ${numControls} ${controlState} ${angle}`;
  let known = KNOWN.get(key);
  if (known === undefined) {
    known = operation.qubits.length <= 3 && isCliffordMatrix(operationMatrix({ ...operation, params: [angle] }));
    KNOWN.set(key, known);
  }
  return known;
}

/** A multiple of a quarter or eighth turn as near to exact as a number gets, in (-period/2, period/2]. */
export function exactAngle(angle: number, operation: GateOperation, grid: AngleGrid): number {
  const step = grid === "clifford" ? Math.PI / 2 : Math.PI / 4;
  const period = periodOf(operation);
  const within = angle - period * Math.ceil(angle / period - 0.5);
  return step * Math.round(within / step) + 0;
}
