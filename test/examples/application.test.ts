import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { figure } from "../../examples/application/figure.ts";
import { demoRow, measured, WATTS } from "../../examples/application/measure.ts";
import { writeApplication } from "../../examples/application/report.ts";
import { verdictOf } from "../../examples/application/verdict.ts";
import type { DemoRole } from "../../src/cli/demo.ts";
import { demoTables, tableNotes } from "../../src/cli/demo-table.ts";

const outcomes = [
  { value: 0.5, also: { sensitivity: 0.2 }, seconds: 1, cpuSeconds: 2, circuitExecutions: 10 },
  { value: 0.7, also: { sensitivity: 0.4 }, seconds: 3, cpuSeconds: 4, circuitExecutions: 20 },
];
const rows = [
  demoRow({ part: "one", model: "hybrid", role: "hybrid", params: 1234, metric: "AUC", quantumSeconds: 5 }, outcomes),
  demoRow({ part: "one", model: "<b>", params: 3, metric: "AUC" }, outcomes.slice(0, 1)),
  demoRow({ part: "two", model: "other", params: 3, metric: "error (Ha)" }, [
    { value: 0.00123, seconds: 0.0123, cpuSeconds: 0 },
  ]),
];

test("a row holds means, sample standard deviations and joules by the stated watts", () => {
  expect(rows[0]).toMatchObject({ value: 0.6, values: [0.5, 0.7], circuitExecutions: 15, seconds: 2, cpuSeconds: 3 });
  expect(rows[0]!.joules).toBe(3 * WATTS);
  expect(rows[0]!.spread).toBeCloseTo(Math.SQRT2 / 10, 12);
  expect(rows[0]!.also).toEqual([
    { metric: "sensitivity", value: expect.closeTo(0.3, 12), spread: expect.closeTo(Math.SQRT2 / 10, 12) },
  ]);
  expect(rows[1]!.spread).toBeNull();
});

test("each part is a table with the columns that its rows have", () => {
  const [one, two] = demoTables({ rows });
  expect(one).toEqual({
    part: "one",
    header: ["model", "parameters", "AUC", "sensitivity", "circuit executions", "seconds", "joules", "quantum seconds"],
    lines: [
      ["hybrid", "1,234", "0.600 ± 0.141", "0.300 ± 0.141", "15", "2.0", "45.0", "5.0"],
      ["<b>", "3", "0.500", "0.200", "10", "1.0", "30.0", ""],
    ],
  });
  // No column of nothing but zeros.
  expect(two!.header).toEqual(["model", "parameters", "error (Ha)", "seconds"]);
  // Small numbers keep their digits.
  expect(two!.lines).toEqual([["other", "3", "1.2e-3", "0.012"]]);
  expect(tableNotes({ rows, seeds: [0, 1], watts: 15 })).toMatch(/over 2 seeds.*emulated ibm_torino.*assumed 15 W/);
  expect(tableNotes({ rows, seeds: [0] })).not.toContain("tested");
  const tested = demoRow({ model: "hybrid, tested", params: 3, metric: "AUC", costsOf: "test" }, outcomes);
  expect(tableNotes({ rows: [...rows, tested], seeds: [0] })).toContain(
    "those of training, without validation; in rows that were tested or measured on an emulated device, those of that.",
  );
});

test("counts are whole numbers, and large numbers keep no thousandths", () => {
  const counted = [74, 0].map((gates) =>
    demoRow({ model: `${gates} gates`, params: 1, metric: "seconds to minimise" }, [
      { value: gates * 617.3, also: { gates, share: gates / 74 }, seconds: 0, cpuSeconds: 0 },
    ]),
  );
  const [table] = demoTables({ rows: counted });
  expect(table!.lines).toEqual([
    ["74 gates", "1", "45,680.2", "74", "1.000"],
    ["0 gates", "1", "0.000", "0", "0.000"],
  ]);
});

test("work is measured by the clock and by the processor", async () => {
  const { value, seconds, cpuSeconds } = await measured(async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return 7;
  });
  expect(value).toBe(7);
  expect(seconds).toBeGreaterThan(0.02);
  expect(cpuSeconds).toBeGreaterThanOrEqual(0);
});

test("a report holds the tables, the pictures, the limits and every file it names", async () => {
  const out = mkdtempSync(join(tmpdir(), "lepton-application-"));
  const result = await writeApplication(
    {
      out,
      text: { title: "A & B", intro: "About data.", verdict: "The classical one wins.", limits: ["No proof."] },
      result: { name: "a", rows, seeds: [0, 1], seconds: 1, watts: WATTS },
      pictures: [
        {
          name: "curve",
          caption: "A curve",
          draw: (tools) => figure(tools, "Title", "Sub", { marginTop: 100, marks: [tools.Plot.dot([[1, 2]])] }),
        },
      ],
      files: { "sub/note.txt": "text" },
      record: { extra: 1 },
    },
    { update: () => {}, note: () => {} },
  );
  for (const file of result.files) expect(existsSync(file), file).toBe(true);
  const page = readFileSync(join(out, "index.html"), "utf8");
  for (const text of ["A &amp; B", "<td>&lt;b></td>", "The classical one wins.", "No proof.", 'src="curve.svg"'])
    expect(page).toContain(text);
  for (const [, target] of page.matchAll(/(?:src|href)="([^"]+)"/g)) expect(existsSync(join(out, target!))).toBe(true);
  expect(JSON.parse(readFileSync(join(out, "result.json"), "utf8"))).toMatchObject({ extra: 1, files: result.files });
  expect(readFileSync(join(out, "curve.svg"), "utf8")).toContain("Title");
});

test("a report without the packages for pictures says what is missing", async () => {
  const out = mkdtempSync(join(tmpdir(), "lepton-application-"));
  const notes: string[] = [];
  const { files } = await writeApplication(
    {
      out,
      text: { title: "t", intro: "i", verdict: "v", limits: [] },
      result: { name: "a", rows, seeds: [0], seconds: 1 },
      pictures: [{ name: "curve", caption: "c", draw: () => "" }],
    },
    { update: () => {}, note: (line) => notes.push(line) },
    async () => ({ missing: ["linkedom"] }),
  );
  expect(notes).toEqual([expect.stringContaining("npm install linkedom")]);
  expect(files.map((path) => path.slice(out.length + 1))).toEqual(["index.html", "result.json"]);
});

test("a verdict holds the hybrid against the classical row that is best, whatever its role", () => {
  const row = (model: string, role: DemoRole, value: number) =>
    demoRow({ model, role, params: 1, metric: "AUC" }, [{ value, seconds: 0, cpuSeconds: 0 }]);
  const table = [
    row("h", "hybrid", 0.96),
    row("pca", "without quantum", 0.97),
    row("distance", "best classical", 0.92),
  ];
  expect(verdictOf(table)).toContain("worse than the best classical one (0.970)");
  expect(verdictOf(table, undefined, "lower")).toContain("worse than the best classical one (0.920)");
});
