import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { openStore } from "../../src/index.ts";
import { LEDGER_FORMAT } from "../../src/runs/sqlite/migrations.ts";
import { useTensorBackend } from "../support/tensorflow.ts";
import { UNFINISHED } from "./unfinished-runs.ts";

const HERE = fileURLToPath(new URL("./", import.meta.url));
const FORMATS = globSync("runs-v*.db", { cwd: HERE }).map((name) => Number(name.match(/\d+/)![0]));

beforeAll(() => useTensorBackend("cpu"));

test("each format that there was has runs that are half done", () => {
  expect(FORMATS.toSorted((a, b) => a - b)).toEqual(Array.from({ length: LEDGER_FORMAT }, (_, index) => index + 1));
});

describe.each(FORMATS)("runs that a version of ledger format %i has left half done", (format) => {
  const weights = JSON.parse(readFileSync(join(HERE, `runs-v${format}.json`), "utf8")) as Record<string, string>;

  test.each(UNFINISHED)("$id goes on to the same weights", async ({ id, stopAt, drive }) => {
    const folder = mkdtempSync(join(tmpdir(), "lepton-compat-"));
    try {
      const path = join(folder, "runs.db");
      copyFileSync(join(HERE, `runs-v${format}.db`), path);
      await using store = await openStore(path);
      const before = (await store.run(id))!;
      expect(before.status).toBe("stopped");
      // A run that is asked to stop may do one more step.
      expect(before.step - stopAt).toBeOneOf([0, 1]);
      expect(await drive(store)).toBe(weights[id]);
      expect((await store.run(id))!.status).toBe("finished");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
