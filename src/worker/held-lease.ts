import { type Clock, systemClock } from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import type { Lease, RunStore } from "../runs/run-store.ts";

export const LEASE_SECONDS = 30;
const RENEW_MS = 10_000;

/**
 * What `work` resolves to, while the lease is kept: preparing a run, such as loading its data, may take longer than a lease lasts.
 * @throws what `work` throws
 */
export async function holding<Value>(
  store: RunStore,
  lease: Lease | undefined,
  work: () => Promise<Value>,
  clock: Clock = systemClock,
): Promise<Value> {
  if (lease === undefined) return work();
  const done = new AbortController();
  void keep(store, lease, clock, done.signal);
  try {
    return await work();
  } finally {
    done.abort();
  }
}

async function keep(store: RunStore, lease: Lease, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(RENEW_MS, signal);
    } catch {
      return;
    }
    try {
      await store.renew(lease, LEASE_SECONDS, "Loading the model and the data.");
    } catch (error) {
      // The first append will tell. A store that is busy now is asked again.
      if (error instanceof RunError && error.code === "RUN_FENCED") return;
    }
  }
}
