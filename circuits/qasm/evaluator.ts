import { LeptonError } from "../errors.ts";
import { type Angle, constantValue, MAX_WRITTEN_SIZE, operate } from "../expression.ts";
import { sizeOf } from "../expression-node.ts";
import { BINARY_OPERATIONS } from "../operations.ts";
import type { Expression } from "./ast.ts";
import type { Budget } from "./budget.ts";
import { indexed } from "./indexing.ts";
import { FUNCTIONS_2, FUNCTIONS_3 } from "./keywords.ts";
import { compareOrCombine, durationOf, modulo } from "./number-arithmetic.ts";
import type { Scope } from "./scope.ts";
import type { Source } from "./source.ts";
import { describe, type NumberValue, oneOf, type Value } from "./value.ts";

const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["π", Math.PI],
  ["tau", 2 * Math.PI],
  ["τ", 2 * Math.PI],
  ["euler", Math.E],
  ["ℇ", Math.E],
]);

/**
 * Values of expressions, computed while a text is read; only parameters stay symbolic. `real` says whether 1/2 is 0.5: always
 * so in angles of OpenQASM 2, while OpenQASM 3 cuts a quotient of two integers towards zero.
 */
export class Evaluator {
  readonly #source: Source;
  readonly #version: 2 | 3;
  readonly #functions: ReadonlyMap<string, string>;
  readonly #budget: Budget;
  readonly #physical: (index: number, at: number) => number;

  constructor(source: Source, version: 2 | 3, budget: Budget, physical: (index: number, at: number) => number) {
    this.#source = source;
    this.#version = version;
    this.#functions = version === 2 ? FUNCTIONS_2 : FUNCTIONS_3;
    this.#budget = budget;
    this.#physical = physical;
  }

  /** A gate argument in radians. @throws QasmError QASM_TYPE, QASM_NOT_FINITE */
  angle(expression: Expression, scope: Scope, real: boolean = this.#version === 2): Angle {
    const value = this.value(expression, scope, real);
    if (value.kind !== "number")
      throw this.#source.error("QASM_TYPE", `A gate argument must be a number, not ${describe(value)}.`, expression.at);
    const constant = constantValue(value.value);
    if (constant !== undefined && !Number.isFinite(constant))
      throw this.#source.error(
        "QASM_NOT_FINITE",
        `This gate argument is ${constant}; angles must be finite.`,
        expression.at,
      );
    return value.value;
  }

  /** A number that does not depend on parameters. @throws QasmError QASM_TYPE, QASM_NOT_FINITE */
  number(expression: Expression, scope: Scope, what: string, real: boolean = this.#version === 2): number {
    const value = this.value(expression, scope, real);
    const number = value.kind === "number" ? constantValue(value.value) : undefined;
    if (number === undefined)
      throw this.#source.error(
        "QASM_TYPE",
        `${what} must be a constant number, not ${describe(value)}.`,
        expression.at,
      );
    if (!Number.isFinite(number))
      throw this.#source.error("QASM_NOT_FINITE", `${what} is ${number}; it must be finite.`, expression.at);
    return number;
  }

  /** @throws QasmError QASM_TYPE, QASM_VALUE */
  integer(expression: Expression, scope: Scope, what: string): number {
    const value = this.value(expression, scope);
    const number = value.kind === "number" && value.integer ? constantValue(value.value) : undefined;
    if (number === undefined)
      throw this.#source.error(
        "QASM_TYPE",
        `${what} must be a constant integer, not ${describe(value)}.`,
        expression.at,
      );
    if (!Number.isSafeInteger(number))
      throw this.#source.error("QASM_VALUE", `${what} is ${number}; integers have at most 53 bits.`, expression.at);
    return number;
  }

  /** The value of an expression. @throws QasmError */
  value(expression: Expression, scope: Scope, real = false): Value {
    this.#budget.work(expression.at);
    switch (expression.kind) {
      case "number": {
        const { value, unit } = expression;
        if (unit === undefined) return { kind: "number", value, integer: expression.integer };
        if (unit === "im")
          throw this.#source.error("QASM_UNSUPPORTED", "Complex numbers are not supported.", expression.at);
        return { kind: "duration", value, unit: unit as "dt" };
      }
      case "boolean":
        return { kind: "boolean", value: expression.value };
      case "string": {
        const bits = expression.text.replaceAll("_", "");
        if (!/^[01]+$/.test(bits))
          throw this.#source.error("QASM_TYPE", "A string of bits holds only 0 and 1.", expression.at);
        return { kind: "bitstring", bits };
      }
      case "physical":
        return oneOf("qubits", this.#physical(expression.index, expression.at));
      case "name":
        return this.#name(expression.name, expression.at, scope);
      case "unary":
        return this.#unary(expression, scope, real);
      case "binary":
        return this.#binary(expression, scope, real);
      case "call":
        return this.#call(expression, scope, real);
      case "cast":
        return this.#cast(expression, scope, real);
      case "index":
        return indexed(expression, scope, this, this.#source, this.#budget);
      case "measure":
        throw this.#source.error("QASM_SYNTAX", "A measurement cannot be part of an expression.", expression.at);
    }
  }

  #name(name: string, at: number, scope: Scope): Value {
    const named = scope.find(name);
    if (named?.kind === "value") return named.value;
    const constant = CONSTANTS.get(name);
    if (constant !== undefined) return { kind: "number", value: constant, integer: false };
    if (named !== undefined) throw this.#source.error("QASM_TYPE", `${name} is a gate; a value was expected here.`, at);
    throw this.#source.error("QASM_UNDEFINED", `${name} is not defined here.`, at);
  }

  #unary(expression: Extract<Expression, { kind: "unary" }>, scope: Scope, real: boolean): Value {
    const { operator, at } = expression;
    const value = this.value(expression.argument, scope, real);
    if (operator === "-" && value.kind === "number") return { ...value, value: this.#apply(at, "neg", [value.value]) };
    if (operator === "-" && value.kind === "duration") return { ...value, value: -value.value };
    if (operator === "+" && value.kind === "number") return value;
    if (operator === "!" && value.kind === "boolean") return { ...value, value: !value.value };
    throw this.#source.error("QASM_TYPE", `"${operator}" does not apply to ${describe(value)}.`, at);
  }

  #binary(expression: Extract<Expression, { kind: "binary" }>, scope: Scope, real: boolean): Value {
    const { operator, at } = expression;
    const left = this.value(expression.left, scope, real);
    const right = this.value(expression.right, scope, real);
    if (left.kind === "number" && right.kind === "number") return this.#numbers(operator, left, right, at, real);
    if (left.kind === "boolean" && right.kind === "boolean") {
      if (operator === "&&") return { kind: "boolean", value: left.value && right.value };
      if (operator === "||") return { kind: "boolean", value: left.value || right.value };
      if (operator === "==") return { kind: "boolean", value: left.value === right.value };
      if (operator === "!=") return { kind: "boolean", value: left.value !== right.value };
    }
    if (operator === "++" && left.kind === right.kind && (left.kind === "qubits" || left.kind === "clbits")) {
      const other = right as typeof left;
      if (left.scalar || other.scalar)
        throw this.#source.error("QASM_TYPE", "Only registers can be joined by ++, not single bits or qubits.", at);
      const size = left.indices.length + other.indices.length;
      if (size > 65_536) throw this.#source.error("QASM_TOO_LARGE", `An alias of ${size} elements is too large.`, at);
      this.#budget.spendParts(size, at);
      return { ...left, indices: Object.freeze([...left.indices, ...other.indices]) };
    }
    const duration = durationOf(operator, left, right);
    if (duration !== undefined) return duration;
    throw this.#source.error(
      "QASM_TYPE",
      `"${operator}" does not apply to ${describe(left)} and ${describe(right)}.`,
      at,
    );
  }

  #numbers(operator: string, left: NumberValue, right: NumberValue, at: number, real: boolean): Value {
    const integer = left.integer && right.integer;
    const number = (value: Angle, whole = integer): Value => ({ kind: "number", value, integer: whole });
    const a = constantValue(left.value);
    const b = constantValue(right.value);
    if ((operator === "/" || operator === "%") && b === 0)
      throw this.#source.error("QASM_NOT_FINITE", "This divides by zero.", at);
    switch (operator) {
      case "+":
      case "-":
      case "*":
        return number(this.#apply(at, operator, [left.value, right.value]));
      case "/": {
        const quotient = this.#apply(at, "/", [left.value, right.value]);
        if (!integer || Number.isInteger(quotient)) return number(quotient);
        return real ? number(quotient, false) : number(Math.trunc(quotient as number) + 0);
      }
      case "**":
        return number(this.#apply(at, "pow", [left.value, right.value]), integer && b !== undefined && b >= 0);
    }
    if (a !== undefined && b !== undefined) {
      const value = operator === "%" ? modulo(a, b, integer) : compareOrCombine(operator, a, b, integer);
      if (value !== undefined) return value;
    }
    throw this.#source.error(
      "QASM_TYPE",
      `"${operator}" does not apply to ${describe(left)} and ${describe(right)}.`,
      at,
    );
  }

  #call(expression: Extract<Expression, { kind: "call" }>, scope: Scope, real: boolean): Value {
    const { name, args, at } = expression;
    const operation = this.#functions.get(name);
    if (operation === undefined)
      throw this.#source.error(
        scope.find(name) === undefined ? "QASM_UNDEFINED" : "QASM_TYPE",
        `${name} is not a function. Known functions: ${[...this.#functions.keys()].join(", ")}.`,
        at,
      );
    if (operation === "popcount")
      throw this.#source.error("QASM_UNSUPPORTED", "popcount is not supported: no circuit can hold its result.", at);
    const numbers: NumberValue[] = [];
    for (const argument of args) {
      const value = this.value(argument, scope, real);
      if (value.kind !== "number")
        throw this.#source.error("QASM_TYPE", `${name} needs a number, not ${describe(value)}.`, argument.at);
      numbers.push(value);
    }
    const arity = operation === "mod" || Object.hasOwn(BINARY_OPERATIONS, operation) ? 2 : 1;
    if (numbers.length !== arity)
      throw this.#source.error(
        "QASM_ARGUMENTS",
        `${name} takes ${arity} argument(s) but was given ${numbers.length}.`,
        at,
      );
    return this.#function(operation, name, numbers, at);
  }

  #function(operation: string, name: string, numbers: readonly NumberValue[], at: number): Value {
    const angles = numbers.map(({ value }) => value);
    const integer = numbers.every((value) => value.integer);
    if (operation === "mod") return this.#numbers("%", numbers[0]!, numbers[1]!, at, true);
    if (operation === "floor" || operation === "ceiling") {
      const number = constantValue(angles[0]!);
      if (number === undefined)
        throw this.#source.error("QASM_UNSUPPORTED", `${name} of a parameter is not supported.`, at);
      return { kind: "number", value: operation === "floor" ? Math.floor(number) : Math.ceil(number), integer: false };
    }
    const value = this.#apply(at, operation, angles);
    if (typeof value === "number" && !Number.isFinite(value))
      throw this.#source.error("QASM_NOT_FINITE", `${name} of ${angles.join(", ")} is ${value}.`, at);
    return {
      kind: "number",
      value,
      integer: integer && (operation === "pow" || operation === "abs") && Number.isInteger(value),
    };
  }

  #cast(expression: Extract<Expression, { kind: "cast" }>, scope: Scope, real: boolean): Value {
    const { type, at } = expression;
    const value = this.value(expression.argument, scope, real);
    if (value.kind === "number") {
      const constant = constantValue(value.value);
      if (type.name === "float" || type.name === "angle") return { ...value, integer: false };
      if (constant !== undefined && (type.name === "int" || type.name === "uint"))
        return { kind: "number", value: Math.trunc(constant), integer: true };
      if (constant !== undefined && type.name === "bool") return { kind: "boolean", value: constant !== 0 };
    }
    if (value.kind === "boolean" && (type.name === "int" || type.name === "uint"))
      return { kind: "number", value: value.value ? 1 : 0, integer: true };
    if (value.kind === "boolean" && type.name === "bool") return value;
    if (value.kind === "clbits" && type.name === "bool" && value.scalar) return value;
    throw this.#source.error("QASM_UNSUPPORTED", `A cast of ${describe(value)} to ${type.name} is not supported.`, at);
  }

  /** An operation of the tables; the size of its result, written out, is bounded: definitions that double an argument grow it. */
  #apply(at: number, operation: string, args: readonly Angle[]): Angle {
    const result = this.#operate(at, operation, args);
    if (typeof result !== "number" && sizeOf(result.node) > MAX_WRITTEN_SIZE)
      throw this.#source.error(
        "QASM_TOO_LARGE",
        `An expression of parameters grows past ${MAX_WRITTEN_SIZE} operators here.`,
        at,
      );
    return result;
  }

  #operate(at: number, operation: string, args: readonly Angle[]): Angle {
    try {
      return operate(operation as "+", ...args);
    } catch (error) {
      if (!(error instanceof LeptonError)) throw error;
      const code = error.code === "PARAMETER_TOO_DEEP" ? "QASM_TOO_DEEP" : "QASM_NOT_FINITE";
      throw this.#source.error(code, error.message, at);
    }
  }
}
