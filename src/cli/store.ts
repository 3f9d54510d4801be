import { existsSync } from "node:fs";
import type { RunStore } from "../runs/run-store.ts";
import { UsageError } from "./errors.ts";

/** For `--store` in help. */
export const STORE_HELP = "file of the ledger, or postgres://..; LEPTON_STORE, or .lepton/runs.db by default";
const DEFAULT_STORE = ".lepton/runs.db";

/** Where runs are kept: as the option says, else as the environment does, where no other user of the machine reads a password. */
export function storeLocation(option: string | undefined): string {
  return option ?? (process.env.LEPTON_STORE || DEFAULT_STORE);
}

/**
 * Uses the ledger and closes it.
 * @param create without it, a file that is not there is an error, not an empty ledger
 * @throws UsageError STORE_MISSING; RunError LEDGER_*
 */
export async function withStore<Value>(
  option: string | undefined,
  create: "create" | "must-exist",
  use: (store: RunStore) => Promise<Value>,
): Promise<Value> {
  const location = storeLocation(option);
  const isFile = !/^(postgres(ql)?:|[a-z][a-z0-9+.-]+:\/\/)/i.test(location) && location !== ":memory:";
  if (isFile && create === "must-exist" && !existsSync(location))
    throw new UsageError(
      "STORE_MISSING",
      `There is no ledger ${location}. Runs that are started here make one; name another with --store.`,
    );
  const { openStore } = await import("../runs/open-store.ts");
  const store = await openStore(location);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
