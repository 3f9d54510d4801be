import { expect, test } from "vitest";
import type { RunReport } from "./simulation/simulate.ts";
import { main } from "./virtual-time.ts";

const RUNS = 160;
const SEED = 1;

test("runs in virtual time keep every promise, whatever goes wrong, and a seed names all that happened", async () => {
  const reports: RunReport[] = [];
  const figures = await main({ runs: RUNS, seed: SEED, onRun: (report) => reports.push(report) });
  expect(figures.failures).toEqual([]);
  expect(figures).toMatchObject({
    ...{ ok: true, runs: RUNS, stepsLost: 0, dupPaid: 0, unnoticed: 0, nanSteps: 0, overspendSeconds: 0 },
    weightsEqual: true,
  });
  expect(figures.kinds).toBeGreaterThan(60);
  expect(figures.faults).toBeGreaterThan(2 * RUNS);
  expect(figures.kills).toBeGreaterThan(RUNS / 3);
  expect(figures.excused.raced).toBeGreaterThan(0);

  // In another thread, and without those before it.
  const [worst] = reports.toSorted((a, b) => b.struck.length - a.struck.length);
  const again: RunReport[] = [];
  await main({ runs: 1, seed: worst!.seed, onRun: (report) => again.push(report) });
  expect(again.map(({ hash, events, struck }) => ({ hash, events, struck }))).toEqual([
    { hash: worst!.hash, events: worst!.events, struck: worst!.struck },
  ]);
  const others = reports.filter(({ hash }) => hash === worst!.hash);
  expect(others.length).toBe(1);
}, 120_000);
