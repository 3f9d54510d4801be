import type { CircuitBuilder } from "../builder.ts";
import type { Angle } from "../expression.ts";

const NEGLIGIBLE_ANGLE = 1e-15;

/**
 * Multiplexed ry, then multiplexed rz on `target`, in the state of the qubits above it (the lowest is the least significant
 * bit): in Gray-code order a CX between neighbouring rotations steps the sign pattern (Möttönen et al.,
 * arXiv:quant-ph/0407010). The rz part runs backwards, so that the CX where the two meet cancel. CX with one target commute,
 * so those still to come are a mask; rotations by nothing are left out.
 * @param angles as `grayAngles` gives them; of a power of two, or none
 */
export function appendMultiplexor(
  builder: CircuitBuilder,
  target: number,
  angles: { readonly ry: ArrayLike<Angle>; readonly rz: ArrayLike<Angle> },
): void {
  let pending = 0;
  const rotate = (gate: "ry" | "rz", angle: Angle): void => {
    if (isNegligible(angle)) return;
    flush();
    builder[gate](angle, target);
  };
  const flush = (): void => {
    for (let control = 0; pending !== 0; control++, pending >>>= 1)
      if ((pending & 1) === 1) builder.cx(target + 1 + control, target);
  };
  const { ry, rz } = angles;
  const step = (j: number, count: number): number => grayCode(j) ^ grayCode((j + 1) % count);
  if (isUsed(ry))
    for (let j = 0; j < ry.length; j++) {
      rotate("ry", ry[j]!);
      pending ^= step(j, ry.length);
    }
  if (isUsed(rz))
    for (let j = rz.length - 1; j >= 0; j--) {
      pending ^= step(j, rz.length);
      rotate("rz", rz[j]!);
    }
  flush();
}

const isNegligible = (angle: Angle): boolean => typeof angle === "number" && Math.abs(angle) < NEGLIGIBLE_ANGLE;
const isUsed = (angles: ArrayLike<Angle>): boolean => Array.from(angles).some((angle) => !isNegligible(angle));
const grayCode = (j: number): number => j ^ (j >> 1);

/** How the angles of a multiplexor are added: as numbers, or as expressions. */
export interface Arithmetic<Item extends Angle> {
  readonly add: (a: Item, b: Item) => Item;
  readonly subtract: (a: Item, b: Item) => Item;
  readonly scale: (a: Item, factor: number) => Item;
}

/** θ_j = 2^-k Σ_i (-1)^(i·gray(j)) α_i from the angle α_i of each state i, by the fast Walsh-Hadamard transform. */
export function grayAngles<Item extends Angle>(
  angles: ArrayLike<Item>,
  { add, subtract, scale }: Arithmetic<Item>,
): Item[] {
  const sums = Array.from(angles);
  for (let stride = 1; stride < sums.length; stride *= 2)
    for (let base = 0; base < sums.length; base += 2 * stride)
      for (let i = base; i < base + stride; i++) {
        const a = sums[i]!;
        const b = sums[i + stride]!;
        sums[i] = add(a, b);
        sums[i + stride] = subtract(a, b);
      }
  return sums.map((_, j) => scale(sums[grayCode(j)]!, 1 / sums.length));
}
