import { add, divide, multiply, negate } from "../arithmetic.ts";
import { CircuitError } from "../errors.ts";
import type { Angle } from "../expression.ts";
import { type GateCall, gateSpec } from "../gates.ts";
import { type GateOperation, gateOperation } from "../operation.ts";

const MAX_PHASE_QUBITS = 12;

/**
 * A gate of the table, with any further controls, as gates that qelib1.inc has; exact, global phase included. OpenQASM 2
 * has no global phase, so one is written as RZ(-2γ) P(2γ) on the first qubit.
 * @throws CircuitError QASM2_CONTROLS beyond 12 qubits under one phase
 */
export function expandForQelib1(operation: GateOperation): readonly GateOperation[] {
  const out: GateOperation[] = [];
  const first = operation.qubits[0] ?? 0;
  const gate = (name: string, params: readonly Angle[], qubits: readonly number[]): void => {
    out.push(gateOperation(name, params, qubits));
  };
  const phase = (angle: Angle, qubits: readonly number[]): void => {
    if (qubits.length === 0) {
      gate("rz", [multiply(-2, angle)], [first]);
      gate("p", [multiply(2, angle)], [first]);
    } else if (qubits.length === 1) gate("p", [angle], qubits);
    else if (qubits.length === 2) gate("cp", [angle], qubits);
    else parityPhases(angle, qubits, gate);
  };
  const controlledX = (controls: readonly number[], target: number): void => {
    if (controls.length === 0) gate("x", [], [target]);
    else if (controls.length === 1) gate("cx", [], [...controls, target]);
    else if (controls.length === 2) gate("ccx", [], [...controls, target]);
    else {
      gate("h", [], [target]);
      phase(Math.PI, [...controls, target]);
      gate("h", [], [target]);
    }
  };
  /** The gate under controls that must all be 1. */
  const visit = (
    name: string,
    params: readonly Angle[],
    controls: readonly number[],
    qubits: readonly number[],
  ): void => {
    const spec = gateSpec(name);
    if (controls.length === 0 && spec.qasm2 !== undefined) {
      gate(name, params, qubits);
      return;
    }
    if (spec.base !== undefined && spec.controls !== undefined && spec.phases === undefined) {
      visit(spec.base, params, [...controls, ...qubits.slice(0, spec.controls)], qubits.slice(spec.controls));
      return;
    }
    if (spec.phases !== undefined) {
      for (const { mask, constant = 0, param, coefficient = 1 } of spec.phases) {
        const angle = param === undefined ? constant : add(constant, multiply(coefficient, params[param]!));
        phase(angle, [...controls, ...qubits.filter((_, bit) => ((mask >> bit) & 1) === 1)]);
      }
      return;
    }
    if (name === "x") {
      controlledX(controls, qubits[0]!);
      return;
    }
    if (name === "swap") {
      gate("cx", [], [qubits[1]!, qubits[0]!]);
      controlledX([...controls, qubits[0]!], qubits[1]!);
      gate("cx", [], [qubits[1]!, qubits[0]!]);
      return;
    }
    if (name === "ry") {
      const half = divide(params[0]!, 2);
      gate("ry", [half], qubits);
      controlledX(controls, qubits[0]!);
      gate("ry", [negate(half)], qubits);
      controlledX(controls, qubits[0]!);
      return;
    }
    for (const [inner, angles, positions] of (spec.decomposition as (p: readonly Angle[]) => readonly GateCall[])(
      params,
    ))
      visit(
        inner,
        angles,
        controls,
        positions.map((position) => qubits[position]!),
      );
  };
  const { gate: name, params, qubits, numControls, controlState } = operation;
  const controls = qubits.slice(0, numControls);
  const negative = controls.filter((_, index) => Math.floor(controlState / 2 ** index) % 2 === 0);
  for (const control of negative) gate("x", [], [control]);
  visit(name, params, controls, qubits.slice(numControls));
  for (const control of negative) gate("x", [], [control]);
  return out;
}

/**
 * The phase e^{iα} on the state in which all k qubits are 1, from α·x₁⋯x_k = α/2^{k-1} Σ_S ±(⊕_{i∈S} xᵢ), one p gate a
 * set S. The sets with the same highest qubit follow a Gray code, so that one cx leads from each to the next.
 */
function parityPhases(
  angle: Angle,
  qubits: readonly number[],
  gate: (name: string, params: readonly Angle[], qubits: readonly number[]) => void,
): void {
  if (qubits.length > MAX_PHASE_QUBITS)
    throw new CircuitError(
      "QASM2_CONTROLS",
      `OpenQASM 2 needs ${2 ** qubits.length} gates for a phase on ${qubits.length} qubits; at most ${MAX_PHASE_QUBITS} qubits are written. Use OpenQASM 3.`,
    );
  const part = divide(angle, 2 ** (qubits.length - 1));
  for (let highest = qubits.length - 1; highest >= 0; highest--) {
    const target = qubits[highest]!;
    let members = 0;
    for (let step = 0; step < 2 ** highest; step++) {
      if (step > 0) {
        const changed = Math.log2(step ^ (step >> 1) ^ ((step - 1) ^ ((step - 1) >> 1)));
        gate("cx", [], [qubits[changed]!, target]);
        members += ((step ^ (step >> 1)) >> changed) & 1 ? 1 : -1;
      }
      gate("p", [members % 2 === 0 ? part : negate(part)], [target]);
    }
    if (highest > 0) gate("cx", [], [qubits[highest - 1]!, target]);
  }
}
