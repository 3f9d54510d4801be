import { describe, expect, test } from "vitest";
import { Circuit, compile, SparsePauliOp, type Target, weight } from "../../../circuits/index.ts";
import { loadTarget } from "../../../providers/devices/index.ts";
import {
  type DeviceSimulatorOptions,
  deviceSimulator,
  localSimulator,
  NoiseModel,
  noisySimulator,
} from "../../../providers/index.ts";

const manila = loadTarget("manila");
const w = weight("w", 2);
const circuit = Circuit.build(3, (c) => c.ry(w.at(0), 0).cx(0, 1).cx(0, 2).rx(w.at(1), 2));
const observables = [["ZII"], ["XXI"], ["0.5*IZZ - 2*YIY"]];
const rows = [
  [0.3, 1.2],
  [-2, 0.4],
  [1.1, 3],
];

async function evs(options: DeviceSimulatorOptions): Promise<readonly number[]> {
  const [result] = await (
    await deviceSimulator(manila, options)
      .estimator()
      .run([[circuit, observables, rows]])
  ).result();
  expect(result!.shape).toEqual([3, 3]);
  return [...result!.evs];
}

describe("device simulator", () => {
  test("without noise it is exact, whatever the method", async () => {
    const [truth] = await (
      await localSimulator()
        .estimator()
        .run([[circuit, observables, rows]])
    ).result();
    for (const method of ["auto", "statevector", "density-matrix"] as const)
      for (const [index, value] of (await evs({ noise: false, method })).entries())
        expect(value).toBeCloseTo(truth!.evs[index]!, 9);
  });

  test("with noise it is the compiled circuit on a noisy machine", async () => {
    const noise = NoiseModel.fromTarget(manila);
    const compiled = compile(circuit, manila);
    const [expected] = await (
      await noisySimulator({ noise })
        .estimator()
        .run([
          [
            compiled.circuit,
            observables.map(([text]) => [compiled.applyLayout(SparsePauliOp.parse(text!))]),
            {
              shape: [3, compiled.circuit.parameters.length],
              data: compiled.bindRows(Float64Array.from(rows.flat()), 3),
            },
          ],
        ])
    ).result();
    const found = await evs({});
    expect(found).toEqual([...expected!.evs]);
    expect(await evs({ noise })).toEqual(found);
    const perfect = await evs({ noise: false });
    expect(found.some((value, index) => Math.abs(value - perfect[index]!) > 0.02)).toBe(true);
  });

  test("takes compiled circuits as they are and refuses others", async () => {
    const { circuit: isa } = compile(circuit.bind({ w: [0.3, 1.2] }), manila);
    const backend = deviceSimulator(manila, { compile: false, noise: false });
    const [result] = await (await backend.sampler({ shots: 100 }).run([[isa.extend((c) => c.measureAll())]])).result();
    expect(result!.registers.meas!.numBits).toBe(5);
    await expect(
      backend.estimator().run([
        [isa, "ZZZZZ"],
        [circuit.bind({ w: [0, 0] }), "ZZZ"],
      ]),
    ).rejects.toMatchObject({
      code: "PUB_NOT_ISA",
      message: expect.stringMatching(/PUB 1: .*manila.*compile: false/),
    });
  });

  test("plans circuits that are compiled already as they are, and refuses others", async () => {
    // Effort 0 leaves two gates where compiling again would find one.
    const twice = Circuit.build(2, (c) => c.h(0).cx(0, 1).cx(1, 0).h(1));
    const compiled = compile(twice, manila, { effort: 0 });
    const estimator = deviceSimulator(manila, { compile: false }).estimator({ precision: 0.1 });
    const observable = compiled.applyLayout(SparsePauliOp.parse("ZZ"));
    const { circuits } = await estimator.plan([[compiled.circuit, observable]]);
    expect(compiled.metrics.twoQubitGates).toBe(2);
    expect(circuits).toMatchObject([
      { numQubits: 5, twoQubitGates: 2, durationSeconds: compiled.metrics.durationSeconds, executions: 100 },
    ]);
    await expect(
      estimator.plan([
        [compiled.circuit, observable],
        [twice, "ZZ"],
      ]),
    ).rejects.toMatchObject({ code: "PUB_NOT_ISA", message: expect.stringMatching(/PUB 1: /) });
  });

  test("its name, target and limits are the device's", () => {
    const backend = deviceSimulator({ target: manila });
    expect(backend.target).toBe(manila);
    expect(backend.name).toContain("manila");
    expect(backend.capabilities).toMatchObject({ local: true, adjoint: false, exact: true, limits: { maxQubits: 5 } });
    expect(deviceSimulator(manila, { method: "trajectories" }).capabilities.exact).toBe(false);
    expect(deviceSimulator(loadTarget("torino"), { compile: false }).capabilities.limits.maxQubits).toBe(133);
  });

  test("same seed, same bytes; equal rows and further primitives draw anew", async () => {
    const draw = async (seed: number): Promise<readonly number[]> => {
      const backend = deviceSimulator(manila, { seed, precision: 0.05 });
      const results = [backend.estimator(), backend.estimator()].map(async (estimator) =>
        (await estimator.run([[circuit, "ZII", [rows[0]!, rows[0]!]]])).result(),
      );
      return (await Promise.all(results)).flatMap(([result]) => [...result!.evs]);
    };
    const first = await draw(1);
    expect(await draw(1)).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(2);
    expect(await draw(2)).not.toEqual(first);
  });

  test("a PUB that does not fit the device is named", async () => {
    const wide = Circuit.build(6, (c) => c.h(5));
    await expect(
      deviceSimulator(manila)
        .estimator()
        .run([
          [circuit, "ZZZ", rows[0]],
          [wide, "ZIIIII"],
        ]),
    ).rejects.toMatchObject({
      code: "LAYOUT_WIDTH",
      message: expect.stringMatching(/^PUB 1: /),
    });
  });

  test.each<[string, unknown, unknown, string]>([
    ["no target", {}, {}, "PUB_FORM"],
    ["nothing", undefined, {}, "PUB_FORM"],
    ["noise that is none", manila, { noise: "torino" }, "NOISE_MODEL"],
    ["a state vector with noise", manila, { method: "statevector" }, "NOISE_METHOD"],
    ["an unknown method", manila, { method: "tensor" }, "NOISE_METHOD"],
    ["an unknown option", manila, { effort: 1 }, "PUB_FORM"],
    ["compile that is neither", manila, { compile: 3 }, "PUB_FORM"],
    ["no shots", manila, { shots: 0 }, "PUB_SHOTS"],
  ])("%s", (_, device, options, code) => {
    expect(() => deviceSimulator(device as Target, options as DeviceSimulatorOptions)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
