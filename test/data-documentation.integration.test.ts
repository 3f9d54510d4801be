import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { execute, fencedPrograms } from "./support/documented-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "lepton-data-"));
symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [tables, streams, pictures, series, prepared] = fencedPrograms("docs/data.md");
const linesOf = (program: string | undefined): readonly string[] => execute(program!, folder).trim().split("\n");

test("tables, missing values, categories", () => {
  const [names, ...rest] = linesOf(tables);
  expect(names).toBe("age missing:age city=Oslo city=Rome city=");
  const rounds = rest.slice(0, 5).map((line) => line.split(" ").map(Number));
  expect(rounds.map(([fold]) => fold)).toEqual([0, 1, 2, 3, 4]);
  for (const [, sensitivity, specificity] of rounds) expect(sensitivity! + specificity!).toBeGreaterThan(1.3);
  expect(rest[5]).toMatch(/^AUC 0\.9\d\d ± 0\.0\d\d$/);
  // A city that no training row has is none of the three.
  expect(rest[6]).toMatch(/^-?0\.\d+ 0 0 0 0$/);
});

test("files larger than memory", () => {
  const losses = linesOf(streams).map((line) => Number(line.split(" ")[1]));
  expect(losses.length).toBe(8);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
});

test("pictures", () => {
  expect(linesOf(pictures)).toEqual(["[ 'left', 'right' ] { height: 4, width: 4, channels: 1 } 12 4 4"]);
});

test("time series", () => {
  const [names, ...rounds] = linesOf(series);
  expect(names).toBe("load[t-4] load[t-3] load[t-2] load[t-1] load[t] 84 1");
  expect(rounds.map((line) => line.split(" ").slice(0, 3).map(Number))).toEqual([
    [0, 20, 21],
    [1, 41, 21],
    [2, 62, 21],
  ]);
  // Two steps of the wave sin(i/3) apart: the root mean square of its change is √2·sin(1/3), and the trend adds 0.2.
  for (const line of rounds)
    expect(Number(line.split(" ")[3])).toBeCloseTo(Math.hypot(Math.SQRT2 * Math.sin(1 / 3), 0.2), 1);
});

test("batches that are prepared", () => {
  const lines = linesOf(prepared);
  expect(lines.filter((line) => line.startsWith("prepare"))).toEqual(
    [0, 2, 4, 6].map((first) => `prepare ${first},${first + 1}`),
  );
  expect(lines.slice(0, 4)).toEqual(["prepare 0,1", "prepare 2,3", "prepare 4,5", "used 2"]);
});
