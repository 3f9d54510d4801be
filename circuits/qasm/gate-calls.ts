import { Circuit } from "../circuit.ts";
import { CircuitError, LeptonError, QasmError } from "../errors.ts";
import { GATES, gateSpec, isGateName } from "../gates.ts";
import type { Matrix } from "../matrices.ts";
import {
  controlledOperation,
  foldControls,
  type GateOperation,
  gateOperation,
  inverseOperation,
  mapOperation,
  type Operation,
  operationMatrix,
  type UnitaryKind,
  unfoldControls,
  unitaryOperation,
} from "../operation.ts";
import { type Angle, constantValue, input, type Parameter } from "../parameter.ts";
import { circuitMatrix, inverseOperations, poweredOperation, poweredOperations } from "../transformations.ts";
import type { Expression, GateCallStatement } from "./ast.ts";
import type { Budget, Evaluator } from "./evaluator.ts";
import { Scope, type UserGate } from "./scope.ts";
import type { Source } from "./source.ts";
import type { GateTemplate } from "./standard-gates.ts";

/** Definitions may be nested this deep; each level is a level of recursion here. */
const MAX_HEIGHT = 256;
/** Definitions on up to this many qubits are compared with the gate of the table whose name they have. */
const MAX_COMPARED_QUBITS = 6;

type Gate = GateTemplate | UserGate;

/** Turns gate calls, modifiers and user definitions into operations of the table. */
export class GateCalls {
  readonly #source: Source;
  readonly #evaluator: Evaluator;
  readonly #budget: Budget;

  constructor(source: Source, evaluator: Evaluator, budget: Budget) {
    this.#source = source;
    this.#evaluator = evaluator;
    this.#budget = budget;
  }

  /** Checks a definition without running what it calls; returns how deep it is nested. */
  check(gate: Omit<UserGate, "height">): number {
    const { definition } = gate;
    const scope = new Scope(gate.scope);
    const params = new Set<Parameter>();
    for (const name of definition.params) {
      const value = input(name);
      params.add(value);
      scope.set(name, { kind: "value", constant: true, value: { kind: "number", value, integer: false } });
    }
    const checkAngle = (expression: Expression): void => {
      const angle = this.#evaluator.angle(expression, scope);
      if (typeof angle !== "number" && angle.parameters.some((parameter) => !params.has(parameter)))
        throw this.#source.error(
          "QASM_GATE_BODY",
          "The body of a gate cannot use inputs of the text; give the gate a parameter.",
          expression.at,
        );
    };
    this.#nameQubits(
      scope,
      definition.qubits,
      definition.qubits.map((_, index) => index),
    );
    let height = 1;
    for (const statement of definition.body) {
      if (statement.kind === "barrier" || statement.kind === "nop") {
        for (const operand of statement.operands) this.#formalQubit(operand, scope);
        continue;
      }
      if (statement.kind !== "call")
        throw this.#source.error(
          "QASM_GATE_BODY",
          `Only gates and barriers can stand in the definition of a gate, but here stands ${STATEMENTS[statement.kind] ?? "another statement"}.`,
          statement.at,
        );
      const callee = this.#callee(statement, scope);
      if ("kind" in callee) height = Math.max(height, callee.height + 1);
      statement.args.forEach(checkAngle);
      let controls = 0;
      for (const { kind, argument } of statement.modifiers) {
        if (kind === "ctrl" || kind === "negctrl") controls += this.#controlCount(argument, scope);
        else if (argument !== undefined) checkAngle(argument);
      }
      const qubits = statement.operands.map((operand) => this.#formalQubit(operand, scope));
      this.#checkOperands(statement, callee, controls, qubits.length);
      this.#checkDistinct(statement, qubits);
    }
    if (height > MAX_HEIGHT)
      throw this.#source.error(
        "QASM_TOO_DEEP",
        `Gate definitions are nested more than ${MAX_HEIGHT} deep here.`,
        definition.at,
      );
    return height;
  }

  /** Appends the operations of a call whose operands are registers or single qubits. */
  call(statement: GateCallStatement, scope: Scope, out: Operation[]): void {
    const { at, operands } = statement;
    const callee = this.#callee(statement, scope);
    const params = statement.args.map((argument) => this.#evaluator.angle(argument, scope));
    const values = operands.map((operand) => {
      const value = this.#evaluator.value(operand, scope, false);
      if (value.kind !== "qubits")
        throw this.#source.error("QASM_TYPE", `Gate ${statement.name} acts on qubits, and this is none.`, operand.at);
      return value;
    });
    const controls = this.#controls(statement, scope);
    this.#checkOperands(statement, callee, controls, operands.length);
    let size = 1;
    for (const [index, value] of values.entries())
      if (!value.scalar) {
        if (size !== 1 && size !== value.indices.length)
          throw this.#source.error(
            "QASM_SIZE",
            `Registers of ${size} and ${value.indices.length} qubits cannot be paired in one call.`,
            operands[index]!.at,
          );
        size = value.indices.length;
      }
    for (const value of values)
      if (!value.scalar && value.indices.length !== size)
        throw this.#source.error(
          "QASM_SIZE",
          `Registers of ${size} and ${value.indices.length} qubits cannot be paired in one call.`,
          at,
        );
    for (let index = 0; index < size; index++) {
      const qubits = values.map(({ indices, scalar }) => indices[scalar ? 0 : index]!);
      this.#checkDistinct(statement, qubits);
      this.#guarded(at, () => this.#apply(statement, callee, params, qubits, scope, out));
    }
  }

  #callee({ name, args, at }: GateCallStatement, scope: Scope): Gate {
    const named = scope.find(name);
    if (name === "gphase" && named === undefined) {
      this.#checkParams(name, 1, args.length, at);
      return GPHASE;
    }
    if (named === undefined)
      throw this.#source.error(
        "QASM_UNDEFINED",
        `Gate ${name} is not defined here${isGateName(name) ? "; include the standard gates or define it" : ""}.`,
        at,
      );
    if (named.kind === "opaque")
      throw this.#source.error(
        "QASM_OPAQUE",
        `Gate ${name} is opaque: its action is not known, so it cannot be applied.`,
        at,
      );
    if (named.kind === "value") throw this.#source.error("QASM_TYPE", `${name} is no gate here.`, at);
    if (named.kind === "gate") named.redefinable = false;
    const gate = named.kind === "gate" ? named.template : named;
    this.#checkParams(name, "kind" in gate ? gate.definition.params.length : gate.numParams, args.length, at);
    return gate;
  }

  #checkParams(name: string, wanted: number, given: number, at: number): void {
    if (wanted !== given)
      throw this.#source.error(
        "QASM_ARGUMENTS",
        `Gate ${name} takes ${wanted} parameter(s) but was given ${given}.`,
        at,
      );
  }

  #checkOperands({ name, at }: GateCallStatement, gate: Gate, controls: number, given: number): void {
    const own = numQubitsOf(gate);
    if (own + controls !== given)
      throw this.#source.error(
        "QASM_ARGUMENTS",
        `Gate ${name}${controls === 0 ? "" : ` with ${controls} control(s)`} acts on ${own + controls} qubit(s) but was given ${given}.`,
        at,
      );
  }

  #checkDistinct({ name, operands }: GateCallStatement, qubits: readonly number[]): void {
    if (new Set(qubits).size === qubits.length) return;
    for (let i = 1; i < qubits.length; i++)
      if (qubits.indexOf(qubits[i]!) < i)
        throw this.#source.error(
          "QASM_DUPLICATE_QUBIT",
          `Gate ${name} is given the same qubit twice.`,
          operands[i]!.at,
        );
  }

  #controlCount(argument: Expression | undefined, scope: Scope): number {
    if (argument === undefined) return 1;
    const count = this.#evaluator.integer(argument, scope, "A number of controls");
    if (count < 1)
      throw this.#source.error("QASM_VALUE", `A number of controls must be 1 or more, not ${count}.`, argument.at);
    if (count > 30)
      throw this.#source.error(
        "QASM_TOO_LARGE",
        `${count} controls are too many; at most 30 are supported.`,
        argument.at,
      );
    return count;
  }

  #controls({ modifiers }: GateCallStatement, scope: Scope): number {
    let count = 0;
    for (const { kind, argument } of modifiers)
      if (kind === "ctrl" || kind === "negctrl") count += this.#controlCount(argument, scope);
    return count;
  }

  #formalQubit(operand: Expression, scope: Scope): number {
    const value = this.#evaluator.value(operand, scope, false);
    if (value.kind !== "qubits")
      throw this.#source.error("QASM_TYPE", "A gate of the definition acts on qubits, and this is none.", operand.at);
    if (operand.kind !== "name" || scope.own(operand.name) === undefined)
      throw this.#source.error("QASM_GATE_BODY", "The body of a gate acts on the gate's own qubits only.", operand.at);
    return value.indices[0]!;
  }

  #nameQubits(scope: Scope, names: readonly string[], qubits: readonly number[]): void {
    for (const [index, name] of names.entries())
      scope.set(name, {
        kind: "value",
        constant: true,
        value: { kind: "qubits", indices: [qubits[index]!], scalar: true },
      });
  }

  /** Modifiers act from the innermost out; the controls of the outermost are the first qubits. */
  #apply(
    statement: GateCallStatement,
    callee: Gate,
    params: readonly Angle[],
    qubits: readonly number[],
    scope: Scope,
    out: Operation[],
  ): void {
    const { modifiers, at } = statement;
    if (modifiers.length === 0) {
      this.#expand(callee, params, qubits, at, out);
      return;
    }
    let first = qubits.length - numQubitsOf(callee);
    let operations: Operation[] = [];
    this.#expand(callee, params, qubits.slice(first), at, operations);
    for (const { kind, argument } of modifiers.toReversed()) {
      this.#budget.spend(operations.length, at);
      if (kind === "inv") operations = [...inverseOperations(operations)];
      else if (kind === "pow") {
        const exponent = this.#evaluator.number(argument!, scope, "The exponent of pow");
        operations = this.#power(operations, exponent, qubits.slice(first), at);
      } else {
        const count = this.#controlCount(argument, scope);
        const controls = qubits.slice(first - count, first);
        first -= count;
        operations = operations.map((operation) =>
          operation.kind === "gate" || operation.kind === "unitary"
            ? controlledOperation(operation, controls, kind === "ctrl" ? 2 ** count - 1 : 0)
            : operation,
        );
      }
    }
    for (const operation of operations) out.push(operation);
  }

  #expand(gate: Gate, params: readonly Angle[], qubits: readonly number[], at: number, out: Operation[]): void {
    this.#budget.spend(1 + qubits.length / 16, at);
    if (!("kind" in gate)) {
      for (const [name, angles, positions, numControls = 0, controlState] of gate.calls(params))
        out.push(
          foldControls(
            gateOperation(
              name,
              angles,
              positions.map((position) => qubits[position]!),
              numControls,
              controlState,
            ),
          ),
        );
      return;
    }
    const known = this.#known(gate);
    if (typeof known === "function") out.push(known(qubits));
    else if (known !== undefined) this.#expand(known, params, qubits, at, out);
    else this.#body(gate, params, qubits, out);
  }

  #body(gate: UserGate, params: readonly Angle[], qubits: readonly number[], out: Operation[]): void {
    const { definition } = gate;
    const scope = new Scope(gate.scope);
    for (const [index, name] of definition.params.entries())
      scope.set(name, {
        kind: "value",
        constant: true,
        value: { kind: "number", value: params[index]!, integer: false },
      });
    this.#nameQubits(scope, definition.qubits, qubits);
    const qubitOf = (operand: Expression): number => {
      const value = this.#evaluator.value(operand, scope, false);
      return (value as { readonly indices: readonly number[] }).indices[0]!;
    };
    for (const statement of definition.body) {
      if (statement.kind === "barrier") {
        const all = statement.operands.length === 0 ? qubits : statement.operands.map(qubitOf);
        this.#budget.spend(1, statement.at);
        out.push(Object.freeze({ kind: "barrier", qubits: Object.freeze([...new Set(all)]) }));
      } else if (statement.kind === "call") {
        const callee = this.#callee(statement, scope);
        const angles = statement.args.map((argument) => this.#evaluator.angle(argument, scope));
        this.#apply(statement, callee, angles, statement.operands.map(qubitOf), scope, out);
      }
    }
  }

  /** What a definition is known to be: a gate of the table or a printed unitary, when its matrix says so too. */
  #known(gate: UserGate): GateTemplate | ((qubits: readonly number[]) => Operation) | undefined {
    gate.template ??= this.#recognise(gate) ?? "own";
    return gate.template === "own" ? undefined : gate.template;
  }

  #recognise(gate: UserGate): GateTemplate | ((qubits: readonly number[]) => Operation) | undefined {
    const { definition, unitary } = gate;
    const numQubits = definition.qubits.length;
    const qubits = Array.from({ length: numQubits }, (_, i) => i);
    const matrixOf = (params: readonly number[]): Matrix => {
      const operations: Operation[] = [];
      this.#body(gate, params, qubits, operations);
      this.#budget.spend((operations.length * 4 ** numQubits) / 256, definition.at);
      return circuitMatrix(new Circuit({ numQubits, registers: [], operations, vectors: [] }));
    };
    if (unitary !== undefined) {
      const { label, numControls, controlState } = unitary;
      const matrix = Float64Array.from(unitary.numbers);
      const make = (on: readonly number[]) => unitaryOperation(matrix, on, label, numControls, controlState);
      const wanted = numQubits <= MAX_COMPARED_QUBITS + 1 ? operationMatrix(make(qubits)) : undefined;
      if (wanted === undefined || definition.params.length > 0 || distance(wanted, matrixOf([])) > 1e-7)
        throw this.#source.error(
          "QASM_DIRECTIVE",
          `The body of gate ${definition.name} is not the unitary that the directive before it gives.`,
          definition.at,
        );
      return make;
    }
    const found = /^(?:c(\d+)_(\d+)_)?(.*?)_?$/.exec(definition.name)!;
    const [, controls = "0", state, name = ""] = found;
    const gateName = isGateName(definition.name) ? definition.name : name;
    const numControls = Number(controls);
    const controlState = state === undefined ? 2 ** numControls - 1 : Number(state);
    if (!isGateName(gateName) || numQubits > MAX_COMPARED_QUBITS) return undefined;
    const spec = GATES[gateName];
    if (spec.numParams !== definition.params.length || spec.numQubits + numControls !== numQubits) return undefined;
    if (controlState >= 2 ** numControls) return undefined;
    for (const start of spec.numParams === 0 ? [0] : PROBES) {
      const params = Array.from({ length: spec.numParams }, (_, i) => start + 0.618 * i);
      const wanted = gateOperation(gateName, params, qubits, numControls, controlState);
      try {
        if (distance(operationMatrix(wanted), matrixOf(params)) > 1e-9) return undefined;
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

  /** Operations to a power: whole powers repeat, fractions are principal. */
  #power(operations: readonly Operation[], exponent: number, qubits: readonly number[], at: number): Operation[] {
    if (exponent === 1) return [...operations];
    const [only] = operations;
    if (only !== undefined && operations.length === 1 && (only.kind === "gate" || only.kind === "unitary")) {
      const powered = powerOfOne(only, exponent);
      if (powered !== undefined) return powered;
    }
    if (Number.isInteger(exponent)) {
      const once = exponent < 0 ? inverseOperations(operations) : operations;
      const times = Math.abs(exponent);
      this.#budget.spend(times * (once.length + 1), at);
      const repeated: Operation[] = [];
      for (let i = 0; i < times; i++) for (const operation of once) repeated.push(operation);
      return repeated;
    }
    const local = new Map(qubits.map((qubit, index) => [qubit, index]));
    this.#budget.spend(
      qubits.length > 6 ? 0 : 8 ** qubits.length / 8 + (operations.length * 4 ** qubits.length) / 256,
      at,
    );
    const circuit = new Circuit({
      numQubits: qubits.length,
      registers: [],
      vectors: [],
      operations: operations.map((operation) => mapOperation(operation, { qubit: (qubit) => local.get(qubit)! })),
    });
    return poweredOperations(circuit, exponent).map((operation) =>
      mapOperation(operation, { qubit: (qubit) => qubits[qubit]! }),
    );
  }

  /** Errors of the circuit's own checks, told with their place in the text. */
  #guarded(at: number, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof QasmError || !(error instanceof LeptonError)) throw error;
      throw this.#source.error(CODES[error.code] ?? "QASM_OPERATION", error.message, at);
    }
  }
}

const GPHASE: GateTemplate = { numParams: 1, numQubits: 0, calls: (params) => [["gphase", params, []]] };

const PROBES = [0.731, -2.213];

const CODES: Readonly<Record<string, string>> = {
  GATE_ANGLE: "QASM_NOT_FINITE",
  CONTROL_COUNT: "QASM_TOO_LARGE",
  CIRCUIT_UNBOUND: "QASM_UNSUPPORTED",
  CIRCUIT_POWER: "QASM_UNSUPPORTED",
};

const STATEMENTS: Readonly<Record<string, string>> = {
  measure: "a measurement",
  reset: "a reset",
  if: "an if",
  for: "a for loop",
  delay: "a delay",
  qubits: "a declaration of qubits",
  bits: "a declaration of bits",
  assign: "an assignment",
};

function numQubitsOf(gate: Gate): number {
  return "kind" in gate ? gate.definition.qubits.length : gate.numQubits;
}

function distance(a: Matrix, b: Matrix): number {
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

/** One gate to a power, kept a gate where the table allows; undefined where it must be repeated. */
function powerOfOne(operation: UnitaryKind, exponent: number): Operation[] | undefined {
  if (operation.kind === "unitary") return [poweredOperation(operation, exponent)];
  const spec = gateSpec(operation.gate);
  if (exponent === -1) return [inverseOperation(operation)];
  if (spec.power !== undefined) {
    const powered = poweredOperation(operation, exponent);
    return [powered.kind === "gate" ? foldControls(powered) : powered];
  }
  if (Number.isInteger(exponent)) {
    if (!isSelfInverse(operation)) return undefined;
    return exponent % 2 === 0 ? [] : [operation];
  }
  const inner = unfoldControls(operation);
  if (inner.gate === "x" || inner.gate === "y") return rootOfPauli(inner, exponent);
  if (operation.params.some((param) => constantValue(param) === undefined))
    throw new CircuitError(
      "CIRCUIT_POWER",
      `A fractional power of ${operation.gate} needs numbers for its parameters.`,
    );
  return [poweredOperation(operation, exponent)];
}

/** X^k and Y^k: a rotation by πk with the phase πk/2, which √X has built in. */
function rootOfPauli({ gate, qubits, numControls, controlState }: GateOperation, exponent: number): Operation[] {
  const make = (name: string, params: readonly number[], on: readonly number[]): Operation =>
    foldControls(gateOperation(name, params, on, numControls, controlState));
  if (gate === "x" && Math.abs(exponent) === 0.5) return [make(exponent > 0 ? "sx" : "sxdg", [], qubits)];
  return [
    make(gate === "x" ? "rx" : "ry", [Math.PI * exponent], qubits),
    make("gphase", [(Math.PI * exponent) / 2], qubits.slice(0, numControls)),
  ];
}

function isSelfInverse(operation: GateOperation): boolean {
  const { inverse } = gateSpec(operation.gate);
  return inverse !== undefined && operation.params.length === 0 && inverse([])[0] === operation.gate;
}
