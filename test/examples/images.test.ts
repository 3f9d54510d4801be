import { describe, expect, test } from "vitest";
import { loadPictures, patchCircuit, quanvolve, randomFilters } from "../../examples/images/images.ts";
import { selectRows } from "../../src/data/index.ts";
import { localSimulator, SparsePauliOp } from "../../src/index.ts";

const mnist = loadPictures(new URL("../../examples/images/mnist14x14.csv", import.meta.url), 14);
const few = { train: selectRows(mnist.train, [0, 1]), test: selectRows(mnist.test, [0]) };

test("pictures keep their split, and are scaled by the training rows alone", () => {
  expect([mnist.train.numRows, mnist.test.numRows, mnist.train.numFeatures]).toEqual([750, 250, 196]);
  expect(mnist.train.x.reduce((least, value) => Math.min(least, value))).toBe(0);
  expect(mnist.train.x.reduce((most, value) => Math.max(most, value))).toBe(1);
  expect(mnist.train.grid).toEqual({ height: 14, width: 14, channels: 1 });
});

describe("quanvolution", () => {
  test("gives every patch the expectation values of its circuit", async () => {
    const circuit = patchCircuit(3);
    const { data, executions } = await quanvolve(few, circuit, localSimulator());
    expect(executions).toBe(3 * 49);
    expect(data.train.grid).toEqual({ height: 7, width: 7, channels: 4 });
    // The patch in the middle of the second picture, by its state.
    const [row, y, x] = [1, 3, 2];
    const pixel = [0, 1, 14, 15].map((offset) => few.train.x[row * 196 + 2 * y * 14 + 2 * x + offset]!);
    const state = circuit.bind({ pixel });
    const estimator = localSimulator().estimator({ precision: 0 });
    for (let qubit = 0; qubit < 4; qubit++) {
      const [value] = await (await estimator.run([[state, [SparsePauliOp.z(4, qubit)]]])).result();
      expect(data.train.x[row * 196 + 4 * (7 * y + x) + qubit]).toBeCloseTo(value!.evs[0]!, 12);
    }
  });

  test("and its classical rival are random by seed, and equal for equal seeds", async () => {
    expect(patchCircuit(1).hash).toBe(patchCircuit(1).hash);
    expect(patchCircuit(1).hash).not.toBe(patchCircuit(2).hash);
    expect(randomFilters(few, 1).train.x).toEqual(randomFilters(few, 1).train.x);
    expect(randomFilters(few, 1).train.x).not.toEqual(randomFilters(few, 2).train.x);
    expect(Math.max(...randomFilters(few, 1).train.x.map(Math.abs))).toBeLessThanOrEqual(1);
  });
});
