import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadApplicants } from "../../examples/finance/credit.ts";
import { creditPart } from "../../examples/finance/credit-study.ts";
import type { DemoRow } from "../../src/cli/demo.ts";
import { loadEngine } from "../../src/index.ts";

const quiet = { update: () => {}, note: () => {} };
const withoutTimes = (rows: readonly DemoRow[]) =>
  rows.map(({ seconds: _, cpuSeconds: __, joules: ___, ...row }) => row);

test("credit risk, cut short: all rows, a model with its fairness report, and the same numbers again", async () => {
  const options = { seed: 0, seeds: 1, quick: true, steps: 20 };
  const out = mkdtempSync(join(tmpdir(), "lepton-credit-"));
  const once = await creditPart({ ...options, out }, quiet);
  const models = once.rows.filter(({ role }) => role !== undefined);
  const roles = [
    "best classical",
    "equal parameters",
    "hybrid",
    "reference",
    "reference",
    "reference",
    "without quantum",
  ];
  expect(models.map(({ role }) => role).sort()).toEqual(roles);
  const [hybrid] = models;
  expect([hybrid!.params, hybrid!.circuitExecutions]).toEqual([54 * 5 + 5 + 30 + 12, 20 * 32]);
  expect(models.find(({ role }) => role === "equal parameters")!.params).toBe(hybrid!.params);
  expect(models.find(({ role }) => role === "best classical")!.value).toBeGreaterThan(0.75);
  expect(once.rows.filter(({ role }) => role === undefined)).toHaveLength(6);
  for (const file of once.written!) expect(existsSync(file), file).toBe(true);

  const card = readFileSync(join(out, "credit-model/model-card.md"), "utf8");
  for (const text of [
    "\n\n| age | rows |",
    "Not for decisions about people.",
    "| 25 or younger | 66 |",
    "By sex, rates of being taken",
    "CC BY 4.0",
  ])
    expect(card).toContain(text);
  const data = loadApplicants();
  const loaded = await loadEngine(join(out, "credit-model"), { data });
  expect((await loaded.evaluate("test")).metrics.auc).toBeCloseTo(hybrid!.value, 6);

  const again = await creditPart({ ...options, out: mkdtempSync(join(tmpdir(), "lepton-credit-")) }, quiet);
  expect(withoutTimes(again.rows)).toEqual(withoutTimes(once.rows));
});
