import type { BinaryOperation, UnaryOperation } from "./operations.ts";
import type { Parameter } from "./parameter.ts";

/** A leaf of an expression. */
export type Leaf =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "parameter"; readonly parameter: Parameter };

/** An operation in an expression. */
export type Branch = (
  | { readonly kind: "unary"; readonly operation: UnaryOperation; readonly argument: ExpressionNode }
  | {
      readonly kind: "binary";
      readonly operation: BinaryOperation;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
    }
) & {
  /** Levels of the tree; a leaf has one. */
  readonly depth: number;
  /** Nodes of the tree as if written out; those it shares count each time. */
  readonly size: number;
};

/** A node of an expression. Nodes may be shared, so an expression is a graph whose paths make up the tree. */
export type ExpressionNode = Leaf | Branch;

export function depthOf(node: ExpressionNode): number {
  return node.kind === "constant" || node.kind === "parameter" ? 1 : node.depth;
}

export function sizeOf(node: ExpressionNode): number {
  return node.kind === "constant" || node.kind === "parameter" ? 1 : node.size;
}

/** Below this a walk is quicker without remembering what it has seen. */
const SMALL = 32;

/** Computes from the leaves up, each node once, however often it is shared. */
export function foldNode<Result>(
  root: ExpressionNode,
  leaf: (node: Leaf) => Result,
  branch: (node: Branch, first: Result, second: Result | undefined) => Result,
): Result {
  const known = sizeOf(root) > SMALL ? new Map<ExpressionNode, Result>() : undefined;
  const visit = (node: ExpressionNode): Result => {
    if (node.kind === "constant" || node.kind === "parameter") return leaf(node);
    const found = known?.get(node);
    if (found !== undefined) return found;
    const result =
      node.kind === "unary"
        ? branch(node, visit(node.argument), undefined)
        : branch(node, visit(node.left), visit(node.right));
    known?.set(node, result);
    return result;
  };
  return visit(root);
}

/** Every node once, in order of first appearance from left to right, children before parents. */
export function nodesOf(root: ExpressionNode): readonly ExpressionNode[] {
  const found: ExpressionNode[] = [];
  foldNode<true>(
    root,
    (node) => {
      found.push(node);
      return true;
    },
    (node) => {
      found.push(node);
      return true;
    },
  );
  return found;
}
