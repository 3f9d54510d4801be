import { oneLine } from "../runs/history.ts";

/** What a worker tells of itself. */
export type WorkerEvent =
  /** A run is driven from here on. */
  | { readonly type: "claimed"; readonly runId: string; readonly takeover: boolean }
  | { readonly type: "finished" | "stopped"; readonly runId: string }
  /** Left at a wake time, or since the worker ends; a worker goes on with it. */
  | { readonly type: "parked" | "left"; readonly runId: string; readonly words: string }
  | { readonly type: "failed"; readonly runId: string; readonly code: string; readonly words: string }
  /** A tick of a schedule was decided, or waits. */
  | { readonly type: "started" | "skipped" | "waiting"; readonly schedule: string; readonly words: string }
  /** Something is wrong with a schedule, or with the store, which is asked again. */
  | { readonly type: "trouble"; readonly words: string };

/** What went wrong, in one line. */
export function wordsOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error));
}
