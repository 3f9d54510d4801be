import { expect, test } from "vitest";
import { anomalyPart } from "../../examples/manufacturing/anomaly-study.ts";
import { failurePart } from "../../examples/manufacturing/failure-study.ts";
import type { DemoRow } from "../../src/cli/demo.ts";

const quiet = { update: () => {}, note: () => {} };
const options = { seed: 0, seeds: 1, quick: true, out: "" };
const withoutTimes = (rows: readonly DemoRow[]) =>
  rows.map(({ seconds: _, cpuSeconds: __, joules: ___, ...row }) => row);
const ROLES = ["hybrid", "without quantum", "equal parameters", "best classical"] as const;

test("failure prediction: near a guess whoever predicts, and near certain with the leak; the same numbers again", async () => {
  const { rows } = await failurePart(options, quiet);
  for (const role of ROLES) expect(Math.abs(rows.find((row) => row.role === role)!.value - 0.5)).toBeLessThan(0.1);
  const leak = rows.find(({ model }) => model.startsWith("LEAKING"))!;
  expect([leak.role, leak.value > 0.9]).toEqual(["reference", true]);
  expect(withoutTimes((await failurePart(options, quiet)).rows)).toEqual(withoutTimes(rows));
});

test("anomalies: training is what finds other wines, nothing finds broken machines; the same numbers again", async () => {
  const { rows } = await anomalyPart(options, quiet);
  const parts = [...new Set(rows.map(({ part }) => part))];
  expect(parts).toHaveLength(3);
  for (const part of parts)
    expect(rows.filter((row) => row.part === part).map(({ role }) => role)).toEqual(expect.arrayContaining([...ROLES]));
  const value = (part: string, role: string) => rows.find((row) => row.part === part && row.role === role)!.value;
  for (const role of ROLES) expect(Math.abs(value(parts[0]!, role) - 0.5)).toBeLessThan(0.1);
  const untrained = rows.find(({ part, model }) => part === parts[2] && model.endsWith("untrained"))!;
  expect(value(parts[2]!, "hybrid")).toBeGreaterThan(untrained.value + 0.2);
  expect(rows.find(({ role }) => role === "hybrid")!.quantumSeconds).toBeGreaterThan(100);
  expect(withoutTimes((await anomalyPart(options, quiet)).rows)).toEqual(withoutTimes(rows));
});
