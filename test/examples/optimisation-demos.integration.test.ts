import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { portfolioPart } from "../../examples/finance/portfolio-study.ts";
import { run as runFinance } from "../../examples/finance/run.ts";
import { samplePrices } from "../../examples/finance/sample-prices.ts";
import { schedulePart } from "../../examples/manufacturing/schedule-study.ts";
import type { DemoRow } from "../../src/cli/demo.ts";
import { execute, fencedPrograms } from "../support/documented-programs.ts";

// Quick on a machine of its own; this one may be busy.
vi.setConfig({ testTimeout: 120_000 });

const progress = { update: () => undefined, note: () => undefined };
const folder = () => mkdtempSync(join(tmpdir(), "lepton-optimisation-"));
const withoutTimes = (rows: readonly DemoRow[]) =>
  rows.map(({ seconds: _seconds, cpuSeconds: _cpu, joules: _joules, ...row }) => row);
const figure = (row: DemoRow, metric: string): number => row.also!.find((one) => one.metric === metric)!.value;

function checkRows(rows: readonly DemoRow[]): void {
  for (const row of rows) {
    const isIdeal = row.role === "hybrid" || row.role === "without quantum";
    if (row.part === "portfolio" && isIdeal) expect(figure(row, "feasible share")).toBe(1);
    if (row.role === "best classical") expect([row.value, figure(row, "optimum share")]).toEqual([1, 1]);
    if (row.role === "hybrid") expect(row.quantumSeconds).toBeGreaterThan(100);
    expect(row.value).toBeLessThanOrEqual(1);
  }
  const roles = new Set(rows.map(({ role }) => role));
  for (const role of ["hybrid", "without quantum", "equal parameters", "best classical"] as const)
    expect(roles).toContain(role);
}

test("portfolios: the quick run finds what brute force finds, and gives the same numbers again", async () => {
  const options = { seed: 0, seeds: 1, quick: true, out: folder() };
  const { rows, pictures, record } = await portfolioPart(options, progress);
  const ratios = rows.filter(({ part }) => part === "portfolio");
  checkRows(ratios);
  expect(ratios.filter(({ role }) => role === "hybrid").at(-1)!.value).toBe(1);
  expect(pictures.length).toBe(1);
  const { instances } = record!.portfolio as { readonly instances: readonly { readonly assets: readonly string[] }[] };
  expect(instances[0]!.assets.length).toBe(8);
  expect(withoutTimes((await portfolioPart(options, progress)).rows)).toEqual(withoutTimes(rows));
});

test("portfolios of prices from a file, as the whole demo", async () => {
  const out = folder();
  const { days, assets, series } = samplePrices(3);
  const lines = days.slice(0, 200).map((day, i) => [day, ...series.map((prices) => prices[i])].join(","));
  writeFileSync(join(out, "mine.csv"), [["Date", ...assets].join(","), ...lines].join("\n"));
  const result = await runFinance(
    { seed: 1, seeds: 1, quick: true, steps: 5, out, data: join(out, "mine.csv") },
    progress,
  );
  for (const file of result.files) expect(existsSync(file), file).toBe(true);
  const page = readFileSync(join(out, "index.html"), "utf8");
  expect(page).toContain("prices from mine.csv");
  expect(page).not.toContain(out);
  expect(page).toContain("What this does not show");
});

test("schedules: the quick run compares all ways, and gives the same numbers again", async () => {
  const options = { seed: 0, seeds: 1, quick: true, steps: 10, out: folder() };
  const { rows } = await schedulePart(options, progress);
  checkRows(rows);
  const share = (role: string) => figure(rows.filter((row) => row.role === role).at(-1)!, "feasible share");
  expect(share("hybrid")).toBeGreaterThan(2 * share("without quantum"));
  expect(withoutTimes((await schedulePart(options, progress)).rows)).toEqual(withoutTimes(rows));
});

test("the programs of the pages find the best", () => {
  const place = folder();
  symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(place, "node_modules"));
  const [portfolio] = fencedPrograms("docs/applications/finance.md").filter((text) => text.includes("correlation"));
  const [schedule] = fencedPrograms("docs/applications/manufacturing.md").filter((text) => text.includes("lathe"));
  const chosen = execute(portfolio!, place);
  expect(chosen).toMatch(/^\[ '[A-E]', '[A-E]' \] 1 0\.[6-9]\d*\n$/);
  const planned = execute(schedule!, place);
  rmSync(place, { recursive: true, force: true });
  // One job after the other on each machine: one of them ends late.
  expect(planned).toMatch(
    /^(a\.lathe@0 a\.press@1 b\.lathe@1 b\.press@2|a\.lathe@1 a\.press@2 b\.lathe@0 b\.press@1) 1 0\.\d+\n$/,
  );
});
