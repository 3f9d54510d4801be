import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { batches, fromArrays, prefetch } from "../../../src/data/index.ts";
import { collect } from "../../support/collect.ts";

/** Counts from 0, and notes how far it was asked and whether it was closed. */
function counter(end: number, failAt = Number.POSITIVE_INFINITY) {
  const state = { given: 0, closed: 0 };
  const source = async function* () {
    try {
      for (; state.given < end; ) {
        if (state.given === failAt) throw new Error(`source failed at ${failAt}`);
        yield state.given++;
      }
    } finally {
      state.closed++;
    }
  };
  return { state, source: source() };
}
const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

describe("prefetch", () => {
  test("gives what the source gives, prepared and in order, whichever is ready first", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 8 }), fc.integer({ min: 1, max: 5 }), async (waits, ahead) => {
        const prepare = async (i: number) => {
          await turns(waits[i]!);
          return i * 10;
        };
        const wanted = waits.map((_, i) => i * 10);
        expect(await collect(prefetch(waits.keys(), { ahead, prepare }))).toEqual(wanted);
        expect(await collect(prefetch(counter(waits.length).source, { ahead, prepare }))).toEqual(wanted);
        expect(await collect(prefetch(waits, { ahead }))).toEqual(waits);
      }),
      { seed: 1, numRuns: 25 },
    );
  });

  test.each([1, 2, 4])("prepares %i further items while one is in use, and no more", async (ahead) => {
    const { state, source } = counter(20);
    let prepared = 0;
    const items = prefetch(source, {
      ahead,
      prepare: (i: number) => {
        prepared++;
        return i;
      },
    });
    await turns();
    expect(state.given).toBe(0);
    for (let used = 1; used <= 5; used++) {
      await items.next();
      await turns();
      expect(state.given).toBe(used + ahead);
      expect(prepared).toBe(used + ahead);
    }
    await items.return();
    expect(state).toEqual({ given: 5 + ahead, closed: 1 });
  });

  test("preparing overlaps with the work of who takes the items", async () => {
    const gates = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
    const items = prefetch([0, 1, 2], {
      prepare: async (i) => {
        await gates[i]!.promise;
        return i;
      },
    });
    gates[1]!.resolve();
    gates[2]!.resolve();
    const first = items.next();
    await turns();
    gates[0]!.resolve();
    expect([(await first).value, (await items.next()).value, (await items.next()).value]).toEqual([0, 1, 2]);
  });

  test("an error comes where its item would have come, and ends all", async () => {
    const seen: number[] = [];
    const { state, source } = counter(20);
    const failing = async () => {
      for await (const item of prefetch(source, {
        ahead: 3,
        prepare: (i: number) => {
          if (i === 2) throw new RangeError("no such file");
          return i;
        },
      }))
        seen.push(item);
    };
    await expect(failing()).rejects.toThrow(new RangeError("no such file"));
    expect(seen).toEqual([0, 1]);
    expect(state.closed).toBe(1);

    const broken = counter(20, 2);
    const reached: number[] = [];
    const reading = async () => {
      for await (const item of prefetch(broken.source, { ahead: 3 })) reached.push(item);
    };
    await expect(reading()).rejects.toThrow("source failed at 2");
    expect([reached, broken.state.closed]).toEqual([[0, 1], 1]);
  });

  test("a loop that is left early closes the source, and waits until what was begun is told to stop", async () => {
    const { state, source } = counter(20);
    let running = 0;
    const prepare = async (i: number, signal: AbortSignal) => {
      running++;
      // The first one ends by itself; the others go on until they are told to stop.
      if (i > 0) await sleep(60_000, null, { signal }).catch(() => {});
      running--;
      return i;
    };
    for await (const item of prefetch(source, { ahead: 3, prepare })) {
      expect(item).toBe(0);
      await turns();
      expect(running).toBe(3);
      break;
    }
    expect(running).toBe(0);
    expect(state).toEqual({ given: 4, closed: 1 });
  });

  test("failures of items that are no longer wanted are nobody's", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const prepare = async (i: number) => {
      if (i > 0) throw new Error(`item ${i}`);
      return i;
    };
    for await (const _ of prefetch([0, 1, 2, 3], { ahead: 3, prepare })) {
      await turns();
      break;
    }
    await turns();
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test("a signal ends it with its reason: before, while it waits, and between items", async () => {
    const reason = new Error("enough");
    const { state, source } = counter(20);
    await expect(collect(prefetch(source, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    expect(state.given).toBe(0);

    const waiting = new AbortController();
    const told: unknown[] = [];
    const never = (_: number, signal: AbortSignal) =>
      new Promise<never>(() => signal.addEventListener("abort", () => told.push(signal.reason)));
    const stuck = collect(prefetch(source, { prepare: never, signal: waiting.signal }));
    await turns();
    waiting.abort(reason);
    await expect(stuck).rejects.toBe(reason);
    await turns();
    expect([told, state.closed]).toEqual([[reason, reason, reason], 1]);

    const between = new AbortController();
    const items = prefetch([1, 2, 3], { signal: between.signal });
    expect(await items.next()).toEqual({ done: false, value: 1 });
    await turns();
    between.abort(reason);
    await expect(items.next()).rejects.toBe(reason);
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  test("batches of a dataset come through it unchanged", async () => {
    const data = fromArrays([[1], [2], [3], [4], [5]], [0, 1, 0, 1, 0]);
    const options = { batchSize: 2, seed: 3 };
    expect(await collect(prefetch(batches(data, options)))).toEqual([...batches(data, options)]);
  });

  test.each([{ ahead: 0 }, { ahead: 1.5 }, { head: 2 }])("refuses %j at once", (options) => {
    expect(() => prefetch([], options as never)).toThrowError(expect.objectContaining({ code: "DATA_OPTION" }));
  });
});
