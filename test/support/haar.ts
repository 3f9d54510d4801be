import { complexMatrix, type Matrix, type Rng } from "../../circuits/index.ts";

/** A random unitary, uniform over all: columns of normal numbers, orthonormalised. */
export function haarUnitary(rng: Rng, size: number): Matrix {
  const columns: (readonly [number, number])[][] = [];
  for (let column = 0; column < size; column++) {
    let vector = Array.from({ length: size }, () => [rng.normal(), rng.normal()] as const);
    for (const other of columns) {
      let re = 0;
      let im = 0;
      for (const [k, [ar, ai]] of other.entries()) {
        const [br, bi] = vector[k]!;
        re += ar * br + ai * bi;
        im += ar * bi - ai * br;
      }
      vector = vector.map(([br, bi], k) => {
        const [ar, ai] = other[k]!;
        return [br - (re * ar - im * ai), bi - (re * ai + im * ar)] as const;
      });
    }
    const norm = Math.hypot(...vector.flat());
    columns.push(vector.map(([re, im]) => [re / norm, im / norm] as const));
  }
  return complexMatrix(columns);
}
