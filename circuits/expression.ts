import { describeValue } from "./describe-value.ts";
import { ParameterError } from "./errors.ts";
import { formatNode } from "./expression-format.ts";
import { type Branch, depthOf, type ExpressionNode, foldNode, nodesOf, sizeOf } from "./expression-node.ts";
import {
  type Algebra,
  BINARY_OPERATIONS,
  type BinaryOperation,
  UNARY_OPERATIONS,
  type UnaryOperation,
} from "./operations.ts";
import type { Parameter } from "./parameter.ts";

/**
 * How deep expressions may be nested: all that walk over them may then recurse, and the OpenQASM reader takes back what the
 * printer writes.
 */
export const MAX_DEPTH = 1000;
/** How many nodes an expression may have when it is written out, which repeats what it shares. */
export const MAX_WRITTEN_SIZE = 1 << 20;

/** An angle or any other real gate argument: a number in radians or an expression of parameters. */
export type Angle = number | ParameterExpression;

/** JSON form of an expression: a number, `["name", flatIndex]` for a parameter, or `{op, args}`. */
export type ExpressionJSON =
  | number
  | readonly [name: string, index: number]
  | { readonly op: UnaryOperation | BinaryOperation; readonly args: readonly ExpressionJSON[] };

/**
 * A real-valued expression of parameters. Immutable; every method returns a new expression. Constants fold at once,
 * so an expression without parameters has a `constant` root. Expressions share what they are made of, and nothing here
 * but writing one out takes more time for that.
 */
export class ParameterExpression {
  readonly node: ExpressionNode;
  #parameters: readonly Parameter[] | undefined;
  constructor(node: ExpressionNode) {
    this.node = node;
    if (new.target !== ParameterExpression) return;
    Object.freeze(node);
    Object.freeze(this);
  }

  /** @throws ParameterError PARAMETER_OPERAND, PARAMETER_NOT_FINITE, PARAMETER_TOO_DEEP, as all that follow */
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
    if (this.#parameters === undefined) {
      const found = new Set<Parameter>();
      for (const node of nodesOf(this.node)) if (node.kind === "parameter") found.add(node.parameter);
      this.#parameters = Object.freeze([...found]);
    }
    return this.#parameters;
  }

  /**
   * The value for given parameter values.
   * @throws ParameterError PARAMETER_UNBOUND when `valueFor` returns undefined for a parameter.
   */
  evaluate(valueFor: (parameter: Parameter) => number | undefined): number {
    return foldNode<number>(
      this.node,
      (leaf) => {
        if (leaf.kind === "constant") return leaf.value;
        const value = valueFor(leaf.parameter);
        if (value === undefined)
          throw new ParameterError(
            "PARAMETER_UNBOUND",
            `Parameter ${leaf.parameter.name} has no value; bind it first.`,
          );
        return value;
      },
      (node, first, second) =>
        node.kind === "unary"
          ? UNARY_OPERATIONS[node.operation].apply(first)
          : BINARY_OPERATIONS[node.operation].apply(first, second!),
    );
  }

  /**
   * The exact partial derivative with respect to one parameter. The derivatives of |u| at 0, and of hypot and atan2 at the
   * origin, are taken as 0.
   * @throws ParameterError PARAMETER_TOO_DEEP where the derivative is, as it may be for more than 300 nested operations
   */
  derivative(parameter: Parameter): ParameterExpression {
    if (!(parameter instanceof ParameterExpression))
      throw new ParameterError(
        "PARAMETER_OPERAND",
        `An expression is differentiated by a parameter, such as w.at(0), not by ${describeValue(parameter)}.`,
      );
    const slope = foldNode<Angle>(
      this.node,
      (leaf) =>
        leaf.kind === "parameter" && (leaf.parameter === parameter || leaf.parameter.name === parameter.name) ? 1 : 0,
      (node, first, second) => {
        if (first === 0 && (second === undefined || second === 0)) return 0;
        if (node.kind === "unary") {
          const { symbolicSlope } = UNARY_OPERATIONS[node.operation];
          return multiply(symbolicSlope(ofNode(node.argument), ALGEBRA), first);
        }
        const { symbolicSlopes } = BINARY_OPERATIONS[node.operation];
        const [slopeLeft, slopeRight] = symbolicSlopes(ofNode(node.left), ofNode(node.right), ALGEBRA);
        return operate(
          "+",
          first === 0 ? 0 : multiply(slopeLeft(), first),
          second === 0 ? 0 : multiply(slopeRight(), second!),
        );
      },
    );
    return expression(slope);
  }

  /** A copy in which every parameter for which `replacement` returns something is replaced; constants fold. */
  substitute(replacement: (parameter: Parameter) => Angle | undefined): ParameterExpression {
    return foldNode<ParameterExpression>(
      this.node,
      (leaf) =>
        leaf.kind === "constant"
          ? new ParameterExpression(leaf)
          : expression(replacement(leaf.parameter) ?? leaf.parameter),
      (node, first, second) =>
        node.kind === "unary" ? unary(node.operation, first) : binary(node.operation, first, second!),
    );
  }

  /** The expression in usual notation; in short, `f(x, w)`, for one of more than a million operations. */
  toString(): string {
    return sizeOf(this.node) > MAX_WRITTEN_SIZE ? summaryOf(this) : formatNode(this.node, ({ name }) => name);
  }

  /** @throws ParameterError PARAMETER_TOO_LARGE */
  toJSON(): ExpressionJSON {
    checkWritten(this);
    return foldNode<ExpressionJSON>(
      this.node,
      (leaf) => (leaf.kind === "constant" ? leaf.value : ([leaf.parameter.vector.name, leaf.parameter.index] as const)),
      (node, first, second) => ({ op: node.operation, args: second === undefined ? [first] : [first, second] }),
    );
  }
}

/** `f(x, w)`: only what an expression depends on. */
export function summaryOf(angle: ParameterExpression): string {
  return `f(${[...new Set(angle.parameters.map(({ vector }) => vector.name))].join(", ")})`;
}

/** @throws ParameterError PARAMETER_TOO_LARGE when a text of the expression would fill the memory */
export function checkWritten(angle: ParameterExpression): void {
  const size = sizeOf(angle.node);
  if (size > MAX_WRITTEN_SIZE)
    throw new ParameterError(
      "PARAMETER_TOO_LARGE",
      `Written out, this expression of ${summaryOf(angle).slice(2, -1)} has ${size} parts; at most ${MAX_WRITTEN_SIZE} can be printed, hashed or saved. Bind its parameters first.`,
    );
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

/** @throws ParameterError PARAMETER_OPERAND unless `value` is a number or an expression */
function operand(value: Angle, operation: string): Angle {
  if (typeof value === "number" || value instanceof ParameterExpression) return value;
  throw new ParameterError(
    "PARAMETER_OPERAND",
    `"${operation}" works on numbers and expressions, but was given ${describeValue(value)}.`,
  );
}

/** @throws ParameterError PARAMETER_TOO_DEEP */
function branch(node: Branch): ParameterExpression {
  if (depthOf(node) > MAX_DEPTH)
    throw new ParameterError(
      "PARAMETER_TOO_DEEP",
      `An expression nests more than ${MAX_DEPTH} operations here; add many terms with sum([...]) and multiply many factors with product([...]).`,
    );
  return new ParameterExpression(node);
}

function unary(operation: UnaryOperation, argument: Angle): ParameterExpression {
  const value = constantValue(operand(argument, operation));
  if (value !== undefined) return expression(UNARY_OPERATIONS[operation].apply(value));
  const { node } = expression(argument);
  if (operation === "neg" && node.kind === "unary" && node.operation === "neg") return ofNode(node.argument);
  return branch({ kind: "unary", operation, argument: node, depth: depthOf(node) + 1, size: sizeOf(node) + 1 });
}

/** The node as an expression; a parameter's node is the parameter. */
function ofNode(node: ExpressionNode): ParameterExpression {
  return node.kind === "parameter" ? node.parameter : new ParameterExpression(node);
}

/** @throws ParameterError PARAMETER_NOT_FINITE when a parameter is combined with NaN or an infinity */
function binary(operation: BinaryOperation, left: Angle, right: Angle): ParameterExpression {
  const a = constantValue(operand(left, operation));
  const b = constantValue(operand(right, operation));
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
  const [first, second] = [expression(left).node, expression(right).node];
  return branch({
    kind: "binary",
    operation,
    left: first,
    right: second,
    depth: Math.max(depthOf(first), depthOf(second)) + 1,
    size: sizeOf(first) + sizeOf(second) + 1,
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

/** The product; a factor of 0 absorbs, so that derivatives stay small. */
export function multiply(left: Angle, right: Angle): Angle {
  const [a, b] = [operand(left, "*"), operand(right, "*")];
  if (constantValue(a) === 0 || constantValue(b) === 0) return 0;
  return operate("*", a, b);
}

const ALGEBRA: Algebra = { operate, multiply };

/** Rebuilds an expression from JSON. @throws ParameterError PARAMETER_JSON on anything that `toJSON` cannot make. */
export function expressionFromJSON(
  json: ExpressionJSON,
  parameterOf: (name: string, index: number) => Parameter,
): Angle {
  const visit = (part: ExpressionJSON, depth: number): Angle => {
    if (typeof part === "number") return part;
    if (Array.isArray(part) && typeof part[0] === "string" && typeof part[1] === "number")
      return parameterOf(part[0], part[1]);
    if (typeof part === "object" && part !== null && "op" in part && Array.isArray(part.args) && depth <= MAX_DEPTH) {
      const args = part.args as readonly ExpressionJSON[];
      const arity = Object.hasOwn(UNARY_OPERATIONS, part.op) ? 1 : Object.hasOwn(BINARY_OPERATIONS, part.op) ? 2 : 0;
      if (args.length === arity && arity === 1) return operate(part.op, visit(args[0]!, depth + 1));
      if (args.length === arity && arity === 2)
        return operate(part.op, visit(args[0]!, depth + 1), visit(args[1]!, depth + 1));
    }
    throw new ParameterError(
      "PARAMETER_JSON",
      depth > MAX_DEPTH
        ? `An expression nests more than ${MAX_DEPTH} operations.`
        : `${JSON.stringify(part)} is not an expression.`,
    );
  };
  return visit(json, 1);
}
