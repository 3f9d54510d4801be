import type { Clock } from "../../providers/index.ts";
import { RunError } from "../errors.ts";
import { createdEvent } from "./new-run.ts";
import { thisOwner } from "./process-identity.ts";
import type { Lease, RunStore } from "./run-store.ts";

const LEASE_SECONDS = 30;
const RENEW_SECONDS = 10;
/** A lease lasts at most so many times twice as long. */
const MOST_DOUBLINGS = 6;

/** Claims a run for this process; one that is not there is created. @throws RunError RUN_ID, RUN_DRIVEN, LEDGER_* */
export async function claimOrCreate(store: RunStore, id: string): Promise<Lease> {
  const owner = thisOwner();
  if ((await store.run(id)) === undefined)
    try {
      await store.create({ id, events: [createdEvent()] });
    } catch (error) {
      // Somebody else was faster; whoever claims it drives it.
      if (!(error instanceof RunError && error.code === "RUN_EXISTS")) throw error;
    }
  return store.claim(id, owner, LEASE_SECONDS);
}

export interface RenewalOptions {
  readonly clock: Clock;
  /** How many drivers in a row were replaced before they had come further. */
  readonly replaced: number;
  /** What is waited for. */
  readonly activity: () => string | undefined;
  readonly onStopRequest: (() => void) | undefined;
  readonly onFenced: ((error: RunError) => void) | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Renews a lease, and tells the store what is waited for, until the signal aborts or the lease is lost. */
export async function renewLease(
  store: RunStore,
  lease: Lease,
  { clock, replaced, activity, onStopRequest, onFenced, signal }: RenewalOptions,
): Promise<void> {
  // While a large step is simulated nothing is renewed, and another driver that takes over fares no better: each one that
  // was replaced before it came further gives the next one twice the time.
  const seconds = LEASE_SECONDS * 2 ** Math.min(MOST_DOUBLINGS, replaced);
  for (let isShort = seconds > LEASE_SECONDS; ; isShort = false) {
    try {
      if (!isShort) await clock.sleep(1000 * RENEW_SECONDS, signal);
    } catch {
      return;
    }
    try {
      const { stopRequested } = await store.renew(lease, seconds, activity() ?? null);
      if (stopRequested) onStopRequest?.();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof RunError && error.code === "RUN_FENCED") {
        onFenced?.(error);
        return;
      }
      // A store that is busy now is asked again; should the lease end meanwhile, its epoch guards what is written.
    }
  }
}
