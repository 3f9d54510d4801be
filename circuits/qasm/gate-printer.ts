import { add, multiply } from "../arithmetic.ts";
import { controlledOperation } from "../controls.ts";
import type { Angle } from "../expression.ts";
import { GATES, type GateSpec, gateSpec } from "../gates.ts";
import { matrixKey } from "../matrices.ts";
import { type GateOperation, gateOperation, type UnitaryOperation } from "../operation.ts";
import { input, type Parameter } from "../parameter.ts";
import { expandForQelib1 } from "./control-expansion.ts";
import { DIRECTIVE } from "./lexer.ts";
import type { NameTable } from "./name-table.ts";
import { formatAngle, formatReal } from "./print-expression.ts";
import { synthesizeUnitary } from "./unitary-synthesis.ts";

const NAME = /^[a-z][A-Za-z0-9_]*$/;
/** Definitions on more qubits are not recognised when they are read back, but inlined. */
const MAX_RECOGNISED_QUBITS = 6;

/** Prints gates, and collects the definitions of those that the include file of the version lacks. */
export class GatePrinter {
  /** Definitions in the order in which they must stand. */
  readonly blocks: string[] = [];
  readonly #version: 2 | 3;
  readonly #names: NameTable;
  readonly #defined = new Map<string, string>();
  readonly #angleNames: string[] = [];
  readonly #qubitNames: string[] = [];

  constructor(version: 2 | 3, names: NameTable) {
    this.#version = version;
    this.#names = names;
  }

  /** A call without its semicolon, such as `ctrl @ rx(0.5) q[0], q[1]`. */
  call(
    operation: GateOperation,
    qubitText: (qubit: number) => string,
    nameOf: (parameter: Parameter) => string,
  ): string {
    const { params, qubits, numControls, controlState } = operation;
    const args = params.length === 0 ? "" : `(${params.map((param) => formatAngle(param, nameOf)).join(", ")})`;
    const name = this.#nameOf(operation);
    const modifiers = this.#version === 3 ? controlModifiers(numControls, controlState) : "";
    return `${modifiers}${name}${args} ${qubits.map(qubitText).join(", ")}`.trimEnd();
  }

  /** A call of the definition that is made for a unitary. @throws CircuitError UNITARY_SYNTHESIS, QASM2_CONTROLS */
  unitary(operation: UnitaryOperation, qubitText: (qubit: number) => string): string {
    const { qubits, numControls, controlState } = operation;
    const name = this.#unitaryName(operation);
    const modifiers = this.#version === 3 ? controlModifiers(numControls, controlState) : "";
    return `${modifiers}${name} ${qubits.map(qubitText).join(", ")}`;
  }

  #nameOf(operation: GateOperation): string {
    const { gate, numControls, controlState } = operation;
    const spec = gateSpec(gate);
    if (this.#version === 3) {
      // Under controls the phase of u3 would matter, on which readers differ; `id` is no gate of IBM's devices.
      if (spec.qasm3 !== undefined && gate !== "id" && !(gate === "u" && numControls > 0)) return spec.qasm3;
      return this.#define(gate === "id" ? "id_" : gate, spec, (params, qubits) =>
        bodyOf(spec, params, qubits).map((call) => gateOperation(...call)),
      );
    }
    if (numControls === 0 && gate === "gphase") return gate;
    if (spec.qasm2 !== undefined && numControls === 0) return spec.qasm2;
    const name = numControls === 0 ? gate : `c${numControls}_${controlState}_${gate}`;
    return this.#define(
      name,
      { numParams: spec.numParams, numQubits: spec.numQubits + numControls },
      (params, qubits) => expandForQelib1(gateOperation(gate, params, qubits, numControls, controlState)),
    );
  }

  #define(
    name: string,
    { numParams, numQubits }: Pick<GateSpec, "numParams" | "numQubits">,
    body: (params: readonly Angle[], qubits: readonly number[]) => readonly GateOperation[],
  ): string {
    if (this.#defined.has(name)) return name;
    this.#defined.set(name, name);
    while (this.#angleNames.length < numParams)
      this.#angleNames.push(this.#names.take(`angle${this.#angleNames.length}`, NAME));
    const angleNames = this.#angleNames.slice(0, numParams);
    // Parameters of their own names, which formatAngle prints as they are.
    const params = angleNames.map((angleName) => input(angleName));
    this.blocks.push(this.#block(name, angleNames, numQubits, body(params, range(numQubits))));
    return name;
  }

  #block(name: string, angleNames: readonly string[], numQubits: number, body: readonly GateOperation[]): string {
    while (this.#qubitNames.length < numQubits)
      this.#qubitNames.push(this.#names.take(`q${this.#qubitNames.length}`, NAME));
    const qubitNames = this.#qubitNames;
    const lines = body.map(
      (operation) =>
        `  ${this.call(
          operation,
          (qubit) => qubitNames[qubit]!,
          (parameter) => parameter.name,
        )};\n`,
    );
    const args = angleNames.length === 0 ? "" : `(${angleNames.join(", ")})`;
    const head = `gate ${name}${args} ${qubitNames.slice(0, numQubits).join(", ")}`;
    return lines.length === 0 ? `${head} { }` : `${head} {\n${lines.join("")}}`;
  }

  #unitaryName(operation: UnitaryOperation): string {
    const whole = this.#version === 2;
    const numControls = whole ? operation.numControls : 0;
    const controlState = whole ? operation.controlState : 0;
    const key = `${operation.label}\n${numControls}\n${controlState}\n${matrixKey(operation.matrix)}`;
    const known = this.#defined.get(key);
    if (known !== undefined) return known;
    const name = this.#names.take(`unitary_${this.blocks.length}`, NAME);
    this.#defined.set(key, name);
    const numQubits = operation.qubits.length - operation.numControls + numControls;
    const controls = range(numControls);
    const body = synthesizeUnitary(operation.matrix).flatMap((step) => {
      const moved = { ...step, qubits: step.qubits.map((qubit) => qubit + numControls) };
      const controlled =
        numControls === 0 ? moved : (controlledOperation(moved, controls, controlState) as GateOperation);
      return whole ? expandForQelib1(controlled) : [controlled];
    });
    const block = this.#block(name, [], numQubits, body);
    const numbers = Array.from(operation.matrix, formatReal).join(", ");
    const label = encodeURIComponent(operation.label.toWellFormed()).replaceAll("'", "%27");
    const directive = `${DIRECTIVE} unitary "${label}" ${numControls} ${numControls === 0 ? 0 : controlState} [${numbers}];\n`;
    this.blocks.push(numQubits <= MAX_RECOGNISED_QUBITS ? directive + block : block);
    return name;
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** `ctrl(2) @ negctrl @ ` and the like; the first control belongs to the first modifier. */
function controlModifiers(numControls: number, controlState: number): string {
  let text = "";
  for (let index = 0; index < numControls; ) {
    const bit = Math.floor(controlState / 2 ** index) % 2;
    let end = index + 1;
    while (end < numControls && Math.floor(controlState / 2 ** end) % 2 === bit) end++;
    text += `${bit === 1 ? "ctrl" : "negctrl"}${end - index === 1 ? "" : `(${end - index})`} @ `;
    index = end;
  }
  return text;
}

type Call = readonly [gate: string, params: readonly Angle[], qubits: readonly number[], numControls?: number];

/** What defines a gate of the table in terms of others: its controls, its decomposition, or its phases. */
function bodyOf(spec: GateSpec, params: readonly Angle[], qubits: readonly number[]): readonly Call[] {
  if (spec.base !== undefined && spec.controls !== undefined) return [[spec.base, params, qubits, spec.controls]];
  // The definition that Qiskit prints, which IBM's service is known to read.
  if (spec === GATES.rzz)
    return [
      ["cx", [], qubits],
      ["rz", params, [qubits[1]!]],
      ["cx", [], qubits],
    ];
  if (spec.decomposition !== undefined) return spec.decomposition(params);
  return (spec.phases ?? []).map(({ mask, constant = 0, param, coefficient = 1 }): Call => {
    const angle = param === undefined ? constant : add(constant, multiply(coefficient, params[param]!));
    const on = qubits.filter((_, bit) => ((mask >> bit) & 1) === 1);
    if (on.length === 0) return ["gphase", [angle], []];
    return on.length === 2 ? ["cp", [angle], on] : ["p", [angle], on, on.length - 1];
  });
}
