import { RunError } from "../../src/errors.ts";
import type { RunStore } from "../../src/runs/index.ts";

export interface StoreFailure {
  /** Of which calls: those that write, or those that only read. */
  readonly calls: "writes" | "reads";
  /** The how-manieth of them, from 1. */
  readonly nth: number;
  /** All from there on, until `mend`; one alone by default. */
  readonly lasting?: boolean;
  readonly code: "LEDGER_IO" | "LEDGER_FULL" | "LEDGER_BUSY";
  /** Nothing is done, or it is done and the answer is lost. */
  readonly phase: "before" | "after";
}

export interface FailingStore {
  readonly store: RunStore;
  /** Calls so far, of the kind that fails. */
  readonly calls: () => number;
  readonly struck: () => number;
  /** Nothing fails any more. */
  readonly mend: () => void;
}

const WRITES: ReadonlySet<PropertyKey> = new Set<keyof RunStore>([
  "create",
  "claim",
  "claimDue",
  "renew",
  "release",
  "requestStop",
  "append",
  "dropBlobs",
]);
const READS: ReadonlySet<PropertyKey> = new Set<keyof RunStore>(["now", "run", "runs", "read", "blob", "totals"]);

/** A store of which a call fails, or all from there on. */
export function failingStore(inner: RunStore, failure: StoreFailure): FailingStore {
  const { calls, nth, lasting = false, code, phase } = failure;
  const failing = calls === "writes" ? WRITES : READS;
  let count = 0;
  let struck = 0;
  let mended = false;
  const store = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      const call = (args: readonly unknown[]): unknown => Reflect.apply(member, target, args);
      if (!failing.has(name)) return (...args: readonly unknown[]) => call(args);
      return async (...args: readonly unknown[]) => {
        count++;
        if (count < nth || (lasting ? mended : count > nth)) return call(args);
        struck++;
        if (phase === "after") await call(args);
        throw new RunError(code, `${String(name)} was made to fail.`);
      };
    },
  });
  return {
    store,
    calls: () => count,
    struck: () => struck,
    mend: () => {
      mended = true;
    },
  };
}
