import type { Angle } from "./expression.ts";

/** How a slope is written as an expression; handed in, so that these tables depend on nothing. */
export interface Algebra {
  readonly operate: (operation: UnaryOperation | BinaryOperation, ...args: readonly Angle[]) => Angle;
  /** The product, in which a factor of 0 absorbs. */
  readonly multiply: (left: Angle, right: Angle) => Angle;
}

/** A function of one real number: its value, its slope, and the slope as an expression. */
interface UnarySpec {
  readonly apply: (u: number) => number;
  /** d f(u) / du; `value` is f(u), at hand from the forward pass. */
  readonly slope: (u: number, value: number) => number;
  readonly symbolicSlope: (u: Angle, algebra: Algebra) => Angle;
}

const square = (u: Angle, { operate }: Algebra): Angle => operate("pow", u, 2);
/** √(1 - u²) */
const cofunction = (u: Angle, algebra: Algebra): Angle =>
  algebra.operate("sqrt", algebra.operate("-", 1, square(u, algebra)));

/** All unary operations of expressions. */
export const UNARY_OPERATIONS: { readonly [name in UnaryOperation]: UnarySpec } = {
  neg: { apply: (u) => -u, slope: () => -1, symbolicSlope: () => -1 },
  sin: { apply: Math.sin, slope: (u) => Math.cos(u), symbolicSlope: (u, { operate }) => operate("cos", u) },
  cos: {
    apply: Math.cos,
    slope: (u) => -Math.sin(u),
    symbolicSlope: (u, { operate }) => operate("neg", operate("sin", u)),
  },
  tan: {
    apply: Math.tan,
    slope: (_, value) => 1 + value * value,
    symbolicSlope: (u, algebra) => algebra.operate("+", 1, square(algebra.operate("tan", u), algebra)),
  },
  tanh: {
    apply: Math.tanh,
    slope: (_, value) => 1 - value * value,
    symbolicSlope: (u, algebra) => algebra.operate("-", 1, square(algebra.operate("tanh", u), algebra)),
  },
  asin: {
    apply: Math.asin,
    slope: (u) => 1 / Math.sqrt(1 - u * u),
    symbolicSlope: (u, algebra) => algebra.operate("/", 1, cofunction(u, algebra)),
  },
  acos: {
    apply: Math.acos,
    slope: (u) => -1 / Math.sqrt(1 - u * u),
    symbolicSlope: (u, algebra) => algebra.operate("/", -1, cofunction(u, algebra)),
  },
  atan: {
    apply: Math.atan,
    slope: (u) => 1 / (1 + u * u),
    symbolicSlope: (u, algebra) => algebra.operate("/", 1, algebra.operate("+", 1, square(u, algebra))),
  },
  exp: { apply: Math.exp, slope: (_, value) => value, symbolicSlope: (u, { operate }) => operate("exp", u) },
  ln: { apply: Math.log, slope: (u) => 1 / u, symbolicSlope: (u, { operate }) => operate("/", 1, u) },
  sqrt: {
    apply: Math.sqrt,
    slope: (_, value) => 0.5 / value,
    symbolicSlope: (u, { operate }) => operate("/", 0.5, operate("sqrt", u)),
  },
  abs: { apply: Math.abs, slope: (u) => Math.sign(u), symbolicSlope: (u, { operate }) => operate("sign", u) },
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
  readonly symbolicSlopes: (a: Angle, b: Angle, algebra: Algebra) => readonly [() => Angle, () => Angle];
  readonly leftIdentity?: number;
  readonly rightIdentity?: number;
  /** Binding strength when printed as an infix operator; without one it prints as a call. */
  readonly precedence?: number;
}

/** `u` for u > 0, and 1 for u = 0: a divisor that turns 0/0 into 0. Not finite below 0 once a logarithm is taken. */
const unitAtZero = (u: Angle, { operate }: Algebra): Angle =>
  operate("+", u, operate("-", 1, operate("abs", operate("sign", u))));

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
    symbolicSlopes: (a, b, algebra) => [
      () => algebra.operate("/", 1, b),
      () => algebra.operate("neg", algebra.operate("/", a, square(b, algebra))),
    ],
    rightIdentity: 1,
    precedence: 2,
  },
  pow: {
    apply: (a, b) => a ** b,
    // 0^b stays 0 for every b > 0, though ln 0 does not exist.
    slopes: (a, b, value) => [
      b === 0 ? 0 : b * a ** (b - 1),
      a > 0 ? value * Math.log(a) : a === 0 && b > 0 ? 0 : Number.NaN,
    ],
    symbolicSlopes: (a, b, algebra) => {
      const { operate, multiply } = algebra;
      return [
        () => multiply(b, operate("pow", a, operate("-", b, 1))),
        () => multiply(operate("pow", a, b), operate("ln", unitAtZero(a, algebra))),
      ];
    },
    rightIdentity: 1,
  },
  // The angle of the point (b, a) and its distance from the origin, where both slopes are taken as 0; so are those of the
  // angle where they would overflow, since infinities times 0 would spoil the derivatives of all else.
  atan2: {
    apply: (a, b) => (a === 0 && b === 0 ? 0 : Math.atan2(a, b)),
    slopes: (a, b) => {
      const radius = Math.hypot(a, b);
      return radius < 1e-300 ? [0, 0] : [b / radius / radius, -a / radius / radius];
    },
    symbolicSlopes: (a, b, algebra) => {
      const { operate } = algebra;
      const radius = unitAtZero(operate("hypot", a, b), algebra);
      const over = (u: Angle): Angle => operate("/", operate("/", u, radius), radius);
      return [() => over(b), () => operate("neg", over(a))];
    },
  },
  hypot: {
    apply: Math.hypot,
    slopes: (a, b, value) => (value === 0 ? [0, 0] : [a / value, b / value]),
    symbolicSlopes: (a, b, algebra) => {
      const radius = unitAtZero(algebra.operate("hypot", a, b), algebra);
      return [() => algebra.operate("/", a, radius), () => algebra.operate("/", b, radius)];
    },
  },
};
export type BinaryOperation = "+" | "-" | "*" | "/" | "pow" | "atan2" | "hypot";
