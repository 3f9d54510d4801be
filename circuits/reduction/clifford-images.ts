import { constantValue } from "../expression.ts";
import { adjointMatrix, dimensionOf, type Matrix, multiplyMatrices } from "../matrices.ts";
import { matrixOf, type UnitaryKind } from "../operation.ts";
import { type PauliLetter, type PauliString, pauliBasisImage, pauliFromMap } from "../pauli.ts";

const TOLERANCE = 1e-11;
/** Of larger matrices there are too many Pauli strings to look through. */
const MAX_QUBITS = 3;
const LETTERS = ["I", "X", "Y", "Z"] as const;

/** C†·P·C as a Pauli string with a sign, on the same positions; letters by position. */
export interface PauliImage {
  readonly letters: readonly PauliLetter[];
  readonly negative: boolean;
}

/**
 * How one constant operation carries Pauli strings backwards, from an observable after it to one before it; undefined
 * where the result is no Pauli string.
 */
export class CliffordImages {
  readonly #matrix: Matrix | undefined;
  readonly #adjoint: Matrix | undefined;
  readonly #numQubits: number;
  readonly #known = new Map<string, PauliImage | undefined>();

  constructor(operation: UnitaryKind) {
    const bound = operation.kind === "unitary" || operation.params.every((param) => constantValue(param) !== undefined);
    this.#numQubits = operation.qubits.length;
    if (!bound || this.#numQubits > MAX_QUBITS) return;
    this.#matrix = matrixOf(operation);
    this.#adjoint = adjointMatrix(this.#matrix);
  }

  /** Whether every Pauli string becomes one. */
  get isClifford(): boolean {
    for (let position = 0; position < this.#numQubits; position++)
      for (const letter of ["X", "Z"] as const) {
        const letters = new Array<PauliLetter>(this.#numQubits).fill("I");
        letters[position] = letter;
        if (this.image(letters) === undefined) return false;
      }
    return true;
  }

  /** @param letters one for each of the operation's qubits, in their order */
  image(letters: readonly PauliLetter[]): PauliImage | undefined {
    if (this.#matrix === undefined) return undefined;
    const key = letters.join("");
    if (!this.#known.has(key)) {
      const pauli = pauliMatrix(letters);
      this.#known.set(
        key,
        recognised(multiplyMatrices(this.#adjoint!, multiplyMatrices(pauli, this.#matrix)), letters.length),
      );
    }
    return this.#known.get(key);
  }
}

/** Whether a unitary on up to three qubits, as a matrix, takes Pauli strings to Pauli strings. */
export function isCliffordMatrix(matrix: Matrix): boolean {
  const numQubits = Math.round(Math.log2(dimensionOf(matrix)));
  const qubits = Array.from({ length: numQubits }, (_, qubit) => qubit);
  return new CliffordImages({ kind: "unitary", matrix, label: "", qubits, numControls: 0, controlState: 0 }).isClifford;
}

/** The image of a whole string, of which only the letters on the operation's qubits change. */
export function carriedBack(
  pauli: PauliString,
  operation: UnitaryKind,
  images: CliffordImages,
): { readonly pauli: PauliString; readonly negative: boolean } | undefined {
  const letters = new Map<number, PauliLetter>(pauli.letters);
  if (!operation.qubits.some((qubit) => letters.has(qubit))) return { pauli, negative: false };
  const image = images.image(operation.qubits.map((qubit) => letters.get(qubit) ?? "I"));
  if (image === undefined) return undefined;
  for (const [position, qubit] of operation.qubits.entries()) letters.set(qubit, image.letters[position]!);
  return { pauli: pauliFromMap(Object.fromEntries(letters)), negative: image.negative };
}

/** The matrix of a Pauli string, the first letter on the least significant bit. */
function pauliMatrix(letters: readonly PauliLetter[]): Matrix {
  const size = 2 ** letters.length;
  const matrix = new Float64Array(2 * size * size);
  for (let column = 0; column < size; column++) {
    const { row, turns } = pauliBasisImage(letters, column);
    matrix[2 * (row * size + column) + (turns & 1)] = turns >= 2 ? -1 : 1;
  }
  return matrix;
}

/** The string, with its sign, that a matrix is. */
function recognised(matrix: Matrix, numQubits: number): PauliImage | undefined {
  const size = 2 ** numQubits;
  // The first column tells the flips, and which sign there is; then every other entry must agree.
  let flips = 0;
  for (let row = 0; row < size; row++)
    if (Math.hypot(matrix[2 * row * size]!, matrix[2 * row * size + 1]!) > 0.5) flips = row;
  for (let phases = 0; phases < size; phases++) {
    const letters = Array.from(
      { length: numQubits },
      (_, bit) => LETTERS[letterIndex((flips >> bit) & 1, (phases >> bit) & 1)]!,
    );
    const wanted = pauliMatrix(letters);
    for (const negative of [false, true]) {
      const sign = negative ? -1 : 1;
      if (wanted.every((value, at) => Math.abs(sign * value - matrix[at]!) < TOLERANCE)) return { letters, negative };
    }
  }
  return undefined;
}

function letterIndex(flip: number, phase: number): number {
  return flip === 0 ? 3 * phase : 1 + phase;
}
