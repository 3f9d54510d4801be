import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { openStore } from "../../../src/index.ts";

const DAY = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), "lepton-clock-"));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

test("stores of this machine keep up with its clock when it was asleep", async () => {
  await using memory = await openStore(":memory:");
  await using file = await openStore(join(folder, "runs.db"));
  const now = Date.now;
  vi.spyOn(Date, "now").mockImplementation(() => now() + DAY);
  for (const store of [memory, file]) expect(await store.now()).toBeGreaterThanOrEqual(now() + DAY - 1000);
});
