import type { Matrix } from "../../matrices.ts";
import { matrixOf, type UnitaryKind } from "../../operation.ts";
import { AffineAngle } from "../affine-angle.ts";
import type { Derivations } from "../derivations.ts";
import { angleOf, rotationAxis } from "../ir.ts";
import { rotation2 } from "../linalg/constants.ts";
import { eulerAngles, product2, ZERO } from "../linalg/two-by-two.ts";

const { PI } = Math;

/**
 * A run of gates on one qubit as Rz(a₀), Ry(b₁), Rz(a₁), ..., Ry(bₙ), Rz(aₙ) in order of time: the turns b are constants in
 * (0, π], the angles a affine in the parameters. Every gate has this form: a free Ry(t) is Rz(t) between two quarter turns.
 */
export class LocalChain {
  readonly #turns: number[] = [];
  readonly #angles: AffineAngle[] = [AffineAngle.zero];

  /** Adds a gate at the end. */
  append(operation: UnitaryKind): void {
    const axis = rotationAxis(operation);
    if (operation.kind === "gate" && axis !== undefined) {
      const angle = angleOf(operation);
      if (axis === "Z") {
        this.turnZ(angle);
        return;
      }
      if (!angle.isConstant) {
        // Ry(t) is Rx(t) with X turned to Y.
        if (axis === "Y") this.#turnZ(-PI / 2);
        this.turnX(angle);
        if (axis === "Y") this.#turnZ(PI / 2);
        return;
      }
    }
    this.constant(matrixOf(operation));
  }

  /** Adds a constant gate at the end. */
  constant(matrix: Readonly<Matrix>): void {
    const { theta, phi, lambda } = eulerAngles(matrix);
    this.#turnZ(lambda);
    this.#turnY(theta);
    this.#turnZ(phi);
  }

  turnZ(angle: AffineAngle): void {
    const at = this.#angles.length - 1;
    this.#angles[at] = this.#angles[at]!.plus(angle);
  }

  /** Rx(t), as Rz(t) between Ry(-π/2) and Ry(π/2). */
  turnX(angle: AffineAngle): void {
    if (angle.isConstant) {
      this.constant(rotation2("X", angle.constant));
      return;
    }
    this.#turnY(-PI / 2);
    this.turnZ(angle);
    this.#turnY(PI / 2);
  }

  #turnZ(angle: number): void {
    this.turnZ(AffineAngle.of(angle));
  }

  #turnY(turn: number): void {
    if (turn < 0) {
      this.#turnZ(PI);
      this.#turnY(-turn);
      this.#turnZ(PI);
      return;
    }
    if (turn < ZERO) return;
    const last = this.#turns.at(-1);
    const between = this.#angles.at(-1)!;
    if (last !== undefined && between.isConstant) {
      this.#turns.pop();
      this.#angles.pop();
      this.constant(product2(rotation2("Y", turn), rotation2("Z", between.constant), rotation2("Y", last)));
      return;
    }
    if (last !== undefined && Math.abs(last - PI) < ZERO) {
      // A half turn before a free angle moves behind it: Ry(π) then Rz(a) is Rz(-a) then Ry(π).
      this.#turns.pop();
      this.#angles.pop();
      this.turnZ(between.negated());
      this.#turnY(turn - PI);
      return;
    }
    if (last !== undefined && Math.abs(turn - PI) < ZERO) {
      this.#turns.pop();
      this.#angles.pop();
      this.#turnY(last - PI);
      this.turnZ(between.negated());
      return;
    }
    this.#turns.push(turn);
    this.#angles.push(AffineAngle.zero);
  }

  /**
   * The run in at most two turns about X by quarter turns, with the fewest that fit every value of the angles, and empties
   * the chain.
   */
  reduced(derivations: Derivations): LocalForm {
    const turns = this.#turns.splice(0);
    const angles = this.#angles.splice(0, this.#angles.length, AffineAngle.zero);
    const quarter = (turn: number): boolean => Math.abs(turn - PI / 2) < ZERO;
    if (turns.length > 2 || (turns.length === 2 && !turns.every(quarter))) {
      const [theta, phi, lambda] = derivations.euler(turns, angles.slice(1, -1)) as [
        AffineAngle,
        AffineAngle,
        AffineAngle,
      ];
      return {
        kind: "euler",
        first: angles[0]!.plus(lambda),
        theta,
        last: angles.at(-1)!.plus(phi),
      };
    }
    if (turns.length === 2) return { kind: "quarters", first: angles[0]!, middle: angles[1]!, last: angles[2]! };
    if (turns.length === 0) return { kind: "diagonal", angle: angles[0]! };
    return { kind: "turn", first: angles[0]!, turn: turns[0]!, last: angles[1]! };
  }
}

/** A run of one qubit in order of time. */
export type LocalForm =
  | { readonly kind: "diagonal"; readonly angle: AffineAngle }
  /** Rz(first), Ry(turn), Rz(last) with a constant turn. */
  | { readonly kind: "turn"; readonly first: AffineAngle; readonly turn: number; readonly last: AffineAngle }
  /** Rz(first), Ry(π/2), Rz(middle), Ry(π/2), Rz(last). */
  | {
      readonly kind: "quarters";
      readonly first: AffineAngle;
      readonly middle: AffineAngle;
      readonly last: AffineAngle;
    }
  /** Rz(first), Ry(theta), Rz(last) with a theta that depends on parameters. */
  | { readonly kind: "euler"; readonly first: AffineAngle; readonly theta: AffineAngle; readonly last: AffineAngle };
