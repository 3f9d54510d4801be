import type { FinalMeasurement } from "./live-circuit.ts";
import type { BitPlace } from "./sampled-rows.ts";

/** Bits of a basis state that one table maps. */
const WINDOW_BITS = 8;

/** How some bits of a basis state, from `shift` on, set bits of one byte of a shot. */
interface ByteMap {
  readonly place: BitPlace;
  readonly shift: number;
  /** [2^window] */
  readonly table: Uint8Array;
}

/** A classical bit, and the bit of the basis state from which it is read. */
interface ReadBit {
  readonly place: BitPlace;
  readonly qubit: number;
}

/** Writes the classical bits of sampled shots: a byte of a register at a time, not a bit. */
export class BitWriter {
  readonly #maps: readonly ByteMap[];
  /** Classical bits that no final measurement sets, and their places. */
  readonly #kept: readonly (readonly [clbit: number, place: BitPlace])[];

  constructor(finalMeasurements: readonly FinalMeasurement[], places: readonly BitPlace[]) {
    const qubits = new Map(finalMeasurements.map(({ qubit, clbit }) => [clbit, qubit]));
    this.#kept = [...places.entries()].filter(([clbit]) => !qubits.has(clbit));
    // A measured qubit that nothing touches reads 0, and so are all bits before they are written.
    const read = places.flatMap((place, clbit) => {
      const qubit = qubits.get(clbit) ?? -1;
      return qubit >= 0 ? [{ place, qubit }] : [];
    });
    this.#maps = bitsByByte(read).flatMap(byteMaps);
  }

  /**
   * Writes shots that share a history.
   * @param firstShot the place of shot 0 in the registers
   * @param indices of the shots
   * @param clbits the classical bits before the final measurements
   * @param outcomes for each shot the basis state that the final measurements read
   */
  write(firstShot: number, indices: Int32Array, clbits: Uint8Array, outcomes: Int32Array): void {
    for (const { place, shift, table } of this.#maps) {
      const { bytes, width, offset } = place;
      const mask = table.length - 1;
      for (let i = 0; i < indices.length; i++)
        bytes[(firstShot + indices[i]!) * width + offset]! |= table[(outcomes[i]! >>> shift) & mask]!;
    }
    for (const [clbit, { bytes, width, offset, bit }] of this.#kept)
      if (clbits[clbit] !== 0)
        for (let i = 0; i < indices.length; i++) bytes[(firstShot + indices[i]!) * width + offset]! |= 1 << bit;
  }
}

function bitsByByte(bits: readonly ReadBit[]): ReadBit[][] {
  const groups: ReadBit[][] = [];
  for (const bit of bits) {
    const group = groups.at(-1);
    const { bytes, offset } = group?.[0]?.place ?? {};
    if (bytes === bit.place.bytes && offset === bit.place.offset) group!.push(bit);
    else groups.push([bit]);
  }
  return groups;
}

/** One map where the bits of the byte are read in order; else as many as there are windows with bits that are read. */
function byteMaps(bits: readonly ReadBit[]): ByteMap[] {
  const maps: ByteMap[] = [];
  let rest = bits;
  while (rest.length > 0) {
    const shift = Math.min(...rest.map(({ qubit }) => qubit));
    const inWindow = rest.filter(({ qubit }) => qubit < shift + WINDOW_BITS);
    const window = Math.max(...inWindow.map(({ qubit }) => qubit)) - shift + 1;
    const table = new Uint8Array(1 << window);
    for (const { place, qubit } of inWindow)
      for (let value = 0; value < table.length; value++)
        table[value]! |= ((value >>> (qubit - shift)) & 1) << place.bit;
    maps.push({ place: rest[0]!.place, shift, table });
    rest = rest.filter(({ qubit }) => qubit >= shift + WINDOW_BITS);
  }
  return maps;
}
