import { divide, negate } from "../../arithmetic.ts";
import type { Angle } from "../../expression.ts";
import type { UnitaryKind } from "../../operation.ts";
import { AffineAngle } from "../affine-angle.ts";
import { cx, local, rotation, rzz } from "../ir.ts";
import { HADAMARD } from "../linalg/constants.ts";

/** Up to here a phase is written by parities, 2^k - 2 cx for k qubits; beyond, recursion takes fewer. */
const MAX_PARITY_QUBITS = 5;

/**
 * X on `target` where all controls are 1. Qubits of the circuit that have no part in it serve as ancillas in any state and are
 * given back unchanged: 16(k - 2) to 48k cx for k controls with one, otherwise O(k²).
 */
export function controlledX(controls: readonly number[], target: number, numQubits: number): readonly UnitaryKind[] {
  if (controls.length === 0) return [local(X, target)];
  if (controls.length === 1) return cx(controls[0]!, target);
  const used = new Set([...controls, target]);
  const idle: number[] = [];
  for (let qubit = 0; qubit < numQubits && idle.length < controls.length; qubit++)
    if (!used.has(qubit)) idle.push(qubit);
  if (controls.length >= MAX_PARITY_QUBITS && idle.length > 0) return borrowing(controls, target, idle);
  return [
    local(HADAMARD, target),
    ...controlledPhase(Math.PI, [...controls, target], numQubits),
    local(HADAMARD, target),
  ];
}

/** The phase e^{iα} on the states in which all of at least 2 qubits are 1. */
export function controlledPhase(angle: Angle, qubits: readonly number[], numQubits: number): readonly UnitaryKind[] {
  if (qubits.length === 2) {
    const [a, b] = qubits as [number, number];
    const half = AffineAngle.of(angle, 0.5);
    return [rotation("Z", half, a), rotation("Z", half, b), rzz(half.negated(), a, b)];
  }
  if (qubits.length <= MAX_PARITY_QUBITS) return parityPhases(angle, qubits);
  // Barenco et al., PRA 52, 3457 (1995), lemma 7.5; the target serves as the ancilla of the inner gates.
  const controls = qubits.slice(0, -2);
  const last = qubits.at(-2)!;
  const target = qubits.at(-1)!;
  const half = divide(angle, 2);
  const flip = controlledX(controls, last, numQubits);
  return [
    ...controlledPhase(half, [last, target], numQubits),
    ...flip,
    ...controlledPhase(negate(half), [last, target], numQubits),
    ...flip,
    ...controlledPhase(half, [...controls, target], numQubits),
  ];
}

const X = Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0);

/** A multi-controlled X with borrowed qubits (Barenco et al., lemmas 7.2 and 7.3). */
function borrowing(controls: readonly number[], target: number, idle: readonly number[]): readonly UnitaryKind[] {
  const k = controls.length;
  if (k <= 2) return controlledX(controls, target, 0);
  if (idle.length >= k - 2) return ladder(controls, target, idle.slice(0, k - 2));
  const ancilla = idle[0]!;
  const split = Math.ceil(k / 2);
  const [first, second] = [controls.slice(0, split), [...controls.slice(split), ancilla]];
  const inner = borrowing(first, ancilla, [...controls.slice(split), target]);
  const outer = borrowing(second, target, first);
  return [...inner, ...outer, ...inner, ...outer];
}

/**
 * 4(k - 2) Toffoli gates through k - 2 borrowed qubits. Those that end on a borrowed qubit come in pairs around what reads it,
 * so their relative phases cancel and 3 cx each suffice (Maslov, PRA 93, 022311, 2016).
 */
function ladder(controls: readonly number[], target: number, borrowed: readonly number[]): readonly UnitaryKind[] {
  const top = controls.length - 1;
  // Level i: control i and the borrowed qubit below it flip the one above, the topmost being the target.
  const step = (level: number): readonly UnitaryKind[] => {
    const below = level === 1 ? controls[0]! : borrowed[level - 2]!;
    return level === top
      ? controlledX([controls[level]!, below], target, 0)
      : relativePhaseToffoli(controls[level]!, below, borrowed[level - 1]!);
  };
  const half = (highest: number): readonly UnitaryKind[] => {
    const out: UnitaryKind[] = [];
    for (let level = highest; level >= 1; level--) out.push(...step(level));
    for (let level = 2; level <= highest; level++) out.push(...step(level));
    return out;
  };
  return [...half(top), ...half(top - 1)];
}

/** Margolus' gate: a Toffoli gate up to a sign of one basis state; its own inverse. */
function relativePhaseToffoli(a: number, b: number, target: number): readonly UnitaryKind[] {
  const turn = AffineAngle.of(Math.PI / 4);
  return [
    rotation("Y", turn, target),
    ...cx(b, target),
    rotation("Y", turn, target),
    ...cx(a, target),
    rotation("Y", turn.negated(), target),
    ...cx(b, target),
    rotation("Y", turn.negated(), target),
  ];
}

/**
 * The phase e^{iα} on the state in which all k qubits are 1, from α·x₁⋯x_k = α/2^{k-1} Σ_S ±(⊕_{i∈S} xᵢ), one rotation a set
 * S. The sets with the same highest qubit follow a Gray code, so that one cx leads from each to the next.
 */
function parityPhases(angle: Angle, qubits: readonly number[]): readonly UnitaryKind[] {
  const out: UnitaryKind[] = [];
  const part = AffineAngle.of(angle, 1 / 2 ** (qubits.length - 1));
  for (let highest = qubits.length - 1; highest >= 0; highest--) {
    const target = qubits[highest]!;
    let members = 0;
    for (let step = 0; step < 2 ** highest; step++) {
      if (step > 0) {
        const changed = Math.log2(step ^ (step >> 1) ^ ((step - 1) ^ ((step - 1) >> 1)));
        out.push(...cx(qubits[changed]!, target));
        members += ((step ^ (step >> 1)) >> changed) & 1 ? 1 : -1;
      }
      out.push(rotation("Z", members % 2 === 0 ? part : part.negated(), target));
    }
    if (highest > 0) out.push(...cx(qubits[highest - 1]!, target));
  }
  return out;
}
