/** What happens in a run, in order: `started`, any number of `step`, then `finished` or `failed`. */
export type RunLogEvent =
  | { readonly type: "started" }
  | { readonly type: "step"; readonly step: unknown }
  | { readonly type: "finished"; readonly result: unknown }
  | {
      readonly type: "failed";
      readonly error: { readonly name: string; readonly code?: string; readonly message: string };
    };

/** Where the events of runs are kept. */
export interface RunLog {
  /** Resolves once the event is as durable as this store makes it; only then does the run go on. */
  append(runId: string, event: RunLogEvent): Promise<void>;
}
