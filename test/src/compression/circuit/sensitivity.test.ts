import { describe, expect, test } from "vitest";
import { Circuit, input, Rng, SparsePauliOp, weight } from "../../../../circuits/index.ts";
import { localSimulator } from "../../../../providers/index.ts";
import { lossSensitivity, quantumFisherDiagonal, rowsObjective } from "../../../../src/compression/index.ts";
import { gradientProgram } from "../../../../src/gradients/index.ts";
import { goldenCircuit, goldenMetrics } from "../../../support/golden.ts";

describe("quantum Fisher information of single gates", () => {
  test.each(goldenMetrics().map((item) => [item.id, item] as const))(
    "%s: four times the metric of weights that one gate has alone",
    async (_, item) => {
      const circuit = goldenCircuit(item);
      const observables = [SparsePauliOp.z(item.n, 0)];
      const { gates, diagonal } = await quantumFisherDiagonal({
        circuit,
        observables,
        weights: Float64Array.from(item.w),
      });
      let compared = 0;
      for (const [index] of item.w.entries()) {
        const name = `w[${index}]`;
        const users = circuit.operations.filter(
          (operation) => operation.kind === "gate" && operation.params.some((param) => String(param).includes(name)),
        );
        const own = gates.findIndex(({ operation }) => String(operation.params[0]) === name);
        if (users.length !== 1 || own < 0) continue;
        compared++;
        expect(diagonal[own]).toBeCloseTo(4 * item.metric[index]![index]!, 12);
      }
      expect(compared).toBeGreaterThanOrEqual(2);
    },
  );

  test("is a mean over rows of inputs", async () => {
    const x = input("x", 1);
    const w = weight("w", 1);
    const circuit = Circuit.build(1, (c) => c.ry(x.at(0), 0).rz(w.at(0), 0));
    const trained = { circuit, observables: [SparsePauliOp.parse("X")], weights: Float64Array.of(0.4) };
    // The variance of Z/2 after ry(x) on |0⟩ is sin²x / 4.
    const { diagonal } = await quantumFisherDiagonal(trained, { inputs: Float64Array.of(0.3, 1.1) });
    expect(diagonal[0]).toBeCloseTo((Math.sin(0.3) ** 2 + Math.sin(1.1) ** 2) / 2, 12);
    await expect(quantumFisherDiagonal(trained)).rejects.toMatchObject({ code: "COMPRESSION_OPTION" });
  });
});

test("slope and Fisher information of a loss over rows are those of differences, gate by gate, also where weights are shared", async () => {
  const rng = Rng.seed(3);
  const x = input("x", 2);
  const w = weight("w", 2);
  const build = (shifts: readonly number[]) =>
    Circuit.build(2, (c) =>
      c
        .rx(x.at(0), 0)
        .ry(x.at(1), 1)
        .ry(w.at(0).plus(shifts[0]!), 0)
        .crx(w.at(1).times(2).plus(shifts[1]!), 0, 1)
        .rz(0.3 + shifts[2]!, 0)
        .rxx(w.at(0).plus(shifts[3]!), 0, 1),
    );
  const observables = [SparsePauliOp.parse("IZ"), SparsePauliOp.parse("ZX")];
  const inputs = Float64Array.from({ length: 10 }, () => rng.normal());
  const targets = [0.2, -0.4, 0.9, 0, 0.5];
  const rows = { inputs, targets };
  const loss = (outputs: Float64Array, target: number) => {
    const apart = outputs[0]! + 0.5 * outputs[1]! - target;
    return { loss: apart ** 2, slopes: [2 * apart, apart] };
  };
  const weights = Float64Array.of(0.7, -0.4);
  const objective = rowsObjective({ train: rows, validation: rows, loss });
  const trained = { circuit: build([0, 0, 0, 0]), observables, weights };
  const { gates, gradient, fisher } = await lossSensitivity(trained, await objective.slopes!(trained));
  expect(gates.map(({ position, free }) => [position, free])).toEqual([
    [2, true],
    [3, true],
    [4, false],
    [5, true],
  ]);
  expect(gates[1]!.angle).toBe(-0.8);
  const step = 1e-5;
  for (const [gate] of gates.entries()) {
    const losses = await Promise.all(
      [step, -step].map(async (shift) => {
        const circuit = build([0, 1, 2, 3].map((one) => (one === gate ? shift : 0)));
        const program = gradientProgram(circuit, observables, { provider: localSimulator(), rows: 5 });
        const { values } = await program.evaluate({ weights, inputs, rows: 5 });
        return targets.map((target, row) => loss(values.slice(2 * row, 2 * row + 2), target).loss);
      }),
    );
    const slopes = targets.map((_, row) => (losses[0]![row]! - losses[1]![row]!) / (2 * step));
    expect(gradient[gate]).toBeCloseTo(
      slopes.reduce((sum, slope) => sum + slope / 5, 0),
      8,
    );
    expect(fisher[gate]).toBeCloseTo(
      slopes.reduce((sum, slope) => sum + slope ** 2 / 5, 0),
      8,
    );
  }
});
