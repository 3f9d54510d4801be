import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../examples/medicine/run.ts";

const quiet = { update: () => {}, note: () => {} };

test("the whole application, cut short: all rows, a saved model with its card, and the same numbers again", async () => {
  const options = { seed: 0, seeds: 1, quick: true, steps: 10 };
  const once = await run({ ...options, out: mkdtempSync(join(tmpdir(), "lepton-medicine-")) }, quiet);
  expect(once.rows.map(({ part, role, params }) => [part, role, params > 0])).toEqual([
    ["variational classifier", "hybrid", true],
    ["variational classifier", "reference", true],
    ["variational classifier", "without quantum", true],
    ["variational classifier", "equal parameters", true],
    ["variational classifier", "best classical", true],
    ["quantum kernel", "hybrid", true],
    ["quantum kernel", "without quantum", true],
    ["quantum kernel", "equal parameters", true],
    ["quantum kernel", "best classical", true],
  ]);
  expect(once.rows[0]!.params).toBe(24 + 10);
  expect(once.rows[0]!.circuitExecutions).toBe(10 * 32);
  // The kernel needs no training steps, so it is as good as in the long run.
  expect(once.rows[5]!.value).toBeGreaterThan(0.9);
  for (const file of once.files) expect(existsSync(file), file).toBe(true);
  const card = once.files.find((file) => file.endsWith("model-card.md"))!;
  expect(readFileSync(card, "utf8")).toContain("Not for diagnosis.");

  const again = await run({ ...options, out: mkdtempSync(join(tmpdir(), "lepton-medicine-")) }, quiet);
  const numbers = (result: typeof once) =>
    result.rows.map(({ seconds: _, cpuSeconds: __, joules: ___, ...row }) => row);
  expect(numbers(again)).toEqual(numbers(once));
});
