import fc from "fast-check";
import { expect, test } from "vitest";
import { Rng } from "../../circuits/index.ts";
import { bitArray } from "../../providers/index.ts";

test("counts are those of the bitstrings, for any width, in the order of the bits", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 700 }),
      fc.constantFrom(2, 3, 256),
      fc.nat(),
      (numBits, shots, values, seed) => {
        const rng = Rng.seed(seed);
        // Bytes are arbitrary: what is above the register's bits is not part of it.
        const bytes = Uint8Array.from({ length: 2 * shots * Math.ceil(numBits / 8) }, () => 255 - rng.integer(values));
        const bits = bitArray(numBits, shots, [2], bytes);
        for (const element of [undefined, 0, 1]) {
          const wanted = new Map<string, number>();
          for (const text of [...bits.bitstrings(element)].sort()) wanted.set(text, (wanted.get(text) ?? 0) + 1);
          const counts = bits.counts(element);
          expect(Object.entries(counts)).toEqual(Object.entries(Object.fromEntries(wanted)));
        }
      },
    ),
  );
});
