import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { CronExpression } from "../../../src/schedules/cron-expression.ts";
import { FACTS } from "../../../src/schedules/index.ts";
import { execute, fencedPrograms } from "../../support/documented-programs.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const text = readFileSync(`${root}docs/schedules.md`, "utf8");

/** Cells of the rows under a heading whose first cell is code. */
const rowsOf = (heading: string): readonly (readonly string[])[] =>
  text
    .split(`## ${heading}\n`)[1]!
    .split("\n## ")[0]!
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.slice(2, -2).split(" | "));

const folder = mkdtempSync(join(tmpdir(), "lepton-schedules-"));
symlinkSync(`${root}node_modules`, join(folder, "node_modules"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("docs/schedules.md tells every value that a condition can ask for", () => {
  const told = rowsOf("Conditions");
  expect(told.map(([name]) => name)).toEqual(Object.keys(FACTS).map((name) => `\`${name}\``));
  for (const [name, says] of told) expect(says).toContain(FACTS[name!.replaceAll("`", "") as keyof typeof FACTS].says);
});

test("docs/schedules.md tells when ticks come in the nights in which clocks are set", async () => {
  const nights = [
    ["2026-03-29T00:15Z", "2026-03-29T02:15Z", 2],
    ["2026-10-24T23:15Z", "2026-10-25T03:15Z", 1],
  ] as const;
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Europe/Berlin",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "longOffset",
  });
  const table = rowsOf("Time zones");
  expect(table).toHaveLength(4);
  for (const [expression, ...told] of table) {
    const cron = await CronExpression.parse(expression!.replaceAll("`", ""));
    for (const [index, [from, to]] of nights.entries()) {
      const ticks: string[] = [];
      for (const tick of cron.after(Date.parse(from), "Europe/Berlin")) {
        if (tick > Date.parse(to)) break;
        ticks.push(clock.format(tick).replace(" GMT", ""));
      }
      expect(told[index], expression).toBe(ticks.join(", "));
    }
  }
});

test("the program of docs/schedules.md runs", () => {
  const [program] = fencedPrograms("docs/schedules.md");
  expect(execute(program!, folder).trim().split("\n")).toEqual([
    "2026-10-25T00:00:00.000Z",
    "2026-10-26T01:00:00.000Z",
    "2026-10-27T01:00:00.000Z",
    "0 0 0 true",
  ]);
});
