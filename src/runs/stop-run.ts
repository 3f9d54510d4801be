import { RunError } from "../errors.ts";
import { thisOwner } from "./process-identity.ts";
import type { RunRow, RunStore } from "./run-store.ts";
import { runUnknown } from "./store-rules.ts";

const LEASE_SECONDS = 30;

/** What became of the wish to stop a run. */
export type StopOutcome =
  /** Nobody drove it: it is stopped. */
  | "stopped"
  /** Who drives it knows at the next renewal of its lease, and stops after the step at hand. */
  | "asked"
  /** It had stopped, failed or finished before. */
  | "over";

/**
 * Stops a run: at once where nobody drives it, so that no worker takes it; otherwise its driver is asked. Jobs that are out
 * go on, and the run can be resumed.
 * @throws RunError RUN_UNKNOWN; LEDGER_*
 */
export async function stopRun(store: RunStore, id: string, words = "at a request"): Promise<StopOutcome> {
  const row = await rowOf(store, id);
  if (row.status === "stopped" || row.status === "failed" || row.status === "finished") return "over";
  try {
    const lease = await store.claim(id, thisOwner(), LEASE_SECONDS);
    try {
      // Somebody may have driven it to its end between the two.
      if ((await rowOf(store, id)).status === "finished") return "over";
      await store.append(lease, { events: [{ type: "stopped", words }], activity: null });
      return "stopped";
    } finally {
      await store.release(lease);
    }
  } catch (error) {
    if (!(error instanceof RunError && error.code === "RUN_DRIVEN")) throw error;
    await store.requestStop(id);
    return "asked";
  }
}

/** @throws RunError RUN_UNKNOWN */
export async function rowOf(store: RunStore, id: string): Promise<RunRow> {
  const row = await store.run(id);
  if (row === undefined) throw runUnknown(id, store.location);
  return row;
}
