import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore } from "../../src/index.ts";
import { type RunState, thisOwner, unpackState } from "../../src/runs/index.ts";
import { LEDGER_FORMAT } from "../../src/runs/sqlite/migrations.ts";
import { ledgerContent } from "./ledger-content.ts";

const HERE = fileURLToPath(new URL("./", import.meta.url));
const FORMATS = globSync("ledger-v*.db", { cwd: HERE }).map((name) => Number(name.match(/\d+/)![0]));

interface Content {
  readonly runs: readonly {
    readonly row: { readonly id: string; readonly status: string };
    readonly records: readonly { readonly seq: number; readonly event: { readonly type: string } }[];
    readonly state: Pick<RunState, "status" | "step" | "snapshots">;
  }[];
  readonly totals: Readonly<Record<string, unknown>>;
  readonly blobs: Readonly<Record<string, number>>;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lepton-compat-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("each format that there was has its golden ledger", () => {
  expect(FORMATS.toSorted((a, b) => a - b)).toEqual(Array.from({ length: LEDGER_FORMAT }, (_, index) => index + 1));
});

describe.each(FORMATS)("a ledger of format %i", (format) => {
  const golden = join(HERE, `ledger-v${format}.db`);
  const expected = JSON.parse(readFileSync(join(HERE, `ledger-v${format}.json`), "utf8")) as Content;
  const keys = { scopes: Object.keys(expected.totals), blobs: Object.keys(expected.blobs) };
  /** A copy, as it comes to those who change to this version of Lepton. */
  const copied = (): string => {
    const path = join(folder, "runs.db");
    copyFileSync(golden, path);
    return path;
  };

  test("is small, and has runs in every status and events of every kind of its time", () => {
    expect(statSync(golden).size).toBeLessThan(200_000);
    const statuses = new Set(expected.runs.map(({ row }) => row.status));
    expect([...statuses].sort()).toEqual(["failed", "finished", "parked", "ready", "running", "stopped"]);
    const kinds = new Set(expected.runs.flatMap(({ records }) => records.map(({ event }) => event.type)));
    expect(kinds.size).toBeGreaterThanOrEqual(20);
  });

  test("reads as it always did, and is of today's format then", async () => {
    const path = copied();
    for (let turn = 0; turn < 2; turn++) {
      await using store = await openStore(path);
      // What later versions add is theirs; what was there stays.
      expect(await ledgerContent(store, keys)).toMatchObject(expected);
    }
    const database = new DatabaseSync(path);
    expect({ ...database.prepare("PRAGMA user_version").get() }).toEqual({ user_version: LEDGER_FORMAT });
    expect({ ...database.prepare("PRAGMA integrity_check").get() }).toEqual({ integrity_check: "ok" });
    database.close();
  });

  test("goes on from where it was", async () => {
    await using store = await openStore(copied());
    for (const { row, records, state } of expected.runs) {
      const lease = await store.claim(row.id, thisOwner(), 30);
      const last = records.at(-1)!.seq;
      const event = { type: "step", step: state.step + 1, report: {}, snapshot: "0".repeat(64) } as const;
      const done = await store.append(lease, { events: [event] });
      expect(done).toMatchObject({ outcome: "written", records: [{ seq: last + 2, epoch: lease.epoch, event }] });
      const found = (await store.run(row.id))!;
      expect([found.step, found.lease!.owner.pid]).toEqual([state.step + 1, process.pid]);
      for (const snapshot of state.snapshots)
        expect(unpackState(await store.blob(snapshot))).toMatchObject({ weights: expect.any(Float64Array) });
    }
  });
});
