export {
  type Amount,
  type Budget,
  type BudgetLimits,
  type BudgetScope,
  checkBudget,
  type Grant,
  grantOf,
  type ReservationRequest,
  type ScopeTotals,
} from "./budget.ts";
export type * from "./events.ts";
export { MemoryRunStore } from "./memory-run-log.ts";
export type { RunLog, RunLogEvent } from "./run-log.ts";
export { foldRun, RunFold, type RunJob, type RunState, type RunStatus, statusAfter } from "./run-state.ts";
export type {
  Append,
  Appended,
  Lease,
  NewRun,
  RunFilter,
  RunRow,
  RunStore,
  RunTask,
  ScheduleRow,
  Settlement,
  SubmitSlot,
  Tick,
} from "./run-store.ts";
