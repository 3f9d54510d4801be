import { ParameterError } from "./errors.ts";
import { ParameterExpression } from "./expression.ts";
import type { ExpressionNode } from "./expression-node.ts";
import { isName } from "./names.ts";

// Where expressions of parameters are computed; callers of either need both.
export { operate } from "./expression.ts";

/** Whether a parameter is data (`input`, one value per sample) or trained (`weight`, shared by the batch). */
export type ParameterRole = "input" | "weight";

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
    if (!isName(name))
      throw new ParameterError(
        "PARAMETER_NAME",
        `"${name}" is not a parameter name; use a letter or underscore, then letters, digits 0 to 9 and underscores.`,
      );
    if (role !== "input" && role !== "weight")
      throw new ParameterError("PARAMETER_ROLE", `"${role}" is no role of a parameter; use "input" or "weight".`);
    if (!Array.isArray(shape) || shape.some((size) => !Number.isSafeInteger(size) || size < 1))
      throw new ParameterError(
        "PARAMETER_SHAPE",
        `The shape of ${name} must be a positive integer or a list of these, not ${Array.isArray(shape) ? `[${shape.join(", ")}]` : JSON.stringify(shape)}.`,
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

/**
 * Declares data parameters: a scalar without a shape, else a vector. One value per sample of a batch.
 * @throws ParameterError PARAMETER_NAME, PARAMETER_SHAPE
 */
export function input(name: string): Parameter;
export function input(name: string, shape: number | readonly number[]): ParameterVector;
export function input(name: string, shape?: number | readonly number[]): Parameter | ParameterVector {
  return declare(name, "input", shape);
}

/**
 * Declares trainable parameters: a scalar without a shape, else a vector. Shared by all samples of a batch.
 * @throws ParameterError PARAMETER_NAME, PARAMETER_SHAPE
 */
export function weight(name: string): Parameter;
export function weight(name: string, shape: number | readonly number[]): ParameterVector;
export function weight(name: string, shape?: number | readonly number[]): Parameter | ParameterVector {
  return declare(name, "weight", shape);
}
