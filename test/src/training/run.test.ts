import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { RunError, TrainingError } from "../../../src/errors.ts";
import { memoryStore, type RunStore } from "../../../src/runs/index.ts";
import { Run } from "../../../src/training/index.ts";

/** Emits 0, 1, .. below `count`, as long as it may. */
function counting(count: number, options?: Parameters<typeof Run.start>[1]): Run<number, string> {
  return Run.start<number, string>(async (emit) => {
    let step = 0;
    for (; step < count; step++) if (!(await emit(step))) return `stopped after ${step + 1}`;
    return `done after ${step}`;
  }, options);
}

function failing(): Run<number, never> {
  return Run.start<number, never>(async (emit) => {
    await emit(0);
    throw new TrainingError("RUN_BROKE", "It broke.");
  });
}

async function collect<Step>(steps: AsyncIterable<Step>): Promise<Step[]> {
  const found: Step[] = [];
  for await (const step of steps) found.push(step);
  return found;
}

/** What the process would have reported as unhandled while `act` ran. */
async function unhandled(act: () => unknown): Promise<unknown[]> {
  const seen: unknown[] = [];
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  const listener = (reason: unknown) => seen.push(reason);
  process.on("unhandledRejection", listener);
  try {
    await act();
    await setTimeout(20);
  } finally {
    process.off("unhandledRejection", listener);
    for (const other of others) process.on("unhandledRejection", other);
  }
  return seen;
}

describe("Run as a promise", () => {
  test("resolves to the result, any number of times", async () => {
    const run = counting(3);
    expect(run.status).toBe("running");
    expect(await run).toBe("done after 3");
    expect(await run.result()).toBe("done after 3");
    expect(await run.then((text) => text.length)).toBe(12);
    expect(run.steps).toEqual([0, 1, 2]);
    expect(run.status).toBe("finished");
  });

  test("rejects with the error itself; catch and finally work", async () => {
    let ended = 0;
    const run = failing();
    await expect(run.finally(() => ended++)).rejects.toMatchObject({ code: "RUN_BROKE" });
    expect(await run.catch((error) => (error as TrainingError).code)).toBe("RUN_BROKE");
    expect(ended).toBe(1);
    expect(run.status).toBe("failed");
  });

  test("an error thrown before the first await rejects too", async () => {
    const run = Run.start<number, never>(() => {
      throw new TrainingError("RUN_BROKE", "At once.");
    });
    await expect(run).rejects.toThrow("At once.");
  });

  test("an error that nobody waits for is reported as unhandled, once", async () => {
    expect(await unhandled(() => void failing())).toMatchObject([{ code: "RUN_BROKE" }]);
  });

  test("an error that a promise or an iterator receives is not", async () => {
    expect(await unhandled(() => failing().catch(() => {}))).toEqual([]);
    expect(await unhandled(() => collect(failing()).catch(() => {}))).toEqual([]);
  });
});

describe("Run as an async iterable", () => {
  test("yields every step, then ends", async () => {
    expect(await collect(counting(4))).toEqual([0, 1, 2, 3]);
  });

  test("several iterators, early, slow and late, each see all steps", async () => {
    const run = counting(5);
    const slow = (async () => {
      const found: number[] = [];
      for await (const step of run) {
        await setTimeout(2);
        found.push(step);
      }
      return found;
    })();
    const fast = collect(run);
    await run;
    const late = collect(run);
    for (const steps of await Promise.all([slow, fast, late])) expect(steps).toEqual([0, 1, 2, 3, 4]);
  });

  test("leaving the loop early does not end the run", async () => {
    const run = counting(50);
    for await (const step of run) if (step === 2) break;
    expect(await run).toBe("done after 50");
  });

  test("a failure is thrown after the steps that were done, to late iterators too", async () => {
    const run = failing();
    for (let round = 0; round < 2; round++) {
      const found: number[] = [];
      await expect(
        (async () => {
          for await (const step of run) found.push(step);
        })(),
      ).rejects.toMatchObject({ code: "RUN_BROKE" });
      expect(found).toEqual([0]);
    }
  });

  test("a run without steps ends at once", async () => {
    expect(await collect(counting(0))).toEqual([]);
  });
});

describe("ending a run", () => {
  test("stop() lets the step at hand finish and resolves with the result so far", async () => {
    const run = counting(1_000_000);
    for await (const step of run) if (step === 3) run.stop();
    expect(await run).toMatch(/^stopped after \d+$/);
    expect(run.steps.length).toBeGreaterThanOrEqual(4);
    expect(run.steps.length).toBeLessThan(1_000_000);
  });

  test("a signal aborts with its reason, even from a timer while steps come without a pause", async () => {
    const controller = new AbortController();
    const run = counting(Number.POSITIVE_INFINITY, { signal: controller.signal });
    const reason = new Error("no more");
    void setTimeout(15).then(() => controller.abort(reason));
    await expect(run).rejects.toBe(reason);
    expect(run.steps.length).toBeGreaterThan(0);
  });

  test("a run that is aborted within a step takes no other one", async () => {
    const controller = new AbortController();
    const run = Run.start<number, never>(
      async (emit) => {
        for (let step = 0; ; step++) {
          if (step === 2) controller.abort(new Error("enough"));
          if (step === 5) throw new Error("too far");
          await emit(step);
        }
      },
      { signal: controller.signal },
    );
    await expect(run).rejects.toThrow("enough");
    expect(run.steps).toEqual([0, 1, 2]);
  });

  test("a signal that is aborted already runs nothing", async () => {
    let ran = false;
    const run = Run.start(
      async () => {
        ran = true;
      },
      { signal: AbortSignal.abort(new Error("too late")) },
    );
    await expect(run).rejects.toThrow("too late");
    expect(ran).toBe(false);
  });

  test("abort() reaches the signal that the execution got", async () => {
    const run = Run.start<number, never>((_emit, signal) => {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => reject(signal.reason));
      return promise;
    });
    void setTimeout(1).then(() => run.abort(new Error("by hand")));
    await expect(run).rejects.toThrow("by hand");
  });
});

describe("a run that is kept", () => {
  test("has its events in the store, in order", async () => {
    const store = memoryStore();
    expect(await counting(2, { id: "a", store })).toBe("done after 2");
    const events = (await store.read("a")).map(({ event }) => event);
    expect(events.map(({ type }) => type)).toEqual(["created", "claimed", "step", "step", "finished"]);
    expect(events[3]).toMatchObject({ step: 2, report: 1 });
    expect(await store.run("a")).toMatchObject({ status: "finished", step: 2, lease: undefined });
    expect(await store.run("b")).toBeUndefined();
  });

  test("fails with the failure's name, code and message, and is let go", async () => {
    const store = memoryStore();
    const run = Run.start<number, never>(
      async () => {
        throw new TrainingError("RUN_BROKE", "It broke.");
      },
      { id: "a", store },
    );
    await run.catch(() => {});
    expect((await store.read("a")).at(-1)!.event).toEqual({
      type: "failed",
      error: { name: "TrainingError", code: "RUN_BROKE", message: "It broke." },
    });
    expect(await store.run("a")).toMatchObject({ status: "failed", lease: undefined });
  });

  test("a step is seen only after the store has it, and a store that fails ends the run", async () => {
    const inner = memoryStore();
    let appends = 0;
    const store = new Proxy(inner, {
      get: (target, name) =>
        name === "append"
          ? async (...args: Parameters<RunStore["append"]>) => {
              await setTimeout(1);
              if (++appends === 3) throw new RunError("LEDGER_FULL", "The disk is full.");
              return target.append(...args);
            }
          : Reflect.get(target, name).bind(target),
    });
    const run = counting(10, { store, id: "a" });
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const step of run) {
          expect((await inner.run("a"))!.step).toBeGreaterThanOrEqual(step + 1);
          seen.push(step);
        }
      })(),
    ).rejects.toMatchObject({ code: "LEDGER_FULL" });
    expect(seen).toEqual([0, 1]);
    // It says nothing against the run: whoever claims it next goes on.
    expect(await inner.run("a")).toMatchObject({ status: "running", step: 2, lease: undefined });
  });

  test("can be left and taken up again; its steps are those of all processes", async () => {
    const store = memoryStore();
    const first = counting(1e6, { store, id: "a" });
    for await (const step of first) if (step === 2) break;
    await first.suspend();
    // It is left by now.
    expect(first.status).toBe("failed");
    await expect(first).rejects.toMatchObject({ code: "RUN_SUSPENDED" });
    expect(await store.run("a")).toMatchObject({ status: "stopped", lease: undefined });
    const done = first.steps.length;
    expect(done).toBeGreaterThan(2);
    const again = counting(3, { store, id: "a" });
    await again;
    expect(again.steps.length).toBe(done + 3);
    expect((await store.run("a"))!.status).toBe("finished");
  });

  test("is needed for a budget, which would be forgotten otherwise", async () => {
    const steps: number[] = [];
    const run = Run.start<number, string>(
      async (emit) => {
        steps.push(1);
        await emit(0);
        return "done";
      },
      { budget: "60s" },
    );
    await expect(run).rejects.toMatchObject({ code: "BUDGET_STORE" });
    await expect(counting(1, { defaultBudget: "60s" })).rejects.toMatchObject({ code: "BUDGET_STORE" });
    expect(steps).toEqual([]);
    await expect(counting(1, { store: memoryStore(), id: "a", budget: "60s" })).resolves.toBe("done after 1");
  });

  test("is an open ledger, and told when it is none, without its address", async () => {
    const password = "postgres://lepton:canary@localhost/runs";
    for (const [store, words] of [
      [password, "a string"],
      [Promise.resolve(memoryStore()), "a promise"],
      [null, "null"],
      [{}, "another object"],
    ] as const) {
      const error = await counting(1, { store: store as never, id: "a" }).then(undefined, (caught: unknown) => caught);
      expect(error).toMatchObject({ name: "RunError", code: "RUN_OPTION" });
      expect((error as Error).message).toBe(
        `Option store is ${words}; give an open ledger: { store: await openStore("runs.db") }.`,
      );
    }
  });

  test("counts days in a time zone that there is", async () => {
    const store = memoryStore();
    const run = counting(1, { store, id: "a", budget: "9s/day", timeZone: "Europe/Berln" });
    await expect(run).rejects.toMatchObject({ code: "RUN_OPTION", message: expect.stringContaining("Europe/Berln") });
    expect(await store.run("a")).toBeUndefined();
  });

  test("stays as its computation has ended it", async () => {
    const store = memoryStore();
    const options = { store, id: "a" };
    await Run.start<number, void>(async (_emit, _signal, journal) => journal!.stop("enough"), options);
    expect(await store.run("a")).toMatchObject({ status: "stopped", lease: undefined });
    expect((await store.read("a")).slice(2).map(({ event }) => event)).toEqual([{ type: "stopped", words: "enough" }]);
  });

  test("that is finished has not failed, whatever its computation does then", async () => {
    const store = memoryStore();
    const run = Run.start<number, never>(
      async (_emit, _signal, journal) => {
        await journal!.finish("done");
        throw new Error("late");
      },
      { store, id: "a" },
    );
    await expect(run).rejects.toThrow("late");
    expect((await store.read("a")).map(({ event }) => event.type)).toEqual(["created", "claimed", "finished"]);
    expect(await store.run("a")).toMatchObject({ status: "finished", lease: undefined });
  });

  test("has a price where its budget is of money", async () => {
    const store = memoryStore();
    const run = counting(1, { store, id: "a", budget: "5 USD" });
    await expect(run).rejects.toMatchObject({ code: "BUDGET_PRICE" });
    expect(await store.run("a")).toBeUndefined();
  });

  test("is driven by one at a time", async () => {
    const store = memoryStore();
    const first = counting(1e6, { store, id: "a" });
    for await (const step of first) if (step === 1) break;
    await expect(counting(3, { store, id: "a" })).rejects.toMatchObject({ code: "RUN_DRIVEN" });
    first.stop();
    expect(await first).toMatch(/^stopped/);
    expect((await store.run("a"))!.status).toBe("stopped");
  });

  test("runs have different ids unless they are given one", () => {
    const [a, b] = [counting(0), counting(0)];
    expect(a.id).not.toBe(b.id);
    expect(counting(0, { id: "mine" }).id).toBe("mine");
  });
});
