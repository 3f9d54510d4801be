import { Circuit } from "../circuit.ts";
import type { Operation } from "../operation.ts";
import type { Directive, Expression, GateDefinition, Program, Statement } from "./ast.ts";
import { Budget } from "./budget.ts";
import type { Context } from "./context.ts";
import { lowerFor, lowerGroup, lowerIf, type StatementRunner } from "./control-flow.ts";
import { Directives } from "./directives.ts";
import { Evaluator } from "./evaluator.ts";
import { GateCalls } from "./gate-calls.ts";
import { checkDefinition } from "./gate-definitions.ts";
import { constantOf, Inputs } from "./inputs-and-constants.ts";
import { Instructions } from "./instructions.ts";
import { type QubitRegister, Registers } from "./registers.ts";
import { checkNew, Scope } from "./scope.ts";
import type { Source } from "./source.ts";
import { BUILTIN_2, BUILTIN_3, QELIB1, QELIB1_FIRST, STDGATES } from "./standard-gates.ts";
import { describe } from "./value.ts";

/** What a text means. */
export interface LoweredProgram {
  readonly circuit: Circuit;
  /** Registers in order of declaration; none in a text that uses physical qubits ($0, $1, ...). */
  readonly qubitRegisters: readonly QubitRegister[];
  readonly physicalQubits: boolean;
}

/** Turns statements into a circuit; every mistake is told with its place. */
export class Lowering implements StatementRunner {
  readonly #source: Source;
  readonly #version: 2 | 3;
  readonly #context: Context;
  readonly #directives: Directives;
  readonly #registers: Registers;
  readonly #inputs: Inputs;
  readonly #instructions: Instructions;
  readonly #calls: GateCalls;
  readonly #scope = new Scope();
  readonly #included = new Set<string>();
  #ended = false;

  constructor(source: Source, program: Program, maxOperations: number) {
    const { version } = program;
    this.#source = source;
    this.#version = version;
    const budget = new Budget(source, maxOperations);
    const evaluator = new Evaluator(source, version, budget, (index, at) => this.#registers.physicalQubit(index, at));
    this.#context = { source, version, budget, evaluator, runtimeDepth: 0 };
    this.#directives = new Directives(source);
    this.#registers = new Registers(this.#context, this.#directives, program.physicalQubits);
    this.#inputs = new Inputs(this.#context, this.#directives);
    this.#instructions = new Instructions(this.#context, this.#registers);
    this.#calls = new GateCalls(this.#context);
    for (const [name, template] of version === 2 ? BUILTIN_2 : BUILTIN_3)
      this.#scope.set(name, { kind: "gate", template, redefinable: false });
  }

  run(program: Program): LoweredProgram {
    const operations: Operation[] = [];
    this.statements(program.statements, this.#scope, operations);
    this.#directives.expectNone(program.end.offset);
    this.#instructions.finish(operations);
    const { numQubits, classical, qubitRegisters, usesPhysical } = this.#registers;
    const circuit = new Circuit({
      numQubits,
      registers: classical,
      operations,
      vectors: [...this.#inputs.vectors.values()],
    });
    return { circuit, qubitRegisters, physicalQubits: usesPhysical };
  }

  statements(statements: readonly Statement[], scope: Scope, out: Operation[]): void {
    for (let index = 0; index < statements.length && !this.#ended; index++) {
      const statement = statements[index]!;
      if (statement.kind === "group") {
        const members = statements.slice(index + 1, index + 1 + statement.count);
        lowerGroup(statement, members, scope, out, this.#context, this);
        index += members.length;
      } else this.statement(statement, scope, out);
    }
  }

  statement(statement: Statement, scope: Scope, out: Operation[]): void {
    this.#context.budget.work(statement.at);
    this.#directives.checkNext(statement);
    switch (statement.kind) {
      case "call":
        this.#calls.call(statement, scope, out);
        return;
      case "include":
        this.#include(statement.file, statement.at);
        return;
      case "qubits":
        this.#registers.qubits(statement, scope);
        return;
      case "bits":
        this.#registers.bits(statement, scope);
        return;
      case "gate":
        this.#define(statement, scope);
        return;
      case "opaque":
        checkNew(statement.name, statement.at, scope, this.#source);
        scope.set(statement.name, { kind: "opaque" });
        return;
      case "measure":
        this.#instructions.measure(statement, scope, out);
        return;
      case "reset":
        this.#instructions.reset(statement, scope, out);
        return;
      case "barrier":
        this.#instructions.barrier(statement, scope, out);
        return;
      case "delay":
        this.#instructions.delay(statement, scope, out);
        return;
      case "if":
        lowerIf(statement, scope, out, this.#context, this);
        return;
      case "for":
        lowerFor(statement, scope, out, this.#context, this);
        return;
      case "input": {
        checkNew(statement.name, statement.at, scope, this.#source);
        const value = this.#inputs.declare(statement, scope, scope === this.#scope);
        scope.set(statement.name, { kind: "value", constant: true, value });
        return;
      }
      case "const": {
        checkNew(statement.name, statement.at, scope, this.#source);
        const value = constantOf(statement, scope, this.#context);
        scope.set(statement.name, { kind: "value", constant: true, value });
        return;
      }
      case "let":
        this.#alias(statement, scope);
        return;
      case "assign":
        this.#assign(statement.target, scope);
        return;
      case "block":
        this.statements(statement.body, new Scope(scope), out);
        return;
      case "nop":
        for (const operand of statement.operands) this.#instructions.qubitsOf(operand, scope);
        return;
      case "end":
        if (this.#context.runtimeDepth > 0)
          throw this.#source.error(
            "QASM_UNSUPPORTED",
            "An end that depends on measurements is not supported.",
            statement.at,
          );
        this.#ended = true;
        return;
      default:
        this.#directive(statement);
        return;
    }
  }

  #directive(directive: Directive): void {
    switch (directive.kind) {
      case "parameters":
        this.#inputs.pay(directive.shape, directive.at);
        this.#inputs.add(this.#directives.vector(directive), directive.at);
        return;
      case "register":
        this.#directives.register(directive);
        return;
      case "numQubits":
        this.#registers.physicalCount(directive);
        return;
      case "unitary":
        this.#directives.unitary(directive);
        return;
      case "group":
        throw this.#source.error("QASM_DIRECTIVE", "A group needs if statements after it.", directive.at);
    }
  }

  #define(definition: GateDefinition, scope: Scope): void {
    const { name, at } = definition;
    checkNew(name, at, scope, this.#source);
    const unitary = this.#directives.takeUnitary();
    const gate = {
      kind: "user gate",
      definition,
      scope: this.#scope,
      ...(unitary === undefined ? {} : { unitary }),
    } as const;
    // Checked before it has its name, so that a definition cannot call itself.
    const height = checkDefinition({ ...gate, scope: before(this.#scope, name) }, this.#context);
    scope.set(name, { ...gate, height });
  }

  #include(file: string, at: number): void {
    const wanted = this.#version === 2 ? "qelib1.inc" : "stdgates.inc";
    if (file !== wanted)
      throw this.#source.error(
        "QASM_INCLUDE",
        `The file "${file}" cannot be included; OpenQASM ${this.#version} texts can include "${wanted}", and Lepton reads no other files.`,
        at,
      );
    if (this.#included.has(file)) throw this.#source.error("QASM_REDEFINED", `${file} is included twice.`, at);
    this.#included.add(file);
    for (const [name, template] of this.#version === 2 ? QELIB1 : STDGATES) {
      const redefinable = this.#version === 2 && !QELIB1_FIRST.has(name);
      if (this.#scope.own(name) !== undefined) {
        if (redefinable) continue;
        throw this.#source.error("QASM_REDEFINED", `${file} defines ${name}, which is defined already.`, at);
      }
      this.#scope.set(name, { kind: "gate", template, redefinable });
    }
  }

  #alias({ name, at, value: expression }: Extract<Statement, { kind: "let" }>, scope: Scope): void {
    checkNew(name, at, scope, this.#source);
    const value = this.#context.evaluator.value(expression, scope);
    if (value.kind !== "qubits" && value.kind !== "clbits")
      throw this.#source.error("QASM_TYPE", `An alias names qubits or bits, not ${describe(value)}.`, expression.at);
    scope.set(name, { kind: "value", constant: true, value });
  }

  #assign(target: Expression, scope: Scope): never {
    const base = target.kind === "index" ? target.base : target;
    const name = base.kind === "name" ? base.name : "this";
    const named = base.kind === "name" ? scope.find(base.name) : undefined;
    if (named === undefined) throw this.#source.error("QASM_UNDEFINED", `${name} is not defined here.`, target.at);
    if (named.kind === "value" && named.value.kind === "clbits")
      throw this.#source.error(
        "QASM_UNSUPPORTED",
        "Only measurements can be assigned to bits; other values are not supported.",
        target.at,
      );
    const what = named.kind === "value" ? describe(named.value) : "a gate";
    throw this.#source.error("QASM_ASSIGNMENT", `${name} is ${what}, which cannot be assigned to.`, target.at);
  }
}

/** The scope as it is before `name` gets its new meaning. */
function before(scope: Scope, name: string): Scope {
  const inner = new Scope(scope);
  inner.hide(name);
  return inner;
}
