import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { createSweep, gridOptions } from "../../../src/worker/sweep.ts";

const value = fc.oneof(fc.integer(), fc.boolean(), fc.string({ maxLength: 3 }));
const grids = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.uniqueArray(value, { minLength: 1, maxLength: 4 }), {
  maxKeys: 4,
});

test("a grid has each combination once, the last option changing fastest", () => {
  fc.assert(
    fc.property(grids, (grid) => {
      const combinations = gridOptions(grid);
      const entries = Object.entries(grid);
      expect(combinations.length).toBe(entries.reduce((product, [, values]) => product * values.length, 1));
      for (const [index, combination] of combinations.entries()) {
        // Mixed radix: the digits of the index are the places of the values.
        let rest = index;
        for (const [name, values] of entries.toReversed()) {
          expect(combination[name]).toBe(values[rest % values.length]);
          rest = Math.floor(rest / values.length);
        }
      }
    }),
    { seed: 61, numRuns: 200 },
  );
});

test("a grid that makes no sense is refused by the name of the option", () => {
  const refused = (grid: Parameters<typeof gridOptions>[0], words: string) =>
    expect(() => gridOptions(grid)).toThrow(
      expect.objectContaining({ code: "SWEEP_GRID", message: expect.stringContaining(words) }),
    );
  refused({ lr: [] }, "lr");
  refused({ lr: [1, 2, 1] }, "lr");
  const long = Array.from({ length: 101 }, (_, i) => i);
  refused({ a: long, b: long }, "10,000");
});

test("a sweep that is asked for again makes what is missing, and nothing where another has its name", async () => {
  const store = memoryStore();
  const sweep = { name: "s", config: "run.ts", options: gridOptions({ lr: [0.1, 0.2], seed: [1, 2, 3] }) };
  const [first] = (await createSweep(store, { ...sweep, options: sweep.options.slice(0, 1) })).runs;
  expect(first).toMatchObject({ id: "s-1", status: "ready", task: { options: { lr: 0.1, seed: 1 } } });
  const { runs, created } = await createSweep(store, sweep);
  expect(created).toBe(5);
  expect(runs.map(({ id, task }) => [id, task?.options])).toEqual(
    sweep.options.map((options, index) => [`s-${index + 1}`, options]),
  );
  expect(runs[0]!.task!.config).toMatch(/^\/.*run\.ts$/);
  expect((await createSweep(store, sweep)).created).toBe(0);

  const other = { ...sweep, options: [...sweep.options, { lr: 0.3, seed: 1 }].toReversed() };
  await expect(createSweep(store, other)).rejects.toMatchObject({
    code: "SWEEP_CHANGED",
    message: expect.stringContaining("s-1"),
  });
  expect((await store.runs()).length).toBe(6);
  await expect(createSweep(store, { ...sweep, options: [] })).rejects.toMatchObject({ code: "SWEEP_GRID" });
  await expect(createSweep(store, { ...sweep, name: "No" })).rejects.toMatchObject({ code: "RUN_ID" });
  const bad = [...sweep.options, { steps: 0 }];
  await expect(createSweep(store, { ...sweep, name: "t", options: bad })).rejects.toMatchObject({ code: "RUN_OPTION" });
  expect((await store.runs()).length).toBe(6);
});
