import { afterEach, expect, test, vi } from "vitest";
import { systemClock, wallClock } from "../../providers/index.ts";

const HOUR = 3_600_000;
afterEach(() => {
  vi.restoreAllMocks();
});

/** As after the machine was asleep: its clock is ahead, and nothing was counted meanwhile. */
function setMachine(ahead: number): void {
  const now = Date.now;
  vi.spyOn(Date, "now").mockImplementation(() => now() + ahead);
}

test("the machine's clock keeps up with a machine that was asleep, and never goes back", async () => {
  const start = Date.now();
  const monotonic = systemClock.now();
  expect(wallClock.now()).toBeGreaterThanOrEqual(start);
  expect(wallClock.now()).toBeLessThan(start + 60_000);
  setMachine(2 * HOUR);
  const later = wallClock.now();
  expect(later).toBeGreaterThanOrEqual(start + 2 * HOUR);
  expect(systemClock.now()).toBeLessThan(monotonic + 60_000);
  vi.restoreAllMocks();
  setMachine(-2 * HOUR);
  const back = wallClock.now();
  expect(back).toBeGreaterThanOrEqual(later);
  await wallClock.sleep(5);
  expect(wallClock.now()).toBeGreaterThan(back);
  expect(wallClock.now()).toBeLessThan(later + 60_000);
});
