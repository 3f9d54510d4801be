import fc from "fast-check";
import { expect, test } from "vitest";
import { Rng } from "../../circuits/index.ts";
import { GroupTally, TallySums } from "../../providers/simulator/group-tally.ts";

const ones = (word: number): number => word.toString(2).replaceAll("0", "").length;

test("means and errors are those of the shots, one by one, with and without coins, in any number of calls", () => {
  fc.assert(
    fc.property(
      fc.record({
        numObservables: fc.integer({ min: 1, max: 4 }),
        numTerms: fc.integer({ min: 1, max: 6 }),
        numQubits: fc.integer({ min: 1, max: 6 }),
        // More than 32 coins take more than one word.
        numCoins: fc.constantFrom(0, 0, 1, 3, 40),
        calls: fc.integer({ min: 1, max: 3 }),
        shots: fc.integer({ min: 2, max: 150 }),
        seed: fc.nat(),
      }),
      ({ numObservables, numTerms, numQubits, numCoins, calls, shots, seed }) => {
        const rng = Rng.seed(seed);
        // Qubit q is bit numQubits - 1 - q of the basis states; the qubits above are coins, and the last one reads 0.
        const bits = new Map(Array.from({ length: numQubits }, (_, q) => [q, numQubits - 1 - q]));
        const coins = Array.from({ length: numCoins }, (_, i) => numQubits + i);
        const qubits = Array.from({ length: numQubits + numCoins + 1 }, (_, q) => q);
        const terms = Array.from({ length: numTerms }, () => ({
          qubits: qubits.filter(() => rng.uniform() < 0.4),
          coefficients: Float64Array.from({ length: numObservables }, () => (rng.uniform() < 0.3 ? 0 : rng.normal())),
        }));
        const sums = new TallySums(numObservables);
        const tally = new GroupTally({ basis: [], terms }, { bits, coins }, sums);
        // What was counted before is forgotten.
        tally.add(Int32Array.of(0, 1), Rng.seed("before"));
        sums.clear();

        const draw = Rng.seed(seed).fork("coins");
        const same = Rng.seed(seed).fork("coins");
        const values: number[][] = [];
        for (let call = 0; call < calls; call++) {
          const outcomes = Int32Array.from({ length: shots }, () => rng.integer(2 ** numQubits)).sort();
          tally.add(outcomes, draw);
          for (const outcome of outcomes) {
            const thrown = Array.from({ length: Math.ceil(numCoins / 32) }, () => same.uint32());
            const isOdd = (q: number) =>
              bits.has(q) ? (outcome >> bits.get(q)!) & 1 : coins.includes(q) ? coin(thrown, q - numQubits) : 0;
            const row = new Array<number>(numObservables).fill(0);
            for (const term of terms) {
              const sign = ones(Number(`0b${["0", ...term.qubits.map(isOdd)].join("")}`)) % 2 === 0 ? 1 : -1;
              for (let k = 0; k < numObservables; k++) row[k]! += sign * term.coefficients[k]!;
            }
            values.push(row);
          }
        }
        const means = new Float64Array(numObservables);
        const variances = new Float64Array(numObservables);
        sums.addTo(means, variances);
        for (let k = 0; k < numObservables; k++) {
          const mean = values.reduce((sum, row) => sum + row[k]!, 0) / values.length;
          const spread = values.reduce((sum, row) => sum + (row[k]! - mean) ** 2, 0) / (values.length - 1);
          expect(means[k]).toBeCloseTo(mean, 10);
          expect(variances[k]).toBeCloseTo(spread / values.length, 10);
        }
      },
    ),
  );
});

const coin = (words: readonly number[], index: number): number => (words[Math.floor(index / 32)]! >>> (index % 32)) & 1;
