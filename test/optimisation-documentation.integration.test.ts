import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-optimisation-"));
symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [problem, algorithm, device] = fencedPrograms("docs/optimisation-problems.md");

/** The value of a choice of sites, by hand. */
function siteValue(sites: readonly string[]): number {
  const costs: Readonly<Record<string, number>> = { north: -4, east: -3, south: -3, west: -5, centre: -6 };
  const pairs = [
    ["north", "centre", 3],
    ["east", "centre", 1],
    ["south", "centre", 2],
    ["west", "centre", 4],
    ["north", "west", 2],
  ] as const;
  const own = sites.reduce((sum, site) => sum + costs[site]!, 0);
  return pairs.reduce((sum, [a, b, cost]) => sum + (sites.includes(a) && sites.includes(b) ? cost : 0), own);
}
const SITES = ["north", "east", "south", "west", "centre"];
const threes = SITES.flatMap((a, i) =>
  SITES.slice(i + 1).flatMap((b, j) => SITES.slice(i + j + 2).map((c) => [a, b, c])),
);

test("a problem", () => {
  const output = execute(problem!, folder);
  expect(output).toContain(`${siteValue(["north", "east", "west"])} [ 'north', 'east', 'west' ] true`);
  const values = threes.map(siteValue);
  const [best, worst] = [Math.min(...values), Math.max(...values)];
  expect(output).toContain(`\n${best} ${worst} 10 `);
  expect(output).toMatch(new RegExp(`value: ${best},`));
});

test("the algorithm keeps the constraint in every sample and finds the best", () => {
  const output = execute(algorithm!, folder);
  const lines = [...output.matchAll(/^([01]{5}) (\d+) (-?\d+)$/gm)];
  expect(lines.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(200);
  for (const [, bits, , value] of lines) {
    const sites = SITES.filter((_, i) => bits!.at(-1 - i) === "1");
    expect(sites.length).toBe(3);
    expect(Number(value)).toBe(siteValue(sites));
  }
  expect(output).toContain("bestRatio: 1,");
  expect(output).toContain("feasibleShare: 1,");
});

test("the same steps one by one, and samples of a noisy device", () => {
  const output = execute(device!, folder);
  const [, jobs, seconds] = /^(\d+) jobs, about (\d+) s$/m.exec(output)!;
  expect(Number(jobs)).toBe(31);
  expect(Number(seconds)).toBeGreaterThan(31 * 2);
  // The optimum is b and d, -5; noise makes some samples break a rule, but not most.
  expect(output).toMatch(/bits: '1010',\s+count: \d+,\s+value: -5,\s+feasible: true/);
  const share = Number(/(0\.\d+) \d+$/m.exec(output)![1]);
  expect(share).toBeGreaterThan(0.7);
  expect(share).toBeLessThan(1);
});
