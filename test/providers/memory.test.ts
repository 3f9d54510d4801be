import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { Circuit, SparsePauliOp, weight } from "../../circuits/index.ts";
import {
  availableBytes,
  createStatevectorEngine,
  localSimulator,
  type RowExpectationProgram,
  StateMemory,
} from "../../providers/index.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
/** Bytes of all arrays that somebody still holds. */
const heldBytes = (): number => {
  // The second collection waits for what the first one is still sweeping.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
};

const none = new Float64Array(0);
const stateBytes = (numQubits: number): number => 16 * 2 ** numQubits;

/** All qubits entangled and turned, so that no light cone is smaller than the circuit. */
const entangled = (numQubits: number, angle = 0.3): Circuit =>
  Circuit.build(numQubits, (c) => {
    for (let q = 0; q < numQubits; q++) c.ry(angle + 0.1 * q, q);
    for (let q = 0; q + 1 < numQubits; q++) c.cx(q, q + 1);
    for (let q = 0; q < numQubits; q++) c.rx(0.4, q);
  });

describe("the memory of states", () => {
  test("lends a buffer that was given back again, and counts what is lent", () => {
    const memory = new StateMemory();
    const first = memory.take(64);
    const second = memory.take(64);
    expect(memory.lentBytes).toBe(1024);
    expect(second).not.toBe(first);
    memory.giveBack(first);
    expect(memory.take(64)).toBe(first);
    memory.giveBack(first);
    memory.giveBack(second);
    expect(memory.lentBytes).toBe(0);
  });

  test("never holds more than its bytes: kept buffers make room, lent ones do not", () => {
    const memory = new StateMemory(1000);
    const first = memory.take(100);
    expect(memory.tryTake(30)).toBeUndefined();
    memory.giveBack(first);
    expect(memory.availableBytes).toBe(1000);
    const other = memory.take(101);
    // The buffer that was only kept has been freed at once.
    expect(first).toHaveLength(0);
    expect(() => memory.take(100)).toThrowError(expect.objectContaining({ code: "STATE_TOO_LARGE" }));
    expect(memory.availableBytes).toBe(1000 - 808);
    memory.giveBack(other);
  });

  test("keeps no more than 256 MiB for later", () => {
    const memory = new StateMemory();
    const large = memory.take(2 ** 25 + 1);
    memory.giveBack(large);
    expect(large).toHaveLength(0);
  });

  test("a computation that is broken off gives back what it borrowed", () => {
    const memory = new StateMemory();
    const engine = createStatevectorEngine({ memory });
    const program = engine.expectation(entangled(16), [SparsePauliOp.fromLabels("X".repeat(16))]);
    const steps = program.evaluateInSteps!(none, 1, new Float64Array(1));
    steps.next();
    expect(memory.lentBytes).toBe(stateBytes(16));
    steps.return(undefined);
    expect(memory.lentBytes).toBe(0);
  });
});

describe("linear memory", () => {
  const target = { addressBits: 32, realBits: 64, shared: false } as const;
  const MIB = 2 ** 20;

  test("is lent again: the smallest that is large enough, whichever was given back first", () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const memory = new StateMemory();
      const lent = [1, 4, 16].map((size) => memory.borrow(target, size * MIB));
      for (const index of order) memory.release(lent[index]!);
      const same = (bytes: number, index: number): boolean => memory.borrow(target, bytes) === lent[index];
      expect(same(3 * MIB, 1)).toBe(true);
      // No other one is large enough for this but the largest, and then the largest that is left grows.
      expect(same(12 * MIB, 2)).toBe(true);
      expect(same(2 * MIB, 0)).toBe(true);
      expect(lent[0]!.bytes).toBe(2 * MIB);
    }
  });

  test("under a limit is not lent for much less, so that it is there for who needs it", () => {
    const memory = new StateMemory(64 * MIB);
    const large = memory.borrow(target, 40 * MIB);
    memory.release(large);
    const small = memory.borrow(target, MIB);
    expect(small === large).toBe(false);
    expect(memory.borrow(target, 40 * MIB) === large).toBe(true);
  });

  test("is kept for later up to 256 MiB in all, not each", async () => {
    const memory = new StateMemory();
    const refs = ((): WeakRef<object>[] => {
      const lent = Array.from({ length: 5 }, () => memory.borrow(target, 100 * MIB));
      for (const own of lent) memory.release(own);
      return lent.map((own) => new WeakRef(own));
    })();
    // Weak references hold until the end of a turn of the event loop.
    await new Promise((resolve) => setTimeout(resolve));
    collectGarbage();
    collectGarbage();
    expect(refs.filter((ref) => ref.deref() !== undefined)).toHaveLength(2);
  });

  test("that the system refuses is STATE_TOO_LARGE, and what was lent before is there again", () => {
    const memory = new StateMemory(2 ** 40);
    const first = memory.borrow(target, MIB);
    memory.release(first);
    expect(() => memory.borrow(target, 2 ** 33)).toThrowError(
      expect.objectContaining({
        code: "STATE_TOO_LARGE",
        message: expect.stringMatching(/another 8.00 GiB in one piece, which the system refuses/),
        cause: expect.any(RangeError),
      }),
    );
    expect(memory.lentBytes).toBe(0);
    expect(memory.borrow(target, MIB) === first).toBe(true);
  });

  test.each([0, -1, Number.NaN, "1"])("a limit of %j is none", (maxBytes) => {
    expect(() => createStatevectorEngine({ maxBytes: maxBytes as number })).toThrowError(
      expect.objectContaining({ code: "MEMORY_LIMIT", message: expect.stringMatching(/^maxBytes is /) }),
    );
  });
});

test.each([
  ["tables", {}],
  ["in place", { batchedQubits: 0 }],
])("programs give back all they borrow, also where it was not enough: %s", (_, options) => {
  const memory = new StateMemory(2 ** 16);
  const engine = createStatevectorEngine({ ...options, memory });
  const state = engine.statevector(entangled(6));
  const program = engine.expectation(entangled(6), [SparsePauliOp.fromLabels("X".repeat(6))]);
  const runs = [
    () => state.statevector(none),
    () => state.statevector(none, new Float64Array(2 ** 7)),
    () => program.evaluate(none, 1, new Float64Array(1)),
    () => program.forward(none, none, 1, new Float64Array(1)),
    () => program.backward(none, none, 1, Float64Array.of(1), new Float64Array(1), none, none),
  ];
  for (const run of runs) {
    run();
    expect(memory.lentBytes).toBe(0);
    // Others leave room for less and less.
    for (let free = 2 ** 16; free > 0; free -= 512) {
      const others = memory.take((2 ** 16 - free) / 8);
      try {
        run();
      } catch (error) {
        expect(error).toMatchObject({ code: "STATE_TOO_LARGE" });
      }
      memory.giveBack(others);
      expect(memory.lentBytes).toBe(0);
    }
  }
});

describe("how many qubits fit", () => {
  const n = 15;
  const z = "Z".repeat(n);
  const dynamic = entangled(n).extend((c) => {
    c.register("m", 1);
    c.measure(0, 0)
      .if([0], 1, (then) => then.x(1))
      .h(0);
  });
  const finished = async (job: Promise<{ result(): Promise<unknown> }>): Promise<unknown> => (await job).result();
  const program = (bytes: number) =>
    localSimulator({ maxMemoryBytes: bytes }).differentiate(entangled(n), [SparsePauliOp.fromLabels(z)]);
  const operations: readonly (readonly [what: string, states: number, run: (bytes: number) => Promise<unknown>])[] = [
    [
      "samples",
      1,
      (maxMemoryBytes) =>
        finished(
          localSimulator({ maxMemoryBytes })
            .sampler({ shots: 10 })
            .run([[entangled(n).extend((c) => c.measureAll())]]),
        ),
    ],
    [
      "an estimate from samples in one basis",
      1,
      (maxMemoryBytes) =>
        finished(
          localSimulator({ maxMemoryBytes })
            .estimator({ precision: 0.2 })
            .run([[entangled(n), "X".repeat(n)]]),
        ),
    ],
    [
      "an estimate from samples in several bases",
      2,
      (maxMemoryBytes) =>
        finished(
          localSimulator({ maxMemoryBytes })
            .estimator({ precision: 0.2 })
            .run([[entangled(n), ["X", "Y"].map((letter) => letter.repeat(n))]]),
        ),
    ],
    [
      "exact values",
      1,
      (maxMemoryBytes) =>
        finished(
          localSimulator({ maxMemoryBytes })
            .estimator()
            .run([[entangled(n), z]]),
        ),
    ],
    [
      "samples of a dynamic circuit",
      2,
      (maxMemoryBytes) =>
        finished(
          localSimulator({ maxMemoryBytes })
            .sampler({ shots: 10 })
            .run([[dynamic.extend((c) => c.measureAll())]]),
        ),
    ],
    [
      "exact values of a dynamic circuit",
      2.5,
      (maxMemoryBytes) =>
        finished(
          localSimulator({ maxMemoryBytes })
            .estimator()
            .run([[dynamic, z]]),
        ),
    ],
    ["forward", 1, async (bytes) => program(bytes).forward(none, none, 1, new Float64Array(1))],
    [
      "forward, then gradients",
      2,
      async (bytes) => {
        const found = program(bytes);
        found.forward(none, none, 1, new Float64Array(1));
        found.backward(none, none, 1, Float64Array.of(1), new Float64Array(1), none, null);
      },
    ],
  ];

  test.each(operations)("%s take exactly %d states", async (_, states, run) => {
    const needed = states * stateBytes(n);
    await run(needed);
    const fewer = Math.floor(Math.log2((needed - 1) / (states * 16)));
    await expect(run(needed - 1)).rejects.toMatchObject({
      code: "STATE_TOO_LARGE",
      message: expect.stringMatching(new RegExp(`${n} qubits need .* at most ${fewer} qubits fit`)),
    });
  });

  test("where there is enough, the message says what else limits a state", () => {
    const engine = createStatevectorEngine({ maxBytes: 2 ** 40 });
    const message = (numQubits: number): string => {
      try {
        engine.statevector(entangled(numQubits)).statevector(none);
      } catch (error) {
        expect(error).toMatchObject({ code: "STATE_TOO_LARGE" });
        return (error as Error).message;
      }
      return "";
    };
    expect(message(31)).toMatch(/^A state vector has at most 30 qubits, .* 31\. Use fewer qubits/);
    const most = engine.maxQubits + 1;
    expect(message(30)).toMatch(
      `in one memory${most < 29 ? " (from Node 24 on 16.0 GiB)" : ""}; at most ${most} qubits fit.`,
    );
  });

  test("the backend's limit is that of gradients, the largest need", () => {
    expect(localSimulator({ maxMemoryBytes: 2 * stateBytes(n) }).capabilities.limits.maxQubits).toBe(n);
    expect(localSimulator({ maxMemoryBytes: 2 * stateBytes(n) - 1 }).capabilities.limits.maxQubits).toBe(n - 1);
  });

  test("circuits of the largest size follow one another, in any kind of job, and then small ones", async () => {
    const backend = localSimulator({ maxMemoryBytes: stateBytes(n) });
    for (const angle of [0.1, 0.2, 0.3]) {
      await finished(backend.estimator().run([[entangled(n, angle), z]]));
      await finished(backend.sampler({ shots: 5 }).run([[entangled(n, angle).extend((c) => c.measureAll())]]));
      await finished(backend.estimator({ precision: 0.5 }).run([[entangled(n, angle), "Y".repeat(n)]]));
      await finished(backend.estimator().run([[entangled(6, angle), "Y".repeat(6)]]));
    }
  });

  test("many light cones need the room of the largest", () => {
    const numQubits = 48;
    const w = weight("w", numQubits);
    const ladder = Circuit.build(numQubits, (c) => {
      for (let layer = 0; layer < 8; layer++) {
        for (let q = 0; q < numQubits; q++) c.ry(w.at(q), q);
        for (let q = layer % 2; q + 1 < numQubits; q += 2) c.cz(q, q + 1);
      }
    });
    const observables = Array.from({ length: numQubits }, (_, q) => SparsePauliOp.z(numQubits, q));
    const values = Float64Array.from({ length: numQubits }, (_, q) => 0.1 * q);
    const outputs = new Float64Array(numQubits);
    // The cone of a qubit in the middle has 16 qubits, and there are three dozen of them.
    const memory = new StateMemory(stateBytes(16));
    const program = createStatevectorEngine({ memory }).expectation(ladder, observables);
    program.evaluate(values, 1, outputs);
    const roomy = new Float64Array(numQubits);
    createStatevectorEngine().expectation(ladder, observables).evaluate(values, 1, roomy);
    for (const [q, value] of roomy.entries()) expect(Math.abs(outputs[q]! - value)).toBeLessThan(1e-12);
    const small = new StateMemory(stateBytes(16) - 1);
    expect(() => createStatevectorEngine({ memory: small }).expectation(ladder, observables)).toThrowError(
      expect.objectContaining({ code: "STATE_TOO_LARGE" }),
    );
  });
});

describe("tables", () => {
  /** `layers` of turns, phases and a ring: what training circuits look like. */
  const layered = (numQubits: number, layers: number, angle: number): Circuit =>
    Circuit.build(numQubits, (c) => {
      for (let layer = 0; layer < layers; layer++) {
        for (let q = 0; q < numQubits; q++) c.ry(angle + 0.1 * layer, q).rz(0.3 + 0.01 * layer * q, q);
        for (let q = 0; q < numQubits; q++) c.cx(q, (q + 1) % numQubits);
      }
    });
  const x = (numQubits: number): SparsePauliOp[] => [SparsePauliOp.fromLabels("X".repeat(numQubits))];
  const value = (program: RowExpectationProgram): number => {
    const out = new Float64Array(1);
    program.evaluate(none, 1, out);
    return out[0]!;
  };

  test("a deep program knows what it holds, and its layers share what is alike", () => {
    const engine = createStatevectorEngine();
    engine.expectation(layered(10, 4, 0), x(10));
    const before = heldBytes();
    const programs = [1, 2, 3, 4].map((k) => engine.expectation(layered(10, 60, k), x(10)));
    const grown = heldBytes() - before;
    const told = programs.reduce((sum, { bytes }) => sum + bytes!, 0);
    expect(told).toBeGreaterThan(0.9 * grown);
    // 120 stages of 16 KiB of phases each; the permutations of all layers are one.
    expect(programs[0]!.bytes!).toBeLessThan(3.5 * 2 ** 20);
  });

  test("where tables would cost too much, a program goes in place and gives the same", () => {
    const circuit = layered(9, 40, 0.2);
    const roomy = createStatevectorEngine().expectation(circuit, x(9));
    const tight = createStatevectorEngine({ maxBytes: 2 ** 20 }).expectation(circuit, x(9));
    expect(tight.bytes!).toBeLessThan(roomy.bytes! - 150_000);
    expect(Math.abs(value(tight) - value(roomy))).toBeLessThan(1e-12);
    expect(Math.abs(value(roomy))).toBeGreaterThan(1e-4);
  });

  test("circuits that are bound before each run do not pile up", async () => {
    const backend = localSimulator({ maxMemoryBytes: 2 ** 24 });
    const estimator = backend.estimator();
    const run = async (angle: number): Promise<void> => {
      await (await estimator.run([[layered(10, 20, angle), "X".repeat(10)]])).result();
    };
    await run(0);
    const before = heldBytes();
    for (let k = 1; k <= 40; k++) await run(0.01 * k);
    // A program has 700 KiB of tables, forty of them 28 MiB; a quarter of the memory (4 MiB) may stay.
    expect(heldBytes() - before).toBeLessThan(12 * 2 ** 20);
  });
});

describe("results", () => {
  const single = Circuit.build(1, (c) => c.rx(weight("t"), 0));
  const bit = Circuit.build(1, (c) => c.h(0).measureAll());
  const rows = (count: number) => ({ shape: [count, 1], data: new Float64Array(count) });

  test("a broadcast that would not fit is refused before anything of its size is made", async () => {
    const observables = Array.from({ length: 20_000 }, () => ["Z"]);
    const before = process.memoryUsage().arrayBuffers;
    const pub = [single, observables, rows(40_000)] as const;
    await expect(
      localSimulator({ maxMemoryBytes: 2 ** 30 })
        .estimator()
        .run([[single, "Z", [0]], pub]),
    ).rejects.toMatchObject({
      code: "RESULT_TOO_LARGE",
      message: expect.stringMatching(/^PUB 1: a result of shape \[20000, 40000\] needs \d+ bytes, after \d+ for/),
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  test("without a limit of one's own that of the machine holds", async () => {
    const wide = { shape: [60_000, 1, 1], data: new Float64Array(60_000) };
    // Twice as much, since the machine may get memory back in the meantime.
    const count = 2 * Math.ceil(availableBytes() / (28 * 60_000));
    const observables = new Array<string>(count).fill("Z");
    await expect(
      localSimulator()
        .estimator()
        .run([[single, observables, wide]]),
    ).rejects.toMatchObject({
      code: "RESULT_TOO_LARGE",
    });
  });

  test("names whose batches make a table too large are refused", async () => {
    const both = Circuit.build(1, (c) => c.rx(weight("a"), 0).rz(weight("b"), 0));
    const values = { a: { shape: [50_000, 1], data: new Float64Array(50_000) }, b: new Float64Array(50_000) };
    await expect(
      localSimulator({ maxMemoryBytes: 2 ** 30 })
        .estimator()
        .run([[both, "Z", values]]),
    ).rejects.toMatchObject({
      code: "RESULT_TOO_LARGE",
      message: expect.stringContaining("PUB 0: a table of 2500000000 row(s) of 2"),
    });
  });

  test("all PUBs of a job count together, in both primitives", async () => {
    const backend = localSimulator({ maxMemoryBytes: 10_000 });
    const bits = Circuit.build(1, (c) => {
      c.register("wide", 64);
      c.h(0).measure(0, 0);
    });
    const sampler = backend.sampler({ shots: 400 });
    await (await sampler.run([[bits], [bits], [bits]])).result();
    await expect(sampler.run([[bits], [bits], [bits], [bits]])).rejects.toMatchObject({
      code: "RESULT_TOO_LARGE",
      message: expect.stringMatching(/^PUB 3: .*400 shots/),
    });
    const estimator = backend.estimator();
    await (
      await estimator.run([
        [single, "Z", rows(150)],
        [single, "Z", rows(150)],
      ])
    ).result();
    await expect(
      estimator.run([
        [single, "Z", rows(200)],
        [single, "Z", rows(200)],
      ]),
    ).rejects.toMatchObject({
      code: "RESULT_TOO_LARGE",
      message: expect.stringMatching(/^PUB 1: /),
    });
    await (await backend.sampler({ shots: 5000 }).run([[bit]])).result();
  });

  test("many values of small circuits are computed in slices", async () => {
    // All at once would be an array of 65536 × 3000 numbers.
    const observables = Array.from({ length: 3000 }, (_, k) => SparsePauliOp.identity(1, k));
    const [result] = await (
      await localSimulator()
        .estimator()
        .run([[single, observables.map((o) => [o]), rows(700)]])
    ).result();
    expect(result!.evs[2999 * 700 + 699]).toBe(2999);
  });
});
