import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { RunError } from "../../../src/errors.ts";
import type { RunEvent } from "../../../src/runs/index.ts";
import { postgresStore } from "../../../src/runs/postgres/postgres-store.ts";
import { thisOwner } from "../../../src/runs/process-identity.ts";
import { describeOnPostgres } from "../../support/describe-postgres.ts";
import { PostgresProxy } from "../../support/postgres-proxy.ts";

const created: RunEvent = { type: "created", versions: {} };
const words = (text: string): RunEvent => ({ type: "waiting", words: text });
const request = (key: string) => ({
  key,
  scopes: [{ scope: "run:lost", limits: { quantumSeconds: 100 } }],
  needSeconds: 1,
  capSeconds: 2,
  jobs: 1,
  perSecond: 0,
});

describeOnPostgres("connections that are lost", (postgres) => {
  test.each(["before", "after"] as const)("cut %s a commit, every method has its effect once", async (fate) => {
    const database = await postgres.database();
    await using proxy = await PostgresProxy.start(postgres.server().port);
    await using store = await postgresStore(proxy.through(database.url));
    proxy.cutNextCommits(fate);
    await store.create({ id: "lost", task: { config: "c.ts", options: {} }, events: [created] });
    proxy.cutNextCommits(fate);
    const owner = thisOwner();
    const lease = await store.claim("lost", owner, 30);
    expect(lease.epoch).toBe(1);
    proxy.cutNextCommits(fate);
    const appended = await store.append(lease, {
      events: ({ quantumSeconds }) => [words(`granted ${quantumSeconds}`)],
      blobs: [new Uint8Array([1, 2, 3])],
      reserve: request("key-1"),
      submit: { account: "account", perMinute: 1, key: "key-1" },
    });
    proxy.cutNextCommits(fate);
    await store.renew(lease, 30, "waits");
    proxy.cutNextCommits(fate);
    await store.addSchedule("nightly", {});
    proxy.cutNextCommits(fate);
    const run = { id: "ticked", task: { config: "c.ts", options: {} }, events: [created] };
    const decided = await store.decideTick({ schedule: "nightly", tick: 1, outcome: "started", words: "" }, run);
    proxy.cutNextCommits(fate);
    const due = await store.claimDue(thisOwner(), 30);
    proxy.cutNextCommits(fate);
    await store.release(lease);

    expect(proxy.cuts).toBe(8);
    expect(appended).toMatchObject({ outcome: "written", records: [{ seq: 3, event: { words: "granted 2" } }] });
    expect((await store.read("lost")).map(({ event }) => event.type)).toEqual(["created", "claimed", "waiting"]);
    expect((await store.totals("run:lost")).reserved).toEqual({ quantumSeconds: 2, money: 0, jobs: 1 });
    expect([decided, due?.runId, due?.epoch]).toEqual([true, "ticked", 1]);
    expect(await store.run("lost")).toMatchObject({ lease: undefined, activity: "waits" });
  });

  test.each([
    ["written", "after"],
    ["not written", "before"],
  ] as const)("an append whose end cannot be asked for and that was %s is repeated safely", async (_words, fate) => {
    const database = await postgres.database();
    await using proxy = await PostgresProxy.start(postgres.server().port);
    await using store = await postgresStore(proxy.through(database.url), { patienceSeconds: 0.2 });
    await store.create({ id: "lost", events: [created] });
    const lease = await store.claim("lost", thisOwner(), 30);
    const append = {
      events: ({ quantumSeconds }: { quantumSeconds: number }) => [words(`granted ${quantumSeconds}`)],
      reserve: request("key-1"),
    };
    proxy.cutNextCommits(fate);
    proxy.closeAfterCut = true;
    const error = await store.append(lease, append).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(RunError);
    expect(error.code).toBe("LEDGER_IO");
    expect(error.message).toContain("whether it was written is not known");
    // It cannot be told yet.
    await expect(store.append(lease, append)).rejects.toMatchObject({ code: "LEDGER_IO" });

    proxy.closed = false;
    proxy.closeAfterCut = false;
    const repeated = await store.append(lease, append);
    expect(repeated).toMatchObject({ outcome: "written", records: [{ seq: 3, event: { words: "granted 2" } }] });
    // The same once more is meant as a second one.
    expect(await store.append(lease, append)).toMatchObject({ records: [{ seq: 4 }] });
    const seen = (await store.read("lost")).map(({ event }) => (event.type === "waiting" ? event.words : event.type));
    expect(seen).toEqual(["created", "claimed", "granted 2", "granted 2"]);
    expect((await store.totals("run:lost")).reserved.jobs).toBe(1);
  });

  test("another append than the one that may have been written is written after it", async () => {
    const database = await postgres.database();
    await using proxy = await PostgresProxy.start(postgres.server().port);
    await using store = await postgresStore(proxy.through(database.url), { patienceSeconds: 0.2 });
    await store.create({ id: "lost", events: [created] });
    const lease = await store.claim("lost", thisOwner(), 30);
    proxy.cutNextCommits("after");
    proxy.closeAfterCut = true;
    await expect(store.append(lease, { events: [words("first")] })).rejects.toMatchObject({ code: "LEDGER_IO" });
    proxy.closed = false;
    expect(await store.append(lease, { events: [words("second")] })).toMatchObject({ records: [{ seq: 4 }] });
  });

  test("connections ended by the server again and again lose and double nothing", async () => {
    const database = await postgres.database();
    await using store = await postgresStore(database.url);
    await store.create({ id: "lost", events: [created] });
    const lease = await store.claim("lost", thisOwner(), 30);
    let ended = 0;
    let over = false;
    const killer = (async () => {
      while (!over) {
        const killed = await database.sql(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lepton' AND datname = $1",
          [database.name],
        );
        ended += killed.length;
        await delay(25);
      }
    })();
    const count = 50;
    for (let index = 0; index < count; index++)
      await store.append(lease, { events: [words(String(index))], settle: [settlement(index)] });
    over = true;
    await killer;
    expect(ended).toBeGreaterThan(5);
    const seen = (await store.read("lost", 3)).map(({ event }) => event.type === "waiting" && event.words);
    expect(seen).toEqual(Array.from({ length: count }, (_, index) => String(index)));
    expect((await store.totals("run:lost")).settled.jobs).toBe(count);
  });

  test("a store is closed within moments while its server is down", async () => {
    const database = await postgres.database();
    const proxy = await PostgresProxy.start(postgres.server().port);
    const store = await postgresStore(proxy.through(database.url));
    await proxy[Symbol.asyncDispose]();
    const asked = store.now().catch((error) => error.code);
    await delay(3000);
    const began = performance.now();
    await store.close();
    expect(performance.now() - began).toBeLessThan(1000);
    expect(await asked).toBe("LEDGER_IO");
  });

  test("a server that restarts is waited for", async () => {
    const database = await postgres.database();
    await using proxy = await PostgresProxy.start(postgres.server().port);
    await using store = await postgresStore(proxy.through(database.url));
    await store.create({ id: "lost", events: [created] });
    const lease = await store.claim("lost", thisOwner(), 30);
    proxy.cutNextCommits("after");
    proxy.closeAfterCut = true;
    const appended = store.append(lease, { events: [words("first")] });
    setTimeout(() => {
      proxy.closed = false;
    }, 300);
    expect(await appended).toMatchObject({ outcome: "written", records: [{ seq: 3 }] });
    expect(await store.read("lost")).toHaveLength(3);
  });

  test("who waits too long for a lock is told so, and nothing was written", async () => {
    const database = await postgres.database();
    await using store = await postgresStore(database.url);
    await store.create({ id: "lost", events: [created] });
    const lease = await store.claim("lost", thisOwner(), 30);
    const processWhere = async (condition: string): Promise<unknown> => {
      for (;;) {
        const text = `SELECT pid FROM pg_stat_activity WHERE datname = $1 AND ${condition}`;
        const [row] = await database.sql(text, [database.name]);
        if (row !== undefined) return row.pid;
        await delay(5);
      }
    };
    const blocker = database.sql("BEGIN; SELECT * FROM lepton.runs FOR UPDATE; SELECT pg_sleep(0.3); COMMIT");
    await processWhere("wait_event = 'PgSleep'");
    const refused = store.append(lease, { events: [words("never")] }).catch((error) => error);
    // The limit is 10 seconds; ending the statement from outside comes to the same.
    const pid = await processWhere("application_name = 'lepton' AND wait_event_type = 'Lock'");
    await database.sql("SELECT pg_cancel_backend($1)", [pid]);
    expect(await refused).toMatchObject({
      code: "LEDGER_BUSY",
      message: expect.stringContaining("nothing was written"),
    });
    await blocker;
    expect(await store.read("lost")).toHaveLength(2);
  });
});

function settlement(index: number) {
  return { key: `job-${index}`, scopes: ["run:lost"], amount: { quantumSeconds: 0, money: 0, jobs: 1 } };
}
