import { PubError } from "./errors.ts";
import { shapeText, sizeOf } from "./ndarray.ts";
import type { BitArray } from "./primitives.ts";
import { sortAscending } from "./radix-sort.ts";

/** Registers up to this many bits are counted as integers. */
const MAX_INTEGER_BITS = 31;

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
    const [first, last] = this.#shotsOf(element);
    const areIntegers = this.numBits > 0 && this.numBits <= MAX_INTEGER_BITS;
    return areIntegers ? this.#countIntegers(first, last) : this.#countTexts(first, last);
  }

  bitstrings(element?: number): readonly string[] {
    const [first, last] = this.#shotsOf(element);
    const texts: string[] = [];
    for (let shot = first; shot < last; shot++) texts.push(this.#text(shot));
    return texts;
  }

  /** From the first shot of an element to before its last; of all without one. */
  #shotsOf(element: number | undefined): readonly [first: number, last: number] {
    const elements = sizeOf(this.shape);
    if (element === undefined) return [0, elements * this.shots];
    if (!(Number.isSafeInteger(element) && element >= 0 && element < elements))
      throw new PubError(
        "BIT_ARRAY_ELEMENT",
        `Element ${element} does not exist; shape ${shapeText(this.shape)} has ${elements} element(s), numbered from 0 in row-major order.`,
      );
    return [element * this.shots, (element + 1) * this.shots];
  }

  /** Equal shots are next to each other once sorted, and only different ones need a text. */
  #countIntegers(first: number, last: number): Record<string, number> {
    const width = bytesPerShot(this.numBits);
    // What is above the register's bits in its first byte is not part of it.
    const mask = 2 ** this.numBits - 1;
    const integers = new Int32Array(last - first);
    for (let shot = first; shot < last; shot++) {
      let integer = 0;
      for (let byte = shot * width; byte < (shot + 1) * width; byte++) integer = (integer << 8) | this.bytes[byte]!;
      integers[shot - first] = integer & mask;
    }
    sortAscending(integers, 2 ** this.numBits);
    const counts: Record<string, number> = {};
    for (let from = 0, to = 0; from < integers.length; from = to) {
      const integer = integers[from]!;
      while (to < integers.length && integers[to] === integer) to++;
      counts[integer.toString(2).padStart(this.numBits, "0")] = to - from;
    }
    return counts;
  }

  #countTexts(first: number, last: number): Record<string, number> {
    const counts = new Map<string, number>();
    for (let shot = first; shot < last; shot++) {
      const text = this.#text(shot);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #text(shot: number): string {
    const width = bytesPerShot(this.numBits);
    let text = "";
    for (let byte = shot * width; byte < (shot + 1) * width; byte++) text += BYTE_TEXTS[this.bytes[byte]!]!;
    return text.slice(8 * width - this.numBits);
  }
}

const BYTE_TEXTS = Array.from({ length: 256 }, (_, byte) => byte.toString(2).padStart(8, "0"));
