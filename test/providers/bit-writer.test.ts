import fc from "fast-check";
import { expect, test } from "vitest";
import { Rng } from "../../circuits/index.ts";
import { bitArray, bytesPerShot } from "../../providers/bit-array.ts";
import { BitWriter } from "../../providers/simulator/bit-writer.ts";
import type { BitPlace } from "../../providers/simulator/sampled-rows.ts";

function placesOf(sizes: readonly number[], shots: number) {
  const registers = sizes.map((size) => bitArray(size, shots, []));
  const places: BitPlace[] = registers.flatMap(({ bytes, numBits }) => {
    const width = bytesPerShot(numBits);
    return Array.from({ length: numBits }, (_, i) => ({ bytes, width, offset: width - 1 - (i >> 3), bit: i & 7 }));
  });
  return { registers, places };
}

test("every classical bit is that of its qubit or of its history, for any order, registers and histories", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom("in order", "reversed", "any"),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      (sizes, numQubits, order, shots, seed) => {
        const rng = Rng.seed(seed);
        const { registers, places } = placesOf(sizes, 2 * shots);
        const finalMeasurements = places.flatMap((_, clbit) => {
          if (rng.uniform() < 0.2) return [];
          if (rng.uniform() < 0.2) return [{ clbit, qubit: -1 }];
          const inOrder = clbit % numQubits;
          const qubit =
            order === "in order" ? inOrder : order === "reversed" ? numQubits - 1 - inOrder : rng.integer(numQubits);
          return [{ clbit, qubit }];
        });
        // A bit that is measured twice reads the later outcome.
        const again = { clbit: rng.integer(places.length), qubit: rng.integer(numQubits) };
        const measurements = [...finalMeasurements, again];
        const writer = new BitWriter(measurements, places);

        const shuffled = rng.permutation(shots);
        const cut = rng.integer(shots + 1);
        const wanted = new Map<number, string[]>();
        for (const indices of [shuffled.subarray(0, cut), shuffled.subarray(cut)]) {
          const clbits = Uint8Array.from(places, () => rng.integer(2));
          const outcomes = Int32Array.from(indices, () => rng.integer(2 ** numQubits));
          writer.write(shots, indices, clbits, outcomes);
          for (const [i, index] of indices.entries()) {
            const bits = [...clbits];
            for (const { clbit, qubit } of measurements) bits[clbit] = qubit < 0 ? 0 : (outcomes[i]! >> qubit) & 1;
            let at = 0;
            wanted.set(
              index,
              sizes.map((size) => {
                at += size;
                return bits
                  .slice(at - size, at)
                  .reverse()
                  .join("");
              }),
            );
          }
        }
        for (const [r, { numBits }] of registers.entries()) {
          const texts = registers[r]!.bitstrings();
          expect(texts.slice(0, shots)).toEqual(new Array(shots).fill("0".repeat(numBits)));
          expect(texts.slice(shots)).toEqual(Array.from({ length: shots }, (_, shot) => wanted.get(shot)![r]));
        }
      },
    ),
  );
});
