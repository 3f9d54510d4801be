import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type EntanglementName, entanglementBlocks } from "../../../circuits/library/index.ts";

// Expected blocks: Qiskit 2's get_entangler_map.
describe("entanglementBlocks", () => {
  test.each<[EntanglementName, number, number, number, number[][]]>([
    [
      "linear",
      4,
      2,
      0,
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    ],
    [
      "reverse_linear",
      4,
      2,
      0,
      [
        [2, 3],
        [1, 2],
        [0, 1],
      ],
    ],
    [
      "ring",
      4,
      2,
      0,
      [
        [3, 0],
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    ],
    ["circular", 2, 2, 0, [[0, 1]]],
    [
      "full",
      4,
      2,
      0,
      [
        [0, 1],
        [0, 2],
        [0, 3],
        [1, 2],
        [1, 3],
        [2, 3],
      ],
    ],
    [
      "full",
      4,
      3,
      0,
      [
        [0, 1, 2],
        [0, 1, 3],
        [0, 2, 3],
        [1, 2, 3],
      ],
    ],
    [
      "pairwise",
      5,
      2,
      0,
      [
        [0, 1],
        [2, 3],
        [1, 2],
        [3, 4],
      ],
    ],
    ["linear", 3, 1, 0, [[0], [1], [2]]],
    ["linear", 1, 2, 0, []],
    [
      "sca",
      4,
      2,
      0,
      [
        [3, 0],
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    ],
    [
      "sca",
      4,
      2,
      1,
      [
        [3, 2],
        [0, 3],
        [1, 0],
        [2, 1],
      ],
    ],
    [
      "sca",
      4,
      2,
      2,
      [
        [1, 2],
        [2, 3],
        [3, 0],
        [0, 1],
      ],
    ],
  ])("%s, %i qubits, blocks of %i, layer %i", (name, numQubits, blockSize, layer, expected) => {
    expect(entanglementBlocks(name, numQubits, blockSize, layer)).toEqual(expected);
  });

  test("named patterns give valid blocks of the number their formula says", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 12 }),
        (n, k, layer) => {
          const ring = k > n ? 0 : k === n ? 1 : n;
          const choose = (a: number, b: number): number => (b === 0 ? 1 : (choose(a, b - 1) * (a - b + 1)) / b);
          const counts: Partial<Record<EntanglementName, number>> = {
            linear: Math.max(0, n - k + 1),
            reverse_linear: Math.max(0, n - k + 1),
            ring: k === 1 ? n : ring,
            circular: k === 1 ? n : ring,
            sca: k === 1 ? n : ring,
            full: choose(n, k),
          };
          for (const [name, count] of Object.entries(counts)) {
            const blocks = entanglementBlocks(name as EntanglementName, n, k, layer);
            expect(blocks).toHaveLength(count);
            for (const block of blocks) {
              expect(new Set(block).size).toBe(k);
              expect(block.every((qubit) => qubit >= 0 && qubit < n)).toBe(true);
            }
          }
        },
      ),
      { seed: 3, numRuns: 80 },
    );
  });

  test("a list or a function of the layer is used as it is", () => {
    expect(entanglementBlocks([[2, 0]], 3, 2, 5)).toEqual([[2, 0]]);
    const byLayer = (layer: number) => (layer === 0 ? "linear" : [[0, 2]]) as EntanglementName | number[][];
    expect(entanglementBlocks(byLayer, 3, 2, 0)).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(entanglementBlocks(byLayer, 3, 2, 1)).toEqual([[0, 2]]);
  });

  test.each([
    ["starfish" as EntanglementName, 2, "ENTANGLEMENT_UNKNOWN", /"starfish".*linear/],
    ["pairwise" as const, 3, "ENTANGLEMENT_BLOCK", /Pairwise/],
    [[[0, 1, 2]], 2, "ENTANGLEMENT_BLOCK", /\(0, 1, 2\) of layer 0 must have 2/],
    [[[1, 1]], 2, "ENTANGLEMENT_BLOCK", /different/],
    [[[0, 3]], 2, "ENTANGLEMENT_QUBIT", /qubit 3; the circuit has qubits 0 to 2/],
    [[[0, 0.5]], 2, "ENTANGLEMENT_QUBIT", /qubit 0.5/],
  ])("%j is refused", (entanglement, blockSize, code, message) => {
    const run = () => entanglementBlocks(entanglement, 3, blockSize);
    expect(run).toThrow(expect.objectContaining({ code }));
    expect(run).toThrow(message);
  });
});
