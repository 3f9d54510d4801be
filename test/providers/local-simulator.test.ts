import { describe, expect, test, vi } from "vitest";
import { Circuit, input, ln, SparsePauliOp, weight } from "../../circuits/index.ts";
import {
  createStatevectorEngine,
  type Engine,
  isDifferentiable,
  localSimulator,
  maxQubitsFor,
} from "../../providers/index.ts";
import { assertStateFits } from "../../providers/simulator/memory.ts";
import { ProgramCache } from "../../providers/simulator/program-cache.ts";

const x = input("x");
const w = weight("w");
const circuit = Circuit.build(2, (c) => c.ry(x, 0).ry(w, 1).cx(0, 1));

describe("memory", () => {
  test("the largest state that fits, for given bytes", () => {
    expect(maxQubitsFor(1, 16 * 2 ** 10)).toBe(10);
    expect(maxQubitsFor(1, 16 * 2 ** 10 - 1)).toBe(9);
    expect(maxQubitsFor(2.5, 16 * 2 ** 10)).toBe(8);
    expect(maxQubitsFor(1, 2 ** 60)).toBe(30);
  });

  test("a state too large names the qubits that fit, before anything is allocated", () => {
    expect(() => assertStateFits(12, 2, 16 * 2 ** 10)).toThrowError(
      expect.objectContaining({ code: "STATE_TOO_LARGE", message: expect.stringContaining("at most 9 qubits fit") }),
    );
  });

  const entangled = (numQubits: number): Circuit =>
    Circuit.build(numQubits, (c) => {
      for (let q = 0; q < numQubits; q++) c.h(q);
      for (let q = 0; q + 1 < numQubits; q++) c.cz(q, q + 1);
      for (let q = 0; q < numQubits; q++) c.h(q);
    });

  test.each([
    [
      "exact estimate",
      (c: Circuit) =>
        localSimulator()
          .estimator()
          .run([[c, "Z".repeat(c.numQubits)]]),
    ],
    [
      "sampled estimate",
      (c: Circuit) =>
        localSimulator()
          .estimator({ precision: 0.1 })
          .run([[c, "Z".repeat(c.numQubits)]]),
    ],
    [
      "samples",
      (c: Circuit) =>
        localSimulator()
          .sampler()
          .run([[c.extend((b) => b.measureAll())]]),
    ],
  ])("40 entangled qubits are refused, naming the job and its PUB: %s", async (_, run) => {
    const job = await run(entangled(40) as Circuit);
    await expect((job as { result(): Promise<unknown> }).result()).rejects.toMatchObject({
      code: "STATE_TOO_LARGE",
      message: expect.stringMatching(/^PUB 0 of job local-1: 40 qubits need .* at most \d\d qubits fit/),
    });
    expect(await job.status()).toBe("failed");
  });

  test("maxMemoryBytes holds for estimates, gradients and samples", async () => {
    const backend = localSimulator({ maxMemoryBytes: 2 ** 20 });
    expect(backend.capabilities.limits.maxQubits).toBe(15);
    const big = entangled(17);
    const estimate = await backend.estimator().run([[big, "Z".repeat(17)]]);
    await expect(estimate.result()).rejects.toMatchObject({ code: "STATE_TOO_LARGE" });
    const samples = await backend.sampler().run([[big.extend((c) => c.measureAll())]]);
    await expect(samples.result()).rejects.toMatchObject({ code: "STATE_TOO_LARGE" });
    expect(() => backend.differentiate(big, [SparsePauliOp.fromLabels("Z".repeat(17))])).toThrowError(
      expect.objectContaining({ code: "STATE_TOO_LARGE", message: expect.stringContaining("at most 16 qubits fit") }),
    );
    // One state of 16 qubits fits, a state and its adjoint do not.
    const program = backend.differentiate(entangled(16), [SparsePauliOp.fromLabels("Z".repeat(16))]);
    const none = new Float64Array(0);
    expect(() => program.backward(none, none, 1, Float64Array.of(1), new Float64Array(1), none, null)).toThrowError(
      expect.objectContaining({ code: "STATE_TOO_LARGE" }),
    );
    expect(() => localSimulator({ maxMemoryBytes: 0 })).toThrowError(expect.objectContaining({ code: "MEMORY_LIMIT" }));
  });

  test("a result too large for memory is refused when it is submitted", async () => {
    const wide = Circuit.build(1, (c) => {
      c.register("m", 60_000);
      c.ry(w, 0).measure(0, 0);
    });
    const values = { shape: [4000, 1], data: new Float64Array(4000) };
    await expect(
      localSimulator()
        .sampler({ shots: 10_000_000 })
        .run([[wide, values]]),
    ).rejects.toMatchObject({
      code: "RESULT_TOO_LARGE",
    });
    await expect(
      localSimulator()
        .sampler({ shots: 10_000_001 })
        .run([[wide, values]]),
    ).rejects.toMatchObject({
      code: "PUB_SHOTS",
    });
  });
});

describe("the backend", () => {
  test("has the capabilities it claims", async () => {
    const backend = localSimulator();
    expect(isDifferentiable(backend)).toBe(true);
    expect(backend).toMatchObject({
      name: "local",
      capabilities: { local: true, adjoint: true, exact: true, dynamicCircuits: true, idempotentSubmit: "native" },
    });
    expect(await backend.status()).toMatchObject({ operational: true, pendingJobs: 0 });
  });

  test("differentiate compiles equal circuits once for one simulator, and circuits that differ in anything apart", () => {
    const simulator = localSimulator();
    const z = [SparsePauliOp.fromLabels("ZI")];
    const again = Circuit.build(2, (c) => c.ry(input("x"), 0).ry(weight("w"), 1).cx(0, 1));
    const program = simulator.differentiate(circuit, z);
    expect(simulator.differentiate(again, [SparsePauliOp.fromLabels("ZI")])).toBe(program);
    const swapped = Circuit.build(2, (c) => c.ry(weight("w"), 0).ry(input("x"), 1).cx(0, 1));
    expect(simulator.differentiate(swapped, z)).not.toBe(program);
    expect(simulator.differentiate(circuit, [SparsePauliOp.fromLabels("IZ")])).not.toBe(program);
    expect(localSimulator().differentiate(circuit, z)).not.toBe(program);
  });

  test("differentiate gives values and gradients of both kinds", () => {
    const program = localSimulator().differentiate(circuit, [SparsePauliOp.fromLabels("ZI")]);
    const outputs = new Float64Array(2);
    const weights = new Float64Array(1);
    const inputs = new Float64Array(2);
    program.backward(
      Float64Array.of(0.3, 1.2),
      Float64Array.of(0.5),
      2,
      Float64Array.of(1, 1),
      outputs,
      weights,
      inputs,
    );
    const { cos, sin } = Math;
    for (const [actual, expected] of [
      [outputs[0], cos(0.3) * cos(0.5)],
      [outputs[1], cos(1.2) * cos(0.5)],
      [inputs[0], -sin(0.3) * cos(0.5)],
      [inputs[1], -sin(1.2) * cos(0.5)],
      [weights[0], -sin(0.5) * (cos(0.3) + cos(1.2))],
    ])
      expect(Math.abs(actual! - expected!)).toBeLessThan(1e-12);
  });

  test("differentiate refuses observables and circuits that do not fit", () => {
    const backend = localSimulator();
    expect(() => backend.differentiate(circuit, [SparsePauliOp.z(3, 0)])).toThrowError(
      expect.objectContaining({ code: "OBSERVABLE_QUBITS" }),
    );
    const measured = circuit.extend((c) => c.measureAll());
    expect(() => backend.differentiate(measured, [SparsePauliOp.z(2, 0)])).toThrowError(
      expect.objectContaining({ code: "CIRCUIT_NOT_UNITARY" }),
    );
  });

  test.each([
    [{ precision: -1 }, "PUB_PRECISION"],
    [{ shots: 0 }, "PUB_SHOTS"],
    [{ seed: 0.5 }, "SEED"],
  ])("options %j are refused", (options, code) => {
    expect(() => localSimulator(options)).toThrowError(expect.objectContaining({ code }));
  });

  test("a circuit that comes again is not compiled again; rows are simulated once and only where they are needed", async () => {
    const engine = createStatevectorEngine();
    let rows = 0;
    const counting: Engine = {
      ...engine,
      expectation: vi.fn((c: Circuit, observables: readonly SparsePauliOp[]) => {
        const program = engine.expectation(c, observables);
        return {
          circuit: c,
          numObservables: observables.length,
          forward: program.forward.bind(program),
          backward: program.backward.bind(program),
          evaluate: (values: Float64Array, count: number, outputs: Float64Array) => {
            rows += count;
            program.evaluate(values, count, outputs);
          },
        };
      }),
    };
    const estimator = localSimulator({ engine: counting }).estimator();
    const values = { x: [[0.1], [0.2], [0.3]], w: 0.4 };
    for (let step = 0; step < 3; step++) {
      const rebuilt = Circuit.fromJSON(circuit.toJSON());
      const [result] = await (await estimator.run([[rebuilt, ["ZZ", "ZI", "ZZ", "XX"], values]])).result();
      expect(result!.shape).toEqual([3, 4]);
    }
    expect(counting.expectation).toHaveBeenCalledTimes(1);
    expect(rows).toBe(9);
    // Row i with observable i: no row is evaluated for an observable that no element pairs with it.
    await (await estimator.run([[circuit, ["ZZ", "XX"], { x: [0.1, 0.2], w: 0.4 }]])).result();
    expect(rows).toBe(11);
  });

  test("exact values of a measured circuit are those of its dephased final state, by the engine", async () => {
    const plus = Circuit.build(2, (c) => {
      c.register("m", 1);
      c.reset(0).h(0).h(1).measure(0, 0);
    });
    const [result] = await (
      await localSimulator()
        .estimator()
        .run([[plus, ["IX", "XI", "XX", "IZ"]]])
    ).result();
    for (const [k, value] of [0, 1, 0, 0].entries()) expect(Math.abs(result!.evs[k]! - value)).toBeLessThan(1e-12);
    expect(result!.metadata.branches).toBeUndefined();
  });
});

describe("angles that are not finite", () => {
  const t = weight("t");
  const broken = Circuit.build(1, (c) => c.rx(ln(t), 0));
  const rows = [[1], [-1]];
  const looped = broken.extend((c) => {
    c.register("m", 1);
    c.measure(0, 0).if([0], 1, (then) => then.x(0));
  });

  test.each([
    [
      "exact",
      () =>
        localSimulator()
          .estimator()
          .run([[broken, "Z", rows]]),
    ],
    [
      "exact, dynamic",
      () =>
        localSimulator()
          .estimator()
          .run([[looped, "Z", rows]]),
    ],
    [
      "sampled",
      () =>
        localSimulator()
          .estimator({ precision: 0.1 })
          .run([[broken, "Z", rows]]),
    ],
    [
      "bits",
      () =>
        localSimulator()
          .sampler()
          .run([[broken.extend((c) => c.measureAll()), rows]]),
    ],
    [
      "bits, dynamic",
      () =>
        localSimulator()
          .sampler()
          .run([[looped, rows]]),
    ],
  ])("fail the job instead of giving a number: %s", async (_, run) => {
    const job = await run();
    await expect(job.result()).rejects.toMatchObject({ code: "STATE_NOT_FINITE" });
  });
});

describe("the program cache", () => {
  test("drops the least recently used beyond its entries or weight, never the newest", () => {
    const cache = new ProgramCache(3, 100);
    const made: string[] = [];
    const get = (key: string, bytes = 1): void => {
      cache.get(key, () => {
        made.push(key);
        return { bytes };
      });
    };
    for (const key of ["a", "b", "c", "a", "d", "a", "b"]) get(key);
    expect(made).toEqual(["a", "b", "c", "d", "b"]);
    get("huge", 500);
    expect(cache.size).toBe(1);
    get("a");
    expect(cache.size).toBe(1);
    expect(made).toEqual(["a", "b", "c", "d", "b", "huge", "a"]);
  });
});
