import { constantValue } from "../expression.ts";
import { input, type ParameterVector } from "../parameter.ts";
import type { Statement, TypeExpression } from "./ast.ts";
import type { Context } from "./context.ts";
import type { Directives } from "./directives.ts";
import { sizeOf } from "./registers.ts";
import type { Scope } from "./scope.ts";
import { describe, type Value } from "./value.ts";

/** The inputs of a text, which become the parameters of its circuit. */
export class Inputs {
  readonly vectors = new Map<string, ParameterVector>();
  readonly #context: Context;
  readonly #directives: Directives;

  constructor(context: Context, directives: Directives) {
    this.#context = context;
    this.#directives = directives;
  }

  /** Parameters are paid for before they are made, each as an operation, which takes as much memory. */
  pay(shape: readonly number[], at: number): void {
    this.#context.budget.spend(
      shape.reduce((product, size) => product * size, 1),
      at,
    );
  }

  /** @throws QasmError QASM_REDEFINED */
  add(vector: ParameterVector, at: number): void {
    if (this.vectors.has(vector.name))
      throw this.#context.source.error("QASM_REDEFINED", `Parameter ${vector.name} is defined already.`, at);
    this.vectors.set(vector.name, vector);
  }

  /** What an input declares. @throws QasmError QASM_SCOPE, QASM_UNSUPPORTED, QASM_SIZE, QASM_REDEFINED */
  declare({ type, name, at }: Extract<Statement, { kind: "input" }>, scope: Scope, isGlobal: boolean): Value {
    const { source, runtimeDepth } = this.#context;
    if (runtimeDepth > 0 || !isGlobal)
      throw source.error("QASM_SCOPE", "Inputs must be declared outside of all blocks.", at);
    const element = type.base ?? type;
    if ((type.name === "array" ? element.name : type.name) !== "float" && element.name !== "angle")
      throw source.error(
        "QASM_UNSUPPORTED",
        `Inputs of type ${type.name === "array" ? `array[${element.name}]` : type.name} are not supported; only float and angle are.`,
        type.at,
      );
    widthOf(element, scope, this.#context);
    if (type.name === "array") return this.#array(type, name, scope);
    let parameter = this.#directives.takeParameter();
    if (parameter === undefined) {
      this.pay([], at);
      parameter = input(name);
      this.add(parameter.vector, at);
    }
    return { kind: "number", value: parameter, integer: false };
  }

  #array(type: TypeExpression, name: string, scope: Scope): Value {
    this.#directives.expectNone(type.at);
    const shape = type.sizes!.map((size) => sizeOf(size, scope, name, 0, this.#context));
    if (shape.length > 1)
      throw this.#context.source.error("QASM_UNSUPPORTED", "Arrays of several dimensions are not supported.", type.at);
    this.pay(shape, type.at);
    const vector = input(name, shape);
    this.add(vector, type.at);
    return { kind: "parameters", elements: vector.elements };
  }
}

function widthOf(type: TypeExpression, scope: Scope, { source, evaluator }: Context): number | undefined {
  if (type.width === undefined) return undefined;
  const width = evaluator.integer(type.width, scope, `The width of ${type.name}`);
  if (width < 1) throw source.error("QASM_SIZE", `A ${type.name} of ${width} bits does not exist.`, type.width.at);
  return width;
}

/** The value of a constant. @throws QasmError QASM_TYPE, QASM_VALUE, QASM_NOT_FINITE, QASM_UNSUPPORTED */
export function constantOf(
  { type, name, value: expression }: Extract<Statement, { kind: "const" }>,
  scope: Scope,
  context: Context,
): Value {
  const { source, evaluator } = context;
  const width = widthOf(type, scope, context);
  const wrong = (text: string) => source.error("QASM_TYPE", `The constant ${name} ${text}.`, expression.at);
  switch (type.name) {
    case "float":
    case "angle":
      return { kind: "number", value: evaluator.number(expression, scope, `The constant ${name}`), integer: false };
    case "int":
    case "uint": {
      const value = evaluator.integer(expression, scope, `The constant ${name}`);
      const bits = width ?? 64;
      const [low, high] = type.name === "uint" ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
      if (value < low || value > high)
        throw source.error("QASM_VALUE", `${value} does not fit ${type.name}[${bits}].`, expression.at);
      return { kind: "number", value, integer: true };
    }
    case "bool": {
      const value = evaluator.value(expression, scope);
      const number = value.kind === "number" ? constantValue(value.value) : undefined;
      if (value.kind === "boolean") return value;
      if (number !== undefined) return { kind: "boolean", value: number !== 0 };
      throw wrong(`is a bool, not ${describe(value)}`);
    }
    case "bit": {
      const value = evaluator.value(expression, scope);
      if (value.kind !== "bitstring" || value.bits.length !== (width ?? 1))
        throw wrong(`needs a string of ${width ?? 1} bit(s)`);
      return value;
    }
    case "duration": {
      const value = evaluator.value(expression, scope);
      if (value.kind !== "duration") throw wrong(`is a duration, not ${describe(value)}`);
      return value;
    }
    default:
      throw source.error("QASM_UNSUPPORTED", `Constants of type ${type.name} are not supported.`, type.at);
  }
}
