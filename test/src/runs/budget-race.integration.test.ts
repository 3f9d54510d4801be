import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Amount, type BudgetScope, exact, type RunStore } from "../../../src/runs/index.ts";
import { openStore } from "../../../src/runs/open-store.ts";
import { millionths } from "../../support/budget-model.ts";
import { leaseOf, type RaceReport, race } from "../../support/budget-racer.ts";
import { describeOnPostgres } from "../../support/describe-postgres.ts";

const RACERS = 8;
const UNITS = ["quantumSeconds", "money", "jobs"] as const;
const names = (prefix: string) => Array.from({ length: RACERS }, (_, index) => `${prefix}-${index}`);

/** Where racers meet; each may open the ledger for itself. */
interface Ground {
  /** Of a ledger that racers of other processes open too. */
  readonly location: string;
  open(): Promise<RunStore>;
  close(): Promise<void>;
}

const GROUNDS: readonly { readonly name: string; readonly make: () => Promise<Ground> }[] = [
  {
    name: "memory",
    make: async () => {
      const store = await openStore(":memory:");
      return { location: ":memory:", open: async () => store, close: () => store.close() };
    },
  },
  {
    name: "SQLite",
    make: async () => {
      const folder = mkdtempSync(join(tmpdir(), "lepton-budget-"));
      return opened(join(folder, "runs.db"), async () => rmSync(folder, { recursive: true }));
    },
  },
];

function opened(location: string, end: () => Promise<void>): Ground {
  const stores: RunStore[] = [];
  return {
    location,
    open: async () => {
      const store = await openStore(location);
      stores.push(store);
      return store;
    },
    close: async () => {
      for (const store of stores) await store.close();
      await end();
    },
  };
}

describe.each(GROUNDS)("budgets in $name, raced for", ({ name, make }) => raceOn(name !== "memory", make));

describeOnPostgres("budgets in PostgreSQL, raced for", (postgres) =>
  raceOn(true, async () => opened((await postgres.database()).url, async () => {})),
);

function raceOn(isShared: boolean, make: () => Promise<Ground>): void {
  let ground: Ground;
  let stores: readonly RunStore[];
  beforeAll(async () => {
    ground = await make();
    stores = await Promise.all(Array.from({ length: RACERS }, () => ground.open()));
  });
  afterAll(() => ground?.close());

  test("8 workers and a budget for 10.5 jobs: 10 are accepted, however they are charged for", async () => {
    const scope: BudgetScope = { scope: "schedule:tight", limits: { quantumSeconds: 42 } };
    let accepted = 0;
    await Promise.all(
      names("tight").map(async (id, index) => {
        const store = stores[index]!;
        const lease = await leaseOf(store, id);
        for (let number = 0; ; number++) {
          const key = `${id}-${number}`;
          const reserve = { key, scopes: [scope], needSeconds: 3.2, capSeconds: 4, jobs: 1, perSecond: 0 };
          const done = await store.append(lease, { reserve, events: [] });
          if (done.outcome === "denied") {
            if (!done.maySettle) return;
            continue;
          }
          accepted++;
          const amount = { quantumSeconds: 4, money: 0, jobs: 1 };
          await store.append(lease, { settle: [{ key, scopes: [], amount }], events: [] });
        }
      }),
    );
    expect(accepted).toBe(10);
    expect(await stores[0]!.totals(scope.scope)).toEqual({
      settled: { quantumSeconds: 40, money: 0, jobs: 10 },
      reserved: { quantumSeconds: 0, money: 0, jobs: 0 },
    });
  });

  /** The ledger's totals are the racers' charges to the millionth, and no limit is passed. */
  const check = async (scopes: readonly BudgetScope[], reports: readonly RaceReport[]): Promise<void> => {
    expect(reports.flatMap(({ faults }) => faults)).toEqual([]);
    const charges = reports.flatMap((report) => report.charges);
    expect(charges.length).toBe(reports.reduce((sum, { accepted }) => sum + accepted, 0));
    // Both ways have been taken, or nothing was shown.
    expect(charges.length).toBeGreaterThan(50);
    expect(reports.reduce((sum, { denied }) => sum + denied, 0)).toBeGreaterThan(50);
    for (const { scope, limits } of scopes) {
      const own = charges.filter((charge) => charge.scopes.includes(scope));
      const { settled, reserved } = await stores[0]!.totals(scope);
      for (const unit of UNITS) {
        const sum = own.reduce((total, { amount }) => total + millionths(amount[unit]), 0n);
        expect(settled[unit], `${unit} of ${scope}`).toBe(Number(sum) / 1e6);
        expect(settled[unit]).toBeLessThanOrEqual(limits[unit] ?? Number.POSITIVE_INFINITY);
      }
      expect(reserved).toEqual({ quantumSeconds: 0, money: 0, jobs: 0 });
    }
  };
  const scopesNamed = (name: string): readonly BudgetScope[] => [
    { scope: `schedule:${name}`, limits: { quantumSeconds: 600.5 } },
    { scope: `schedule:${name}:USD`, limits: { money: 77.77 }, currency: "USD" },
    { scope: `day:schedule:${name}:2026-11-26`, limits: { jobs: 500 } },
    { scope: `run:${name}`, limits: {} },
  ];

  test("1,000 racing reservations and settlements: nothing is overspent, and totals are the sums of the charges", {
    timeout: 120_000,
  }, async () => {
    const scopes = scopesNamed("race");
    let racing = true;
    const overspent: string[] = [];
    const watch = async (): Promise<void> => {
      for (; racing; await new Promise(setImmediate))
        for (const { scope, limits } of scopes) {
          const { settled, reserved } = await stores[0]!.totals(scope);
          for (const [unit, limit] of Object.entries(limits) as [keyof Amount, number][])
            if (exact(settled[unit] + reserved[unit]) > limit) overspent.push(`${unit} of ${scope}`);
        }
    };
    const watching = watch();
    const reports = await Promise.all(
      names("race").map((id, index) =>
        race(stores[index]!, id, { scopes, perSecond: 0.17, sequences: 1000 / RACERS, seed: id }),
      ),
    );
    racing = false;
    await watching;
    expect(overspent).toEqual([]);
    await check(scopes, reports);
  });

  // A ledger in memory is one process's.
  if (!isShared) return;
  test("8 processes", { timeout: 120_000 }, async () => {
    const scopes = scopesNamed("processes").map((scope) => ({
      ...scope,
      limits: Object.fromEntries(Object.entries(scope.limits).map(([unit, limit]) => [unit, limit / 8])),
    }));
    const program = join(import.meta.dirname, "../../support/budget-racer-process.ts");
    const reports = await Promise.all(
      names("process").map(async (id) => {
        const course = JSON.stringify({ scopes, perSecond: 0.17, sequences: 24, seed: id });
        const { stdout } = await promisify(execFile)(process.execPath, [program, ground.location, id, course]);
        return JSON.parse(stdout) as RaceReport;
      }),
    );
    await check(scopes, reports);
  });
}
