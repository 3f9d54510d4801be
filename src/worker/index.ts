export { type Executed, type ExecuteOptions, executeRun } from "./execute-run.ts";
export { type NamedProviders, namedProviders } from "./named-provider.ts";
export { openWaker } from "./open-waker.ts";
export { type ReplayTaskOptions, replayTask } from "./replay-task.ts";
export { createSweep, type Grid, gridOptions, type Sweep, type SweepOptions } from "./sweep.ts";
export { pollingWaker, type RunWaker } from "./wake.ts";
export { startWorker, type WorkerOptions } from "./worker.ts";
export type { WorkerEvent } from "./worker-events.ts";
