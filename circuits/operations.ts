import {
  type Angle,
  add,
  cos,
  divide,
  exp,
  ln,
  multiply,
  negate,
  operate,
  pow,
  sin,
  sqrt,
  subtract,
  tan,
  tanh,
} from "./parameter.ts";

/** A function of one real number: its value, its slope, and the slope as an expression. */
interface UnarySpec {
  readonly apply: (u: number) => number;
  /** d f(u) / du; `value` is f(u), at hand from the forward pass. */
  readonly slope: (u: number, value: number) => number;
  readonly symbolicSlope: (u: Angle) => Angle;
}

/** All unary operations of expressions. */
export const UNARY_OPERATIONS: { readonly [name in UnaryOperation]: UnarySpec } = {
  neg: { apply: (u) => -u, slope: () => -1, symbolicSlope: () => -1 },
  sin: { apply: Math.sin, slope: (u) => Math.cos(u), symbolicSlope: (u) => cos(u) },
  cos: { apply: Math.cos, slope: (u) => -Math.sin(u), symbolicSlope: (u) => negate(sin(u)) },
  tan: { apply: Math.tan, slope: (_, value) => 1 + value * value, symbolicSlope: (u) => add(1, pow(tan(u), 2)) },
  tanh: {
    apply: Math.tanh,
    slope: (_, value) => 1 - value * value,
    symbolicSlope: (u) => subtract(1, pow(tanh(u), 2)),
  },
  asin: {
    apply: Math.asin,
    slope: (u) => 1 / Math.sqrt(1 - u * u),
    symbolicSlope: (u) => divide(1, sqrt(subtract(1, pow(u, 2)))),
  },
  acos: {
    apply: Math.acos,
    slope: (u) => -1 / Math.sqrt(1 - u * u),
    symbolicSlope: (u) => divide(-1, sqrt(subtract(1, pow(u, 2)))),
  },
  atan: { apply: Math.atan, slope: (u) => 1 / (1 + u * u), symbolicSlope: (u) => divide(1, add(1, pow(u, 2))) },
  exp: { apply: Math.exp, slope: (_, value) => value, symbolicSlope: (u) => exp(u) },
  ln: { apply: Math.log, slope: (u) => 1 / u, symbolicSlope: (u) => divide(1, u) },
  sqrt: { apply: Math.sqrt, slope: (_, value) => 0.5 / value, symbolicSlope: (u) => divide(0.5, sqrt(u)) },
  abs: { apply: Math.abs, slope: (u) => Math.sign(u), symbolicSlope: (u) => operate("sign", u) },
  sign: { apply: Math.sign, slope: () => 0, symbolicSlope: () => 0 },
};
export type UnaryOperation =
  | "neg"
  | "sin"
  | "cos"
  | "tan"
  | "tanh"
  | "asin"
  | "acos"
  | "atan"
  | "exp"
  | "ln"
  | "sqrt"
  | "abs"
  | "sign";

/** A function of two real numbers with its partial slopes. */
interface BinarySpec {
  readonly apply: (a: number, b: number) => number;
  readonly slopes: (a: number, b: number, value: number) => readonly [number, number];
  /** Lazy, since one side is often constant and its slope (such as ln of a negative base) need not exist. */
  readonly symbolicSlopes: (a: Angle, b: Angle) => readonly [() => Angle, () => Angle];
  readonly leftIdentity?: number;
  readonly rightIdentity?: number;
  /** Binding strength when printed as an infix operator; without one it prints as a call. */
  readonly precedence?: number;
}

/** All binary operations of expressions. */
export const BINARY_OPERATIONS: {
  readonly [name in BinaryOperation]: BinarySpec;
} = {
  "+": {
    apply: (a, b) => a + b,
    slopes: () => [1, 1],
    symbolicSlopes: () => [() => 1, () => 1],
    leftIdentity: 0,
    rightIdentity: 0,
    precedence: 1,
  },
  "-": {
    apply: (a, b) => a - b,
    slopes: () => [1, -1],
    symbolicSlopes: () => [() => 1, () => -1],
    rightIdentity: 0,
    precedence: 1,
  },
  "*": {
    apply: (a, b) => a * b,
    slopes: (a, b) => [b, a],
    symbolicSlopes: (a, b) => [() => b, () => a],
    leftIdentity: 1,
    rightIdentity: 1,
    precedence: 2,
  },
  "/": {
    apply: (a, b) => a / b,
    slopes: (_, b, value) => [1 / b, -value / b],
    symbolicSlopes: (a, b) => [() => divide(1, b), () => negate(divide(a, pow(b, 2)))],
    rightIdentity: 1,
    precedence: 2,
  },
  pow: {
    apply: (a, b) => a ** b,
    slopes: (a, b, value) => [b === 0 ? 0 : b * a ** (b - 1), a > 0 ? value * Math.log(a) : Number.NaN],
    symbolicSlopes: (a, b) => [() => multiply(b, pow(a, subtract(b, 1))), () => multiply(pow(a, b), ln(a))],
    rightIdentity: 1,
  },
};
export type BinaryOperation = "+" | "-" | "*" | "/" | "pow";
