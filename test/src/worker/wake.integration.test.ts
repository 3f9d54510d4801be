import { describe, expect, test } from "vitest";
import { memoryStore } from "../../../src/runs/memory-store.ts";
import { postgresStore } from "../../../src/runs/postgres/postgres-store.ts";
import { pollingWaker, type RunWaker } from "../../../src/worker/wake.ts";
import { pgBossWaker } from "../../../src/worker/wake-postgres.ts";
import { describeOnPostgres } from "../../support/describe-postgres.ts";
import { PROBLEM, taskFiles } from "../../support/task-file.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";
import { run } from "../cli/run.ts";

const files = taskFiles();
const FOREVER = Number.POSITIVE_INFINITY;
const never = new AbortController().signal;

/** How a wait ended within some milliseconds. */
async function ends(wait: Promise<void>, milliseconds = 5000): Promise<number> {
  const start = performance.now();
  const late = Symbol("late");
  const timer = Promise.withResolvers<symbol>();
  const handle = setTimeout(() => timer.resolve(late), milliseconds);
  const first = await Promise.race([wait, timer.promise]);
  clearTimeout(handle);
  if (first === late) expect.fail(`It waits longer than ${milliseconds} ms.`);
  return performance.now() - start;
}

describe("a waker that polls", () => {
  test("waits until the time by the store's clock, but no longer than its interval", async () => {
    const clock = new VirtualClock();
    const store = memoryStore({ clock });
    const waker = pollingWaker(store, { clock });
    const now = await store.now();
    await waker.wait(now + 1500, never);
    await waker.wait(now + 3_600_000, never);
    await waker.wait(now, never);
    expect(clock.sleeps).toEqual([1.5, 5]);
  });

  test("wakes those who wait in the same process, at once or not before the time", async () => {
    const store = memoryStore();
    const waker = pollingWaker(store);
    const waits = [waker.wait(FOREVER, never), waker.wait(FOREVER, never)];
    await new Promise((resolve) => setTimeout(resolve, 20));
    await waker.notify();
    await ends(
      Promise.all(waits).then(() => {}),
      1000,
    );
    const early = waker.wait(FOREVER, never);
    await waker.notify((await store.now()) + 60_000);
    await expect(ends(early, 50)).rejects.toThrow("longer than 50 ms");
    await waker.close();
    await ends(early, 1000);
  });

  test("a wait ends with its signal", async () => {
    const waker = pollingWaker(memoryStore());
    const ending = new AbortController();
    const wait = waker.wait(FOREVER, ending.signal);
    ending.abort();
    await ends(wait, 1000);
    await ends(waker.wait(FOREVER, AbortSignal.abort()), 1000);
  });
});

describeOnPostgres("wakers on PostgreSQL", (postgres) => {
  test("wake a worker elsewhere at once, and at a time to come", async () => {
    const { url, sql } = await postgres.database();
    const troubles: string[] = [];
    const options = { onTrouble: (words: string) => void troubles.push(words) };
    // Two machines that start at once on a new database.
    const [scheduler, worker] = (await Promise.all([pgBossWaker(url, options), pgBossWaker(url, options)])) as [
      RunWaker,
      RunWaker,
    ];
    await using store = await postgresStore(url);
    const wait = worker.wait(FOREVER, never);
    await expect.poll(() => sql("SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")).toHaveLength(2);
    await scheduler.notify();
    await ends(wait);
    // One that came while nobody waited is there for the next who does.
    await scheduler.notify();
    await ends(worker.wait(FOREVER, never));
    const at = (await store.now()) + 1200;
    await scheduler.notify(at);
    await ends(worker.wait(FOREVER, never), 10_000);
    expect(await store.now()).toBeGreaterThanOrEqual(at);
    expect(troubles).toEqual([]);
    await Promise.all([scheduler.close(), worker.close()]);
    await expect.poll(() => sql("SELECT FROM pg_stat_activity WHERE application_name = 'lepton-wake'")).toEqual([]);
  });

  test("each wake goes to one of those who wait, and none is kept by who has one already", async () => {
    const { url } = await postgres.database();
    const wakers = await Promise.all(Array.from({ length: 3 }, () => pgBossWaker(url)));
    const waits = wakers.map((waker) => waker.wait(FOREVER, never));
    for (const _ of wakers) await wakers[0]!.notify();
    await ends(
      Promise.all(waits).then(() => {}),
      15_000,
    );
    await Promise.all(wakers.map((waker) => waker.close()));
  });

  test("a wait ends at its time, at the poll interval, and with its signal", async () => {
    const { url } = await postgres.database();
    const waker = await pgBossWaker(url, { pollSeconds: 0.3 });
    await using store = await postgresStore(url);
    expect(await ends(waker.wait((await store.now()) + 100, never))).toBeLessThan(5000);
    expect(await ends(waker.wait(FOREVER, never))).toBeGreaterThan(250);
    await ends(waker.wait((await store.now()) - 1, never), 1000);
    const ending = new AbortController();
    const wait = waker.wait(FOREVER, ending.signal);
    ending.abort();
    await ends(wait);
    await waker.close();
  });

  test("a wake that is lost with its connection is told of, and waits go on", async () => {
    const { url, sql, name } = await postgres.database();
    const troubles: string[] = [];
    const waker = await pgBossWaker(url, { pollSeconds: 0.3, onTrouble: (words) => void troubles.push(words) });
    await sql(`ALTER ROLE ${name} NOLOGIN`);
    await sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lepton-wake' AND datname = $1",
      [name],
    );
    await waker.notify();
    expect(troubles.length).toBeGreaterThan(0);
    await ends(waker.wait(FOREVER, never));
    await sql(`ALTER ROLE ${name} LOGIN`);
    await waker.close();
  });

  test("a sweep is made also where workers cannot be woken, which is told", async () => {
    const { url, name, sql } = await postgres.database();
    await (await postgresStore(url)).close();
    await sql(`ALTER DATABASE ${name} OWNER TO postgres`);
    const { status, out, err } = await run(["sweep", files.write("run.mjs", PROBLEM), "--name", "s", "--store", url]);
    expect([status, out]).toEqual([0, expect.stringContaining("run made: s-1.")]);
    expect(err).toMatch(/^Workers that wait were not woken.*42501.*lepton_boss/);
  });

  test("a server that refuses is an error of the ledger", async () => {
    const { url, password } = await postgres.database();
    await expect(pgBossWaker(url.replace(password, "wrong"))).rejects.toMatchObject({
      code: "LEDGER_OPEN",
      message: expect.stringContaining("28P01"),
    });
  });
});
