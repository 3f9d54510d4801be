import { type Angle, checkWritten, expression } from "../expression.ts";
import type { ExpressionNode } from "../expression-node.ts";
import { BINARY_OPERATIONS } from "../operations.ts";
import type { Parameter } from "../parameter.ts";
import { FUNCTIONS_3 } from "./keywords.ts";

/** A real number with a decimal point and all digits it takes to read the same number back. */
export function formatReal(value: number): string {
  const text = Object.is(value, -0) ? "-0" : String(value);
  if (text.includes(".")) return text;
  const exponent = text.indexOf("e");
  return exponent < 0 ? `${text}.0` : `${text.slice(0, exponent)}.0${text.slice(exponent)}`;
}

const UNARY = 3;
const POWER = 4;
const FUNCTION_NAMES: ReadonlyMap<string, string> = new Map(
  [...FUNCTIONS_3].reverse().map(([name, operation]) => [operation, name]),
);

/**
 * An angle as OpenQASM 3 writes it, with as few parentheses as its meaning allows.
 * @throws ParameterError PARAMETER_TOO_LARGE
 */
export function formatAngle(angle: Angle, nameOf: (parameter: Parameter) => string): string {
  if (typeof angle !== "number") checkWritten(angle);
  const wrap = (text: string, strength: number, minimum: number) => (strength < minimum ? `(${text})` : text);
  const visit = (node: ExpressionNode, minimum: number): string => {
    switch (node.kind) {
      case "constant":
        return wrap(formatReal(node.value), node.value < 0 || Object.is(node.value, -0) ? UNARY : POWER + 1, minimum);
      case "parameter":
        return nameOf(node.parameter);
      case "unary":
        if (node.operation === "neg") return wrap(`-${visit(node.argument, UNARY)}`, UNARY, minimum);
        return `${FUNCTION_NAMES.get(node.operation)}(${visit(node.argument, 0)})`;
      case "binary": {
        if (node.operation === "pow") {
          // The base must be a whole primary expression; the exponent may carry a sign.
          const text = `${visit(node.left, POWER + 1)} ** ${visit(node.right, UNARY)}`;
          return wrap(text, POWER, minimum);
        }
        const { precedence: strength } = BINARY_OPERATIONS[node.operation];
        if (strength === undefined)
          return `${FUNCTION_NAMES.get(node.operation)}(${visit(node.left, 0)}, ${visit(node.right, 0)})`;
        return wrap(
          `${visit(node.left, strength)} ${node.operation} ${visit(node.right, strength + 1)}`,
          strength,
          minimum,
        );
      }
    }
  };
  return visit(expression(angle).node, 0);
}
