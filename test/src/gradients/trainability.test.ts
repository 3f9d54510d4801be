import { describe, expect, test } from "vitest";
import { Circuit, constantWeights, SparsePauliOp, stronglyEntangling, weight } from "../../../circuits/index.ts";
import { localSimulator } from "../../../providers/index.ts";
import {
  formatTrainability,
  type TrainabilityOptions,
  trainabilityReport,
  trainingStarts,
} from "../../../src/gradients/index.ts";

const provider = localSimulator();

/** A rotation of each qubit, and the product of all Z: dE/dw_i = -sin w_i Π cos w_j, with variance 2^-n over uniform weights. */
const products: TrainabilityOptions = {
  circuit: (n) => {
    const w = weight("w", n);
    return Circuit.build(n, (c) => {
      for (let qubit = 0; qubit < n; qubit++) c.ry(w.at(qubit), qubit);
    });
  },
  observable: (n) => SparsePauliOp.parse("Z".repeat(n)),
  qubits: [2, 3, 4, 5, 6],
  layers: 1,
  provider,
  samples: 800,
};

describe("trainabilityReport", () => {
  test("finds the exponent of a plateau that is known in closed form", async () => {
    const [uniform] = trainingStarts(products.circuit);
    const { rows, decays, verdict } = await trainabilityReport({ ...products, starts: [uniform!] });
    for (const { qubits, meanVariance, executions, weights } of rows) {
      // The mean over the weights, whose values at one point depend on each other: within a fifth.
      expect(meanVariance * 2 ** qubits).toBeGreaterThan(0.8);
      expect(meanVariance * 2 ** qubits).toBeLessThan(1.2);
      expect([executions, weights]).toEqual([800, qubits]);
    }
    expect(decays[0]!.exponent).toBeGreaterThan(0.85);
    expect(decays[0]!.exponent).toBeLessThan(1.15);
    expect(decays[0]!.verdict).toBe("plateau");
    expect(verdict).toContain("Barren plateau: uniform");
  });

  test("tells starts on a plateau from those that are not", async () => {
    const report = await trainabilityReport({
      circuit: (numQubits, layers) => stronglyEntangling({ numQubits, layers }),
      observable: (n) => SparsePauliOp.parse(`${"I".repeat(n - 1)}X`),
      qubits: [2, 4, 6],
      layers: 12,
      provider,
      samples: 40,
    });
    const verdictOf = (name: string) => report.decays.find(({ start }) => start === name)!;
    expect(verdictOf("uniform").verdict).toBe("plateau");
    for (const name of ["identity blocks", "layer-wise"]) {
      expect(verdictOf(name).exponent).toBeLessThan(verdictOf("uniform").exponent / 2);
      const at = (start: string) => report.rows.find((row) => row.start === start && row.qubits === 6)!;
      expect(at(name).maxVariance).toBeGreaterThan(3 * at("uniform").maxVariance);
    }
    // As deep as what they are compared with.
    const rows = report.rows.filter(({ qubits }) => qubits === 6);
    expect(rows.map(({ start, weights }) => [start, weights])).toEqual([
      ["uniform", 216],
      ["small gaussian", 216],
      ["identity blocks", 216],
      ["layer-wise", 18],
    ]);
    const text = formatTrainability(report);
    expect(text.split("\n")).toHaveLength(8);
    expect(text).toMatch(/^start +2 qubits +4 qubits +6 qubits +falls as +verdict$/m);
    expect(text).toContain(report.verdict);
  });

  test("says where a start is a stationary point, which has no gradient at any size", async () => {
    const { circuit } = products;
    const starts = [{ name: "at the top", circuit, initializer: () => constantWeights(0) }];
    const report = await trainabilityReport({ ...products, samples: 2, starts });
    expect(report.decays).toEqual([{ start: "at the top", exponent: 0, stderr: 0, verdict: "stationary" }]);
    expect(report.verdict).toContain("No gradient at all");
    expect(formatTrainability(report)).toContain("stationary");
  });

  test.each<Readonly<Record<string, unknown>>>([
    { qubits: [2, 4] },
    { qubits: [2, 4, 4.5] },
    { qubits: [4, 4, 4, 2] },
    { qubits: undefined },
    { layers: 0 },
    { starts: [] },
    { circuit: "stronglyEntangling" },
    { observable: () => "Z" },
    { starts: [{ name: "odd", circuit: () => undefined, initializer: () => constantWeights(0) }] },
    { depth: 4 },
  ])("refuses %#", async (more) => {
    const report = trainabilityReport({ ...products, ...more } as TrainabilityOptions);
    await expect(report).rejects.toMatchObject({ code: "GRADIENT_OPTION" });
  });
});
