import type { GateName } from "../../gates.ts";
import { type Operation, qubitsOf } from "../../operation.ts";
import { AffineAngle } from "../affine-angle.ts";
import type { Derivations } from "../derivations.ts";
import { angleOf, basisGate, isLocal } from "../ir.ts";
import { HADAMARD } from "../linalg/constants.ts";
import { ZERO } from "../linalg/two-by-two.ts";
import type { Target } from "../target.ts";
import { LocalChain } from "./local-chain.ts";

const { PI } = Math;
const X = Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0);
const S_DAGGER = Float64Array.of(1, 0, 0, 0, 0, 0, 0, -1);
const SX_DAGGER = Float64Array.of(0.5, -0.5, 0.5, 0.5, 0.5, 0.5, 0.5, -0.5);

/**
 * Translates gates on one qubit, cz and the rzz that the device has itself to its basis, for physical qubits. A run on one
 * qubit becomes at most Rz √X Rz √X Rz. Its last Rz moves on through entanglers that commute with it, up to a sign;
 * whatever comes right before a reset vanishes. cx and ecr are put in a direction that
 * works. Runs whose angles no formula gives get derivations. O(gates).
 */
export function lower(
  operations: readonly Operation[],
  target: Target,
  derivations: Derivations,
): readonly Operation[] {
  const lowering = new Lowering(target, derivations);
  for (const operation of operations) lowering.add(operation);
  return lowering.finish();
}

/** A live direction of a gate on a pair, if it has one. */
export function liveDirection(
  target: Target,
  gate: string,
  a: number,
  b: number,
): readonly [number, number] | undefined {
  if (target.isLive(gate, [a, b])) {
    // Where both directions work the one with the smaller error serves.
    const [forward, back] = [[a, b] as const, [b, a] as const].map((pair) => target.instruction(gate, pair)?.error);
    return target.isLive(gate, [b, a]) && (back ?? 0) < (forward ?? 0) ? [b, a] : [a, b];
  }
  return target.isLive(gate, [b, a]) ? [b, a] : undefined;
}

class Lowering {
  readonly #target: Target;
  readonly #derivations: Derivations;
  readonly #chains = new Map<number, LocalChain>();
  readonly #out: Operation[] = [];

  constructor(target: Target, derivations: Derivations) {
    this.#target = target;
    this.#derivations = derivations;
  }

  add(operation: Operation): void {
    if (isLocal(operation)) {
      this.#chain(operation.qubits[0]!).append(operation);
      return;
    }
    switch (operation.kind) {
      case "gate": {
        const [a, b] = operation.qubits as readonly [number, number];
        if (operation.gate === "cz") this.#entangle(a, b);
        else this.#rotatePair(angleOf(operation), a, b);
        return;
      }
      case "reset":
        this.#chains.delete(operation.qubit);
        break;
      case "if":
        for (const qubit of qubitsOf(operation)) this.#pulses(qubit, true);
        this.#out.push(
          Object.freeze({
            ...operation,
            whenTrue: Object.freeze(lower(operation.whenTrue, this.#target, this.#derivations)),
            whenFalse: Object.freeze(lower(operation.whenFalse, this.#target, this.#derivations)),
          }),
        );
        return;
      default:
        for (const qubit of qubitsOf(operation)) this.#pulses(qubit, true);
    }
    this.#out.push(operation);
  }

  finish(): readonly Operation[] {
    for (const qubit of [...this.#chains.keys()].sort((a, b) => a - b)) this.#pulses(qubit, true);
    return this.#out;
  }

  #chain(qubit: number): LocalChain {
    let chain = this.#chains.get(qubit);
    if (chain === undefined) {
      chain = new LocalChain();
      this.#chains.set(qubit, chain);
    }
    return chain;
  }

  #entangle(a: number, b: number): void {
    const gate = this.#target.entangler!;
    const [control, goal] = liveDirection(this.#target, gate, a, b)!;
    if (gate === "cz") {
      const carried = [control, goal].map((qubit) => this.#pulses(qubit, false));
      this.#out.push(basisGate("cz", undefined, [control, goal]));
      for (const [i, qubit] of [control, goal].entries()) this.#chain(qubit).turnZ(carried[i]!);
      return;
    }
    this.#chain(goal).constant(HADAMARD);
    if (gate === "ecr") {
      // CX = X₁ · ECR · (S†₁ ⊗ √X†₂)
      this.#chain(control).constant(S_DAGGER);
      this.#chain(goal).constant(SX_DAGGER);
    }
    const carried = this.#pulses(control, false);
    this.#pulses(goal, true);
    this.#out.push(basisGate(gate, undefined, [control, goal]));
    // ECR holds an X on its first qubit, behind which a turn about Z goes on the other way round.
    this.#chain(control).turnZ(gate === "ecr" ? carried.negated() : carried);
    if (gate === "ecr") this.#chain(control).constant(X);
    this.#chain(goal).constant(HADAMARD);
  }

  /** An rzz of the device, whose angle must be in [0, π/2]: half turns are Z on both qubits, signs X on one around it. */
  #rotatePair(angle: AffineAngle, a: number, b: number): void {
    const [first, second] = liveDirection(this.#target, "rzz", a, b)!;
    let folded: AffineAngle;
    let flip: AffineAngle | undefined;
    if (angle.isConstant) {
      let rest = angle.constant;
      if (Math.abs(rest) > PI / 2) {
        rest -= rest > 0 ? PI : -PI;
        for (const qubit of [a, b]) this.#chain(qubit).turnZ(AffineAngle.of(PI));
      }
      if (rest < 0) flip = AffineAngle.of(PI);
      folded = AffineAngle.of(Math.abs(rest));
      if (Math.abs(rest) < ZERO) return;
    } else {
      const [inRange, half, sign] = this.#derivations.fold(angle) as [AffineAngle, AffineAngle, AffineAngle];
      for (const qubit of [a, b]) this.#chain(qubit).turnZ(half);
      folded = inRange;
      flip = sign;
    }
    if (flip !== undefined) this.#chain(first).turnX(flip);
    const carried = [first, second].map((qubit) => this.#pulses(qubit, false));
    this.#out.push(basisGate("rzz", folded, [first, second]));
    for (const [i, qubit] of [first, second].entries()) this.#chain(qubit).turnZ(carried[i]!);
    if (flip !== undefined) this.#chain(first).turnX(flip);
  }

  /** Emits a qubit's run up to its last Rz, which is emitted too if `whole`, and returned otherwise. */
  #pulses(qubit: number, whole: boolean): AffineAngle {
    const chain = this.#chains.get(qubit);
    if (chain === undefined) return AffineAngle.zero;
    this.#chains.delete(qubit);
    const emit = (gate: GateName, angle?: AffineAngle): void => {
      if (angle?.isZero !== true) this.#out.push(basisGate(gate, angle, [qubit]));
    };
    const form = chain.reduced(this.#derivations);
    const end = (last: AffineAngle): AffineAngle => {
      if (whole) emit("rz", last);
      return last;
    };
    switch (form.kind) {
      case "diagonal":
        return end(form.angle);
      case "quarters":
        emit("rz", form.first.plusConstant(-PI / 2));
        emit("sx");
        emit("rz", form.middle);
        emit("sx");
        return end(form.last.plusConstant(PI / 2));
      case "euler":
        emit("rz", form.first);
        emit("sx");
        emit("rz", form.theta.plusConstant(PI));
        emit("sx");
        return end(form.last.plusConstant(PI));
      case "turn":
        if (Math.abs(form.turn - PI / 2) < ZERO) {
          emit("rz", form.first.plusConstant(-PI / 2));
          emit("sx");
          return end(form.last.plusConstant(PI / 2));
        }
        if (Math.abs(form.turn - PI) < ZERO) {
          // Rz before a half turn is the opposite Rz after it.
          emit("x");
          return end(form.last.plus(form.first.negated()).plusConstant(PI));
        }
        if (form.turn < PI / 2 && this.#target.isLive("rx", [qubit])) {
          emit("rz", form.first.plusConstant(-PI / 2));
          emit("rx", AffineAngle.of(form.turn));
          return end(form.last.plusConstant(PI / 2));
        }
        emit("rz", form.first);
        emit("sx");
        emit("rz", AffineAngle.of(form.turn + PI));
        emit("sx");
        return end(form.last.plusConstant(PI));
    }
  }
}
