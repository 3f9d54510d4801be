import { CircuitError } from "../../errors.ts";
import { adjointMatrix, dimensionOf, type Matrix, multiplyMatrices } from "../../matrices.ts";
import type { UnitaryKind } from "../../operation.ts";
import { AffineAngle } from "../affine-angle.ts";
import { cz, local, rotation, twoQubitUnitary } from "../ir.ts";
import { HADAMARD } from "../linalg/constants.ts";
import { cosineSine } from "../linalg/cosine-sine.ts";
import { unitaryEigen } from "../linalg/unitary-eigen.ts";

const MAX_QUBITS = 8;

/**
 * Any unitary as gates on one and two qubits by the quantum Shannon decomposition (Shende, Bullock and Markov, IEEE TCAD 25,
 * 1000, 2006): about 9/16·4^n entanglers, 23 for three qubits. The first qubit is the least significant bit. O(8^n).
 * @throws CircuitError UNITARY_SYNTHESIS for more than 8 qubits
 */
export function shannonDecomposition(matrix: Readonly<Matrix>, qubits: readonly number[]): readonly UnitaryKind[] {
  if (qubits.length > MAX_QUBITS)
    throw new CircuitError(
      "UNITARY_SYNTHESIS",
      `A unitary on ${qubits.length} qubits is too large to be compiled; at most ${MAX_QUBITS} qubits are supported.`,
    );
  if (qubits.length === 1) return [local(matrix as Matrix, qubits[0]!)];
  if (qubits.length === 2) return [twoQubitUnitary(matrix as Matrix, qubits[0]!, qubits[1]!)];
  const { afterFirst, afterSecond, angles, beforeFirst, beforeSecond } = cosineSine(matrix);
  // The rotations' last cz is diagonal: it goes into what follows where the highest qubit is 1.
  const flipped = negatedColumns(afterSecond, 2 ** (qubits.length - 2));
  return [
    ...selected(beforeFirst, beforeSecond, qubits),
    ...multiplexedRotation(
      "Y",
      angles.map((angle) => 2 * angle),
      qubits,
    ).slice(0, -1),
    ...selected(afterFirst, flipped, qubits),
  ];
}

/** One of two unitaries of the lower qubits, by the highest: V (D ⊕ D†) W. */
function selected(first: Matrix, second: Matrix, qubits: readonly number[]): readonly UnitaryKind[] {
  const size = dimensionOf(first);
  const { vectors, phases } = unitaryEigen(multiplyMatrices(first, adjointMatrix(second)));
  const inner = multiplyMatrices(adjointMatrix(vectors), second);
  for (let i = 0; i < size; i++) {
    const [c, s] = [Math.cos(phases[i]! / 2), Math.sin(phases[i]! / 2)];
    for (let k = 2 * i * size; k < 2 * (i + 1) * size; k += 2) {
      const [re, im] = [inner[k]!, inner[k + 1]!];
      inner[k] = re * c - im * s;
      inner[k + 1] = re * s + im * c;
    }
  }
  const lower = qubits.slice(0, -1);
  return [
    ...shannonDecomposition(inner, lower),
    ...multiplexedRotation(
      "Z",
      phases.map((phase) => -phase),
      qubits,
    ),
    ...shannonDecomposition(vectors, lower),
  ];
}

/**
 * Rotations of the highest qubit by an angle for each state of the others, with a cx (about Z) or cz (about Y) between turns in
 * the order of a Gray code; for Y the last operation is the cz of the highest control (Möttönen et al., PRL 93, 130502, 2004).
 */
function multiplexedRotation(axis: "Y" | "Z", angles: Float64Array, qubits: readonly number[]): readonly UnitaryKind[] {
  const target = qubits.at(-1)!;
  const count = angles.length;
  const out: UnitaryKind[] = [];
  const gray = (i: number): number => i ^ (i >> 1);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += isOdd(j & gray(i)) ? -angles[j]! : angles[j]!;
    out.push(rotation(axis, AffineAngle.of(sum / count), target));
    const changed = Math.log2(gray(i) ^ gray((i + 1) % count));
    const control = qubits[changed]!;
    if (axis === "Y") out.push(cz(control, target));
    else out.push(local(HADAMARD, target), cz(control, target), local(HADAMARD, target));
  }
  return out;
}

/** The matrix times Z on the qubit whose bit is `bit`. */
function negatedColumns(m: Matrix, bit: number): Matrix {
  const size = dimensionOf(m);
  return m.map((value, index) => ((Math.floor(index / 2) % size) & bit ? -value : value));
}

function isOdd(bits: number): boolean {
  let odd = false;
  for (let rest = bits; rest !== 0; rest &= rest - 1) odd = !odd;
  return odd;
}
