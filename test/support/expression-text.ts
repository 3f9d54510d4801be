import { type Angle, add, divide, multiply, negate, subtract } from "../../circuits/index.ts";
import { BINARY_OPERATIONS, UNARY_OPERATIONS } from "../../circuits/operations.ts";
import { operate } from "../../circuits/parameter.ts";

/**
 * Reads an arithmetic text: numbers, `pi`, parameters by the name `resolve` knows (`w[2]`, `x`), `+ - * /`, calls such as
 * `sin(..)` and `pow(.., ..)`, parentheses. Recursive descent; the usual precedence, unary minus above `*`.
 */
export function readExpression(text: string, resolve: (name: string) => Angle | undefined): Angle {
  const tokens =
    text.match(/(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[\p{L}_][\p{L}\p{N}_]*(?:\[\d+\])?|[-+*/(),]/gu) ?? [];
  let at = 0;
  const fail = (): never => {
    throw new Error(`Cannot read "${text}" at token ${at} (${tokens[at] ?? "the end"}).`);
  };
  const take = (token: string): boolean => tokens[at] === token && ++at > 0;

  const sum = (): Angle => {
    let left = product();
    for (;;) {
      if (take("+")) left = add(left, product());
      else if (take("-")) left = subtract(left, product());
      else return left;
    }
  };
  const product = (): Angle => {
    let left = factor();
    for (;;) {
      if (take("*")) left = multiply(left, factor());
      else if (take("/")) left = divide(left, factor());
      else return left;
    }
  };
  const factor = (): Angle => {
    if (take("-")) return negate(factor());
    if (take("(")) {
      const inner = sum();
      return take(")") ? inner : fail();
    }
    const token = tokens[at++] ?? fail();
    if (/^[\d.]/.test(token)) return Number(token);
    if (take("(")) {
      const args = [sum()];
      while (take(",")) args.push(sum());
      if (!take(")") || !(token in UNARY_OPERATIONS || token in BINARY_OPERATIONS)) return fail();
      return operate(token as keyof typeof UNARY_OPERATIONS, ...args);
    }
    return resolve(token) ?? (token === "pi" ? Math.PI : fail());
  };

  const result = sum();
  return at === tokens.length ? result : fail();
}
