import { matrixOf, type UnitaryKind } from "../../operation.ts";
import { AffineAngle } from "../affine-angle.ts";
import { angleOf, type RotationAxis, rotationAxis } from "../ir.ts";
import { multiplyBy, type SignedPauli, singlePauli } from "../linalg/signed-pauli.ts";
import { eulerAngles } from "../linalg/two-by-two.ts";
import { turnedAxis } from "./merge-locals.ts";

/** exp(-i angle/2 · pauli) */
export interface PauliRotation {
  readonly pauli: SignedPauli;
  readonly angle: AffineAngle;
}

/** A circuit as rotations about Pauli operators, followed by a Clifford operator F, given by what F†·F makes of X and Z. */
export interface RotationForm {
  readonly rotations: readonly PauliRotation[];
  readonly imagesOfX: readonly SignedPauli[];
  readonly imagesOfZ: readonly SignedPauli[];
}

/**
 * Moves all Clifford gates of a circuit behind its rotations. Undefined where it holds anything but rotations, other gates on
 * one qubit, cz, rzz and swap. O(gates · qubits).
 */
export function rotationForm(operations: readonly UnitaryKind[], numQubits: number): RotationForm | undefined {
  const imagesOfX = Array.from({ length: numQubits }, (_, q) => singlePauli("X", q));
  const imagesOfZ = Array.from({ length: numQubits }, (_, q) => singlePauli("Z", q));
  const rotations: PauliRotation[] = [];
  const imageOf = (axis: RotationAxis, qubit: number): SignedPauli => {
    if (axis === "X") return { ...imagesOfX[qubit]! };
    if (axis === "Z") return { ...imagesOfZ[qubit]! };
    // Y = iXZ
    const product = { ...imagesOfX[qubit]! };
    multiplyBy(product, imagesOfZ[qubit]!);
    product.phase = (product.phase + 1) & 3;
    return product;
  };
  const rotate = (axis: RotationAxis, angle: AffineAngle, qubit: number): void => {
    if (!angle.isZero) rotations.push({ pauli: imageOf(axis, qubit), angle });
  };
  const turn = (matrix: Parameters<typeof turnedAxis>[0], qubit: number): boolean => {
    const [x, z] = [turnedAxis(matrix, "X"), turnedAxis(matrix, "Z")];
    if (x === undefined || z === undefined) return false;
    const [imageX, imageZ] = [x, z].map(({ axis, negative }) => {
      const image = imageOf(axis, qubit);
      if (negative) image.phase = (image.phase + 2) & 3;
      return image;
    });
    imagesOfX[qubit] = imageX!;
    imagesOfZ[qubit] = imageZ!;
    return true;
  };
  for (const operation of operations) {
    const [a, b] = operation.qubits as readonly [number, number];
    if (operation.qubits.length === 1) {
      const axis = rotationAxis(operation);
      const angle = axis === undefined ? undefined : angleOf(operation as Extract<UnitaryKind, { kind: "gate" }>);
      if (axis !== undefined && angle !== undefined && !angle.isConstant) {
        rotate(axis, angle, a);
        continue;
      }
      const matrix = matrixOf(operation);
      if (turn(matrix, a)) continue;
      const { theta, phi, lambda } = eulerAngles(matrix);
      rotate("Z", AffineAngle.of(lambda), a);
      rotate("Y", AffineAngle.of(theta), a);
      rotate("Z", AffineAngle.of(phi), a);
    } else if (operation.kind === "gate" && operation.gate === "cz") {
      multiplyBy(imagesOfX[a]!, imagesOfZ[b]!);
      const other = { ...imagesOfZ[a]! };
      multiplyBy(other, imagesOfX[b]!);
      imagesOfX[b] = other;
    } else if (operation.kind === "gate" && operation.gate === "rzz") {
      const pauli = { ...imagesOfZ[a]! };
      multiplyBy(pauli, imagesOfZ[b]!);
      rotations.push({ pauli, angle: angleOf(operation) });
    } else if (operation.kind === "gate" && operation.gate === "swap") {
      [imagesOfX[a], imagesOfX[b]] = [imagesOfX[b]!, imagesOfX[a]!];
      [imagesOfZ[a], imagesOfZ[b]] = [imagesOfZ[b]!, imagesOfZ[a]!];
    } else return undefined;
  }
  return { rotations, imagesOfX, imagesOfZ };
}
