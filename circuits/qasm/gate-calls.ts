import { Circuit } from "../circuit.ts";
import { foldControls } from "../controls.ts";
import { LeptonError, QasmError } from "../errors.ts";
import type { Angle } from "../expression.ts";
import { sizeOf } from "../expression-node.ts";
import type { Matrix } from "../matrices.ts";
import { gateOperation, type Operation } from "../operation.ts";
import { circuitMatrix } from "../transformations.ts";
import type { Expression, GateCallStatement } from "./ast.ts";
import type { Context } from "./context.ts";
import {
  calleeOf,
  checkDistinct,
  checkOperands,
  controlCount,
  type Gate,
  nameQubits,
  numQubitsOf,
} from "./gate-callee.ts";
import { modified } from "./gate-modifiers.ts";
import { type Recognised, recognise } from "./gate-recognition.ts";
import { Scope, type UserGate } from "./scope.ts";

/** Turns gate calls, modifiers and user definitions into operations of the table. */
export class GateCalls {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Appends the operations of a call whose operands are registers or single qubits. */
  call(statement: GateCallStatement, scope: Scope, out: Operation[]): void {
    const context = this.#context;
    const { source, evaluator } = context;
    const { at, name, operands } = statement;
    const callee = calleeOf(statement, scope, context);
    const params = statement.args.map((argument) => evaluator.angle(argument, scope));
    const values = operands.map((operand) => {
      const value = evaluator.value(operand, scope);
      if (value.kind !== "qubits")
        throw source.error("QASM_TYPE", `Gate ${name} acts on qubits, and this is none.`, operand.at);
      return value;
    });
    let controls = 0;
    for (const { kind, argument } of statement.modifiers)
      if (kind === "ctrl" || kind === "negctrl") controls += controlCount(argument, scope, context);
    checkOperands(statement, callee, controls, operands.length, context);
    let size = 1;
    for (const [index, { scalar, indices }] of values.entries())
      if (!scalar) {
        if (size !== 1 && size !== indices.length) throw this.#unpaired(size, indices.length, operands[index]!.at);
        size = indices.length;
      }
    for (const { scalar, indices } of values)
      if (!scalar && indices.length !== size) throw this.#unpaired(size, indices.length, at);
    for (let index = 0; index < size; index++) {
      const qubits = values.map(({ indices, scalar }) => indices[scalar ? 0 : index]!);
      checkDistinct(statement, qubits, context);
      this.#guarded(at, () => this.#apply(statement, callee, params, qubits, scope, out));
    }
  }

  #unpaired(one: number, other: number, at: number): QasmError {
    return this.#context.source.error(
      "QASM_SIZE",
      `Registers of ${one} and ${other} qubits cannot be paired in one call.`,
      at,
    );
  }

  #apply(
    statement: GateCallStatement,
    callee: Gate,
    params: readonly Angle[],
    qubits: readonly number[],
    scope: Scope,
    out: Operation[],
  ): void {
    if (statement.modifiers.length === 0) {
      this.#expand(callee, params, qubits, statement.at, out);
      return;
    }
    const own = numQubitsOf(callee);
    const operations: Operation[] = [];
    this.#expand(callee, params, qubits.slice(qubits.length - own), statement.at, operations);
    for (const operation of modified(operations, statement, qubits, own, scope, this.#context)) out.push(operation);
  }

  #expand(gate: Gate, params: readonly Angle[], qubits: readonly number[], at: number, out: Operation[]): void {
    const { budget } = this.#context;
    budget.spend(1, at);
    budget.spendParts(qubits.length, at);
    if (!("kind" in gate)) {
      // An angle is written out wherever the circuit is, though gates share it.
      for (const param of params) if (typeof param !== "number") budget.spendParts(sizeOf(param.node), at);
      for (const [name, angles, positions, numControls = 0, controlState] of gate.calls(params)) {
        const on = positions.map((position) => qubits[position]!);
        out.push(foldControls(gateOperation(name, angles, on, numControls, controlState)));
      }
      return;
    }
    const known = this.#known(gate);
    if (typeof known === "function") out.push(known(qubits));
    else if (known !== undefined) this.#expand(known, params, qubits, at, out);
    else this.#body(gate, params, qubits, out);
  }

  #body(gate: UserGate, params: readonly Angle[], qubits: readonly number[], out: Operation[]): void {
    const { evaluator, budget } = this.#context;
    const { definition } = gate;
    const scope = new Scope(gate.scope);
    for (const [index, name] of definition.params.entries())
      scope.set(name, {
        kind: "value",
        constant: true,
        value: { kind: "number", value: params[index]!, integer: false },
      });
    nameQubits(scope, definition.qubits, qubits);
    const qubitOf = (operand: Expression): number => {
      const value = evaluator.value(operand, scope);
      return (value as { readonly indices: readonly number[] }).indices[0]!;
    };
    for (const statement of definition.body) {
      if (statement.kind === "barrier") {
        const all = statement.operands.length === 0 ? qubits : statement.operands.map(qubitOf);
        budget.spend(1, statement.at);
        out.push(Object.freeze({ kind: "barrier", qubits: Object.freeze([...new Set(all)]) }));
      } else if (statement.kind === "call") {
        const callee = calleeOf(statement, scope, this.#context);
        const angles = statement.args.map((argument) => evaluator.angle(argument, scope));
        this.#apply(statement, callee, angles, statement.operands.map(qubitOf), scope, out);
      }
    }
  }

  /** What a definition is known to be; found out when it is first called. */
  #known(gate: UserGate): Recognised | undefined {
    gate.template ??= recognise(gate, (params) => this.#bodyMatrix(gate, params), this.#context.source) ?? "own";
    return gate.template === "own" ? undefined : gate.template;
  }

  #bodyMatrix(gate: UserGate, params: readonly number[]): Matrix {
    const numQubits = gate.definition.qubits.length;
    const operations: Operation[] = [];
    this.#body(
      gate,
      params,
      Array.from({ length: numQubits }, (_, i) => i),
      operations,
    );
    this.#context.budget.spend((operations.length * 4 ** numQubits) / 256, gate.definition.at);
    return circuitMatrix(new Circuit({ numQubits, registers: [], operations, vectors: [] }));
  }

  /** Errors of the circuit's own checks, told with their place in the text. */
  #guarded(at: number, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof QasmError || !(error instanceof LeptonError)) throw error;
      throw this.#context.source.error(CODES[error.code] ?? "QASM_OPERATION", error.message, at);
    }
  }
}

const CODES: Readonly<Record<string, string>> = {
  GATE_ANGLE: "QASM_NOT_FINITE",
  CONTROL_COUNT: "QASM_TOO_LARGE",
  CIRCUIT_UNBOUND: "QASM_UNSUPPORTED",
  CIRCUIT_POWER: "QASM_UNSUPPORTED",
  PARAMETER_TOO_DEEP: "QASM_TOO_DEEP",
};
