import { foldRun, type RunStore } from "../../src/runs/index.ts";

/** What to look for where a store cannot list it. */
export interface LedgerKeys {
  readonly scopes: readonly string[];
  readonly blobs: readonly string[];
}

/** All that a ledger holds, as plain JSON: rows, records and what they fold to, lengths of blobs, totals, schedules, ticks. */
export async function ledgerContent(store: RunStore, { scopes, blobs }: LedgerKeys): Promise<unknown> {
  const runs = [];
  for (const row of (await store.runs({ limit: 1000 })).toReversed()) {
    const records = await store.read(row.id);
    const { status, seq, step, epoch, snapshot, snapshots, quantumSeconds, executions, jobs } = foldRun(records);
    const state = { status, seq, step, epoch, snapshot, snapshots, quantumSeconds, executions, jobs: [...jobs.keys()] };
    runs.push({ row, records, state });
  }
  const schedules = [];
  for (const row of await store.schedules()) schedules.push({ row, ticks: await store.ticks(row.id, 1000) });
  const content = {
    runs,
    schedules,
    totals: Object.fromEntries(await Promise.all(scopes.map(async (scope) => [scope, await store.totals(scope)]))),
    blobs: Object.fromEntries(await Promise.all(blobs.map(async (hash) => [hash, (await store.blob(hash)).length]))),
  };
  return JSON.parse(JSON.stringify(content));
}
