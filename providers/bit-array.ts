import { PubError } from "./errors.ts";
import { shapeText, sizeOf } from "./ndarray.ts";
import type { BitArray } from "./primitives.ts";

/**
 * Bits of one register in the layout of Qiskit's `BitArray`: for each element of `shape` and each shot ceil(numBits/8)
 * bytes, most significant first.
 * @throws PubError BIT_ARRAY_SHAPE when the bytes do not fit
 */
export function bitArray(
  numBits: number,
  shots: number,
  shape: readonly number[],
  bytes: Uint8Array = new Uint8Array(sizeOf(shape) * shots * Math.ceil(numBits / 8)),
): BitArray {
  return new PackedBits(numBits, shots, shape, bytes);
}

/** The bytes that one shot of a register takes. */
export function bytesPerShot(numBits: number): number {
  return Math.ceil(numBits / 8);
}

class PackedBits implements BitArray {
  readonly numBits: number;
  readonly shots: number;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;

  constructor(numBits: number, shots: number, shape: readonly number[], bytes: Uint8Array) {
    if (bytes.length !== sizeOf(shape) * shots * bytesPerShot(numBits))
      throw new PubError(
        "BIT_ARRAY_SHAPE",
        `${numBits} bit(s), ${shots} shot(s) and shape ${shapeText(shape)} need ${sizeOf(shape) * shots * bytesPerShot(numBits)} bytes, not ${bytes.length}.`,
      );
    this.numBits = numBits;
    this.shots = shots;
    this.shape = Object.freeze([...shape]);
    this.bytes = bytes;
  }

  counts(element?: number): Readonly<Record<string, number>> {
    const counts = new Map<string, number>();
    this.#visit(element, (text) => counts.set(text, (counts.get(text) ?? 0) + 1));
    return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  bitstrings(element?: number): readonly string[] {
    const texts: string[] = [];
    this.#visit(element, (text) => texts.push(text));
    return texts;
  }

  #visit(element: number | undefined, visit: (text: string) => void): void {
    const elements = sizeOf(this.shape);
    if (element !== undefined && !(Number.isSafeInteger(element) && element >= 0 && element < elements))
      throw new PubError(
        "BIT_ARRAY_ELEMENT",
        `Element ${element} does not exist; shape ${shapeText(this.shape)} has ${elements} element(s), numbered from 0 in row-major order.`,
      );
    const width = bytesPerShot(this.numBits);
    const first = element === undefined ? 0 : element * this.shots;
    const last = element === undefined ? elements * this.shots : first + this.shots;
    for (let shot = first; shot < last; shot++) {
      let text = "";
      for (let byte = shot * width; byte < (shot + 1) * width; byte++) text += BYTE_TEXTS[this.bytes[byte]!]!;
      visit(text.slice(8 * width - this.numBits));
    }
  }
}

const BYTE_TEXTS = Array.from({ length: 256 }, (_, byte) => byte.toString(2).padStart(8, "0"));
