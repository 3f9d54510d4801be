import { type Angle, summaryOf } from "../expression.ts";
import { formatNode } from "../expression-format.ts";
import { sizeOf } from "../expression-node.ts";

const DENOMINATORS = [1, 2, 3, 4, 5, 6, 8, 12, 16, 32, 64];
const MAX_NUMERATOR = 64;
/** Larger expressions are named by what they depend on: nobody reads them in a box or its title. */
const MAX_DRAWN_SIZE = 200;

/**
 * A number in radians, short: a fraction of π where it is one to 1e-10, else three significant digits, and six from 100 on,
 * where three would leave out whole turns.
 */
export function formatRadians(value: number): string {
  if (value === 0) return "0";
  for (const denominator of DENOMINATORS) {
    const numerator = Math.round((value / Math.PI) * denominator);
    if (numerator === 0 || Math.abs(numerator) > MAX_NUMERATOR) continue;
    if (Math.abs(value - (numerator * Math.PI) / denominator) > 1e-10) continue;
    const size = Math.abs(numerator);
    return `${numerator < 0 ? "-" : ""}${size === 1 ? "" : size}π${denominator === 1 ? "" : `/${denominator}`}`;
  }
  return String(Number(value.toPrecision(Math.abs(value) >= 100 ? 6 : 3)));
}

/** An angle, short; expressions as text with short numbers, and very large ones as `f(x, w)`. */
export function formatAngle(angle: Angle): string {
  if (typeof angle === "number") return formatRadians(angle);
  if (sizeOf(angle.node) > MAX_DRAWN_SIZE) return summaryOf(angle);
  return formatNode(angle.node, (parameter) => parameter.name, formatRadians).replace(/ ([*/]) /g, "$1");
}
