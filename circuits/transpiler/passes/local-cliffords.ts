import type { Matrix } from "../../matrices.ts";
import type { RotationAxis } from "../ir.ts";
import { rotation2 } from "../linalg/constants.ts";
import { isNegative, letterAt, type SignedPauli } from "../linalg/signed-pauli.ts";
import { product2 } from "../linalg/two-by-two.ts";
import { turnedAxis } from "./merge-locals.ts";

const QUARTER = Math.PI / 2;

/** For X and Y the gates V, V† with V P V† = Z. */
export const TO_Z: Readonly<Record<Exclude<RotationAxis, "Z">, Matrix>> = {
  X: rotation2("Y", -QUARTER),
  Y: rotation2("X", QUARTER),
};
export const FROM_Z: Readonly<Record<Exclude<RotationAxis, "Z">, Matrix>> = {
  X: rotation2("Y", QUARTER),
  Y: rotation2("X", -QUARTER),
};

const TURNS: readonly Matrix[] = (["X", "Y", "Z"] as const).flatMap((axis) =>
  [0, 1, 2, 3].map((quarters) => rotation2(axis, quarters * QUARTER)),
);

/** The Clifford gate C on one qubit whose C†XC and C†ZC are, on that qubit, as given. */
export function cliffordFrom(imageOfX: SignedPauli, imageOfZ: SignedPauli, qubit: number): Matrix {
  const wanted = [imageOfX, imageOfZ].map((image) => ({ axis: letterAt(image, qubit), negative: isNegative(image) }));
  for (const first of TURNS)
    for (const second of TURNS) {
      const gate = product2(second, first);
      const found = (["X", "Z"] as const).map((axis) => turnedAxis(gate, axis)!);
      if (found.every(({ axis, negative }, i) => axis === wanted[i]!.axis && negative === wanted[i]!.negative))
        return gate;
    }
  throw new RangeError("These are not the images of X and Z under a gate on one qubit.");
}
