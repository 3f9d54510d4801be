import { add, sum } from "../arithmetic.ts";
import { type Angle, ParameterExpression } from "../expression.ts";
import { type ExpressionNode, sizeOf } from "../expression-node.ts";
import { wrapped } from "./linalg/two-by-two.ts";

/** A term of an affine angle: a parameter, or an expression that is no sum, by a key that equal ones share. */
export interface AffineTerm {
  readonly key: string;
  readonly expression: ParameterExpression;
  readonly coefficient: number;
}

/** Coefficients and constants closer to zero than this are rounding errors of sums. */
const NEGLIGIBLE = 1e-13;
/** Larger expressions are told apart by identity: their text would cost more than it saves. */
const MAX_KEYED_SIZE = 256;

/**
 * An angle as constant + Σ coefficient · term, in radians modulo 2π: the form in which the compiler adds angles, so that
 * what cancels is gone. Immutable.
 */
export class AffineAngle {
  readonly constant: number;
  /** Sorted by key, each key once. */
  readonly terms: readonly AffineTerm[];

  private constructor(constant: number, terms: readonly AffineTerm[]) {
    this.constant = wrapped(constant);
    this.terms = terms;
  }

  static readonly zero: AffineAngle = new AffineAngle(0, []);

  /** `factor` times an angle, which is not taken modulo 2π before that. */
  static of(angle: Angle, factor = 1): AffineAngle {
    if (typeof angle === "number") return angle === 0 ? AffineAngle.zero : new AffineAngle(factor * angle, []);
    if (factor !== 1) return AffineAngle.of(angle.times(factor));
    let known = KNOWN.get(angle.node);
    if (known === undefined) {
      const { constant, terms } = expand(angle.node);
      known = new AffineAngle(
        constant,
        [...terms.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
      );
      KNOWN.set(angle.node, known);
    }
    return known;
  }

  get isConstant(): boolean {
    return this.terms.length === 0;
  }
  get isZero(): boolean {
    return this.terms.length === 0 && this.constant === 0;
  }
  /** Equal keys, equal angles. */
  get key(): string {
    return `${this.linearKey}+${this.constant}`;
  }
  /** The key without the constant. */
  get linearKey(): string {
    return this.terms.map(({ key, coefficient }) => `${coefficient}*${key}`).join("+");
  }

  plus(other: AffineAngle): AffineAngle {
    if (other.isZero) return this;
    if (this.isZero) return other;
    if (other.terms.length === 0) return new AffineAngle(this.constant + other.constant, this.terms);
    if (this.terms.length === 0) return new AffineAngle(this.constant + other.constant, other.terms);
    const terms: AffineTerm[] = [];
    let i = 0;
    let j = 0;
    while (i < this.terms.length || j < other.terms.length) {
      const a = this.terms[i];
      const b = other.terms[j];
      if (b === undefined || (a !== undefined && a.key < b.key)) {
        terms.push(a!);
        i++;
      } else if (a === undefined || b.key < a.key) {
        terms.push(b);
        j++;
      } else {
        const coefficient = a.coefficient + b.coefficient;
        if (Math.abs(coefficient) > NEGLIGIBLE) terms.push({ ...a, coefficient });
        i++;
        j++;
      }
    }
    return new AffineAngle(this.constant + other.constant, terms);
  }

  plusConstant(constant: number): AffineAngle {
    return constant === 0 ? this : new AffineAngle(this.constant + constant, this.terms);
  }

  /** A whole multiple: a fraction of an angle that is known modulo 2π would be ambiguous. */
  times(factor: number): AffineAngle {
    return factor === 1 ? this : this.linear(factor).plusConstant(this.constant * factor);
  }
  negated(): AffineAngle {
    return this.times(-1);
  }
  /** A multiple of the terms without the constant. */
  linear(factor: number): AffineAngle {
    if (factor === 0) return AffineAngle.zero;
    return new AffineAngle(
      0,
      this.terms.map((term) => ({ ...term, coefficient: term.coefficient * factor })),
    );
  }

  /** The angle as an expression, or as a number in (-π, π]. */
  toAngle(): Angle {
    if (this.isConstant) return this.constant;
    const linear = sum(this.terms.map(({ expression, coefficient }) => expression.times(coefficient)));
    const angle = add(linear, this.constant);
    if (typeof angle !== "number") KNOWN.set(angle.node, this);
    return angle;
  }

  /** The value for given values of the terms. */
  evaluate(valueFor: (term: AffineTerm) => number): number {
    let value = this.constant;
    for (const term of this.terms) value += term.coefficient * valueFor(term);
    return value;
  }
}

const KNOWN = new WeakMap<ExpressionNode, AffineAngle>();
const IDENTITIES = new WeakMap<ExpressionNode, string>();
let identities = 0;

interface Expansion {
  readonly constant: number;
  readonly terms: Map<string, AffineTerm>;
}

function expand(root: ExpressionNode): Expansion {
  const terms = new Map<string, AffineTerm>();
  let constant = 0;
  const visit = (node: ExpressionNode, factor: number): void => {
    if (node.kind === "constant") {
      constant += factor * node.value;
      return;
    }
    if (node.kind === "unary" && node.operation === "neg") {
      visit(node.argument, -factor);
      return;
    }
    if (node.kind === "binary") {
      const { operation, left, right } = node;
      if (operation === "+" || operation === "-") {
        visit(left, factor);
        visit(right, operation === "+" ? factor : -factor);
        return;
      }
      if (operation === "*" && (left.kind === "constant" || right.kind === "constant")) {
        if (left.kind === "constant") visit(right, factor * left.value);
        else if (right.kind === "constant") visit(left, factor * right.value);
        return;
      }
      if (operation === "/" && right.kind === "constant") {
        visit(left, factor / right.value);
        return;
      }
    }
    const expression = node.kind === "parameter" ? node.parameter : new ParameterExpression(node);
    const key = keyOf(node, expression);
    const coefficient = (terms.get(key)?.coefficient ?? 0) + factor;
    if (Math.abs(coefficient) > NEGLIGIBLE) terms.set(key, { key, expression, coefficient });
    else terms.delete(key);
  };
  visit(root, 1);
  return { constant, terms };
}

function keyOf(node: ExpressionNode, expression: ParameterExpression): string {
  if (node.kind === "parameter") return node.parameter.name;
  if (sizeOf(node) <= MAX_KEYED_SIZE) return `(${String(expression)})`;
  let identity = IDENTITIES.get(node);
  if (identity === undefined) {
    // Of one length, so that their order as texts is the one in which they were met.
    identity = `#${String(identities++).padStart(15, "0")}`;
    IDENTITIES.set(node, identity);
  }
  return identity;
}
