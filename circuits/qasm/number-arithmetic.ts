import { constantValue } from "../expression.ts";
import type { NumberValue, Value } from "./value.ts";

/** Comparisons and bitwise operators of two known numbers; undefined where the operator does not apply. */
export function compareOrCombine(operator: string, a: number, b: number, integers: boolean): Value | undefined {
  const compare = COMPARISONS[operator];
  if (compare !== undefined) return { kind: "boolean", value: compare(a, b) };
  const bitwise = BITWISE[operator];
  if (bitwise === undefined || !integers || a < 0 || b < 0) return undefined;
  if (operator === "<<" || operator === ">>" ? b > 53 : !Number.isSafeInteger(a) || !Number.isSafeInteger(b))
    return undefined;
  return { kind: "number", value: Number(bitwise(BigInt(a), BigInt(b))), integer: true };
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
};
const BITWISE: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  "&": (a, b) => a & b,
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
  "<<": (a, b) => a << b,
  ">>": (a, b) => a >> b,
};

/** The rest of a division: with the sign of `a` for integers, as in C; between 0 and `b` for floats. */
export function modulo(a: number, b: number, integers: boolean): NumberValue {
  return { kind: "number", value: integers ? a % b : a - b * Math.floor(a / b), integer: integers };
}

const NANOSECONDS = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 } as const;

/** Arithmetic of durations; different units meet in nanoseconds, `dt` only with itself. */
export function durationOf(operator: string, left: Value, right: Value): Value | undefined {
  if (left.kind === "duration" && right.kind === "duration") {
    if (operator !== "+" && operator !== "-") return undefined;
    const sign = operator === "+" ? 1 : -1;
    if (left.unit === right.unit) return { ...left, value: left.value + sign * right.value };
    if (left.unit === "dt" || right.unit === "dt") return undefined;
    const value = left.value * NANOSECONDS[left.unit] + sign * right.value * NANOSECONDS[right.unit];
    return { kind: "duration", value, unit: "ns" };
  }
  const [duration, other] = left.kind === "duration" ? [left, right] : [right, left];
  if (duration.kind !== "duration" || other.kind !== "number") return undefined;
  const factor = constantValue(other.value);
  if (factor === undefined) return undefined;
  if (operator === "*") return { ...duration, value: duration.value * factor };
  if (operator === "/" && left.kind === "duration" && factor !== 0)
    return { ...duration, value: duration.value / factor };
  return undefined;
}
