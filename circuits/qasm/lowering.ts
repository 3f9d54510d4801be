import { Circuit, type ClassicalRegister } from "../circuit.ts";
import type { DurationUnit, IfOperation, Operation } from "../operation.ts";
import { constantValue, input, type Parameter, type ParameterVector, weight } from "../parameter.ts";
import type { Directive, Expression, Program, Statement, TypeExpression } from "./ast.ts";
import { lowerCondition } from "./conditions.ts";
import { type Budget, describe, Evaluator } from "./evaluator.ts";
import { GateCalls } from "./gate-calls.ts";
import { FUNCTIONS_2, FUNCTIONS_3 } from "./keywords.ts";
import { type Named, Scope, type Value } from "./scope.ts";
import type { Source } from "./source.ts";
import { BUILTIN_2, BUILTIN_3, QELIB1, QELIB1_FIRST, STDGATES } from "./standard-gates.ts";

const MAX_BITS = 65_536;

/** A named run of qubits. */
export interface QubitRegister {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** What a text means. */
export interface LoweredProgram {
  readonly circuit: Circuit;
  /** Registers in order of declaration; none in a text that uses physical qubits ($0, $1, ...). */
  readonly qubitRegisters: readonly QubitRegister[];
  readonly physicalQubits: boolean;
}

/** Turns statements into a circuit; every mistake is told with its place. */
export class Lowering {
  readonly #source: Source;
  readonly #version: 2 | 3;
  readonly #evaluator: Evaluator;
  readonly #calls: GateCalls;
  readonly #scope = new Scope();
  readonly #included = new Set<string>();
  readonly #registers: ClassicalRegister[] = [];
  readonly #qubitRegisters: QubitRegister[] = [];
  readonly #vectors = new Map<string, ParameterVector>();
  readonly #budget: Budget;
  #numQubits = 0;
  #numClbits = 0;
  #physical: number;
  #usesPhysical = false;
  #unread = 0;
  #ended = false;
  #runtimeDepth = 0;
  /** Directives that wait for the statement they speak of. */
  #pending: { vector: ParameterVector; next: number; at: number } | undefined;
  #registerName: { readonly name: string; readonly at: number } | undefined;
  #unitary: Extract<Directive, { kind: "unitary" }> | undefined;

  constructor(source: Source, program: Program, maxOperations: number) {
    this.#source = source;
    this.#version = program.version;
    this.#physical = program.physicalQubits;
    let left = maxOperations;
    this.#budget = {
      spend(amount, at) {
        left -= amount;
        if (left < 0)
          throw source.error(
            "QASM_TOO_LARGE",
            `The text expands to more than ${maxOperations} operations; raise maxOperations if that is meant.`,
            at,
          );
      },
    };
    this.#evaluator = new Evaluator(
      source,
      program.version === 2 ? FUNCTIONS_2 : FUNCTIONS_3,
      this.#budget,
      (index, at) => this.#physicalQubit(index, at),
    );
    this.#calls = new GateCalls(source, this.#evaluator, this.#budget);
    for (const [name, template] of program.version === 2 ? BUILTIN_2 : BUILTIN_3)
      this.#scope.set(name, { kind: "gate", template, redefinable: false });
  }

  run(program: Program): LoweredProgram {
    const operations: Operation[] = [];
    this.#statements(program.statements, this.#scope, operations);
    this.#expectNoPending(program.end.offset);
    if (this.#unread > 0) {
      let name = "unread";
      while (this.#registers.some((register) => register.name === name)) name += "_";
      this.#registers.push(Object.freeze({ name, offset: this.#numClbits, size: this.#unread }));
      renumber(operations, this.#numClbits);
    }
    const circuit = new Circuit({
      numQubits: this.#usesPhysical ? this.#physical : this.#numQubits,
      registers: this.#registers,
      operations,
      vectors: [...this.#vectors.values()],
    });
    return { circuit, qubitRegisters: this.#qubitRegisters, physicalQubits: this.#usesPhysical };
  }

  #statements(statements: readonly Statement[], scope: Scope, out: Operation[]): void {
    for (let index = 0; index < statements.length && !this.#ended; index++) {
      const statement = statements[index]!;
      if (statement.kind === "group") {
        const members = statements.slice(index + 1, index + 1 + statement.count);
        this.#group(statement, members, scope, out);
        index += members.length;
      } else this.#statement(statement, scope, out);
    }
  }

  #statement(statement: Statement, scope: Scope, out: Operation[]): void {
    if (this.#pending !== undefined && statement.kind !== "input") this.#expectNoPending(statement.at);
    if (this.#unitary !== undefined && statement.kind !== "gate") this.#expectNoPending(statement.at);
    if (this.#registerName !== undefined && statement.kind !== "bits") this.#expectNoPending(statement.at);
    switch (statement.kind) {
      case "call":
        this.#calls.call(statement, scope, out);
        return;
      case "include":
        this.#include(statement.file, statement.at);
        return;
      case "qubits":
        this.#qubits(statement, scope);
        return;
      case "bits":
        this.#bits(statement, scope);
        return;
      case "gate": {
        this.#checkNew(statement.name, statement.at, scope);
        const gate = {
          kind: "user gate",
          definition: statement,
          scope: this.#scope,
          ...(this.#unitary === undefined ? {} : { unitary: this.#unitary }),
        } as const;
        this.#unitary = undefined;
        // Checked before it has its name, so that a definition cannot call itself.
        scope.set(statement.name, {
          ...gate,
          height: this.#calls.check({ ...gate, scope: before(this.#scope, statement.name) }),
        });
        return;
      }
      case "opaque":
        this.#checkNew(statement.name, statement.at, scope);
        scope.set(statement.name, { kind: "opaque" });
        return;
      case "measure":
        this.#measure(statement, scope, out);
        return;
      case "reset":
        for (const qubit of this.#qubitsOf(statement.operand, scope)) {
          this.#budget.spend(1, statement.at);
          out.push(Object.freeze({ kind: "reset", qubit }));
        }
        return;
      case "barrier": {
        const qubits =
          statement.operands.length === 0
            ? this.#allQubits()
            : statement.operands.flatMap((operand) => this.#qubitsOf(operand, scope));
        this.#budget.spend(1 + qubits.length / 16, statement.at);
        if (qubits.length > 0)
          out.push(Object.freeze({ kind: "barrier", qubits: Object.freeze([...new Set(qubits)]) }));
        return;
      }
      case "delay":
        this.#delay(statement, scope, out);
        return;
      case "if":
        this.#if(statement, scope, out);
        return;
      case "for":
        this.#for(statement, scope, out);
        return;
      case "input":
        this.#input(statement, scope);
        return;
      case "const":
        this.#checkNew(statement.name, statement.at, scope);
        scope.set(statement.name, { kind: "value", constant: true, value: this.#constant(statement, scope) });
        return;
      case "let": {
        this.#checkNew(statement.name, statement.at, scope);
        const value = this.#evaluator.value(statement.value, scope, false);
        if (value.kind !== "qubits" && value.kind !== "clbits")
          throw this.#source.error(
            "QASM_TYPE",
            `An alias names qubits or bits, not ${describe(value)}.`,
            statement.value.at,
          );
        scope.set(statement.name, { kind: "value", constant: true, value });
        return;
      }
      case "assign":
        this.#assign(statement.target, scope);
        return;
      case "block":
        this.#statements(statement.body, new Scope(scope), out);
        return;
      case "nop":
        for (const operand of statement.operands) this.#qubitsOf(operand, scope);
        return;
      case "end":
        if (this.#runtimeDepth > 0)
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

  /** Names live once a scope, and those of gates and registers once a text. */
  #checkNew(name: string, at: number, scope: Scope): void {
    const known = scope.own(name);
    if (known === undefined || (known.kind === "gate" && known.redefinable)) return;
    throw this.#source.error("QASM_REDEFINED", `${name} is defined already; choose another name.`, at);
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

  #size(expression: Expression | undefined, scope: Scope, name: string, used: number): number {
    if (expression === undefined) return 1;
    const size = this.#evaluator.integer(expression, scope, `The size of ${name}`);
    if (size < 1)
      throw this.#source.error("QASM_SIZE", `The size of ${name} is ${size}; it must be 1 or more.`, expression.at);
    if (used + size > MAX_BITS)
      throw this.#source.error(
        "QASM_TOO_LARGE",
        `With ${name} of size ${size} there are more than ${MAX_BITS} qubits or bits.`,
        expression.at,
      );
    return size;
  }

  #qubits(statement: Extract<Statement, { kind: "qubits" }>, scope: Scope): void {
    const { name, at } = statement;
    this.#checkNew(name, at, scope);
    if (this.#physical > 0) throw this.#mixed(at);
    const size = this.#size(statement.size, scope, name, this.#numQubits);
    if (this.#numQubits + size > MAX_BITS)
      throw this.#source.error("QASM_TOO_LARGE", `There are more than ${MAX_BITS} qubits.`, at);
    const offset = this.#numQubits;
    const indices = Array.from({ length: size }, (_, i) => offset + i);
    this.#numQubits += size;
    this.#qubitRegisters.push({ name, offset, size });
    scope.set(name, {
      kind: "value",
      constant: true,
      value: { kind: "qubits", indices, scalar: statement.size === undefined },
    });
  }

  #physicalQubit(index: number, at: number): number {
    if (this.#numQubits > 0) throw this.#mixed(at);
    if (!(index < MAX_BITS))
      throw this.#source.error("QASM_TOO_LARGE", `Physical qubits are numbered below ${MAX_BITS}.`, at);
    this.#usesPhysical = true;
    return index;
  }

  #mixed(at: number) {
    return this.#source.error(
      "QASM_PHYSICAL",
      "A text uses either physical qubits ($0) or declared ones, not both.",
      at,
    );
  }

  #bits(statement: Extract<Statement, { kind: "bits" }>, scope: Scope): void {
    const { at, initial } = statement;
    this.#checkNew(statement.name, at, scope);
    const size = this.#size(statement.size, scope, statement.name, this.#numClbits);
    if (this.#numClbits + size > MAX_BITS)
      throw this.#source.error("QASM_TOO_LARGE", `There are more than ${MAX_BITS} bits.`, at);
    const name = this.#registerName?.name ?? statement.name;
    if (this.#registerName !== undefined && this.#registers.some((register) => register.name === name))
      throw this.#source.error("QASM_REDEFINED", `Register ${name} is defined already.`, this.#registerName.at);
    this.#registerName = undefined;
    if (initial !== undefined) this.#initialBits(initial, size, statement.size === undefined, scope);
    const offset = this.#numClbits;
    this.#numClbits += size;
    this.#registers.push(Object.freeze({ name, offset, size }));
    scope.set(statement.name, {
      kind: "value",
      constant: true,
      value: {
        kind: "clbits",
        indices: Array.from({ length: size }, (_, i) => offset + i),
        scalar: statement.size === undefined,
      },
    });
  }

  /** Bits of a circuit start as 0, so no other initial value can be kept. */
  #initialBits(initial: Expression, size: number, scalar: boolean, scope: Scope): void {
    const value = this.#evaluator.value(initial, scope, false);
    if (value.kind === "bitstring" && value.bits.length !== size)
      throw this.#source.error(
        "QASM_SIZE",
        `A string of ${value.bits.length} bit(s) does not fit ${size} bit(s).`,
        initial.at,
      );
    const number =
      value.kind === "bitstring" && !value.bits.includes("1")
        ? 0
        : value.kind === "boolean" && scalar
          ? Number(value.value)
          : value.kind === "number"
            ? constantValue(value.value)
            : value.kind === "bitstring"
              ? 1
              : undefined;
    if (number === undefined)
      throw this.#source.error("QASM_TYPE", `Bits cannot start as ${describe(value)}.`, initial.at);
    if (number !== 0)
      throw this.#source.error("QASM_UNSUPPORTED", "Bits that do not start as 0 are not supported.", initial.at);
  }

  #qubitsOf(operand: Expression, scope: Scope): readonly number[] {
    const value = this.#evaluator.value(operand, scope, false);
    if (value.kind !== "qubits")
      throw this.#source.error(
        "QASM_TYPE",
        `A qubit or a register of qubits is needed, not ${describe(value)}.`,
        operand.at,
      );
    return value.indices;
  }

  #allQubits(): number[] {
    return Array.from({ length: this.#physical > 0 ? this.#physical : this.#numQubits }, (_, i) => i);
  }

  #measure(statement: Extract<Statement, { kind: "measure" }>, scope: Scope, out: Operation[]): void {
    const { at, operand, target } = statement;
    const qubits = this.#qubitsOf(operand, scope);
    this.#budget.spend(qubits.length, at);
    if (target === undefined) {
      // The result is not kept, yet the qubit collapses: a bit that nothing reads stands for that.
      for (const qubit of qubits) out.push(Object.freeze({ kind: "measure", qubit, clbit: UNREAD + this.#unread++ }));
      return;
    }
    const value = this.#evaluator.value(target, scope, false);
    if (value.kind !== "clbits")
      throw this.#source.error(
        "QASM_TYPE",
        `The result of a measurement goes to bits, not to ${describe(value)}.`,
        target.at,
      );
    if (value.indices.length !== qubits.length)
      throw this.#source.error(
        "QASM_SIZE",
        `${qubits.length} qubit(s) cannot be measured into ${value.indices.length} bit(s).`,
        target.at,
      );
    for (const [index, qubit] of qubits.entries())
      out.push(Object.freeze({ kind: "measure", qubit, clbit: value.indices[index]! }));
  }

  #delay(statement: Extract<Statement, { kind: "delay" }>, scope: Scope, out: Operation[]): void {
    const { duration: expression, operands } = statement;
    const duration = this.#evaluator.value(expression, scope, true);
    if (duration.kind !== "duration")
      throw this.#source.error(
        "QASM_TYPE",
        `A delay needs a duration such as 100ns, not ${describe(duration)}.`,
        expression.at,
      );
    const { value, unit } = duration;
    if (!(value >= 0) || !Number.isFinite(value) || (unit === "dt" && !Number.isSafeInteger(value)))
      throw this.#source.error(
        "QASM_VALUE",
        `A delay of ${value}${unit} is not possible; it must be 0 or more, and whole in dt.`,
        expression.at,
      );
    const qubits =
      operands.length === 0 ? this.#allQubits() : operands.flatMap((operand) => this.#qubitsOf(operand, scope));
    for (const qubit of qubits) {
      this.#budget.spend(1, statement.at);
      out.push(Object.freeze({ kind: "delay", qubit, duration: value, unit: unit as DurationUnit }));
    }
  }

  #if(statement: Extract<Statement, { kind: "if" }>, scope: Scope, out: Operation[]): void {
    const test = lowerCondition(statement.condition, scope, this.#evaluator, this.#source);
    this.#budget.spend(1, statement.at);
    const branch = (statements: readonly Statement[], runtime: boolean): Operation[] => {
      const operations: Operation[] = [];
      if (runtime) this.#runtimeDepth++;
      // OpenQASM 2 has no scopes; 3 opens one for each branch.
      this.#statements(statements, new Scope(scope), operations);
      if (runtime) this.#runtimeDepth--;
      return operations;
    };
    if (test.kind === "constant") {
      const chosen = branch(test.value ? statement.whenTrue : statement.whenFalse, false);
      for (const operation of chosen) out.push(operation);
      return;
    }
    const whenTrue = Object.freeze(branch(statement.whenTrue, true));
    const whenFalse = Object.freeze(branch(statement.whenFalse, true));
    out.push(
      Object.freeze({
        kind: "if",
        condition: Object.freeze({ clbits: Object.freeze([...test.clbits]), value: test.value }),
        whenTrue: test.negated ? whenFalse : whenTrue,
        whenFalse: test.negated ? whenTrue : whenFalse,
      }),
    );
  }

  /** OpenQASM 2 repeats the condition before each statement of a branch; a directive says how many belong together. */
  #group(
    directive: Extract<Directive, { kind: "group" }>,
    members: readonly Statement[],
    scope: Scope,
    out: Operation[],
  ): void {
    const parts: Operation[] = [];
    for (const member of members) {
      if (member.kind !== "if") break;
      this.#statement(member, scope, parts);
    }
    const test = lowerCondition(directive.condition, scope, this.#evaluator, this.#source);
    const fits = (part: Operation): part is IfOperation =>
      test.kind === "bits" &&
      part.kind === "if" &&
      part.condition.value === test.value &&
      part.condition.clbits.join() === test.clbits.join();
    if (test.kind !== "bits" || parts.length !== directive.count || !parts.every(fits))
      throw this.#source.error(
        "QASM_DIRECTIVE",
        `A group of ${directive.count} needs as many if statements with its condition after it.`,
        directive.at,
      );
    const condition = Object.freeze({ clbits: Object.freeze([...test.clbits]), value: test.value });
    const whenTrue = Object.freeze(parts.flatMap((part) => (part as IfOperation).whenTrue));
    out.push(Object.freeze({ kind: "if", condition, whenTrue, whenFalse: Object.freeze([]) }));
  }

  #for(statement: Extract<Statement, { kind: "for" }>, scope: Scope, out: Operation[]): void {
    const { over, at } = statement;
    const run = (index: number): void => {
      this.#budget.spend(1, at);
      const inner = new Scope(scope);
      inner.set(statement.name, {
        kind: "value",
        constant: false,
        value: { kind: "number", value: index, integer: true },
      });
      this.#statements(statement.body, inner, out);
    };
    if (over.kind === "set") {
      for (const item of over.items) run(this.#evaluator.integer(item, scope, "A value of the loop"));
      return;
    }
    if (over.kind !== "range")
      throw this.#source.error(
        "QASM_UNSUPPORTED",
        "Loops go over ranges such as [0:3] or sets such as {0, 2} only.",
        over.at,
      );
    if (over.start === undefined || over.stop === undefined)
      throw this.#source.error("QASM_VALUE", "The range of a loop needs a start and an end.", over.at);
    const start = this.#evaluator.integer(over.start, scope, "The start of the loop");
    const stop = this.#evaluator.integer(over.stop, scope, "The end of the loop");
    const step = over.step === undefined ? 1 : this.#evaluator.integer(over.step, scope, "The step of the loop");
    if (step === 0) throw this.#source.error("QASM_VALUE", "The step of a loop cannot be 0.", over.step!.at);
    for (let index = start; step > 0 ? index <= stop : index >= stop; index += step) run(index);
  }

  #input(statement: Extract<Statement, { kind: "input" }>, scope: Scope): void {
    const { type, name, at } = statement;
    this.#checkNew(name, at, scope);
    if (this.#runtimeDepth > 0 || scope !== this.#scope)
      throw this.#source.error("QASM_SCOPE", "Inputs must be declared outside of all blocks.", at);
    const element = type.base ?? type;
    if ((type.name === "array" ? element.name : type.name) !== "float" && element.name !== "angle")
      throw this.#source.error(
        "QASM_UNSUPPORTED",
        `Inputs of type ${type.name === "array" ? `array[${element.name}]` : type.name} are not supported; only float and angle are.`,
        type.at,
      );
    this.#width(element, scope);
    const value = type.name === "array" ? this.#inputArray(type, name, scope) : this.#inputNumber(name, at);
    scope.set(name, { kind: "value", constant: true, value });
  }

  #inputNumber(name: string, at: number): Value {
    let parameter: Parameter;
    if (this.#pending !== undefined) {
      const { vector, next } = this.#pending;
      parameter = vector.elements[next]!;
      this.#pending = next + 1 === vector.size ? undefined : { ...this.#pending, next: next + 1 };
    } else {
      parameter = input(name);
      this.#addVector(parameter.vector, at);
    }
    return { kind: "number", value: parameter, integer: false };
  }

  #inputArray(type: TypeExpression, name: string, scope: Scope): Value {
    this.#expectNoPending(type.at);
    const shape = type.sizes!.map((size) => this.#size(size, scope, name, 0));
    if (shape.length > 1)
      throw this.#source.error("QASM_UNSUPPORTED", "Arrays of several dimensions are not supported.", type.at);
    const vector = input(name, shape);
    this.#addVector(vector, type.at);
    return { kind: "parameters", elements: vector.elements };
  }

  #addVector(vector: ParameterVector, at: number): void {
    if (this.#vectors.has(vector.name))
      throw this.#source.error("QASM_REDEFINED", `Parameter ${vector.name} is defined already.`, at);
    this.#budget.spend(vector.size / 16, at);
    this.#vectors.set(vector.name, vector);
  }

  #width(type: TypeExpression, scope: Scope): number | undefined {
    if (type.width === undefined) return undefined;
    const width = this.#evaluator.integer(type.width, scope, `The width of ${type.name}`);
    if (width < 1)
      throw this.#source.error("QASM_SIZE", `A ${type.name} of ${width} bits does not exist.`, type.width.at);
    return width;
  }

  #constant(statement: Extract<Statement, { kind: "const" }>, scope: Scope): Value {
    const { type, name, value: expression } = statement;
    const width = this.#width(type, scope);
    switch (type.name) {
      case "float":
      case "angle":
        return {
          kind: "number",
          value: this.#evaluator.number(expression, scope, `The constant ${name}`),
          integer: false,
        };
      case "int":
      case "uint": {
        const value = this.#evaluator.integer(expression, scope, `The constant ${name}`);
        const bits = width ?? 64;
        const [low, high] = type.name === "uint" ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
        if (value < low || value > high)
          throw this.#source.error("QASM_VALUE", `${value} does not fit ${type.name}[${bits}].`, expression.at);
        return { kind: "number", value, integer: true };
      }
      case "bool": {
        const value = this.#evaluator.value(expression, scope, false);
        const number = value.kind === "number" ? constantValue(value.value) : undefined;
        if (value.kind === "boolean") return value;
        if (number !== undefined) return { kind: "boolean", value: number !== 0 };
        throw this.#source.error("QASM_TYPE", `The constant ${name} is a bool, not ${describe(value)}.`, expression.at);
      }
      case "bit": {
        const value = this.#evaluator.value(expression, scope, false);
        if (value.kind !== "bitstring" || value.bits.length !== (width ?? 1))
          throw this.#source.error(
            "QASM_TYPE",
            `The constant ${name} needs a string of ${width ?? 1} bit(s).`,
            expression.at,
          );
        return value;
      }
      case "duration": {
        const value = this.#evaluator.value(expression, scope, true);
        if (value.kind !== "duration")
          throw this.#source.error(
            "QASM_TYPE",
            `The constant ${name} is a duration, not ${describe(value)}.`,
            expression.at,
          );
        return value;
      }
      default:
        throw this.#source.error("QASM_UNSUPPORTED", `Constants of type ${type.name} are not supported.`, type.at);
    }
  }

  #assign(target: Expression, scope: Scope): never {
    const base = target.kind === "index" ? target.base : target;
    const name = base.kind === "name" ? base.name : "this";
    const named: Named | undefined = base.kind === "name" ? scope.find(base.name) : undefined;
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

  #directive(directive: Directive): void {
    switch (directive.kind) {
      case "parameters": {
        const { name, role, shape, at } = directive;
        if (shape.some((size) => size < 1) || shape.reduce((product, size) => product * size, 1) > 1 << 20)
          throw this.#source.error("QASM_DIRECTIVE", `Parameters of shape [${shape.join(", ")}] are not possible.`, at);
        const declare = role === "input" ? input : weight;
        const vector = shape.length === 0 ? declare(name).vector : declare(name, shape);
        this.#addVector(vector, at);
        this.#pending = { vector, next: 0, at };
        return;
      }
      case "register":
        this.#registerName = directive;
        return;
      case "numQubits":
        if (this.#numQubits > 0 || directive.count > MAX_BITS || directive.count < this.#physical)
          throw this.#source.error(
            "QASM_DIRECTIVE",
            `A number of ${directive.count} physical qubits does not fit here.`,
            directive.at,
          );
        this.#physical = directive.count;
        this.#usesPhysical = true;
        return;
      case "unitary": {
        const { numbers, numControls, controlState, at } = directive;
        const dimension = Math.sqrt(numbers.length / 2);
        if (!Number.isInteger(Math.log2(dimension)) || numControls > 30 || controlState >= 2 ** numControls)
          throw this.#source.error("QASM_DIRECTIVE", "The numbers of this directive are no unitary.", at);
        this.#unitary = { ...directive, label: this.#decoded(directive) };
        return;
      }
      case "group":
        throw this.#source.error("QASM_DIRECTIVE", "A group needs if statements after it.", directive.at);
    }
  }

  #decoded({ label, at }: Extract<Directive, { kind: "unitary" }>): string {
    try {
      return decodeURIComponent(label);
    } catch {
      throw this.#source.error("QASM_DIRECTIVE", "The label of this directive is not percent-encoded.", at);
    }
  }

  #expectNoPending(at: number): void {
    const pending = this.#pending ?? this.#registerName ?? this.#unitary;
    if (pending !== undefined)
      throw this.#source.error(
        "QASM_DIRECTIVE",
        "The directive before this lacks the declarations it speaks of.",
        Math.min(at, pending.at),
      );
  }
}

/** Marks clbits of results that are not kept, until the number of all others is known. */
const UNREAD = 2 ** 40;

function renumber(operations: Operation[], numClbits: number): void {
  for (const [index, operation] of operations.entries()) {
    if (operation.kind === "measure" && operation.clbit >= UNREAD)
      operations[index] = Object.freeze({ ...operation, clbit: operation.clbit - UNREAD + numClbits });
    else if (operation.kind === "if") {
      const whenTrue = [...operation.whenTrue];
      const whenFalse = [...operation.whenFalse];
      renumber(whenTrue, numClbits);
      renumber(whenFalse, numClbits);
      operations[index] = Object.freeze({
        ...operation,
        whenTrue: Object.freeze(whenTrue),
        whenFalse: Object.freeze(whenFalse),
      });
    }
  }
}

/** The scope as it is before `name` gets its new meaning. */
function before(scope: Scope, name: string): Scope {
  const inner = new Scope(scope);
  inner.hide(name);
  return inner;
}
