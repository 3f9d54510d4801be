import type { Matrix } from "../../circuits/index.ts";
import type { DensePrimitive, Primitive } from "./normal-form.ts";

/** Larger unitaries stay as they are: multiplying them costs more than a sweep over a small state. */
const MAX_LOCAL_QUBITS = 5;

/**
 * Multiplies primitives with constant angles into the dense unitaries beside them, where these act on all their qubits. Dense
 * unitaries are what costs most in a state, and so they cost nothing more. Gates of the table are not made dense for the sake
 * of it: their normal form costs less than the block that they would make.
 */
export function fuseDense(primitives: readonly Primitive[], numQubits: number): readonly Primitive[] {
  if (!primitives.some(isBlock)) return primitives;
  const fused: (Primitive | undefined)[] = [];
  // For each qubit the places of what acts on it, in order.
  const acting: number[][] = Array.from({ length: numQubits }, () => []);
  /** The place of what acted last on all of these qubits, or -1 where that is not one and the same. */
  const lastOn = (mask: number): number => {
    let found = -2;
    for (let qubit = 0; qubit < numQubits; qubit++) {
      if (((mask >> qubit) & 1) === 0) continue;
      const place = acting[qubit]!.at(-1) ?? -1;
      if (found === -2) found = place;
      else if (found !== place) return -1;
    }
    return Math.max(-1, found);
  };
  for (const primitive of primitives) {
    const mask = maskOf(primitive);
    const before = lastOn(mask);
    const block = before < 0 ? undefined : fused[before];
    if (block !== undefined && isBlock(block) && isConstant(primitive) && (mask & ~maskOf(block)) === 0) {
      fused[before] = multiply(block, primitive, true);
      continue;
    }
    let own = primitive;
    for (let found = isBlock(own); found; ) {
      found = false;
      for (const qubit of (own as DensePrimitive).qubits) {
        const place = acting[qubit]!.at(-1) ?? -1;
        const earlier = place < 0 ? undefined : fused[place];
        if (earlier === undefined || !isConstant(earlier)) continue;
        const touched = maskOf(earlier);
        if ((touched & ~mask) !== 0 || lastOn(touched) !== place) continue;
        own = multiply(own as DensePrimitive, earlier, false);
        fused[place] = undefined;
        for (let k = 0; k < numQubits; k++) if ((touched >> k) & 1) acting[k]!.pop();
        found = true;
      }
    }
    const place = fused.push(own) - 1;
    for (let qubit = 0; qubit < numQubits; qubit++) if ((mask >> qubit) & 1) acting[qubit]!.push(place);
  }
  return fused.filter((primitive) => primitive !== undefined);
}

function isBlock(primitive: Primitive): primitive is DensePrimitive {
  return primitive.kind === "dense" && primitive.controls === 0 && primitive.qubits.length <= MAX_LOCAL_QUBITS;
}

function isConstant(primitive: Primitive): boolean {
  return primitive.kind === "rotation" || primitive.kind === "phase" ? primitive.angle.slots.length === 0 : true;
}

function maskOf(primitive: Primitive): number {
  if (primitive.kind === "rotation") return 1 << primitive.qubit;
  if (primitive.kind === "phase") return primitive.mask;
  return primitive.qubits.reduce((mask, qubit) => mask | (1 << qubit), primitive.controls);
}

/** primitive·block where the primitive comes after it, else block·primitive. */
function multiply(block: DensePrimitive, primitive: Primitive, after: boolean): DensePrimitive {
  const size = 2 ** block.qubits.length;
  const product = Float64Array.from(block.matrix);
  const place = new Map(block.qubits.map((qubit, bit) => [qubit, bit]));
  const vector = new Float64Array(2 * size);
  for (let line = 0; line < size; line++) {
    // Columns are vectors that the primitive acts on; rows are those that its transpose does.
    const at = (i: number): number => 2 * (after ? i * size + line : line * size + i);
    for (let i = 0; i < size; i++) {
      vector[2 * i] = product[at(i)]!;
      vector[2 * i + 1] = product[at(i) + 1]!;
    }
    const turned = act(primitive, vector, place, !after);
    for (let i = 0; i < size; i++) {
      product[at(i)] = turned[2 * i]!;
      product[at(i) + 1] = turned[2 * i + 1]!;
    }
  }
  return { ...block, matrix: product as Matrix };
}

/** The primitive, or its transpose, on a vector over the block's qubits. */
function act(
  primitive: Primitive,
  vector: Float64Array,
  place: ReadonlyMap<number, number>,
  transposed: boolean,
): Float64Array {
  const size = vector.length / 2;
  const out = vector.slice();
  const localMask = (mask: number): number => {
    let local = 0;
    for (const [qubit, bit] of place) if ((mask >> qubit) & 1) local |= 1 << bit;
    return local;
  };
  if (primitive.kind === "phase") {
    const mask = localMask(primitive.mask);
    const [c, s] = [Math.cos(primitive.angle.constant), Math.sin(primitive.angle.constant)];
    for (let i = 0; i < size; i++) {
      if ((i & mask) !== mask) continue;
      out[2 * i] = c * vector[2 * i]! - s * vector[2 * i + 1]!;
      out[2 * i + 1] = c * vector[2 * i + 1]! + s * vector[2 * i]!;
    }
    return out;
  }
  const qubits = primitive.kind === "rotation" ? [primitive.qubit] : primitive.qubits;
  const controls = primitive.kind === "rotation" ? 0 : localMask(primitive.controls);
  const entries = localMatrix(primitive);
  const local = 2 ** qubits.length;
  const spread = (index: number): number =>
    qubits.reduce((bits, qubit, bit) => bits | (((index >> bit) & 1) << place.get(qubit)!), 0);
  const targets = spread(local - 1);
  for (let i = 0; i < size; i++) {
    if ((i & controls) !== controls) continue;
    const row = qubits.reduce((index, qubit, bit) => index | (((i >> place.get(qubit)!) & 1) << bit), 0);
    let re = 0;
    let im = 0;
    for (let column = 0; column < local; column++) {
      const entry = 2 * (transposed ? column * local + row : row * local + column);
      const from = 2 * ((i & ~targets) | spread(column));
      re += entries[entry]! * vector[from]! - entries[entry + 1]! * vector[from + 1]!;
      im += entries[entry]! * vector[from + 1]! + entries[entry + 1]! * vector[from]!;
    }
    out[2 * i] = re;
    out[2 * i + 1] = im;
  }
  return out;
}

/** The matrix on the primitive's own qubits, without its controls. */
function localMatrix(primitive: Exclude<Primitive, { readonly kind: "phase" }>): ArrayLike<number> {
  if (primitive.kind === "dense") return primitive.matrix;
  if (primitive.kind === "rotation") {
    const half = primitive.angle.constant / 2;
    return [Math.cos(half), 0, -Math.sin(half), 0, Math.sin(half), 0, Math.cos(half), 0];
  }
  const { permutation } = primitive;
  const entries = new Float64Array(2 * permutation.length ** 2);
  for (const [from, to] of permutation.entries()) entries[2 * (to * permutation.length + from)] = 1;
  return entries;
}
