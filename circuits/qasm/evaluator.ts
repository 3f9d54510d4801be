import { LeptonError } from "../errors.ts";
import { type Angle, constantValue, operate, ParameterExpression } from "../parameter.ts";
import type { Expression, RangeExpression, SetExpression } from "./ast.ts";
import type { Scope, Value } from "./scope.ts";
import type { Source } from "./source.ts";

const MAX_SYMBOLIC_SIZE = 10_000;
const MAX_SYMBOLIC_DEPTH = 1000;

const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["π", Math.PI],
  ["tau", 2 * Math.PI],
  ["τ", 2 * Math.PI],
  ["euler", Math.E],
  ["ℇ", Math.E],
]);

/** Work that a text may ask for; `spend` throws when it is used up. */
export interface Budget {
  spend(amount: number, at: number): void;
}

/** Values of expressions, computed while a text is read; only parameters stay symbolic. */
export class Evaluator {
  readonly #source: Source;
  readonly #functions: ReadonlyMap<string, string>;
  readonly #budget: Budget;
  /** Sizes of symbolic trees as if written out: definitions that double an argument grow exponentially. */
  readonly #sizes = new WeakMap<ParameterExpression, { readonly size: number; readonly depth: number }>();
  readonly #physical: (index: number, at: number) => number;

  constructor(
    source: Source,
    functions: ReadonlyMap<string, string>,
    budget: Budget,
    physical: (index: number, at: number) => number,
  ) {
    this.#source = source;
    this.#functions = functions;
    this.#budget = budget;
    this.#physical = physical;
  }

  /** A gate argument in radians. @throws QasmError QASM_TYPE, QASM_NOT_FINITE */
  angle(expression: Expression, scope: Scope): Angle {
    const value = this.value(expression, scope, true);
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
  number(expression: Expression, scope: Scope, what: string): number {
    const value = this.value(expression, scope, true);
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
    const value = this.value(expression, scope, false);
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

  /**
   * The value of an expression. In a real context 3/5 is 0.6, also between integers; where an integer is needed, the
   * quotient is cut towards zero.
   */
  value(expression: Expression, scope: Scope, real: boolean): Value {
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
        return { kind: "qubits", indices: [this.#physical(expression.index, expression.at)], scalar: true };
      case "name":
        return this.#name(expression.name, expression.at, scope);
      case "unary":
        return this.#unary(expression, scope, real);
      case "binary":
        return this.#binary(expression, scope, real);
      case "call":
        return this.#call(expression, scope);
      case "cast":
        return this.#cast(expression, scope, real);
      case "index":
        return this.#index(expression, scope);
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
      this.#budget.spend(size / 16, at);
      return { ...left, indices: [...left.indices, ...other.indices] };
    }
    const duration = durationOf(operator, left, right);
    if (duration !== undefined) return duration;
    throw this.#source.error(
      "QASM_TYPE",
      `"${operator}" does not apply to ${describe(left)} and ${describe(right)}.`,
      at,
    );
  }

  #numbers(
    operator: string,
    left: Extract<Value, { kind: "number" }>,
    right: Extract<Value, { kind: "number" }>,
    at: number,
    real: boolean,
  ): Value {
    const integer = left.integer && right.integer;
    const number = (value: Angle, whole = integer): Value => ({ kind: "number", value, integer: whole });
    const a = constantValue(left.value);
    const b = constantValue(right.value);
    switch (operator) {
      case "+":
      case "-":
      case "*":
        return number(this.#apply(at, operator, [left.value, right.value]));
      case "/": {
        if (b === 0) throw this.#source.error("QASM_NOT_FINITE", "This divides by zero.", at);
        const quotient = this.#apply(at, "/", [left.value, right.value]);
        if (!integer) return number(quotient);
        if (real && !Number.isInteger(quotient)) return number(quotient, false);
        return number(Math.trunc(quotient as number));
      }
      case "**":
        return number(this.#apply(at, "pow", [left.value, right.value]), integer && b !== undefined && b >= 0);
      case "%":
        if (a === undefined || b === undefined) break;
        if (b === 0) throw this.#source.error("QASM_NOT_FINITE", "This divides by zero.", at);
        return number(integer ? a % b : a - b * Math.floor(a / b));
      default: {
        if (a === undefined || b === undefined) break;
        const compare = COMPARISONS[operator];
        if (compare !== undefined) return { kind: "boolean", value: compare(a, b) };
        const bitwise = BITWISE[operator];
        if (bitwise !== undefined && integer && a >= 0 && b >= 0) {
          if (operator === "<<" || operator === ">>") {
            if (b > 53) break;
          } else if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) break;
          return number(Number(bitwise(BigInt(a), BigInt(b))));
        }
      }
    }
    throw this.#source.error(
      "QASM_TYPE",
      `"${operator}" does not apply to ${describe(left)} and ${describe(right)}.`,
      at,
    );
  }

  #call(expression: Extract<Expression, { kind: "call" }>, scope: Scope): Value {
    const { name, at } = expression;
    const operation = this.#functions.get(name);
    if (operation === undefined)
      throw this.#source.error(
        scope.find(name) === undefined ? "QASM_UNDEFINED" : "QASM_TYPE",
        `${name} is not a function. Known functions: ${[...this.#functions.keys()].join(", ")}.`,
        at,
      );
    if (operation === "popcount")
      throw this.#source.error("QASM_UNSUPPORTED", "popcount is not supported: no circuit can hold its result.", at);
    const values = expression.args.map((argument) => this.value(argument, scope, true));
    const arity = operation === "pow" || operation === "mod" ? 2 : 1;
    if (values.length !== arity)
      throw this.#source.error(
        "QASM_ARGUMENTS",
        `${name} takes ${arity} argument(s) but was given ${values.length}.`,
        at,
      );
    const numbers = values.map((value, index) => {
      if (value.kind === "number") return value;
      throw this.#source.error(
        "QASM_TYPE",
        `${name} needs a number, not ${describe(value)}.`,
        expression.args[index]!.at,
      );
    });
    const angles = numbers.map(({ value }) => value);
    const integer = numbers.every((value) => value.integer);
    if (operation === "mod") return this.#numbers("%", numbers[0]!, numbers[1]!, at, true);
    if (operation === "floor" || operation === "ceiling") {
      const number = constantValue(angles[0]!);
      if (number === undefined)
        throw this.#source.error("QASM_UNSUPPORTED", `${name} of a parameter is not supported.`, at);
      return { kind: "number", value: operation === "floor" ? Math.floor(number) : Math.ceil(number), integer: true };
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
    const value = this.value(expression.argument, scope, real || type.name === "float" || type.name === "angle");
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

  #index(expression: Extract<Expression, { kind: "index" }>, scope: Scope): Value {
    const base = this.value(expression.base, scope, true);
    if (base.kind !== "qubits" && base.kind !== "clbits" && base.kind !== "parameters")
      throw this.#source.error("QASM_TYPE", `${capital(describe(base))} has no elements to index.`, expression.at);
    if (base.kind !== "parameters" && base.scalar)
      throw this.#source.error(
        "QASM_TYPE",
        `A single ${base.kind === "qubits" ? "qubit" : "bit"} has no elements to index.`,
        expression.at,
      );
    const size = base.kind === "parameters" ? base.elements.length : base.indices.length;
    const { index } = expression;
    if (index.kind === "range" || index.kind === "set") {
      if (base.kind === "parameters")
        throw this.#source.error("QASM_UNSUPPORTED", "Slices of parameter arrays are not supported.", expression.at);
      const found = this.indices(index, scope, size);
      this.#budget.spend(found.length / 16, expression.at);
      return { ...base, indices: found.map((position) => base.indices[position]!) };
    }
    const position = this.#position(index, scope, size);
    if (base.kind === "parameters") return { kind: "number", value: base.elements[position]!, integer: false };
    return { ...base, indices: [base.indices[position]!], scalar: true };
  }

  #position(expression: Expression, scope: Scope, size: number): number {
    const index = this.integer(expression, scope, "An index");
    if (index < -size || index >= size)
      throw this.#source.error(
        "QASM_INDEX",
        `Index ${index} does not exist in a register of size ${size}.`,
        expression.at,
      );
    return index < 0 ? index + size : index;
  }

  /** The positions that a range or set picks out of `size` elements; ranges include their end. */
  indices(index: RangeExpression | SetExpression, scope: Scope, size: number): readonly number[] {
    if (index.kind === "set") {
      if (index.items.length === 0) throw this.#source.error("QASM_INDEX", "This set of indices is empty.", index.at);
      return index.items.map((item) => this.#position(item, scope, size));
    }
    const step = index.step === undefined ? 1 : this.integer(index.step, scope, "The step of a range");
    if (step === 0) throw this.#source.error("QASM_INDEX", "The step of a range cannot be 0.", index.step!.at);
    const from = index.start === undefined ? (step > 0 ? 0 : size - 1) : this.#position(index.start, scope, size);
    const to = index.stop === undefined ? (step > 0 ? size - 1 : 0) : this.#position(index.stop, scope, size);
    const found: number[] = [];
    for (let position = from; step > 0 ? position <= to : position >= to; position += step) found.push(position);
    if (found.length === 0) throw this.#source.error("QASM_INDEX", "This range of indices is empty.", index.at);
    return found;
  }

  #operate(at: number, operation: string, args: readonly Angle[]): Angle {
    try {
      return operate(operation as "+", ...args);
    } catch (error) {
      if (!(error instanceof LeptonError)) throw error;
      throw this.#source.error("QASM_NOT_FINITE", error.message, at);
    }
  }

  #apply(at: number, operation: string, args: readonly Angle[]): Angle {
    const result = this.#operate(at, operation, args);
    if (typeof result === "number") return result;
    let size = 1;
    let depth = 1;
    for (const argument of args) {
      const known = argument instanceof ParameterExpression ? this.#sizes.get(argument) : undefined;
      size += known?.size ?? 1;
      depth = Math.max(depth, (known?.depth ?? 1) + 1);
    }
    if (size > MAX_SYMBOLIC_SIZE || depth > MAX_SYMBOLIC_DEPTH)
      throw this.#source.error(
        "QASM_TOO_LARGE",
        `An expression of parameters grows past ${MAX_SYMBOLIC_SIZE} operators or ${MAX_SYMBOLIC_DEPTH} levels here.`,
        at,
      );
    this.#sizes.set(result, { size, depth });
    return result;
  }
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
};
const BITWISE: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  "&": (a, b) => a & b,
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
  "<<": (a, b) => a << b,
  ">>": (a, b) => a >> b,
};

const NANOSECONDS = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 } as const;

/** Arithmetic of durations; different units meet in nanoseconds, `dt` only with itself. */
function durationOf(operator: string, left: Value, right: Value): Value | undefined {
  if (left.kind === "duration" && right.kind === "duration") {
    if (operator !== "+" && operator !== "-") return undefined;
    const sign = operator === "+" ? 1 : -1;
    if (left.unit === right.unit) return { ...left, value: left.value + sign * right.value };
    if (left.unit === "dt" || right.unit === "dt") return undefined;
    const value = left.value * NANOSECONDS[left.unit] + sign * right.value * NANOSECONDS[right.unit];
    return { kind: "duration", value, unit: "ns" };
  }
  const [duration, other] = left.kind === "duration" ? [left, right] : [right, left];
  if (duration.kind !== "duration" || other.kind !== "number") return undefined;
  const factor = constantValue(other.value);
  if (factor === undefined) return undefined;
  if (operator === "*") return { ...duration, value: duration.value * factor };
  if (operator === "/" && left.kind === "duration" && factor !== 0)
    return { ...duration, value: duration.value / factor };
  return undefined;
}

export function describe(value: Value): string {
  switch (value.kind) {
    case "number": {
      const constant = constantValue(value.value);
      return constant === undefined
        ? "an expression of parameters"
        : `the ${value.integer ? "integer" : "number"} ${constant}`;
    }
    case "boolean":
      return String(value.value);
    case "duration":
      return `the duration ${value.value}${value.unit}`;
    case "bitstring":
      return "a string of bits";
    case "qubits":
      return value.scalar ? "a qubit" : `a register of ${value.indices.length} qubit(s)`;
    case "clbits":
      return value.scalar ? "a bit" : `a register of ${value.indices.length} bit(s)`;
    case "parameters":
      return "an array of parameters";
  }
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
