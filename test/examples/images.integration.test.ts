import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../examples/images/run.ts";

const quiet = { update: () => {}, note: () => {} };

test("the whole application, cut short: all rows, all files, and the same numbers again", async () => {
  const once = await run(
    { seed: 0, seeds: 1, quick: true, steps: 6, out: mkdtempSync(join(tmpdir(), "lepton-images-")) },
    quiet,
  );
  expect(once.rows.map(({ role, params }) => [role, params])).toEqual([
    ["hybrid", 334],
    ["reference", 334],
    ["without quantum", 310],
    ["equal parameters", 341],
    ["hybrid", 658],
    ["without quantum", 610],
    ["equal parameters", 669],
    ["reference", 650],
    ["best classical", expect.any(Number)],
    ["hybrid", 1970],
    ["without quantum", 1970],
    ["equal parameters", 1970],
    ["best classical", expect.any(Number)],
  ]);
  // Six steps train nothing, but a support vector machine takes none.
  expect(once.rows[8]!.value).toBeGreaterThan(0.98);
  expect(once.rows[9]!.circuitExecutions).toBe(49_000);
  for (const file of once.files) expect(existsSync(file), file).toBe(true);
  const again = await run(
    { seed: 0, seeds: 1, quick: true, steps: 6, out: mkdtempSync(join(tmpdir(), "lepton-images-")) },
    quiet,
  );
  const numbers = (result: typeof once) =>
    result.rows.map(({ seconds: _, cpuSeconds: __, joules: ___, ...row }) => row);
  expect(numbers(again)).toEqual(numbers(once));
});
