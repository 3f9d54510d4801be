import { describe, expect, test, vi } from "vitest";
import { Circuit, input, ln, SparsePauliOp, weight } from "../../circuits/index.ts";
import { type JobContext, LocalJobs, localSimulator } from "../../providers/index.ts";

const w = weight("w");
const circuit = Circuit.build(2, (c) => c.ry(w, 0).ry(0.4, 1).cx(0, 1));

describe("jobs", () => {
  test("ids count up per backend", async () => {
    const backend = localSimulator();
    const ids = [];
    for (const primitive of [backend.estimator(), backend.estimator()])
      ids.push((await primitive.run([[circuit, "ZZ", [0]]])).id);
    ids.push((await backend.sampler().run([[circuit.extend((c) => c.measureAll()), [0]]])).id);
    expect(ids).toEqual(["local-1", "local-2", "local-3"]);
  });

  test("nothing runs before onSubmitted has resolved, and a failing onSubmitted runs nothing", async () => {
    const compute = vi.fn(async () => []);
    const jobs = new LocalJobs("t");
    await expect(
      jobs.submit(compute, {
        onSubmitted: () => {
          throw new Error("disk full");
        },
      }),
    ).rejects.toThrow("disk full");
    await new Promise((resolve) => setImmediate(resolve));
    expect(compute).not.toHaveBeenCalled();
    expect(jobs.pending).toBe(0);
  });

  test("cancel stops the computation between rows; the result says so", async () => {
    const backend = localSimulator();
    const deep = Circuit.build(14, (c) => {
      for (let layer = 0; layer < 10; layer++) for (let q = 0; q < 14; q++) c.ry(w, q).cx(q, (q + 1) % 14);
    });
    const job = await backend
      .estimator()
      .run([[deep, "Z".repeat(14), { shape: [100_000, 1], data: new Float64Array(100_000) }]]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await job.status()).toBe("running");
    expect((await backend.status()).pendingJobs).toBe(1);
    await job.cancel();
    await expect(job.result()).rejects.toMatchObject({ code: "JOB_CANCELLED", jobId: job.id });
    expect(await job.status()).toBe("cancelled");
    expect((await job.usage()).executions).toBeLessThan(100_000);
    expect((await backend.status()).pendingJobs).toBe(0);
  });

  test("a signal that is none is refused by result as by run", async () => {
    const job = await localSimulator()
      .estimator()
      .run([[Circuit.build(1, (c) => c.h(0)), "Z"]]);
    for (const signal of [null, {}])
      await expect(job.result({ signal: signal as never })).rejects.toMatchObject({ code: "PUB_FORM" });
  });

  test("many rows of a long circuit let other work have its turn", async () => {
    const circuit = Circuit.build(2, (c) => {
      const x = input("x");
      for (let i = 0; i < 500; i++) c.rx(x, 0).ry(x, 1).cx(0, 1);
    });
    const rows = { shape: [20_000, 1, 1], data: Float64Array.from({ length: 20_000 }, (_, i) => i / 1e4) };
    const job = await localSimulator()
      .estimator()
      .run([{ circuit, observables: ["ZZ"], parameterValues: rows }]);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await job.result();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  test("an aborted wait cancels only when asked; cancelling a finished job changes nothing", async () => {
    const backend = localSimulator();
    const submit = () => backend.estimator().run([[circuit, "ZZ", [0.1]]]);
    const kept = await submit();
    await expect(kept.result({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    await kept.result();
    await kept.cancel();
    expect(await kept.status()).toBe("done");
    const dropped = await submit();
    await expect(dropped.result({ signal: AbortSignal.abort(), cancelRemote: true })).rejects.toMatchObject({
      name: "AbortError",
    });
    await expect(dropped.result()).rejects.toMatchObject({ code: "JOB_CANCELLED" });
  });

  test("other work gets its turn while a long job runs", async () => {
    const deep = Circuit.build(12, (c) => {
      for (let layer = 0; layer < 10; layer++) for (let q = 0; q < 12; q++) c.ry(w, q).cx(q, (q + 1) % 12);
    });
    const job = await localSimulator()
      .estimator()
      .run([[deep, "Z".repeat(12), { shape: [400, 1], data: new Float64Array(400) }]]);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await job.result();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });

  test("a large evaluation gives other work its turn, and can be stopped in the middle", async () => {
    const layers = (numQubits: number): Circuit =>
      Circuit.build(numQubits, (c) => {
        for (let layer = 0; layer < 6; layer++)
          for (let q = 0; q < numQubits; q++)
            c.ry(0.1 + layer, q)
              .rz(0.2, q)
              .cx(q, (q + 1) % numQubits);
      });
    const large = layers(21);
    const dynamic = large.extend((c) => {
      c.register("m", 1);
      c.measure(0, 0).if([0], 1, (then) => then.x(1));
    });
    const backend = localSimulator();
    const runs = [
      () => backend.estimator().run([[large, "X".repeat(21)]]),
      () => backend.estimator().run([[dynamic, "X".repeat(21)]]),
      () => backend.estimator({ precision: 0.5 }).run([[large, ["X".repeat(21), "Y".repeat(21)]]]),
      () => backend.sampler().run([[large.extend((c) => c.measureAll())]]),
    ];
    for (const run of runs) {
      const job = await run();
      // One row, one setting: all turns are inside of it.
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(await job.status()).toBe("running");
      await job.cancel();
      await expect(job.result()).rejects.toMatchObject({ code: "JOB_CANCELLED" });
      expect(await job.usage()).toEqual({ quantumSeconds: 0, executions: 0 });
    }
    // What was broken off gave back its memory, so that the same computation goes through.
    const [result] = await (await backend.estimator().run([[layers(16), "Z".repeat(16)]])).result();
    expect(Math.abs(result!.evs[0]!)).toBeLessThan(1);
  });

  test("jobs run one after another, as they were submitted", async () => {
    const jobs = new LocalJobs("t");
    const events: string[] = [];
    const work = (name: string) => async (context: JobContext) => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 3));
      await context.checkpoint();
      events.push(`${name} ends`);
      return [];
    };
    const submitted = [await jobs.submit(work("a")), await jobs.submit(work("b")), await jobs.submit(work("c"))];
    expect(jobs.pending).toBe(3);
    await Promise.all(submitted.map((job) => job.result()));
    expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(jobs.pending).toBe(0);
  });

  test("a job that waits in the queue is cancelled at once, and one that fails lets the next one run", async () => {
    const jobs = new LocalJobs("t");
    let release: () => void = () => {};
    const first = await jobs.submit(async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      throw new Error("broken");
    });
    const compute = vi.fn(async () => []);
    const waiting = await jobs.submit(compute);
    const last = await jobs.submit(async () => ["last"]);
    await waiting.cancel();
    await expect(waiting.result()).rejects.toMatchObject({ code: "JOB_CANCELLED", jobId: "t-2" });
    expect(jobs.pending).toBe(2);
    while ((await first.status()) === "queued") await new Promise((resolve) => setImmediate(resolve));
    release();
    expect(await last.result()).toEqual(["last"]);
    await expect(first.result()).rejects.toThrow("broken");
    expect(compute).not.toHaveBeenCalled();
  });

  test("steps that a cancelled job does not finish get the chance to clean up", async () => {
    const jobs = new LocalJobs("t");
    const events: string[] = [];
    function* steps(): Generator<void, string> {
      try {
        for (let step = 0; step < 1000; step++) yield;
        return "all";
      } finally {
        events.push("cleaned up");
      }
    }
    expect(await (await jobs.submit(async (context) => [await context.finish(steps())])).result()).toEqual(["all"]);
    const broken = await jobs.submit(async (context) => {
      void broken.cancel();
      return [await context.finish(steps())];
    });
    await expect(broken.result()).rejects.toMatchObject({ code: "JOB_CANCELLED" });
    expect(events).toEqual(["cleaned up", "cleaned up"]);
  });

  test("all who wait share the arrays of a result, of which the rest is frozen", async () => {
    const backend = localSimulator();
    const estimate = await backend.estimator().run([[circuit, ["ZZ", "XX"], [0.1]]]);
    const [first, again] = [await estimate.result(), await estimate.result()];
    expect(again[0]!.evs).toBe(first[0]!.evs);
    const sample = await (await backend.sampler().run([[circuit.extend((c) => c.measureAll()), [0.1]]])).result();
    for (const frozen of [
      first,
      first[0],
      first[0]!.shape,
      first[0]!.metadata,
      sample,
      sample[0],
      sample[0]!.shape,
      sample[0]!.registers,
      sample[0]!.registers.meas!.shape,
      sample[0]!.metadata,
    ])
      expect(Object.isFrozen(frozen)).toBe(true);
  });
});

describe("errors inside a job", () => {
  const large = Circuit.build(40, (c) => {
    for (let q = 0; q < 39; q++) c.h(q).cx(q, q + 1);
  });
  const broken = Circuit.build(1, (c) => c.rx(ln(w), 0));

  test("a PUB that is too large is found before the first one runs", async () => {
    const backend = localSimulator();
    const estimate = await backend.estimator().run([
      [circuit, "ZZ", [0.1]],
      [large, "Z".repeat(40)],
    ]);
    const sampled = await backend.estimator({ precision: 0.1 }).run([
      [circuit, "ZZ", [0.1]],
      [large, "Z".repeat(40)],
    ]);
    const samples = await backend
      .sampler()
      .run([[circuit.extend((c) => c.measureAll()), [0.1]], [large.extend((c) => c.measureAll())]]);
    for (const job of [estimate, sampled, samples]) {
      await expect(job.result()).rejects.toMatchObject({
        code: "STATE_TOO_LARGE",
        message: expect.stringContaining(`PUB 1 of job ${job.id}: 40 qubits need`),
      });
      expect((await job.usage()).executions).toBe(0);
    }
  });

  test("name the PUB and its row", async () => {
    const rows = [[1], [2], [-1]];
    const backend = localSimulator();
    const measured = broken.extend((c) => c.measureAll());
    const jobs = [
      await backend.estimator().run([
        [circuit, "ZZ", [0.1]],
        [broken, "Z", rows],
      ]),
      await backend.estimator({ precision: 0.1 }).run([
        [circuit, "ZZ", [0.1]],
        [broken, "Z", rows],
      ]),
      await backend.sampler().run([
        [circuit.extend((c) => c.measureAll()), [0.1]],
        [measured, rows],
      ]),
    ];
    for (const job of jobs)
      await expect(job.result()).rejects.toMatchObject({
        code: "STATE_NOT_FINITE",
        message: expect.stringContaining(`PUB 1, row 2, of job ${job.id}: `),
      });
  });

  test("large values whose sum no number holds are no error, one such value is", async () => {
    const bell = Circuit.build(2, (c) => c.h(0).cx(0, 1));
    const [zz, xx] = ["ZZ", "XX"].map((label) => SparsePauliOp.fromLabels([[label, 1e308]]));
    const run = async (observables: SparsePauliOp[]) =>
      (
        await localSimulator()
          .estimator()
          .run([[bell, observables]])
      ).result();
    const [result] = await run([zz!, xx!]);
    for (const value of result!.evs) expect(Math.abs(value / 1e308 - 1)).toBeLessThan(1e-12);
    await expect(run([zz!, zz!.plus(xx!)])).rejects.toMatchObject({
      code: "STATE_NOT_FINITE",
      message: expect.stringContaining("observable 1 is Infinity"),
    });
  });
});

describe("options", () => {
  const run = (options: unknown) =>
    localSimulator()
      .estimator()
      .run([[circuit, "ZZ", [0.1]]], options as object);

  test.each([
    ["localSimulator", () => localSimulator(null as never), "localSimulator takes an object of options (seed,"],
    ["a seed misspelt", () => localSimulator({ sed: 1 } as never), 'localSimulator has no option "sed"'],
    ["estimator", () => localSimulator().estimator(null as never), "not null"],
    [
      "an estimator of shots",
      () => localSimulator().estimator({ shots: 100 } as never),
      'no option "shots"; its options are: precision',
    ],
    ["sampler", () => localSimulator().sampler(5 as never), "not number 5"],
    ["a sampler of precision", () => localSimulator().sampler({ precision: 0 } as never), 'no option "precision"'],
    ["run", () => run(null), "not null"],
    ["run with shots", () => run({ shots: 5 }), 'run has no option "shots"'],
    ["run's signal", () => run({ signal: 5 }), "no AbortSignal"],
    ["run's onSubmitted", () => run({ onSubmitted: "log" }), "no function"],
    ["result", async () => (await run({})).result(null as never), "result takes an object"],
  ])("that are none are refused: %s", async (_, act, mentions) => {
    await expect(async () => act()).rejects.toMatchObject({
      code: "PUB_FORM",
      message: expect.stringContaining(mentions),
    });
  });

  test("a run that was refused changes no samples of later ones, of a Sampler neither", async () => {
    const sampler = () => localSimulator({ seed: 5 }).sampler({ shots: 100 });
    const pub = [circuit.extend((c) => c.measureAll()), [1]] as const;
    const bytes = async (from: ReturnType<typeof sampler>) =>
      (await (await from.run([pub])).result())[0]!.registers.meas!.bytes;
    const disturbed = sampler();
    await expect(disturbed.run([pub], { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
    expect(await bytes(disturbed)).toEqual(await bytes(sampler()));
  });

  test("a run that was refused changes no samples of later ones", async () => {
    const value = async (refuse: (estimator: ReturnType<typeof make>) => Promise<unknown>) => {
      const estimator = make();
      await refuse(estimator).catch(() => {});
      return (await (await estimator.run([[circuit, "ZI", [1]]])).result())[0]!.evs[0];
    };
    const make = () => localSimulator({ seed: 5 }).estimator({ precision: 0.01 });
    const undisturbed = await value(async () => {});
    expect(await value((e) => e.run([[circuit, "ZI", [1]]], { signal: AbortSignal.abort() }))).toBe(undisturbed);
    expect(await value((e) => e.run([[circuit, "ZI"]]))).toBe(undisturbed);
    expect(await value((e) => e.run([[circuit, "ZI", [1]]], null as never))).toBe(undisturbed);
    // One that ran does.
    expect(await value((e) => e.run([[circuit, "ZI", [1]]]))).not.toBe(undisturbed);
    const simulator = localSimulator({ seed: 5 });
    expect(() => simulator.estimator({ precision: -1 })).toThrowError(
      expect.objectContaining({ code: "PUB_PRECISION" }),
    );
    const [result] = await (await simulator.estimator({ precision: 0.01 }).run([[circuit, "ZI", [1]]])).result();
    expect(result!.evs[0]).toBe(undisturbed);
  });
});
