import { QasmError } from "../errors.ts";
import { GATES, isGateName } from "../gates.ts";
import type { Matrix } from "../matrices.ts";
import { gateOperation, matrixOf, type Operation, unitaryOperation } from "../operation.ts";
import type { UserGate } from "./scope.ts";
import type { Source } from "./source.ts";
import type { GateTemplate } from "./standard-gates.ts";

/** Definitions on up to this many qubits are compared with the gate of the table whose name they have. */
const MAX_COMPARED_QUBITS = 6;
/** Angles that are special for no gate. */
const PROBES = [0.731, -2.213];

/** What a definition turns out to be: a gate of the table, or a unitary on the qubits it is given. */
export type Recognised = GateTemplate | ((qubits: readonly number[]) => Operation);

/**
 * What a definition is known to be, when its body has the same matrix, global phase included; undefined for a gate of the
 * text's own.
 * @param bodyMatrix the matrix of the body at given parameters
 * @throws QasmError QASM_DIRECTIVE when a directive promises a unitary that the body is not
 */
export function recognise(
  gate: UserGate,
  bodyMatrix: (params: readonly number[]) => Matrix,
  source: Source,
): Recognised | undefined {
  return gate.unitary === undefined
    ? tableGate(gate, bodyMatrix)
    : printedUnitary(gate, gate.unitary, bodyMatrix, source);
}

function printedUnitary(
  { definition }: UserGate,
  { label, numControls, controlState, numbers }: NonNullable<UserGate["unitary"]>,
  bodyMatrix: (params: readonly number[]) => Matrix,
  source: Source,
): Recognised {
  const numQubits = definition.qubits.length;
  const matrix = Float64Array.from(numbers);
  const make = (on: readonly number[]) => unitaryOperation(matrix, on, label, numControls, controlState);
  const wanted = numQubits <= MAX_COMPARED_QUBITS + 1 ? matrixOf(make(range(numQubits))) : undefined;
  if (wanted === undefined || definition.params.length > 0 || distance(wanted, bodyMatrix([])) > 1e-7)
    throw source.error(
      "QASM_DIRECTIVE",
      `The body of gate ${definition.name} is not the unitary that the directive before it gives.`,
      definition.at,
    );
  return make;
}

/** Names such as `rzz`, `rzz_`, and `c3_5_rzz` for three controls in state 5, as the printers give them. */
function tableGate(
  { definition }: UserGate,
  bodyMatrix: (params: readonly number[]) => Matrix,
): GateTemplate | undefined {
  const numQubits = definition.qubits.length;
  const [, controls = "0", state, name = ""] = /^(?:c(\d+)_(\d+)_)?(.*?)_?$/.exec(definition.name)!;
  const gateName = isGateName(definition.name) ? definition.name : name;
  const numControls = Number(controls);
  const controlState = state === undefined ? 2 ** numControls - 1 : Number(state);
  if (!isGateName(gateName) || numQubits > MAX_COMPARED_QUBITS) return undefined;
  const spec = GATES[gateName];
  if (spec.numParams !== definition.params.length || spec.numQubits + numControls !== numQubits) return undefined;
  if (controlState >= 2 ** numControls) return undefined;
  const qubits = range(numQubits);
  for (const start of spec.numParams === 0 ? [0] : PROBES) {
    const params = Array.from({ length: spec.numParams }, (_, i) => start + 0.618 * i);
    const wanted = gateOperation(gateName, params, qubits, numControls, controlState);
    try {
      if (distance(matrixOf(wanted), bodyMatrix(params)) > 1e-9) return undefined;
    } catch (error) {
      if (error instanceof QasmError && error.code === "QASM_NOT_FINITE") return undefined;
      throw error;
    }
  }
  return {
    numParams: spec.numParams,
    numQubits,
    calls: (params) => [[gateName, params, qubits, numControls, controlState]],
  };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function distance(a: Matrix, b: Matrix): number {
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}
