import fc from "fast-check";
import { expect, test } from "vitest";
import { Rng } from "../../circuits/index.ts";
import { sortAscending } from "../../providers/radix-sort.ts";

test("sorts as JavaScript does, for any number of digits, few numbers and many", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 31 }),
      fc.constantFrom(0, 1, 2, 500, 511, 512, 2000),
      fc.nat(),
      (bits, length, seed) => {
        const rng = Rng.seed(seed);
        const bound = 2 ** bits;
        const numbers = Int32Array.from({ length }, () => rng.integer(bound));
        if (length > 1) numbers.set([bound - 1, 0]);
        const wanted = [...numbers].sort((a, b) => a - b);
        expect([...sortAscending(numbers, bound)]).toEqual(wanted);
        expect([...numbers]).toEqual(wanted);
      },
    ),
  );
});

test("a bound that is no power of two", () => {
  const rng = Rng.seed(1);
  for (const bound of [3, 2047, 2049, 5_000_000]) {
    const numbers = Int32Array.from({ length: 3000 }, () => rng.integer(bound));
    expect([...sortAscending(numbers.slice(), bound)]).toEqual([...numbers].sort((a, b) => a - b));
  }
});
