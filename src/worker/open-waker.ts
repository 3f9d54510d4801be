import type { RunStore } from "../runs/run-store.ts";
import { pollingWaker, type RunWaker } from "./wake.ts";

/**
 * The waker that goes with a store: pg-boss on PostgreSQL, which reaches workers on all machines, and looks every few seconds
 * on any other.
 * @param location as `openStore` was given it
 * @param onTrouble told in plain words when a wake may have been lost
 * @throws RunError LEDGER_OPEN, LEDGER_PACKAGE
 */
export async function openWaker(
  location: string,
  store: RunStore,
  onTrouble: (words: string) => void = () => {},
): Promise<RunWaker> {
  if (!/^postgres(ql)?:/i.test(location)) return pollingWaker(store);
  const { pgBossWaker } = await import("./wake-postgres.ts");
  return pgBossWaker(location, { onTrouble });
}
