import { ParameterError } from "./errors.ts";
import { BINARY_OPERATIONS, type BinaryOperation, UNARY_OPERATIONS, type UnaryOperation } from "./operations.ts";

/** Whether a parameter is data (`input`, one value per sample) or trained (`weight`, shared by the batch). */
export type ParameterRole = "input" | "weight";

/** A node of an expression tree; leaves are numbers and parameters. */
export type ExpressionNode =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "parameter"; readonly parameter: Parameter }
  | { readonly kind: "unary"; readonly operation: UnaryOperation; readonly argument: ExpressionNode }
  | {
      readonly kind: "binary";
      readonly operation: BinaryOperation;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
    };

/** JSON form of an expression: a number, `["name", flatIndex]` for a parameter, or `{op, args}`. */
export type ExpressionJSON =
  | number
  | readonly [name: string, index: number]
  | { readonly op: UnaryOperation | BinaryOperation; readonly args: readonly ExpressionJSON[] };

/** An angle or any other real gate argument: a number in radians or an expression of parameters. */
export type Angle = number | ParameterExpression;

/**
 * A real-valued expression of parameters. Immutable; every method returns a new expression. Constants fold at once,
 * so an expression without parameters has a `constant` root.
 */
export class ParameterExpression {
  readonly node: ExpressionNode;
  constructor(node: ExpressionNode) {
    this.node = node;
    if (new.target !== ParameterExpression) return;
    Object.freeze(node);
    Object.freeze(this);
  }

  plus(other: Angle): ParameterExpression {
    return binary("+", this, other);
  }
  minus(other: Angle): ParameterExpression {
    return binary("-", this, other);
  }
  times(other: Angle): ParameterExpression {
    return binary("*", this, other);
  }
  dividedBy(other: Angle): ParameterExpression {
    return binary("/", this, other);
  }
  pow(exponent: Angle): ParameterExpression {
    return binary("pow", this, exponent);
  }
  negated(): ParameterExpression {
    return unary("neg", this);
  }

  /** All parameters in the expression, in order of first appearance, each once. */
  get parameters(): readonly Parameter[] {
    const found = new Set<Parameter>();
    const visit = (node: ExpressionNode): void => {
      if (node.kind === "parameter") found.add(node.parameter);
      else if (node.kind === "unary") visit(node.argument);
      else if (node.kind === "binary") {
        visit(node.left);
        visit(node.right);
      }
    };
    visit(this.node);
    return [...found];
  }

  /**
   * The value for given parameter values.
   * @throws ParameterError PARAMETER_UNBOUND when `valueFor` returns undefined for a parameter.
   */
  evaluate(valueFor: (parameter: Parameter) => number | undefined): number {
    const visit = (node: ExpressionNode): number => {
      switch (node.kind) {
        case "constant":
          return node.value;
        case "parameter": {
          const value = valueFor(node.parameter);
          if (value === undefined)
            throw new ParameterError(
              "PARAMETER_UNBOUND",
              `Parameter ${node.parameter.name} has no value; bind it first.`,
            );
          return value;
        }
        case "unary":
          return UNARY_OPERATIONS[node.operation].apply(visit(node.argument));
        case "binary":
          return BINARY_OPERATIONS[node.operation].apply(visit(node.left), visit(node.right));
      }
    };
    return visit(this.node);
  }

  /** The exact partial derivative with respect to one parameter. The derivative of |u| at 0 is taken as 0. */
  derivative(parameter: Parameter): ParameterExpression {
    const visit = (node: ExpressionNode): Angle => {
      switch (node.kind) {
        case "constant":
          return 0;
        case "parameter":
          return node.parameter === parameter || node.parameter.name === parameter.name ? 1 : 0;
        case "unary": {
          const inner = visit(node.argument);
          if (inner === 0) return 0;
          return multiply(
            UNARY_OPERATIONS[node.operation].symbolicSlope(new ParameterExpression(node.argument)),
            inner,
          );
        }
        case "binary": {
          const left = visit(node.left);
          const right = visit(node.right);
          if (left === 0 && right === 0) return 0;
          const [slopeLeft, slopeRight] = BINARY_OPERATIONS[node.operation].symbolicSlopes(
            new ParameterExpression(node.left),
            new ParameterExpression(node.right),
          );
          return add(left === 0 ? 0 : multiply(slopeLeft(), left), right === 0 ? 0 : multiply(slopeRight(), right));
        }
      }
    };
    return expression(visit(this.node));
  }

  /** A copy in which every parameter for which `replacement` returns something is replaced; constants fold. */
  substitute(replacement: (parameter: Parameter) => Angle | undefined): ParameterExpression {
    const visit = (node: ExpressionNode): ParameterExpression => {
      switch (node.kind) {
        case "constant":
          return new ParameterExpression(node);
        case "parameter":
          return expression(replacement(node.parameter) ?? node.parameter);
        case "unary":
          return unary(node.operation, visit(node.argument));
        case "binary":
          return binary(node.operation, visit(node.left), visit(node.right));
      }
    };
    return visit(this.node);
  }

  toString(): string {
    return formatExpression(this, (parameter) => parameter.name);
  }

  toJSON(): ExpressionJSON {
    const visit = (node: ExpressionNode): ExpressionJSON => {
      switch (node.kind) {
        case "constant":
          return node.value;
        case "parameter":
          return [node.parameter.vector.name, node.parameter.index];
        case "unary":
          return { op: node.operation, args: [visit(node.argument)] };
        case "binary":
          return { op: node.operation, args: [visit(node.left), visit(node.right)] };
      }
    };
    return visit(this.node);
  }
}

/**
 * One scalar parameter: an element of a `ParameterVector` (a scalar is the vector of shape []). Two parameters of one
 * circuit are the same when their vectors have the same name and their flat indices agree.
 */
export class Parameter extends ParameterExpression {
  readonly vector: ParameterVector;
  /** Flat row-major index in the vector. */
  readonly index: number;
  /** `x` for a scalar, `x[3]` for an element. */
  readonly name: string;
  /** @internal Parameters are made by `input` and `weight`. */
  constructor(vector: ParameterVector, index: number) {
    // The node of a parameter is the parameter itself, so it can only be set once `this` exists.
    const node: { kind: "parameter"; parameter?: Parameter } = { kind: "parameter" };
    super(node as ExpressionNode);
    node.parameter = this;
    Object.freeze(node);
    this.vector = vector;
    this.index = index;
    this.name = vector.shape.length === 0 ? vector.name : `${vector.name}[${index}]`;
    Object.freeze(this);
  }
  get role(): ParameterRole {
    return this.vector.role;
  }
}

/** Named parameters with one role and a row-major shape. Iterating yields the elements in flat order. */
export class ParameterVector {
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
  readonly elements: readonly Parameter[];
  /** @internal Vectors are made by `input` and `weight`. */
  constructor(name: string, role: ParameterRole, shape: readonly number[]) {
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name))
      throw new ParameterError(
        "PARAMETER_NAME",
        `"${name}" is not a parameter name; use a letter or underscore, then letters, digits and underscores.`,
      );
    if (role !== "input" && role !== "weight")
      throw new ParameterError("PARAMETER_ROLE", `"${role}" is no role of a parameter; use "input" or "weight".`);
    if (shape.some((size) => !Number.isSafeInteger(size) || size < 1))
      throw new ParameterError(
        "PARAMETER_SHAPE",
        `Shape [${shape.join(", ")}] of ${name} must hold positive integers.`,
      );
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (size > MAX_VECTOR_SIZE)
      throw new ParameterError(
        "PARAMETER_SHAPE",
        `${name} has ${size} elements; at most ${MAX_VECTOR_SIZE} are allowed.`,
      );
    this.name = name;
    this.role = role;
    this.shape = Object.freeze([...shape]);
    this.elements = Object.freeze(Array.from({ length: size }, (_, index) => new Parameter(this, index)));
    Object.freeze(this);
  }
  get size(): number {
    return this.elements.length;
  }
  /**
   * The element at the given indices, one for each dimension; a single index into a shape of several dimensions is flat.
   * @throws ParameterError PARAMETER_INDEX when an index is missing or out of range.
   */
  at(...indices: readonly number[]): Parameter {
    const flat =
      indices.length === 1 && this.shape.length !== 1
        ? indices[0]!
        : indices.length === this.shape.length &&
            indices.every((index, axis) => index >= 0 && index < this.shape[axis]!)
          ? indices.reduce((sum, index, axis) => sum * this.shape[axis]! + index, 0)
          : -1;
    const element = this.elements[flat];
    if (element === undefined)
      throw new ParameterError(
        "PARAMETER_INDEX",
        `Index [${indices.join(", ")}] does not exist in ${this.name} of shape [${this.shape.join(", ")}].`,
      );
    return element;
  }
  [Symbol.iterator](): IterableIterator<Parameter> {
    return this.elements[Symbol.iterator]();
  }
}

const MAX_VECTOR_SIZE = 1 << 24;

function declare(name: string, role: ParameterRole, shape?: number | readonly number[]): Parameter | ParameterVector {
  const vector = new ParameterVector(
    name,
    role,
    shape === undefined ? [] : typeof shape === "number" ? [shape] : shape,
  );
  return shape === undefined ? vector.elements[0]! : vector;
}

/** Declares data parameters: a scalar without a shape, else a vector. One value per sample of a batch. */
export function input(name: string): Parameter;
export function input(name: string, shape: number | readonly number[]): ParameterVector;
export function input(name: string, shape?: number | readonly number[]): Parameter | ParameterVector {
  return declare(name, "input", shape);
}

/** Declares trainable parameters: a scalar without a shape, else a vector. Shared by all samples of a batch. */
export function weight(name: string): Parameter;
export function weight(name: string, shape: number | readonly number[]): ParameterVector;
export function weight(name: string, shape?: number | readonly number[]): Parameter | ParameterVector {
  return declare(name, "weight", shape);
}

/** Wraps a number as a constant expression (-0 as 0, since JSON has one zero); expressions pass through. */
export function expression(angle: Angle): ParameterExpression {
  return typeof angle === "number" ? new ParameterExpression({ kind: "constant", value: angle + 0 }) : angle;
}

/** The number an angle stands for when it holds no parameters, else undefined. */
export function constantValue(angle: Angle): number | undefined {
  if (typeof angle === "number") return angle;
  return angle.node.kind === "constant" ? angle.node.value : undefined;
}

/** Numbers stay numbers (-0 becomes 0), constant expressions become numbers, others stay expressions. */
export function simplified(angle: Angle): Angle {
  const value = constantValue(angle);
  return value === undefined ? angle : value + 0;
}

function unary(operation: UnaryOperation, argument: Angle): ParameterExpression {
  const value = constantValue(argument);
  if (value !== undefined) return expression(UNARY_OPERATIONS[operation].apply(value));
  const inner = expression(argument).node;
  if (operation === "neg" && inner.kind === "unary" && inner.operation === "neg") return ofNode(inner.argument);
  return new ParameterExpression({ kind: "unary", operation, argument: inner });
}

/** The node as an expression; a parameter's node is the parameter. */
function ofNode(node: ExpressionNode): ParameterExpression {
  return node.kind === "parameter" ? node.parameter : new ParameterExpression(node);
}

/** @throws ParameterError PARAMETER_NOT_FINITE when a parameter is combined with NaN or an infinity */
function binary(operation: BinaryOperation, left: Angle, right: Angle): ParameterExpression {
  const a = constantValue(left);
  const b = constantValue(right);
  if (a !== undefined && b !== undefined) return expression(BINARY_OPERATIONS[operation].apply(a, b));
  const { leftIdentity, rightIdentity } = BINARY_OPERATIONS[operation];
  if (b !== undefined && b === rightIdentity) return expression(left);
  if (a !== undefined && a === leftIdentity) return expression(right);
  for (const constant of [a, b])
    if (constant !== undefined && !Number.isFinite(constant))
      throw new ParameterError(
        "PARAMETER_NOT_FINITE",
        `An expression cannot hold the number ${constant}; all its numbers must be finite.`,
      );
  return new ParameterExpression({
    kind: "binary",
    operation,
    left: expression(left).node,
    right: expression(right).node,
  });
}

/** Applies any operation of the tables to angles; numbers stay numbers. */
export function operate(operation: UnaryOperation | BinaryOperation, ...args: readonly Angle[]): Angle {
  return simplified(
    operation in UNARY_OPERATIONS
      ? unary(operation as UnaryOperation, args[0]!)
      : binary(operation as BinaryOperation, args[0]!, args[1]!),
  );
}

export const add = (left: Angle, right: Angle): Angle => operate("+", left, right);
export const subtract = (left: Angle, right: Angle): Angle => operate("-", left, right);
export const divide = (left: Angle, right: Angle): Angle => operate("/", left, right);
export const pow = (base: Angle, exponent: Angle): Angle => operate("pow", base, exponent);
export const negate = (angle: Angle): Angle => operate("neg", angle);
export const sin = (angle: Angle): Angle => operate("sin", angle);
export const cos = (angle: Angle): Angle => operate("cos", angle);
export const tan = (angle: Angle): Angle => operate("tan", angle);
export const tanh = (angle: Angle): Angle => operate("tanh", angle);
export const asin = (angle: Angle): Angle => operate("asin", angle);
export const acos = (angle: Angle): Angle => operate("acos", angle);
export const atan = (angle: Angle): Angle => operate("atan", angle);
export const exp = (angle: Angle): Angle => operate("exp", angle);
export const ln = (angle: Angle): Angle => operate("ln", angle);
export const sqrt = (angle: Angle): Angle => operate("sqrt", angle);
export const abs = (angle: Angle): Angle => operate("abs", angle);

/** The product; a factor of 0 absorbs, so that derivatives stay small. */
export function multiply(left: Angle, right: Angle): Angle {
  if (constantValue(left) === 0 || constantValue(right) === 0) return 0;
  return operate("*", left, right);
}

/** Prints an expression with as few parentheses as its meaning allows. */
export function formatExpression(
  angle: Angle,
  nameOf: (parameter: Parameter) => string,
  formatNumber: (value: number) => string = String,
): string {
  const visit = (node: ExpressionNode, minimum: number): string => {
    switch (node.kind) {
      case "constant":
        return node.value < 0 || Object.is(node.value, -0)
          ? parenthesised(formatNumber(node.value), 3, minimum)
          : formatNumber(node.value);
      case "parameter":
        return nameOf(node.parameter);
      case "unary":
        return node.operation === "neg"
          ? parenthesised(`-${visit(node.argument, 3)}`, 3, minimum)
          : `${node.operation}(${visit(node.argument, 0)})`;
      case "binary": {
        const { precedence } = BINARY_OPERATIONS[node.operation];
        if (precedence === undefined) return `${node.operation}(${visit(node.left, 0)}, ${visit(node.right, 0)})`;
        const text = `${visit(node.left, precedence)} ${node.operation} ${visit(node.right, precedence + 1)}`;
        return parenthesised(text, precedence, minimum);
      }
    }
  };
  return visit(expression(angle).node, 0);
}

function parenthesised(text: string, precedence: number, minimum: number): string {
  return precedence < minimum ? `(${text})` : text;
}

/** Rebuilds an expression from JSON. @throws ParameterError PARAMETER_JSON on anything that `toJSON` cannot make. */
export function expressionFromJSON(
  json: ExpressionJSON,
  parameterOf: (name: string, index: number) => Parameter,
): Angle {
  if (typeof json === "number") return json;
  if (Array.isArray(json) && typeof json[0] === "string" && typeof json[1] === "number")
    return parameterOf(json[0], json[1]);
  if (typeof json === "object" && json !== null && "op" in json && Array.isArray(json.args)) {
    const arity = Object.hasOwn(UNARY_OPERATIONS, json.op) ? 1 : Object.hasOwn(BINARY_OPERATIONS, json.op) ? 2 : 0;
    if (arity !== 0 && json.args.length === arity)
      return operate(
        json.op,
        ...json.args.map((argument: ExpressionJSON) => expressionFromJSON(argument, parameterOf)),
      );
  }
  throw new ParameterError("PARAMETER_JSON", `${JSON.stringify(json)} is not an expression.`);
}
