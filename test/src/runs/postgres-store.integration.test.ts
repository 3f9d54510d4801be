import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import type { Clock } from "../../../providers/index.ts";
import type { NewRun, RunEvent } from "../../../src/runs/index.ts";
import { postgresStore } from "../../../src/runs/postgres/postgres-store.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import { runStoreContract } from "../../contracts/run-store-contract.ts";
import { driven, sha256, written } from "../../contracts/store-case.ts";
import { describeOnPostgres } from "../../support/describe-postgres.ts";
import type { TestDatabase } from "../../support/postgres.ts";

const created: RunEvent = { type: "created", versions: {} };
const task = { config: "config.ts", options: {} };

/** What breaks out of SQL that is pasted together, out of LIKE, out of JSON, or out of what text columns hold. */
const TEXTS = [
  "'; DROP SCHEMA lepton CASCADE; --",
  "' OR '1'='1",
  '"); SELECT pg_sleep(10); --',
  "$1 $2 $$ $tag$",
  "\\'; \\x00 \\u0000",
  "%_%",
  "NULL",
  "",
  '"quoted"',
  '"',
  "{}",
  "a\0b",
  "half \ud800 a pair",
  "\u202e\u2028\ufeff",
  "ü漢字🙂",
  "line\nline\r\t",
  "x".repeat(100_000),
];

describeOnPostgres("the contract of a store, on PostgreSQL", (postgres) => {
  // One database for all, emptied for each: to make one takes longer than most cases.
  let database: TestDatabase | undefined;
  const place = async () => {
    if (database === undefined) database = await postgres.database();
    else
      await database.sql(`DO $$ DECLARE name text; BEGIN
      FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'lepton' AND tablename <> 'migrations' LOOP
        EXECUTE format('ALTER TABLE lepton.%I DISABLE TRIGGER ALL; DELETE FROM lepton.%I; ALTER TABLE lepton.%I ENABLE TRIGGER ALL', name, name, name);
      END LOOP; END $$`);
    const { url } = database;
    return { open: (clock: Clock) => postgresStore(url, { clock }) };
  };
  for (const { name, run } of runStoreContract({ place })) test(name, () => run());
});

describeOnPostgres("a ledger on PostgreSQL", (postgres) => {
  test("texts of every kind come back as they were, and do nothing else", async () => {
    const { url } = await postgres.database();
    await using store = await postgresStore(url);
    for (const [index, text] of TEXTS.entries()) {
      const id = `run-${index}`;
      const schedule = { id: text, tick: index };
      const runTask = { config: text, options: { [text]: text } };
      await store.create({ id, events: [created], task: runTask, schedule });
      const lease = await store.claim(id, { ...thisOwner(), host: text }, 30);
      const events: RunEvent[] = [{ type: "waiting", words: text }];
      const settle = [{ key: text, scopes: [text], amount: { quantumSeconds: 1, money: 0, jobs: 1 } }];
      const submit = { account: text, perMinute: 1, key: text };
      await store.append(lease, { events, settle, submit, activity: text });
      expect(await store.append(lease, { events, submit: { ...submit, key: "next" } })).toMatchObject({
        outcome: "later",
      });
      await store.addSchedule(text, { text });
      expect(await store.decideTick({ schedule: text, tick: index, outcome: "skipped", words: text })).toBe(true);

      expect(await store.run(id)).toMatchObject({
        activity: text,
        task: runTask,
        schedule,
        lease: { owner: { host: text } },
      });
      expect((await store.read(id, 3))[0]!.event).toEqual(events[0]);
      expect((await store.totals(text)).settled.jobs).toBe(1);
      expect(await store.ticks(text)).toMatchObject([{ schedule: text, words: text }]);
      expect((await store.runs({ schedule: text })).map((row) => row.id)).toEqual([id]);
      expect(await store.run(text)).toBeUndefined();
      await expect(store.create({ id: text, events: [] })).rejects.toMatchObject({ code: "RUN_ID" });
      await expect(store.read(text)).rejects.toMatchObject({ code: "RUN_UNKNOWN" });
      await expect(store.blob(text)).rejects.toMatchObject({ code: "LEDGER_BLOB" });
      await store.dropBlobs(lease, [text]);
    }
    expect((await store.schedules()).map(({ spec }) => (spec as { text: string }).text).sort()).toEqual(
      [...TEXTS].sort(),
    );
    expect(await store.runs()).toHaveLength(TEXTS.length);
  });

  test("a large blob comes back as it was", async () => {
    const { url } = await postgres.database();
    await using store = await postgresStore(url);
    const lease = await driven(store, "large");
    for (const size of [0, 16 * 2 ** 20, 33 * 2 ** 20 + 1]) {
      const blob = new Uint8Array(size);
      for (let index = 0; index < size; index += 1021) blob[index] = index >>> 10;
      await written(store, lease, { events: [], blobs: [blob] });
      expect(Buffer.compare(await store.blob(sha256(blob)), blob)).toBe(0);
    }
  });

  test("many who open a new database at once make one ledger", async () => {
    const { url, sql } = await postgres.database();
    const stores = await Promise.all(Array.from({ length: 6 }, () => postgresStore(url)));
    await stores[0]!.create({ id: "a", events: [created] });
    for (const store of stores) {
      expect(await store.runs()).toHaveLength(1);
      await store.close();
    }
    expect(await sql("SELECT version FROM lepton.migrations")).toEqual([{ version: 1 }]);
  });

  test("a newer format and a schema of somebody else's are refused", async () => {
    const { url, sql } = await postgres.database();
    await (await postgresStore(url)).close();
    await sql("INSERT INTO lepton.migrations VALUES (99, now())");
    await expect(postgresStore(url)).rejects.toMatchObject({
      code: "LEDGER_NEWER",
      message: expect.stringContaining("format 99"),
    });
    const other = await postgres.database();
    await other.sql("CREATE SCHEMA lepton; CREATE TABLE lepton.wishes (id int)");
    await expect(postgresStore(other.url)).rejects.toMatchObject({
      code: "LEDGER_FOREIGN",
      message: expect.stringContaining('"wishes"'),
    });
    expect(await other.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'lepton'")).toHaveLength(1);
  });

  test("of many who race for due runs and for ticks, each is won once", async () => {
    const { url } = await postgres.database();
    const stores = await Promise.all(Array.from({ length: 4 }, () => postgresStore(url)));
    await stores[0]!.addSchedule("nightly", {});
    const ticks = Array.from({ length: 20 }, (_, tick) => tick);
    const decided = await Promise.all(
      stores.flatMap((store) =>
        ticks.map((tick) => {
          const run: NewRun = { id: `nightly-${tick}`, task, events: [created] };
          return store.decideTick({ schedule: "nightly", tick, outcome: "started", words: "" }, run);
        }),
      ),
    );
    expect(decided.filter((won) => won)).toHaveLength(ticks.length);
    const claims = await Promise.all(stores.flatMap((store) => ticks.map(() => store.claimDue(thisOwner(), 30))));
    const won = claims.flatMap((lease) => (lease === undefined ? [] : [lease.runId]));
    expect(new Set(won).size).toBe(won.length);
    // Whoever passed a locked row may have found no other; nothing is left for one who asks alone.
    while ((await stores[0]!.claimDue(thisOwner(), 30)) !== undefined) won.push("later");
    expect(won).toHaveLength(ticks.length);
    for (const store of stores) await store.close();
  });

  test("racing reservations of several scopes, in every order, never exceed a limit", async () => {
    const { url } = await postgres.database();
    const stores = await Promise.all(Array.from({ length: 4 }, () => postgresStore(url)));
    const scopes = ["day", "run", "schedule"].map((scope) => ({ scope, limits: { quantumSeconds: 21 } }));
    const orders = [0, 1, 2].map((shift) => [...scopes.slice(shift), ...scopes.slice(0, shift)]);
    const grants = await Promise.all(
      stores.map(async (store, index) => {
        const id = `racer-${index}`;
        await store.create({ id, events: [created] });
        const lease = await store.claim(id, thisOwner(), 30);
        const outcomes: string[] = [];
        for (let job = 0; job < 10; job++) {
          const key = `${id}-${job}`;
          const order = orders[(index + job) % 3]!;
          const reserve = { key, scopes: order, needSeconds: 2, capSeconds: 2, jobs: 1, perSecond: 0 };
          outcomes.push((await store.append(lease, { events: [], reserve })).outcome);
        }
        return outcomes;
      }),
    );
    expect(grants.flat().filter((outcome) => outcome === "written")).toHaveLength(10);
    expect((await stores[0]!.totals("day")).reserved).toEqual({ quantumSeconds: 20, money: 0, jobs: 10 });
    for (const store of stores) await store.close();
  });

  test("blobs that one run drops while others write them are there for those", async () => {
    const { url } = await postgres.database();
    await using store = await postgresStore(url);
    const bytes = new Uint8Array([1, 2, 3]);
    const leases = await Promise.all(
      [0, 1, 2].map(async (index) => {
        await store.create({ id: `run-${index}`, events: [created] });
        return store.claim(`run-${index}`, thisOwner(), 30);
      }),
    );
    const hash = "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81";
    const writing = async (lease: (typeof leases)[number]) => {
      for (let round = 0; round < 15; round++) {
        await store.append(lease, { events: [], blobs: [bytes] });
        expect(await store.blob(hash)).toEqual(bytes);
        await store.dropBlobs(lease, [hash]);
      }
    };
    await Promise.all(leases.map(writing));
    await expect(store.blob(hash)).rejects.toMatchObject({ code: "LEDGER_BLOB" });
  });

  test("an owner that is stopped within an append loses its lock, then its lease, and writes nothing when it goes on", async () => {
    const { url } = await postgres.database();
    await using store = await postgresStore(url);
    await store.create({ id: "stopped", task, events: [created] });
    const script = new URL("../../support/stopped-owner.ts", import.meta.url);
    const child = spawn(process.execPath, [script.pathname], { env: { ...process.env, URL_OF_LEDGER: url } });
    const exited = once(child, "exit");
    try {
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      expect((await lines.next()).value).toBe("claimed");
      // It has locked the run and stopped.
      expect((await lines.next()).value).toBe("stopping");
      expect(await store.claimDue(thisOwner(), 30)).toBeUndefined();
      const lease = await store.claim("stopped", thisOwner(), 30);
      expect(lease).toMatchObject({ epoch: 2, takeover: true });
      child.kill("SIGCONT");
      expect((await lines.next()).value).toBe("RUN_FENCED");
      expect((await lines.next()).value).toBe("RUN_FENCED");
      expect((await store.read("stopped")).map(({ event }) => event.type)).toEqual(["created", "claimed", "claimed"]);
    } finally {
      child.kill("SIGKILL");
      await exited;
    }
  });

  test("a run whose owner was killed is free at once on the same machine", async () => {
    const { url } = await postgres.database();
    await using store = await postgresStore(url);
    await store.create({ id: "stopped", task, events: [created] });
    const script = new URL("../../support/stopped-owner.ts", import.meta.url);
    const child = spawn(process.execPath, [script.pathname], {
      env: { ...process.env, URL_OF_LEDGER: url, TTL: "600" },
    });
    const exited = once(child, "exit");
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("claimed");
    expect((await lines.next()).value).toBe("stopping");
    expect(await store.claimDue(thisOwner(), 30)).toBeUndefined();
    child.kill("SIGKILL");
    await exited;
    expect((await store.nextDue())! <= (await store.now())).toBe(true);
    // Its transaction ends when the server sees the closed connection.
    await expect.poll(() => store.claimDue(thisOwner(), 30)).toMatchObject({ runId: "stopped", takeover: true });
  });
});
