import { rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Rng } from "../../circuits/index.ts";
import type { Lease, RunStore, StepEvent } from "../../src/runs/index.ts";
import { openStore } from "../../src/runs/open-store.ts";
import { thisOwner } from "../../src/runs/process-identity.ts";

/*
 * A process of its own that uses a ledger, for tests that race, kill or starve it: node ledger-process.ts WORK PATH [COUNT].
 * Says on stdout, a line each, what it was told is done.
 */

const say = (line: unknown): void => {
  // At once: what is buffered dies with the process.
  writeSync(1, `${typeof line === "string" ? line : JSON.stringify(line)}\n`);
};
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code ?? String(error);
const step = (number: number): StepEvent => ({
  type: "step",
  step: number,
  report: { step: number, loss: 1 / number },
  snapshot: "0".repeat(64),
});

/** The run "one", created by whoever comes first. */
async function drive(store: RunStore): Promise<Lease> {
  if ((await store.run("one")) === undefined)
    await store.create({ id: "one", events: [{ type: "created", versions: {} }] });
  return store.claim("one", thisOwner(), 30);
}

const WORK: Readonly<Record<string, (path: string, count: number) => Promise<void>>> = {
  /** Appends so many steps with a blob each, and says the number of each record that is durable. */
  async append(path, count) {
    const store = await openStore(path);
    const lease = await drive(store);
    const rng = Rng.seed("blobs").fork(lease.epoch);
    for (let number = 1; number <= count; number++) {
      const blobs = [Uint8Array.from({ length: 3000 }, () => rng.integer(256))];
      const done = await store.append(lease, { events: [step(number)], blobs });
      if (done.outcome === "written") say(String(done.records[0]!.seq));
    }
    await store.close();
  },

  /** Claims what is due until nothing is, does a few steps of each and says its id. */
  async work(path) {
    const store = await openStore(path);
    for (;;) {
      const lease = await store.claimDue(thisOwner(), 30);
      if (lease === undefined) break;
      for (let number = 1; number <= 3; number++) await store.append(lease, { events: [step(number)] });
      await store.append(lease, { events: [{ type: "stopped", words: "done" }] });
      await store.release(lease);
      say(lease.runId);
    }
    await store.close();
  },

  /** Says with which code a ledger is opened, "open" where it is. */
  async open(path) {
    try {
      await (await openStore(path)).close();
      say("open");
    } catch (error) {
      say(String(codeOf(error)));
    }
  },

  /** Fills a small file system at `path`, then makes room and goes on. */
  async "full-disk"(path) {
    const [ballast, file] = [join(path, "ballast"), join(path, "runs.db")];
    writeFileSync(ballast, new Uint8Array(300_000));
    let store = await openStore(file);
    const lease = await drive(store);
    const told = { codes: [] as unknown[], acknowledged: 0, steps: [] as number[] };
    const rng = Rng.seed("full disk");
    const append = async (number: number): Promise<void> => {
      const blobs = [Uint8Array.from({ length: 20_000 }, () => rng.integer(256))];
      const settle = [{ key: `k-${number}`, scopes: ["all"], amount: { quantumSeconds: 1, money: 0, jobs: 1 } }];
      await store.append(lease, { events: [step(number)], blobs, settle });
      told.acknowledged = number;
    };
    const fill = async (): Promise<void> => {
      for (;;)
        try {
          await append(told.acknowledged + 1);
        } catch (error) {
          told.codes.push(codeOf(error));
          return;
        }
    };
    const check = async (): Promise<void> => {
      const steps = (await store.read("one")).flatMap(({ event }) => (event.type === "step" ? [event.step] : []));
      const { settled } = await store.totals("all");
      if (settled.jobs !== steps.length) throw new Error(`${settled.jobs} charges of ${steps.length} steps`);
      told.steps.push(steps.length);
    };
    await fill();
    await check();
    await fill();
    rmSync(ballast);
    await append(told.acknowledged + 1);
    await check();
    await fill();
    await store.close();
    store = await openStore(file);
    await check();
    say(told);
    await store.close();
  },

  /** Appends until something goes wrong; says with which code, and how much was acknowledged and is there. */
  async "until-it-fails"(path) {
    const store = await openStore(path);
    const lease = await drive(store);
    for (let number = 1; ; number++)
      try {
        await store.append(lease, { events: [step(number)], blobs: [new Uint8Array(20_000).fill(number)] });
      } catch (error) {
        say({ code: codeOf(error), acknowledged: number - 1, steps: (await store.read("one")).length - 2 });
        return;
      }
  },
};

const [work, path, count] = process.argv.slice(2);
await WORK[work!]!(path!, Number(count ?? 1_000_000));
