import type { Matrix } from "../../matrices.ts";
import { multiply4 } from "./four-by-four.ts";
import { KakDecomposition } from "./kak.ts";

/**
 * (θ, φ, λ) with Rz(φ) Ry(θ) Rz(λ) = Ry(turns[n]) Rz(angles[n-1]) ... Rz(angles[0]) Ry(turns[0]), up to a sign. Rotations
 * multiply as quaternions w - i(xX + yY + zZ). Allocates nothing.
 */
export function chainAngles(out: Float64Array, turns: ArrayLike<number>, angles: ArrayLike<number>, at = 0): void {
  let w = Math.cos(turns[0]! / 2);
  let x = 0;
  let y = Math.sin(turns[0]! / 2);
  let z = 0;
  for (let i = 1; i < turns.length; i++) {
    const cz = Math.cos(angles[i - 1]! / 2);
    const sz = Math.sin(angles[i - 1]! / 2);
    const zw = cz * w - sz * z;
    const zx = cz * x - sz * y;
    const zy = cz * y + sz * x;
    const zz = cz * z + sz * w;
    const cy = Math.cos(turns[i]! / 2);
    const sy = Math.sin(turns[i]! / 2);
    w = cy * zw - sy * zy;
    x = cy * zx + sy * zz;
    y = cy * zy + sy * zw;
    z = cy * zz - sy * zx;
  }
  const first = Math.atan2(-z, w);
  const second = Math.atan2(-x, y);
  out[at] = 2 * Math.atan2(Math.sqrt(x * x + y * y), Math.sqrt(w * w + z * z));
  out[at + 1] = second - first;
  out[at + 2] = -second - first;
}

/** The (θ, φ, λ) of a 2×2 unitary. Allocates nothing. */
export function localAngles(out: Float64Array, at: number, u: Matrix): void {
  const diagonal = Math.atan2(u[1]!, u[0]!);
  const corner = Math.atan2(u[5]!, u[4]!);
  const sine = Math.sqrt(u[4]! ** 2 + u[5]! ** 2);
  const cosine = Math.sqrt(u[0]! ** 2 + u[1]! ** 2);
  out[at] = 2 * Math.atan2(sine, cosine);
  if (sine < 1e-14) {
    out[at + 1] = Math.atan2(u[7]!, u[6]!) - diagonal;
    out[at + 2] = 0;
  } else if (cosine < 1e-14) {
    out[at + 1] = corner - Math.atan2(-u[3]!, -u[2]!);
    out[at + 2] = 0;
  } else {
    // The phases of small entries are noise: of φ + λ and φ - λ the one that matters more comes from the large ones.
    out[at + 1] = corner - diagonal;
    out[at + 2] = cosine < sine ? Math.atan2(-u[3]!, -u[2]!) - diagonal : Math.atan2(u[7]!, u[6]!) - corner;
  }
}

/** What of a block the kernel reads. */
interface Block {
  readonly constants: readonly Matrix[];
  readonly rotations: readonly { readonly on: "low" | "high" | "both" }[];
}

/** Computes two-qubit blocks and their templates' angles; holds the working memory, so that no call allocates. */
export class PairKernel {
  readonly kak: KakDecomposition = new KakDecomposition();
  /** The last product. */
  readonly matrix: Matrix = new Float64Array(32);
  readonly #work = new Float64Array(32);

  /** The block's 4×4 matrix for given rotation angles, into `matrix`. */
  product(block: Block, angles: ArrayLike<number>): void {
    this.matrix.set(block.constants[0]!);
    for (let i = 0; i < block.rotations.length; i++) {
      applyRotation(this.matrix, block.rotations[i]!.on, angles[i]!);
      multiply4(this.#work, block.constants[i + 1]!, this.matrix);
      this.matrix.set(this.#work);
    }
  }

  /** The 15 values of a template (see `KakDerivation`) for a block of determinant 1. */
  derive(out: Float64Array, block: Block, angles: ArrayLike<number>, twoEntanglers: boolean): void {
    this.product(block, angles);
    const { kak } = this;
    kak.decomposeSpecial(this.matrix);
    if (twoEntanglers) kak.fold();
    localAngles(out, 0, kak.beforeLow);
    localAngles(out, 3, kak.beforeHigh);
    localAngles(out, 6, kak.afterLow);
    localAngles(out, 9, kak.afterHigh);
    out[12] = kak.coordinates[0]!;
    out[13] = kak.coordinates[1]!;
    out[14] = twoEntanglers ? 0 : kak.coordinates[2]!;
  }
}

/** Multiplies Rz on one qubit, or Rzz, from the left. */
function applyRotation(m: Matrix, on: "low" | "high" | "both", angle: number): void {
  const c = Math.cos(angle / 2);
  const s = Math.sin(angle / 2);
  for (let row = 0; row < 4; row++) {
    const odd = on === "low" ? row & 1 : on === "high" ? row >> 1 : (row & 1) ^ (row >> 1);
    const sine = odd === 1 ? s : -s;
    for (let k = 8 * row; k < 8 * row + 8; k += 2) {
      const re = m[k]!;
      const im = m[k + 1]!;
      m[k] = re * c - im * sine;
      m[k + 1] = re * sine + im * c;
    }
  }
}
