import { expect, test } from "vitest";
import { main } from "./accepted-once.ts";

// IBM's Python client, counted the same way: 6, 6, 1 whose id is lost, and 1 with the run failed.
test("a service that accepts a job and answers 500, 504, nothing or 429 has accepted one job for each of the run's, which finishes", async () => {
  const { accepted, finished, weightsEqual } = await main();
  expect(accepted).toEqual({ "500": 1, "504": 1, reset: 1, "429": 1 });
  expect(finished).toBe(4);
  expect(weightsEqual).toBe(true);
});
