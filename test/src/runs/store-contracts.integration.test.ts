import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "vitest";
import type { Clock } from "../../../providers/index.ts";
import { memoryStore, openStore } from "../../../src/index.ts";
import { runStoreContract } from "../../contracts/index.ts";

describe("run store contract: memory", () => {
  const cases = runStoreContract({ place: () => ({ open: (clock) => memoryStore({ clock }) }), lasting: false });
  for (const { name, run } of cases) test(name, run);
});

describe("run store contract: SQLite", () => {
  const place = () => {
    const folder = mkdtempSync(join(tmpdir(), "lepton-store-"));
    return {
      open: (clock: Clock) => openStore(join(folder, "runs.db"), { clock }),
      remove: () => rmSync(folder, { recursive: true }),
    };
  };
  for (const { name, run } of runStoreContract({ place })) test(name, run);
});
