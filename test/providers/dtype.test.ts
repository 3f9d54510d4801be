import { describe, expect, test } from "vitest";
import { Circuit, input, SparsePauliOp, weight } from "../../circuits/index.ts";
import { createStatevectorEngine, type LocalSimulatorOptions, localSimulator } from "../../providers/index.ts";

const [x, w] = [input("x", 2), weight("w", 4)];
/** A chain in which the last qubit sees all others. */
const chain = (numQubits: number): Circuit =>
  Circuit.build(numQubits, (c) => {
    c.declare(x, w);
    for (let q = 0; q < numQubits; q++) c.ry(x.at(q % 2), q).rz(w.at(q % 4), q);
    for (let q = 0; q + 1 < numQubits; q++) c.cx(q, q + 1);
    for (let q = 0; q < numQubits; q++) c.rx(w.at((q + 1) % 4), q);
  });
const top = (numQubits: number): SparsePauliOp => SparsePauliOp.fromMaps(numQubits, [[{ [numQubits - 1]: "Z" }, 1]]);

const values = Array.from({ length: 9 }, (_, row) => Array.from({ length: 6 }, (__, k) => Math.sin(row + 2 * k)));
const estimate = async (options: LocalSimulatorOptions, numQubits: number) => {
  const [result] = await (
    await localSimulator(options)
      .estimator()
      .run([[chain(numQubits), top(numQubits), values]])
  ).result();
  return result!;
};

describe("dtype float32", () => {
  test("gives values near those of float64, in float64 arrays, and says so in the metadata", async () => {
    const [double, single] = [await estimate({}, 5), await estimate({ dtype: "float32" }, 5)];
    expect(double.metadata.dtype).toBeUndefined();
    expect(single.metadata.dtype).toBe("float32");
    expect(single.evs).toBeInstanceOf(Float64Array);
    expect(single.evs).not.toEqual(double.evs);
    for (const [i, value] of double.evs.entries()) expect(Math.abs(single.evs[i]! - value)).toBeLessThan(1e-5);
    const stated = await estimate({ dtype: "float64" }, 5);
    expect(stated).toEqual(double);
  });

  test("gives gradients near those of float64", () => {
    const [double, single] = (["float64", "float32"] as const).map((dtype) => {
      const program = localSimulator({ dtype }).differentiate(chain(5), [top(5)]);
      const inputs = Float64Array.from({ length: 14 }, (_, i) => Math.cos(i));
      const weights = Float64Array.of(0.1, -0.7, 1.3, 2);
      const [outputs, inputGradients] = [new Float64Array(7), new Float64Array(14)];
      const weightGradients = new Float64Array(4);
      program.backward(inputs, weights, 7, new Float64Array(7).fill(1), outputs, weightGradients, inputGradients);
      return [...outputs, ...weightGradients, ...inputGradients];
    });
    expect(single).not.toEqual(double);
    for (const [i, value] of double!.entries()) expect(Math.abs(single![i]! - value)).toBeLessThan(1e-5);
  });

  test("leaves larger light cones, sampled values, samples and states as they are", async () => {
    const large = await estimate({ dtype: "float32" }, 15);
    expect(large.metadata.dtype).toBeUndefined();
    expect(large.evs).toEqual((await estimate({}, 15)).evs);
    const of = async (options: LocalSimulatorOptions) => {
      const backend = localSimulator({ seed: 3, ...options });
      const [sampled] = await (await backend.estimator({ precision: 0.05 }).run([[chain(3), top(3), values]])).result();
      const measured = chain(3).extend((c) => c.measureAll());
      const [bits] = await (await backend.sampler({ shots: 50 }).run([[measured, values]])).result();
      return { sampled, bytes: bits!.registers.meas!.bytes };
    };
    expect(await of({ dtype: "float32" })).toEqual(await of({}));
    const row = Float64Array.from(values[0]!);
    const [a, b] = (["float64", "float32"] as const).map((dtype) =>
      createStatevectorEngine({ dtype }).statevector(chain(4)).statevector(row),
    );
    expect(b).toEqual(a);
  });

  test("shows in the engine's name", () => {
    expect(createStatevectorEngine().name).toBe("statevector");
    expect(createStatevectorEngine({ dtype: "float64" }).name).toBe("statevector");
    expect(createStatevectorEngine({ dtype: "float32" }).name).toBe("statevector float32");
  });

  test.each(["float16", "f32", 32, null, {}])("is one of two: not %o", (dtype) => {
    for (const make of [createStatevectorEngine, localSimulator])
      expect(() => make({ dtype: dtype as never })).toThrow(
        expect.objectContaining({ code: "DTYPE", message: expect.stringContaining('"float32"') }),
      );
  });

  test("is the engine's own affair where one is given", () => {
    expect(() => localSimulator({ engine: createStatevectorEngine(), dtype: "float32" })).toThrow(
      expect.objectContaining({ code: "DTYPE" }),
    );
  });
});

test("an engine refuses options that there are not", () => {
  expect(() => createStatevectorEngine({ dtpye: "float32" } as never)).toThrow(
    expect.objectContaining({ code: "PUB_FORM", message: expect.stringContaining("dtype") }),
  );
});
