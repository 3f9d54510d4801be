import {
  type Angle,
  type Circuit,
  CircuitError,
  divide,
  type GateOperation,
  gateSpec,
  type Matrix,
  negate,
  type Operation,
  type ParameterExpression,
  slotsOf,
  weight,
} from "../../circuits/index.ts";

/** constant + Σ coefficients[k]·slot[slots[k]], radians. */
export interface AffineAngle {
  readonly constant: number;
  readonly slots: readonly number[];
  readonly coefficients: readonly number[];
}

/** exp(-i·angle/2·Y) on a qubit. */
export interface RotationPrimitive {
  readonly kind: "rotation";
  readonly qubit: number;
  readonly angle: AffineAngle;
}

/** Multiplies the amplitudes of the states that have all bits of `mask` by e^{i·angle}. */
export interface PhasePrimitive {
  readonly kind: "phase";
  readonly mask: number;
  readonly angle: AffineAngle;
}

/** Moves local state i of `qubits` to `permutation[i]` where all bits of `controls` are set. Always an involution. */
export interface PermutationPrimitive {
  readonly kind: "permutation";
  readonly qubits: readonly number[];
  readonly permutation: readonly number[];
  readonly controls: number;
}

/** Any unitary on `qubits` where all bits of `controls` are set. */
export interface DensePrimitive {
  readonly kind: "dense";
  readonly qubits: readonly number[];
  readonly matrix: Matrix;
  readonly controls: number;
}

export type Primitive = RotationPrimitive | PhasePrimitive | PermutationPrimitive | DensePrimitive;

/**
 * Rewrites a unitary circuit of at most 30 qubits as RY rotations, phases and permutations of basis states, by the
 * decompositions of the gate table; exact, global phase included. Slot k is the k-th entry of `slotsOf(circuit)`.
 * @throws CircuitError CIRCUIT_NOT_UNITARY when the circuit measures, resets or branches
 */
export function normalForm(circuit: Circuit): readonly Primitive[] {
  const count = slotsOf(circuit).length;
  const placeholders = count === 0 ? undefined : weight("slot", [count]);
  const primitives: Primitive[] = [];
  let slot = 0;
  for (const operation of circuit.operations) {
    if (operation.kind === "barrier" || operation.kind === "delay") continue;
    assertUnitary(operation);
    const negative = negativeControls(operation);
    const flip = (): void => {
      for (const qubit of negative)
        primitives.push({ kind: "permutation", qubits: [qubit], permutation: [1, 0], controls: 0 });
    };
    flip();
    const controls = operation.qubits.slice(0, operation.numControls).reduce((mask, qubit) => mask | (1 << qubit), 0);
    const targets = operation.qubits.slice(operation.numControls);
    if (operation.kind === "unitary")
      primitives.push({ kind: "dense", qubits: targets, matrix: operation.matrix, controls });
    else {
      const params = operation.params.map((param) => (typeof param === "number" ? param : placeholders!.at(slot++)));
      lower(operation.gate, params, targets, controls, primitives);
    }
    flip();
  }
  return primitives;
}

function assertUnitary(operation: Operation): asserts operation is Extract<Operation, { kind: "gate" | "unitary" }> {
  if (operation.kind !== "gate" && operation.kind !== "unitary")
    throw new CircuitError(
      "CIRCUIT_NOT_UNITARY",
      `A circuit with ${operation.kind} has no single final state; use the Sampler or Estimator, which follow its branches.`,
    );
}

function negativeControls(operation: GateOperation | Extract<Operation, { kind: "unitary" }>): readonly number[] {
  return operation.qubits.filter(
    (_, i) => i < operation.numControls && Math.floor(operation.controlState / 2 ** i) % 2 === 0,
  );
}

function lower(
  gate: string,
  params: readonly Angle[],
  qubits: readonly number[],
  controls: number,
  out: Primitive[],
): void {
  const spec = gateSpec(gate);
  if (spec.phases !== undefined) {
    for (const { mask, constant = 0, param, coefficient = 0 } of spec.phases) {
      const angle = affine(param === undefined ? constant : params[param]!);
      const factor = param === undefined ? 1 : coefficient;
      out.push({ kind: "phase", mask: controls | place(mask, qubits), angle: scale(angle, factor) });
    }
    return;
  }
  if (spec.permutation !== undefined) {
    out.push({ kind: "permutation", qubits, permutation: spec.permutation, controls });
    return;
  }
  if (spec.decomposition !== undefined) {
    for (const [inner, innerParams, positions] of spec.decomposition(params))
      lower(
        inner,
        innerParams,
        positions.map((position) => qubits[position]!),
        controls,
        out,
      );
    return;
  }
  // The only base gate that is neither diagonal nor a permutation is ry; under controls it is conjugated by X.
  const [theta] = params as [Angle];
  const qubit = qubits[0]!;
  if (controls === 0) {
    out.push({ kind: "rotation", qubit, angle: affine(theta) });
    return;
  }
  const half = divide(theta, 2);
  const flip: PermutationPrimitive = { kind: "permutation", qubits: [qubit], permutation: [1, 0], controls };
  out.push(
    { kind: "rotation", qubit, angle: affine(half) },
    flip,
    { kind: "rotation", qubit, angle: affine(negate(half)) },
    flip,
  );
}

function place(mask: number, qubits: readonly number[]): number {
  return qubits.reduce((placed, qubit, bit) => ((mask >> bit) & 1 ? placed | (1 << qubit) : placed), 0);
}

/** Decompositions only scale and negate their parameters, so every angle is affine in at most one slot. */
function affine(angle: Angle): AffineAngle {
  if (typeof angle === "number") return { constant: angle, slots: [], coefficients: [] };
  const [parameter] = (angle as ParameterExpression).parameters;
  if (parameter === undefined) return { constant: angle.evaluate(() => undefined), slots: [], coefficients: [] };
  const constant = angle.evaluate(() => 0);
  return { constant, slots: [parameter.index], coefficients: [angle.evaluate(() => 1) - constant] };
}

function scale(angle: AffineAngle, factor: number): AffineAngle {
  return {
    constant: angle.constant * factor,
    slots: angle.slots,
    coefficients: angle.coefficients.map((value) => value * factor),
  };
}

/** The sum of two angles. */
export function addAngles(a: AffineAngle, b: AffineAngle): AffineAngle {
  return {
    constant: a.constant + b.constant,
    slots: [...a.slots, ...b.slots],
    coefficients: [...a.coefficients, ...b.coefficients],
  };
}
