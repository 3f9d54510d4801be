import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { SimulatorError } from "../../../providers/index.ts";
import { threadCount } from "../../../providers/simulator/threads/index.ts";

test("threads are those asked for, and no more than the machine's", () => {
  const machine = availableParallelism();
  expect(threadCount()).toBe(machine);
  expect(threadCount(1)).toBe(1);
  expect(threadCount(machine)).toBe(machine);
  expect(threadCount(machine + 1)).toBe(machine);
  expect(threadCount(1_000_000)).toBe(machine);
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "2", null])("threads: %s is refused", (threads) => {
  const ask = (): number => threadCount(threads as number);
  expect(ask).toThrow(SimulatorError);
  expect(ask).toThrow(expect.objectContaining({ code: "THREAD_COUNT" }));
});
