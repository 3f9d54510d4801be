import { foldControls } from "../controls.ts";
import { CircuitError } from "../errors.ts";
import { dimensionOf, type Matrix } from "../matrices.ts";
import { type GateOperation, gateOperation } from "../operation.ts";

const MAX_QUBITS = 5;
const NEGLIGIBLE = 1e-15;

/**
 * An exact sequence of p, ry and global phases, under controls, for a unitary on qubits 0 .. n-1: Givens rotations between
 * neighbours in Gray-code order, which differ in one qubit, bring the matrix to a diagonal (Nielsen and Chuang, section
 * 4.5.1). About 4^n/2 two-level rotations.
 * @throws CircuitError UNITARY_SYNTHESIS for more than 5 qubits
 */
export function synthesizeUnitary(matrix: Matrix): readonly GateOperation[] {
  const size = dimensionOf(matrix);
  const numQubits = Math.round(Math.log2(size));
  if (numQubits > MAX_QUBITS)
    throw new CircuitError(
      "UNITARY_SYNTHESIS",
      `A unitary on ${numQubits} qubits is too large to be written as gates; at most ${MAX_QUBITS} qubits are supported.`,
    );
  if (numQubits === 1) return twoLevel(matrix, 0, 0, 1);
  const work = matrix.slice();
  const steps: (readonly GateOperation[])[] = [];
  const gray = Array.from({ length: size }, (_, i) => i ^ (i >> 1));
  for (let column = 0; column < size - 1; column++)
    for (let row = size - 1; row > column; row--) {
      const i = gray[row - 1]!;
      const j = gray[row]!;
      const at = gray[column]!;
      const ar = work[2 * (i * size + at)]!;
      const ai = work[2 * (i * size + at) + 1]!;
      const br = work[2 * (j * size + at)]!;
      const bi = work[2 * (j * size + at) + 1]!;
      const norm = Math.hypot(ar, ai, br, bi);
      if (Math.hypot(br, bi) < NEGLIGIBLE) continue;
      // The rotation [[a*, b*], [-b, a]]/norm takes (a, b) to (norm, 0); its inverse belongs to the circuit.
      const rotation = Float64Array.of(ar, -ai, br, -bi, -br, -bi, ar, ai).map((value) => value / norm);
      rotateRows(work, size, i, j, rotation);
      const inverse = Float64Array.of(ar, ai, -br, bi, br, bi, ar, -ai).map((value) => value / norm);
      const flipped = (i & ~j) !== 0;
      steps.push(twoLevel(flipped ? exchanged(inverse) : inverse, Math.log2(i ^ j), i & j, numQubits));
    }
  const diagonal: GateOperation[] = [];
  for (let state = 0; state < size; state += 2) {
    const pair = new Float64Array(8);
    for (const level of [0, 1]) {
      const at = 2 * ((state + level) * size + state + level);
      pair[6 * level] = work[at]!;
      pair[6 * level + 1] = work[at + 1]!;
    }
    diagonal.push(...twoLevel(pair, 0, state, numQubits));
  }
  return [...diagonal, ...steps.reverse().flat()];
}

function rotateRows(m: Matrix, size: number, i: number, j: number, r: Matrix): void {
  for (let column = 0; column < size; column++) {
    const p = 2 * (i * size + column);
    const q = 2 * (j * size + column);
    const [pr, pi, qr, qi] = [m[p]!, m[p + 1]!, m[q]!, m[q + 1]!];
    m[p] = r[0]! * pr - r[1]! * pi + r[2]! * qr - r[3]! * qi;
    m[p + 1] = r[0]! * pi + r[1]! * pr + r[2]! * qi + r[3]! * qr;
    m[q] = r[4]! * pr - r[5]! * pi + r[6]! * qr - r[7]! * qi;
    m[q + 1] = r[4]! * pi + r[5]! * pr + r[6]! * qi + r[7]! * qr;
  }
}

/** The 2×2 matrix with both basis states exchanged. */
function exchanged(m: Matrix): Matrix {
  return Float64Array.of(m[6]!, m[7]!, m[4]!, m[5]!, m[2]!, m[3]!, m[0]!, m[1]!);
}

/** e^{iα} P(φ) RY(θ) P(λ) on `target`, where all other qubits read as in `state`. */
function twoLevel(m: Matrix, target: number, state: number, numQubits: number): readonly GateOperation[] {
  const cosine = Math.hypot(m[0]!, m[1]!);
  const sine = Math.hypot(m[4]!, m[5]!);
  const alpha = cosine < NEGLIGIBLE ? 0 : Math.atan2(m[1]!, m[0]!);
  const phi = (sine < NEGLIGIBLE ? Math.atan2(m[7]!, m[6]!) : Math.atan2(m[5]!, m[4]!)) - alpha;
  const lambda = sine < NEGLIGIBLE ? 0 : Math.atan2(-m[3]!, -m[2]!) - alpha;
  const controls: number[] = [];
  let controlState = 0;
  for (let qubit = 0; qubit < numQubits; qubit++)
    if (qubit !== target) {
      controlState += ((state >> qubit) & 1) * 2 ** controls.length;
      controls.push(qubit);
    }
  const operations: GateOperation[] = [];
  const add = (gate: string, angle: number, targets: readonly number[]): void => {
    if (Math.abs(angle) < NEGLIGIBLE) return;
    operations.push(
      foldControls(gateOperation(gate, [angle], [...controls, ...targets], controls.length, controlState)),
    );
  };
  add("p", lambda, [target]);
  add("ry", 2 * Math.atan2(sine, cosine), [target]);
  add("p", phi, [target]);
  add("gphase", alpha, []);
  return operations;
}
