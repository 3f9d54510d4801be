import { randomUUID } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore, type RunStore } from "../../../src/index.ts";
import { hashOf, type StepEvent, thisOwner } from "../../../src/runs/index.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lepton-sqlite-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name = "runs.db"): string => join(folder, name);
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const step = (number: number, size = 10): StepEvent => ({
  type: "step",
  step: number,
  report: { step: number, text: "x".repeat(size) },
  snapshot: "0".repeat(64),
});
const coded = (code: string, message: RegExp = /./) =>
  expect.objectContaining({ name: "RunError", code, message: expect.stringMatching(message) });

/** A ledger with a run of so many steps and a blob of each. */
async function withRun(path: string, steps: number, size?: number): Promise<RunStore> {
  const store = await openStore(path);
  await store.create({ id: "one", events: [{ type: "created", versions: {} }] });
  const lease = await store.claim("one", thisOwner(), 30);
  for (let number = 1; number <= steps; number++)
    await store.append(lease, {
      events: [step(number, size)],
      blobs: [Buffer.from(`blob ${number} `.repeat(500))],
      settle: [{ key: `k-${number}`, scopes: ["all"], amount: { quantumSeconds: 1, money: 0, jobs: 1 } }],
    });
  return store;
}

/** Changes a ledger behind the store's back. */
function tamper(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

describe("where a ledger is made", () => {
  test("file and folders are the owner's alone, what was there stays as it is", async () => {
    chmodSync(folder, 0o755);
    const path = join(folder, "a", "b", "runs.db");
    await using store = await withRun(path, 1);
    expect(store.location).toBe(path);
    expect([path, `${path}-wal`, `${path}-shm`].map(mode)).toEqual(["600", "600", "600"]);
    expect([join(folder, "a"), join(folder, "a", "b"), folder].map(mode)).toEqual(["700", "700", "755"]);
  });

  test("an empty file becomes a ledger, and names may hold anything", async () => {
    for (const name of ["empty.db", "file:x?mode=memory", "a b%20#ü'.db", ":memory:x"]) {
      writeFileSync(file(name), "");
      await (await withRun(file(name), 1)).close();
      expect(statSync(file(name)).size).toBeGreaterThan(0);
      await using again = await openStore(file(name));
      expect((await again.run("one"))!.step).toBe(1);
    }
  });

  test("a path where none can be is refused", async () => {
    writeFileSync(file("plain"), "text");
    mkdirSync(file("folder"));
    for (const path of [file("plain/runs.db"), file("plain/a/runs.db"), file("folder"), file("nul\0byte")])
      await expect(openStore(path)).rejects.toEqual(coded("LEDGER_OPEN", /ledger/));
    for (const wrong of ["", "  ", 7, null])
      await expect(openStore(wrong as string)).rejects.toEqual(coded("LEDGER_OPEN", /named by a file/));
    await expect(openStore(file(), { tick: 1 } as object)).rejects.toEqual(coded("LEDGER_OPEN", /"tick"/));
  });
});

describe("files that are no ledger of this version", () => {
  test("a database of another program stays as it is", async () => {
    tamper(file("a"), "CREATE TABLE songs (title TEXT)");
    tamper(file("b"), "PRAGMA user_version = 1");
    tamper(file("c"), "PRAGMA application_id = 77");
    for (const name of ["a", "b", "c"]) {
      const before = readFileSync(file(name));
      await expect(openStore(file(name))).rejects.toEqual(coded("LEDGER_FOREIGN", /another program/));
      expect(readFileSync(file(name))).toEqual(before);
    }
  });

  test("what is no database at all stays as it is", async () => {
    for (const text of ["x", "a text", "{}".repeat(1000), "\0".repeat(4096)]) {
      writeFileSync(file(), text);
      await expect(openStore(file())).rejects.toEqual(coded("LEDGER_FOREIGN", /no SQLite database/));
      expect(readFileSync(file(), "utf8") === text).toBe(true);
    }
  });

  test("a newer format is refused, and named", async () => {
    await (await withRun(file(), 1)).close();
    tamper(file(), "PRAGMA user_version = 999");
    const before = readFileSync(file());
    await expect(openStore(file())).rejects.toEqual(coded("LEDGER_NEWER", /format 999.*up to 1/));
    expect(readFileSync(file())).toEqual(before);
  });
});

describe("damage", () => {
  const records = "DROP TRIGGER events_stay; DROP TRIGGER events_remain;";

  test.each([
    ["is cut", `UPDATE events SET event = substr(event, 1, 20) WHERE seq = 4`, 4],
    ["is missing in the middle", "DELETE FROM events WHERE seq = 3", 3],
    ["is missing at the end", "DELETE FROM events WHERE seq = 7", 7],
  ])("a record that %s is named", async (_, sql, seq) => {
    await (await withRun(file(), 5)).close();
    tamper(file(), records + sql);
    await using store = await openStore(file());
    await expect(store.read("one")).rejects.toEqual(coded("LEDGER_CORRUPT", new RegExp(`Record ${seq} of run "one"`)));
  });

  test("events are changed by nobody", async () => {
    await (await withRun(file(), 1)).close();
    expect(() => tamper(file(), "UPDATE events SET at = 0")).toThrow(/only added/);
    expect(() => tamper(file(), "DELETE FROM events")).toThrow(/only added/);
  });

  test("a blob with other bytes than were written is not handed out", async () => {
    await (await withRun(file(), 1)).close();
    tamper(file(), "UPDATE blobs SET bytes = zeroblob(length(bytes))");
    await using store = await openStore(file());
    const hash = hashOf(Buffer.from("blob 1 ".repeat(500)));
    await expect(store.blob(hash)).rejects.toEqual(coded("LEDGER_BLOB", /not those that were written/));
  });

  test("whichever page is wiped, and wherever the file is cut, what is read is right or refused", async () => {
    const steps = 40;
    await (await withRun(file(), steps, 300)).close();
    const whole = readFileSync(file());
    const all = async (path: string): Promise<unknown> => {
      await using store = await openStore(path);
      const numbers = Array.from({ length: steps }, (_, index) => index + 1);
      const blobs = numbers.map((number) => store.blob(hashOf(Buffer.from(`blob ${number} `.repeat(500)))));
      return [await store.runs(), await store.read("one"), await Promise.all(blobs), await store.totals("all")];
    };
    const good = await all(file());
    const pages = whole.length / 4096;
    expect(pages).toBeGreaterThan(20);
    const outcomes: Record<string, number> = {};
    for (let page = 0; page < pages; page++)
      for (const damaged of [
        Buffer.from(whole).fill(0, 4096 * page, 4096 * (page + 1)),
        whole.subarray(0, 4096 * page + 1000),
      ]) {
        const path = file(`damaged-${randomUUID()}`);
        writeFileSync(path, damaged);
        const outcome = await all(path).then(
          (found) => expect(found).toEqual(good) ?? "right",
          (error) => String(error.code ?? error),
        );
        const name = typeof outcome === "string" ? outcome : "right";
        outcomes[name] = (outcomes[name] ?? 0) + 1;
        rmSync(path);
      }
    const refusals = ["right", "LEDGER_CORRUPT", "LEDGER_BLOB", "LEDGER_FOREIGN", "LEDGER_IO"];
    expect(Object.keys(outcomes).filter((name) => !refusals.includes(name))).toEqual([]);
    expect(outcomes.LEDGER_CORRUPT).toBeGreaterThan(20);
  });

  test("a ledger that was copied without its log is what it was at the last checkpoint", async () => {
    const store = await withRun(file(), 3);
    copyFileSync(file(), file("copy"));
    await store.close();
    await expect(openStore(file("copy")).then((copy) => copy.runs())).resolves.toEqual([]);
  });
});

describe("a lock that another process holds", () => {
  const locked = (path: string): DatabaseSync => {
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    return other;
  };

  test("is waited for, while this process goes on and reads", async () => {
    await using store = await withRun(file(), 1);
    const other = locked(file());
    const order: string[] = [];
    const created = store.create({ id: "two", events: [] }).then(() => order.push("created"));
    for (let turn = 0; turn < 5; turn++) {
      await delay(10);
      order.push("elsewhere");
      expect((await store.runs()).map(({ id }) => id)).toEqual(["one"]);
    }
    other.exec("COMMIT");
    other.close();
    await created;
    expect(order).toEqual([...Array(5).fill("elsewhere"), "created"]);
  });

  test("is given up on after a while without effect, and taken when it is free", async () => {
    await (await withRun(file(), 1)).close();
    const clock = new VirtualClock();
    await using store = await openStore(file(), { clock });
    const other = locked(file());
    const start = clock.now();
    const create = () => store.create({ id: "two", events: [] });
    await expect(create()).rejects.toEqual(coded("LEDGER_BUSY", /locked/));
    expect(clock.now() - start).toBeGreaterThanOrEqual(10_000);
    expect(clock.now() - start).toBeLessThan(11_000);
    expect((await store.runs()).map(({ id }) => id)).toEqual(["one"]);
    other.close();
    await create();
    expect((await store.runs()).map(({ id }) => id)).toEqual(["two", "one"]);
  });

  test("does not keep what was asked for earlier behind what was asked for later", async () => {
    await using store = await withRun(file(), 0);
    const lease = await store.claim("one", (await store.run("one"))!.lease!.owner, 30);
    const other = locked(file());
    const asked = [1, 2, 3].map((number) => store.append(lease, { events: [step(number)] }));
    await delay(5);
    asked.push(store.append(lease, { events: [step(4)] }));
    other.close();
    await Promise.all(asked);
    const steps = (await store.read("one")).flatMap(({ event }) => (event.type === "step" ? [event.step] : []));
    expect(steps).toEqual([1, 2, 3, 4]);
  });
});

test("what was read is forgotten, however long a store stays open", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await using store = await withRun(file(), 1);
  const read = [];
  for (let time = 0; time < 3; time++) read.push(new WeakRef(await store.read("one")));
  // What is referred to weakly lives until its task ends.
  await delay(1);
  collect();
  expect(read.map((records) => records.deref())).toEqual([undefined, undefined, undefined]);
});

test("40,000 records are read in a fraction of a second", async () => {
  await using store = await withRun(file(), 0);
  const lease = await store.claim("one", (await store.run("one"))!.lease!.owner, 30);
  for (let batch = 0; batch < 4; batch++)
    await store.append(lease, { events: Array.from({ length: 10_000 }, (_, at) => step(10_000 * batch + at, 150)) });
  const times: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const start = performance.now();
    expect((await store.read("one")).length).toBe(40_003);
    times.push(performance.now() - start);
  }
  expect(Math.min(...times)).toBeLessThan(1000);
});
