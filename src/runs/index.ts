export {
  type Amount,
  addAmounts,
  amountFor,
  type Budget,
  type BudgetLimits,
  type BudgetScope,
  checkBudget,
  type Denial,
  exact,
  type Grant,
  grantOf,
  leftOf,
  NO_AMOUNT,
  NO_TOTALS,
  type Price,
  type ReservationRequest,
  type ScopeTotals,
} from "./budget.ts";
export {
  checkBudgetPrice,
  dayEnd,
  dayOf,
  isDaily,
  leftIn,
  type ScopeOptions,
  scopesOf,
  scopeText,
} from "./budget-scopes.ts";
export { amountText, formatBudget, parseBudget } from "./budget-text.ts";
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
export {
  readSafetensors,
  type SafetensorsContent,
  type StoredTensor,
  type TensorArray,
  type TensorDtype,
  writeSafetensors,
} from "./safetensors.ts";
export { packState, unpackState } from "./snapshot.ts";
