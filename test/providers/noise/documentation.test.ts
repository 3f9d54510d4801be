import { expect, test } from "vitest";
import { execute, fencedPrograms } from "../../support/documented-programs.ts";

test("the program of docs/noise.md runs, and both machines are noisy", () => {
  const [program] = fencedPrograms("docs/noise.md");
  const lists = [...execute(program!).matchAll(/Float64Array\(2\) \[([^\]]*)\]/g)];
  const values = lists.flatMap(([, list]) => list!.split(",").map(Number));
  expect(values.length).toBe(4);
  for (const value of values) {
    expect(value).toBeGreaterThan(0.85);
    expect(value).toBeLessThan(0.999);
  }
});
