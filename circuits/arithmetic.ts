import { describeValue } from "./describe-value.ts";
import { ParameterError } from "./errors.ts";
import { type Angle, multiply, operate } from "./expression.ts";

export { multiply };
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
/** The angle of the point (x, y) in (-π, π]; 0 at the origin, where its slopes are 0 too. */
export const atan2 = (y: Angle, x: Angle): Angle => operate("atan2", y, x);
/** √(a² + b²); its slopes at the origin are 0. */
export const hypot = (a: Angle, b: Angle): Angle => operate("hypot", a, b);

/**
 * The sum of any number of terms, such as the elements of a parameter vector; 0 without terms. Terms are added in pairs, and
 * these again, so that an expression of a million terms is 20 levels deep.
 * @throws ParameterError PARAMETER_OPERAND, PARAMETER_NOT_FINITE
 * @example sum(w.elements.map((weight, i) => multiply(weight, x.at(i))))
 */
export function sum(terms: Iterable<Angle>): Angle {
  return inPairs("sum", terms, add, 0);
}

/** The product of any number of factors, paired as in `sum`; 1 without factors. @throws ParameterError as `sum` */
export function product(factors: Iterable<Angle>): Angle {
  return inPairs("product", factors, multiply, 1);
}

function inPairs(
  name: string,
  items: Iterable<Angle>,
  combine: (left: Angle, right: Angle) => Angle,
  empty: number,
): Angle {
  if (typeof (items as Partial<Iterable<Angle>> | undefined)?.[Symbol.iterator] !== "function")
    throw new ParameterError("PARAMETER_OPERAND", `${name} takes a list, but was given ${describeValue(items)}.`);
  let level = [...items];
  // A single item must be checked too.
  if (level.length < 2) return combine(level.length === 1 ? level[0]! : empty, empty);
  while (level.length > 1)
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) =>
      2 * i + 1 < level.length ? combine(level[2 * i]!, level[2 * i + 1]!) : level[2 * i]!,
    );
  return level[0]!;
}
