import { describeValue, optionsFault } from "../../circuits/index.ts";
import { RunError } from "../errors.ts";
import { memoryStore } from "./memory-store.ts";
import type { RunStore, StoreOptions } from "./run-store.ts";

export const DEFAULT_LEDGER = ".lepton/runs.db";

/**
 * Opens the place where runs are kept.
 * @param location a file, which is made where there is none; `postgres://...` for a database that several machines share; or
 * `:memory:` for one that ends with the process
 * @throws RunError LEDGER_OPEN, LEDGER_FOREIGN, LEDGER_NEWER, LEDGER_READ_ONLY, LEDGER_FULL, LEDGER_BUSY, LEDGER_CORRUPT, LEDGER_IO
 */
export async function openStore(location = DEFAULT_LEDGER, options: StoreOptions = {}): Promise<RunStore> {
  const fault = optionsFault("openStore", options, ["clock"]);
  if (fault !== undefined) throw new RunError("LEDGER_OPEN", fault);
  if (typeof location !== "string" || location.trim() === "")
    throw new RunError(
      "LEDGER_OPEN",
      `A ledger is named by a file, by postgres://... or by :memory:, not by ${describeValue(location)}.`,
    );
  if (location === ":memory:") return memoryStore(options);
  const [, scheme] = /^([a-z][a-z0-9+.-]+):\/\//i.exec(location) ?? [];
  if (scheme !== undefined && !/^postgres(ql)?$/i.test(scheme))
    // The rest of the address may hold a password.
    throw new RunError(
      "LEDGER_OPEN",
      `No ledger is kept at ${scheme}://...: name a file, or a PostgreSQL database by postgres://USER@HOST/DATABASE.`,
    );
  if (/^postgres(ql)?:/i.test(location)) {
    const { postgresStore } = await import("./postgres/postgres-store.ts");
    return postgresStore(location, options);
  }
  const { sqliteStore } = await import("./sqlite/sqlite-store.ts");
  return sqliteStore(location, options);
}

/** @throws RunError RUN_OPTION, without the text of an address, which may hold a password */
export function checkStore(store: unknown): asserts store is RunStore {
  if (typeof (store as Partial<RunStore> | null)?.claim === "function") return;
  let what = store === null ? "null" : `a ${typeof store}`;
  if (typeof store === "object" && store !== null) what = store instanceof Promise ? "a promise" : "another object";
  throw new RunError(
    "RUN_OPTION",
    `Option store is ${what}; give an open ledger: { store: await openStore("runs.db") }.`,
  );
}
