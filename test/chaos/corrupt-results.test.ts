import { expect, test } from "vitest";
import { corruptResults } from "./corrupt-results.ts";

test("no corrupt result reaches an optimizer, and the true one is taken afterwards without paying again", async () => {
  const figures = await corruptResults(8);
  expect(figures).toMatchObject({ ok: true, reached: 0, endless: 0, notRecovered: 0 });
  expect(figures.mutants).toBeGreaterThan(500);
  expect(figures.rejected).toBeGreaterThan(300);
  expect(figures.recovered).toBeGreaterThan(20);
  expect(figures.bombs.refused).toBe(figures.bombs.bombs);
}, 120_000);
