import assert from "node:assert/strict";
import { Rng } from "../../circuits/index.ts";
import type { Amount, BudgetScope, Lease, RunStore } from "../../src/runs/index.ts";
import type { ContractCase } from "./contract-case.ts";
import { driven, type StoreCase, step } from "./store-case.ts";

/** What a bookkeeper would write down: one line for each key, in whole millionths. */
interface Line {
  readonly scopes: readonly string[];
  readonly granted: readonly number[] | undefined;
  readonly open: boolean;
  readonly settled: readonly number[];
}

const UNITS = ["quantumSeconds", "money", "jobs"] as const;
const millionths = (amount: Amount): readonly number[] => UNITS.map((unit) => Math.round(amount[unit] * 1e6));
const NO_LINE: Line = { scopes: [], granted: undefined, open: false, settled: [0, 0, 0] };

/** Promises on budgets that random sequences of reservations and settlements put to the test. */
export function storeBudgetCases(storeCase: StoreCase): readonly ContractCase[] {
  return [
    storeCase("totals are what a bookkeeper adds up, and no limit is passed", async ({ store, clock }) => {
      for (let seed = 0; seed < 4; seed++) {
        await driven(store, `run-${seed}`).then((lease) => compare(store, lease, Rng.seed("budget").fork(seed)));
        clock.advance(1);
      }
    }),
  ];
}

async function compare(store: RunStore, lease: Lease, rng: Rng): Promise<void> {
  const prefix = lease.runId;
  const scopes: readonly BudgetScope[] = [
    { scope: `${prefix}:run`, limits: { quantumSeconds: 400, jobs: 40 } },
    { scope: `${prefix}:day`, limits: { quantumSeconds: 250.5 } },
    { scope: `${prefix}:money`, limits: { money: 333.3, quantumSeconds: 1000 } },
    { scope: `${prefix}:free`, limits: {} },
  ];
  const lines = new Map<string, Line>();
  const pick = <Item>(items: readonly Item[]): Item => items[rng.integer(items.length)]!;
  const some = (): readonly BudgetScope[] => scopes.filter(() => rng.uniform() < 0.7);

  for (let turn = 0; turn < 120; turn++) {
    const key = `${prefix}:${rng.integer(60)}`;
    const known = lines.get(key);
    if (rng.uniform() < 0.55) {
      const asked = known?.granted === undefined ? some() : [];
      const request = {
        key,
        scopes: asked,
        needSeconds: 1 + rng.integer(4),
        capSeconds: 5 + rng.integer(30),
        jobs: 1,
        perSecond: pick([0, 0.1, 1.6]),
      };
      let granted: Amount | undefined;
      const done = await store.append(lease, {
        events: (amount) => {
          granted = amount;
          return [step(turn + 1)];
        },
        reserve: request,
      });
      if (done.outcome === "denied") {
        assert.equal(granted, undefined);
        assert.equal(known?.granted, undefined, "a key that has a reservation keeps it");
        const { settled, reserved } = addedUp(lines, done.denied.scope);
        assert.deepEqual([millionths(done.totals.settled), millionths(done.totals.reserved)], [settled, reserved]);
        assert.ok(tooLittle(done.denied, settled, reserved, request), `${done.denied.scope} has enough`);
      } else if (known?.granted !== undefined) assert.deepEqual(millionths(granted!), known.granted);
      else {
        const settled = known?.settled ?? NO_LINE.settled;
        lines.set(key, { scopes: asked.map(({ scope }) => scope), granted: millionths(granted!), open: true, settled });
        assert.ok(granted!.quantumSeconds >= request.needSeconds && granted!.quantumSeconds <= request.capSeconds);
      }
    } else {
      const amount: Amount = {
        quantumSeconds: rng.integer(9000) / 1000,
        money: rng.integer(700) / 100,
        jobs: rng.integer(2),
      };
      const into = some().map(({ scope }) => scope);
      await store.append(lease, { events: [], settle: [{ key, scopes: into, amount }] });
      lines.set(key, { ...(known ?? { ...NO_LINE, scopes: into }), open: false, settled: millionths(amount) });
    }
    for (const { scope, limits } of scopes) {
      const totals = await store.totals(scope);
      const { settled, reserved } = addedUp(lines, scope);
      assert.deepEqual([millionths(totals.settled), millionths(totals.reserved)], [settled, reserved], scope);
      UNITS.forEach((unit, index) => {
        // A charge is what the service says; only what is set aside never leads past a limit.
        const limit = limits[unit] ?? Number.POSITIVE_INFINITY;
        if (reserved[index]! > 0 && settled[index]! <= limit * 1e6)
          assert.ok(reserved[index]! <= limit * 1e6, `${scope}: ${unit}`);
      });
    }
  }
  assert.ok([...lines.values()].some(({ open }) => open));
  assert.ok([...lines.values()].some(({ open, granted }) => !open && granted !== undefined));
}

function addedUp(lines: ReadonlyMap<string, Line>, scope: string): { settled: number[]; reserved: number[] } {
  const settled = [0, 0, 0];
  const reserved = [0, 0, 0];
  for (const line of lines.values()) {
    if (!line.scopes.includes(scope)) continue;
    for (const index of UNITS.keys()) {
      settled[index]! += line.settled[index]!;
      if (line.open) reserved[index]! += line.granted?.[index] ?? 0;
    }
  }
  return { settled, reserved };
}

function tooLittle(
  { limits }: BudgetScope,
  settled: readonly number[],
  reserved: readonly number[],
  request: { readonly needSeconds: number; readonly jobs: number; readonly perSecond: number },
): boolean {
  const needs = [request.needSeconds, request.needSeconds * request.perSecond, request.jobs];
  return UNITS.some((unit, index) => {
    const left = (limits[unit] ?? Number.POSITIVE_INFINITY) * 1e6 - settled[index]! - reserved[index]!;
    return Math.round(left) < Math.round(needs[index]! * 1e6);
  });
}
