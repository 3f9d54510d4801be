import { setTimeout as delay } from "node:timers/promises";
import { type CrashPoint, onCrashPoint } from "../../src/runs/crash-points.ts";
import type { RunStore } from "../../src/runs/index.ts";
import { mortalStore } from "./mortal-store.ts";

const PATIENCE_MS = 20_000;

/** Lets a process work on a store until it comes to the point for the nth time, where it is killed: its lease stays. */
export async function killedAt(
  point: CrashPoint,
  nth: number,
  inner: RunStore,
  start: (store: RunStore) => PromiseLike<unknown>,
): Promise<"killed" | "finished" | "stuck"> {
  const mortal = mortalStore(inner);
  const killed = Promise.withResolvers<"killed">();
  let seen = 0;
  onCrashPoint((reached) => {
    if (reached !== point || ++seen !== nth) return;
    mortal.kill();
    killed.resolve("killed");
    throw new Error("killed");
  });
  const patience = new AbortController();
  try {
    const finished = Promise.resolve(start(mortal.store)).then(() => "finished" as const);
    const late = delay(PATIENCE_MS, "stuck" as const, { signal: patience.signal });
    for (const loser of [finished, late]) loser.catch(() => {});
    return await Promise.race([killed.promise, finished, late]);
  } finally {
    patience.abort();
    onCrashPoint(undefined);
  }
}
