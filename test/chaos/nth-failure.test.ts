import { expect, test } from "vitest";
import { nthFailure } from "./nth-failure.ts";

test("whichever write, read or request fails, the same call goes on to the same weights and pays nothing twice", async () => {
  const figures = await nthFailure({ stride: 4, diskStride: 16 });
  expect(figures).toMatchObject({
    ok: true,
    unfinished: 0,
    stepsWrong: 0,
    dupPaid: 0,
    unnoticed: 0,
    weightsEqual: true,
    ledgerEqualsUsage: true,
  });
  expect(figures.runs).toBeGreaterThan(100);
  expect(figures.resumed).toBeGreaterThan(20);
  const once = { acceptedPerJob: 1, finishes: true };
  expect(figures.afterAccepting).toEqual({ "500": once, "504": once, reset: once, "429": once });
}, 120_000);
