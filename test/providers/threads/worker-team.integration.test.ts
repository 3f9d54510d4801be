import { threadId } from "node:worker_threads";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { SimulatorError } from "../../../providers/index.ts";
import { givensTwin } from "../../../providers/simulator/kernels/givens.ts";
import { KernelMemory } from "../../../providers/simulator/kernels/kernel-memory.ts";
import { WorkerTeam } from "../../../providers/simulator/threads/index.ts";
import { TARGETS } from "../../support/kernel-bench.ts";
import { type TestProgram, work } from "./team-work.ts";

const TARGET = { addressBits: 32, realBits: 64, shared: true } as const;
const url = new URL("./team-worker.ts", import.meta.url);
const team = new WorkerTeam(url, work, 4);

/** Words of a meeting stand at the start of the memory, so the ids of threads are written behind them. */
const AT = 1024;
const memory = new KernelMemory(TARGET, 1 << 16);
let meetings = 0;
/** For what else is computed, so that no meeting finds words that are taken. */
const scratch = new KernelMemory(TARGET, 1 << 16);

/** The ids of the threads that did the chunks of a meeting of `threads` threads. */
function meet(
  on: WorkerTeam<TestProgram> = team,
  threads: number = on.maxThreads,
  place: KernelMemory = memory,
  at: number = AT,
): number[] {
  const program = on.load({ kind: "meet", chunks: threads, at });
  on.run(program, place, meetings++, threads, threads);
  on.unload(program);
  return [...place.u32.subarray(at, at + threads)].map((id) => id - 1);
}

function failing(end: Extract<TestProgram, { kind: "end" }>["end"], on = team, threads = 4): unknown {
  const program = on.load({ kind: "end", chunks: threads, caller: threadId, end });
  try {
    on.run(program, memory, meetings++, threads);
  } catch (error) {
    return error;
  } finally {
    on.unload(program);
  }
  throw new Error("No error came.");
}

describe("a team of threads", () => {
  test("starts no worker before it is needed, and then as many as a run may use", () => {
    const lazy = new WorkerTeam(url, work, 4);
    const program = lazy.load({ kind: "rotate", bytes: 64, t: 0.5 });
    lazy.run(program, scratch, 0, 8, 1);
    lazy.run(program, scratch, 0, 1, 4);
    expect(lazy.workers).toBe(0);
    lazy.run(program, scratch, 0, 8, 2);
    expect(lazy.workers).toBe(1);
    lazy.run(program, scratch, 0, 8);
    expect(lazy.workers).toBe(3);
  });

  test("works in all its threads at the same time, the caller's among them", () => {
    const ids = meet();
    expect(new Set(ids).size).toBe(4);
    expect(ids).toContain(threadId);
    expect(new Set(meet())).toEqual(new Set(ids));
  });

  test("numbers its threads, the caller 0, so that each may have scratch space of its own", () => {
    for (let repetition = 0; repetition < 20; repetition++) {
      const ids = meet();
      const numbers = [...memory.u32.subarray(AT + 4, AT + 8)];
      expect([...numbers].sort()).toEqual([0, 1, 2, 3]);
      expect(ids[numbers.indexOf(0)]).toBe(threadId);
    }
  });

  test("a run of fewer threads keeps to them", () => {
    const all = meet();
    const program = team.load({ kind: "rotate", bytes: 1024, t: 0.5 });
    for (let repetition = 0; repetition < 50; repetition++) {
      const two = meet(team, 2);
      expect(new Set(two).size).toBe(2);
      expect(all).toEqual(expect.arrayContaining(two));
      team.run(program, scratch, 0, 16, 3);
    }
  });

  test("starts others in the place of workers that were dismissed", () => {
    const own = new WorkerTeam(url, work, 3);
    const before = meet(own);
    own.dismiss();
    expect(own.workers).toBe(0);
    const after = meet(own);
    expect(new Set(after).size).toBe(3);
    expect(after.filter((id) => before.includes(id))).toEqual([threadId]);
  });

  test("keeps its workers within a run", () => {
    const own: WorkerTeam<TestProgram> = new WorkerTeam<TestProgram>(
      url,
      (...given) => {
        own.dismiss();
        work(...given);
      },
      3,
    );
    expect(new Set(meet(own)).size).toBe(3);
    expect(own.workers).toBe(2);
  });

  test("does nothing where there are no chunks", () => {
    scratch.f64.fill(1);
    const program = team.load({ kind: "rotate", bytes: 1024, t: 0.5 });
    team.run(program, scratch, 0, 0);
    expect(scratch.f64.every((value) => value === 1)).toBe(true);
  });

  test("a program that was unloaded is refused", () => {
    const program = team.load({ kind: "rotate", bytes: 1024, t: 0.5 });
    team.unload(program);
    expect(() => team.run(program, memory, 0, 2)).toThrow(/is loaded/);
  });

  test("a run inside a run is done by the caller alone", () => {
    const inside: number[] = [];
    const nesting = new WorkerTeam<TestProgram>(
      url,
      (place, program, step, chunk) => {
        if (program.kind === "rotate") inside.push(chunk);
        else {
          work(place, program, step, chunk, 0);
          nesting.run(rotation, scratch, 0, 3);
        }
      },
      2,
    );
    const rotation = nesting.load({ kind: "rotate", bytes: 1024, t: 0.5 });
    expect(new Set(meet(nesting)).size).toBe(2);
    expect(inside).toEqual([0, 1, 2]);
    expect(new Set(meet(nesting)).size).toBe(2);
  });
});

describe("results", () => {
  const LENGTH = 2 ** 13;
  const state = Float64Array.from({ length: LENGTH }, (_, i) => Math.sin(1 + i * i));

  /** Rotations on all distances, first in small chunks and then in large ones. */
  function rotated(threads: number, t: number): Float64Array {
    const place = new KernelMemory(TARGET, 8 * LENGTH);
    place.f64.set(state);
    for (let step = 0; step < 11; step++) {
      const bytes = Math.max(256, 32 * 2 ** step);
      const program = team.load({ kind: "rotate", bytes, t });
      team.run(program, place, step, (8 * LENGTH) / bytes, threads);
      team.unload(program);
    }
    return place.f64.slice(0, LENGTH);
  }

  test("are the same bits for any number of threads, and those of the plain sweeps", () => {
    meet();
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1, noNaN: true }), (t) => {
        const twin = state.slice();
        for (let step = 0; step < 11; step++) givensTwin(twin, 2, [{ stride: 16 * 2 ** step, form: step & 1, t }]);
        for (const threads of [1, 2, 3, 4]) expect(rotated(threads, t)).toEqual(twin);
      }),
      { numRuns: 10 },
    );
  });

  test("hold for hundreds of runs in a row and programs in turn", () => {
    const place = new KernelMemory(TARGET, 8 * LENGTH);
    place.f64.set(state);
    const twin = state.slice();
    const programs = [0.25, -0.75].map((t) => ({ t, id: team.load({ kind: "rotate", bytes: 2048, t }) }));
    for (let run = 0; run < 600; run++) {
      const { id, t } = programs[run % 2]!;
      const step = run % 6;
      team.run(id, place, step, (8 * LENGTH) / 2048, 1 + (run % 4));
      givensTwin(twin, 2, [{ stride: 16 * 2 ** step, form: step & 1, t }]);
      // The forms leave out a factor below 1, so that numbers grow.
      if (step === 5) for (const values of [twin, place.f64]) for (let i = 0; i < LENGTH; i++) values[i]! /= 4;
    }
    expect(place.f64.subarray(0, LENGTH)).toEqual(twin);
    expect(twin.every(Number.isFinite)).toBe(true);
  });

  const widths = new Set(TARGETS.map(({ addressBits }) => addressBits));
  test.each([...widths])("workers see memory of %i-bit addresses grow", (addressBits) => {
    const place = new KernelMemory({ ...TARGET, addressBits }, 1 << 16);
    for (const bytes of [1 << 16, 1 << 17, 1 << 22, 1 << 24]) {
      place.reserve(bytes);
      const ids = meet(team, 4, place, bytes / 4 - 8);
      expect(new Set(ids).size).toBe(4);
      expect(ids).toContain(threadId);
      const program = team.load({ kind: "rotate", bytes: bytes / 4, t: 1 });
      const last = place.f64.subarray(place.f64.length - 4);
      last.set([1, 2, 3, 4]);
      // The pairs of the last two units.
      team.run(program, place, 0, 4);
      expect([...last]).toEqual([-2, -2, 4, 6]);
    }
  });
});

describe("errors", () => {
  afterEach(() => {
    // Whatever has happened, the next run is whole.
    expect(new Set(meet()).size).toBe(4);
  });

  test("of a worker's chunk are the caller's, the one of the lowest chunk first", () => {
    const error = failing("simulator");
    expect(error).toBeInstanceOf(SimulatorError);
    expect(error).toMatchObject({ name: "SimulatorError", code: "STATE_NOT_FINITE" });
    // The caller had one of the four chunks; three failed.
    expect((error as Error).message).toMatch(/^chunk [01]$/);
    expect((error as Error).stack).toMatch(/team-work\.ts/);
  });

  test("of JavaScript keep their class, of others their name and code", () => {
    const range = failing("range");
    expect(range).toBeInstanceOf(RangeError);
    expect((range as Error).message).toMatch(/^chunk [01]$/);
    expect(failing("own")).toMatchObject({ name: "OwnError", code: "OWN_CODE" });
    expect(failing("word")).toMatchObject({ name: "Error", message: expect.stringMatching(/threw chunk [01]\.$/) });
  });

  test("of the caller's chunk are thrown as they are, when the workers have stopped", () => {
    const own = new SimulatorError("STATE_NOT_FINITE", "mine");
    const mixed = new WorkerTeam<TestProgram>(
      url,
      (...given) => {
        work(...given);
        throw own;
      },
      2,
    );
    const program = mixed.load({ kind: "meet", chunks: 2, at: AT });
    for (let repetition = 0; repetition < 5; repetition++)
      expect(() => mixed.run(program, memory, meetings++, 2)).toThrow(own);
  });

  test("end the run: what has not begun is not done", () => {
    const place = new KernelMemory(TARGET, 1 << 16);
    place.f64.fill(1);
    let done = 0;
    const stopping = new WorkerTeam<TestProgram>(
      url,
      () => {
        done++;
        throw new Error("stop");
      },
      2,
    );
    const program = stopping.load({ kind: "rotate", bytes: 64, t: 0.5 });
    // No worker is ready yet, so the caller has the first chunk.
    expect(() => stopping.run(program, place, 0, 1024)).toThrow("stop");
    expect(done).toBe(1);
    expect(place.f64.every((value) => value === 1)).toBe(true);
  });

  test("a worker that ends in a run is WORKER_LOST, and another takes its place", () => {
    const before = meet();
    const error = failing("exit");
    expect(error).toBeInstanceOf(SimulatorError);
    expect(error).toMatchObject({ code: "WORKER_LOST" });
    const after = meet();
    expect(after.filter((id) => before.includes(id))).toEqual([threadId]);
  });

  test("a worker that cannot start keeps no run from its result, but is told by the next", async () => {
    const broken = new WorkerTeam(new URL("./failing-worker.ts", import.meta.url), work, 2);
    const program = broken.load({ kind: "rotate", bytes: 64, t: 1 });
    const place = new KernelMemory(TARGET, 1 << 16);
    place.f64.fill(1);
    broken.run(program, place, 0, 4);
    expect([...place.f64.subarray(0, 4)]).toEqual([0, 0, 2, 2]);
    await expect.poll(() => broken.workers, { timeout: 10_000 }).toBe(0);
    expect(() => broken.run(program, place, 0, 4)).toThrow(
      expect.objectContaining({
        code: "WORKER_LOST",
        message: expect.stringContaining("This module does not load."),
        cause: expect.any(TypeError),
      }),
    );
  });
});
