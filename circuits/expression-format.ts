import type { ExpressionNode } from "./expression-node.ts";
import { BINARY_OPERATIONS } from "./operations.ts";
import type { Parameter } from "./parameter.ts";

/** Prints an expression with as few parentheses as its meaning allows. */
export function formatNode(
  root: ExpressionNode,
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
  return visit(root, 0);
}

function parenthesised(text: string, precedence: number, minimum: number): string {
  return precedence < minimum ? `(${text})` : text;
}
