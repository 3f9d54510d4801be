import { type Angle, formatExpression } from "../parameter.ts";

const DENOMINATORS = [1, 2, 3, 4, 5, 6, 8, 12, 16, 32, 64];
const MAX_NUMERATOR = 64;

/** A number in radians, short: a fraction of π where it is one to 1e-10, else three significant digits. */
export function formatRadians(value: number): string {
  if (value === 0) return "0";
  for (const denominator of DENOMINATORS) {
    const numerator = Math.round((value / Math.PI) * denominator);
    if (numerator === 0 || Math.abs(numerator) > MAX_NUMERATOR) continue;
    if (Math.abs(value - (numerator * Math.PI) / denominator) > 1e-10) continue;
    const size = Math.abs(numerator);
    return `${numerator < 0 ? "-" : ""}${size === 1 ? "" : size}π${denominator === 1 ? "" : `/${denominator}`}`;
  }
  return String(Number(value.toPrecision(3)));
}

/** An angle, short; expressions as text with short numbers. */
export function formatAngle(angle: Angle): string {
  return typeof angle === "number"
    ? formatRadians(angle)
    : formatExpression(angle, (parameter) => parameter.name, formatRadians).replace(/ ([*/]) /g, "$1");
}
