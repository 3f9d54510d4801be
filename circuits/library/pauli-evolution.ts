import { divide, multiply } from "../arithmetic.ts";
import type { CircuitBuilder } from "../builder.ts";
import { Circuit } from "../circuit.ts";
import { CircuitError } from "../errors.ts";
import type { Angle } from "../expression.ts";
import type { SparsePauliOp } from "../observable.ts";
import { type PauliLetter, type PauliMap, type PauliString, pauliFromMap } from "../pauli.ts";
import { checkCount, checkObservable, checkOptions } from "./checks.ts";

/** A Pauli string as a label (`"XIZ"`, highest qubit leftmost), a map (`{0: "Z", 2: "X"}`), or a `PauliString`. */
export type PauliLike = string | PauliMap | PauliString;

/** Gates that are a Pauli rotation themselves, by the letters of their qubits in call order. */
const DIRECT_ROTATIONS: Readonly<Record<string, string>> = {
  X: "rx",
  Y: "ry",
  Z: "rz",
  XX: "rxx",
  YY: "ryy",
  ZZ: "rzz",
  ZX: "rzx",
};

function pauliString(pauli: PauliLike): PauliString {
  if (typeof pauli !== "string") return "letters" in pauli ? (pauli as PauliString) : pauliFromMap(pauli as PauliMap);
  return pauliFromMap(Object.fromEntries([...pauli].reverse().map((letter, qubit) => [qubit, letter as PauliLetter])));
}

/**
 * Turns each qubit's X or Y into Z, calls `rotate`, and turns back. Y goes by √X, which conjugates Z to Y.
 */
export function inPauliBasis(
  builder: CircuitBuilder,
  letters: PauliString["letters"],
  rotate: (qubits: readonly number[]) => void,
): void {
  for (const [qubit, letter] of letters)
    if (letter === "X") builder.h(qubit);
    else if (letter === "Y") builder.sx(qubit);
  rotate(letters.map(([qubit]) => qubit));
  for (const [qubit, letter] of letters)
    if (letter === "X") builder.h(qubit);
    else if (letter === "Y") builder.sxdg(qubit);
}

/** Collects the parity of `qubits` on the last one by a CX ladder, calls `rotate` on it, and undoes the ladder. */
export function onParity(builder: CircuitBuilder, qubits: readonly number[], rotate: (qubit: number) => void): void {
  for (let i = 0; i + 1 < qubits.length; i++) builder.cx(qubits[i]!, qubits[i + 1]!);
  rotate(qubits.at(-1)!);
  for (let i = qubits.length - 2; i >= 0; i--) builder.cx(qubits[i]!, qubits[i + 1]!);
}

/**
 * Appends exp(-i·angle/2·P), global phase included: one gate where the table has it (rx, ry, rz, rxx, ryy, rzz, rzx, a
 * global phase for the identity); else rzz (two letters) or a CX ladder with rz, in the basis of the letters. One slot.
 */
export function appendPauliRotation(builder: CircuitBuilder, pauli: PauliLike, angle: Angle): void {
  const { letters } = pauliString(pauli);
  if (letters.length === 0) {
    builder.gphase(divide(angle, -2));
    return;
  }
  const qubits = letters.map(([qubit]) => qubit);
  const word = letters.map(([, letter]) => letter).join("");
  const direct = DIRECT_ROTATIONS[word];
  if (direct !== undefined) builder.gate(direct, [angle], qubits);
  else if (word === "XZ") builder.rzx(angle, qubits[1]!, qubits[0]!);
  else if (word.length === 2) inPauliBasis(builder, letters, ([a, b]) => builder.rzz(angle, a!, b!));
  else inPauliBasis(builder, letters, (all) => onParity(builder, all, (last) => builder.rz(angle, last)));
}

/**
 * The circuit of exp(-i·angle/2·P), exact, global phase included.
 * @param numQubits by default the length of a label, or one more than the highest qubit named
 * @throws ObservableError OBSERVABLE_LABEL; CircuitError QUBIT_RANGE
 * @example pauliRotation("XIY", weight("t"))
 */
export function pauliRotation(pauli: PauliLike, angle: Angle, numQubits?: number): Circuit {
  const { letters } = pauliString(pauli);
  const size = numQubits ?? (typeof pauli === "string" ? pauli.length : (letters.at(-1)?.[0] ?? -1) + 1);
  return Circuit.build(size, (builder) => appendPauliRotation(builder, { letters }, angle));
}

/**
 * Appends the product over the terms c·P of exp(-i·time·c·P), in the terms' order: exp(-i·time·H) when the terms commute.
 * Identity terms, a global phase, are left out unless `phase` is set.
 */
export function appendTermExponentials(
  builder: CircuitBuilder,
  hamiltonian: SparsePauliOp,
  time: Angle,
  options: { readonly reversed?: boolean; readonly phase?: boolean } = {},
): void {
  const terms = options.reversed === true ? hamiltonian.terms.toReversed() : hamiltonian.terms;
  for (const { coefficient, pauli } of terms)
    if (pauli.letters.length > 0 || options.phase === true)
      appendPauliRotation(builder, pauli, multiply(2 * coefficient, time));
}

/**
 * exp(-i·time·H) by the Lie-Trotter (order 1) or a symmetric Suzuki formula (order 2, 4, 6, ...; Suzuki, Phys. Lett. A 146,
 * 319, 1990), with error O(time^(order+1) / steps^order). Exact, global phase included, when all terms commute.
 * @param time same unit as 1/H; a number or an expression
 * @throws CircuitError LIBRARY_COUNT, HAMILTONIAN_TYPE, TROTTER_ORDER
 */
export function trotter(
  hamiltonian: SparsePauliOp,
  options: { readonly time: Angle; readonly steps?: number; readonly order?: number },
): Circuit {
  checkOptions("trotter", options, ["time", "steps", "order"]);
  const { time, steps = 1, order = 1 } = options;
  checkObservable("trotter", "the Hamiltonian", hamiltonian);
  checkCount("trotter", "steps", steps);
  if (order !== 1 && (!Number.isSafeInteger(order) || order < 2 || order % 2 !== 0))
    throw new CircuitError("TROTTER_ORDER", `A product formula has order 1 or an even order, not ${order}.`);
  return Circuit.build(hamiltonian.numQubits, (builder) => {
    const step = (fraction: number, level: number): void => {
      if (level === 1) appendTermExponentials(builder, hamiltonian, multiply(time, fraction), { phase: true });
      else if (level === 2) {
        const half = multiply(time, fraction / 2);
        appendTermExponentials(builder, hamiltonian, half, { phase: true });
        appendTermExponentials(builder, hamiltonian, half, { phase: true, reversed: true });
      } else {
        const outer = 1 / (4 - 4 ** (1 / (level - 1)));
        for (const part of [outer, outer, 1 - 4 * outer, outer, outer]) step(fraction * part, level - 2);
      }
    };
    for (let i = 0; i < steps; i++) step(1 / steps, order);
  });
}
