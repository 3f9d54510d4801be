import { complexMatrix, type Matrix, rotationMatrix } from "../../matrices.ts";

const R = Math.SQRT1_2;
export const IDENTITY: Readonly<Matrix> = complexMatrix([
  [1, 0],
  [0, 1],
]);
export const HADAMARD: Readonly<Matrix> = complexMatrix([
  [R, R],
  [R, -R],
]);
export const CZ: Readonly<Matrix> = complexMatrix([
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, -1],
]);
export const SWAP: Readonly<Matrix> = complexMatrix([
  [1, 0, 0, 0],
  [0, 0, 1, 0],
  [0, 1, 0, 0],
  [0, 0, 0, 1],
]);

/** The matrix of a rotation of one qubit. */
export function rotation2(axis: "X" | "Y" | "Z", angle: number): Matrix {
  return rotationMatrix(axis, angle);
}
