import { expect, test } from "vitest";
import { killChaos } from "./kill-chaos.ts";

test("processes that are killed lose no step, pay nothing twice, and come to the same weights", async () => {
  const points = ["k4", "k8", "k18"] as const;
  const scale = { jobs: [2], seeds: [1], trainSeeds: [], points, random: 1, ticks: [1] };
  const { byPoint, ...figures } = await killChaos(scale);
  expect(figures).toMatchObject({
    ok: true,
    missed: 0,
    unfinished: 0,
    stepsLost: 0,
    dupPaid: 0,
    unnoticed: 0,
    weightsEqual: true,
    ledgerEqualsUsage: true,
    ledgerIntact: true,
    ticksMissed: 0,
    ticksDouble: 0,
  });
  for (const point of [...points, "k17", "random"]) expect(byPoint[point], point).toBeGreaterThan(0);
}, 120_000);
