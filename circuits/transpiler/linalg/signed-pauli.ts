import type { RotationAxis } from "../ir.ts";

/**
 * A Pauli operator on up to 31 qubits as i^phase · X^x · Z^z: bit q of `x` and `z` stands for qubit q, phases count modulo 4.
 */
export interface SignedPauli {
  x: number;
  z: number;
  phase: number;
}

export function singlePauli(axis: RotationAxis, qubit: number): SignedPauli {
  const bit = 1 << qubit;
  // Y = iXZ
  return { x: axis === "Z" ? 0 : bit, z: axis === "X" ? 0 : bit, phase: axis === "Y" ? 1 : 0 };
}

/** a ← a·b */
export function multiplyBy(a: SignedPauli, b: SignedPauli): void {
  a.phase = (a.phase + b.phase + 2 * bitCount(a.z & b.x)) & 3;
  a.x ^= b.x;
  a.z ^= b.z;
}

export function anticommute(a: SignedPauli, b: SignedPauli): boolean {
  return ((bitCount(a.x & b.z) + bitCount(a.z & b.x)) & 1) === 1;
}

/** Whether a Hermitian Pauli is minus the product of its letters. */
export function isNegative({ x, z, phase }: SignedPauli): boolean {
  return ((phase - bitCount(x & z)) & 3) !== 0;
}

export function letterAt({ x, z }: SignedPauli, qubit: number): RotationAxis | undefined {
  const [flips, signs] = [(x >>> qubit) & 1, (z >>> qubit) & 1];
  if (flips === 1) return signs === 1 ? "Y" : "X";
  return signs === 1 ? "Z" : undefined;
}

export function bitCount(bits: number): number {
  let rest = bits - ((bits >>> 1) & 0x5555_5555);
  rest = (rest & 0x3333_3333) + ((rest >>> 2) & 0x3333_3333);
  return (((rest + (rest >>> 4)) & 0x0f0f_0f0f) * 0x0101_0101) >>> 24;
}

/** The entangler that multiplies by -1 where P on qubit a and Q on qubit b both are -1: a cz with turned axes. */
export interface ControlledPauli {
  readonly a: number;
  readonly p: RotationAxis;
  readonly b: number;
  readonly q: RotationAxis;
}

/** r ← C r C† for the entangler C. */
export function conjugateBy({ a, p, b, q }: ControlledPauli, r: SignedPauli): void {
  const [flipA, flipB] = [anticommutesAt(r, a, p), anticommutesAt(r, b, q)];
  if (flipA) multiplyBy(r, singlePauli(q, b));
  if (flipB) multiplyBy(r, singlePauli(p, a));
  // With X⊗X and cz: Y⊗Y = -(X⊗X)(Z⊗Z).
  if (flipA && flipB) r.phase = (r.phase + 2) & 3;
}

function anticommutesAt(r: SignedPauli, qubit: number, axis: RotationAxis): boolean {
  const flips = (r.x >>> qubit) & 1;
  const signs = (r.z >>> qubit) & 1;
  return axis === "X" ? signs === 1 : axis === "Z" ? flips === 1 : flips !== signs;
}
