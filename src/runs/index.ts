export {
  type Amount,
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
  checkTimeZone,
  dayEnd,
  dayOf,
  isDaily,
  type ScopeOptions,
  scopesOf,
  scopeText,
} from "./budget-scopes.ts";
export { amountText, formatBudget, parseBudget } from "./budget-text.ts";
export { type BundledConfig, type BundledRun, exportRun, type RunBundle } from "./bundle.ts";
export { reached } from "./crash-points.ts";
export { changesOf } from "./description-changes.ts";
export type * from "./events.ts";
export { type ForkOptions, forkRun } from "./fork-run.ts";
export { hashOf } from "./hash.ts";
export { type HistoryLine, historyOf } from "./history.ts";
export { memoryStore } from "./memory-store.ts";
export { createdEvent } from "./new-run.ts";
export { checkStore, DEFAULT_LEDGER, openStore } from "./open-store.ts";
export { thisOwner } from "./process-identity.ts";
export { readBundle } from "./read-bundle.ts";
export { takingStep } from "./recalibration.ts";
export { type JournalOptions, RunJournal } from "./run-journal.ts";
export {
  checkPolicies,
  type LostResultPolicy,
  type RecalibrationPolicy,
  type RunPolicies,
} from "./run-policies.ts";
export { foldRun, RunFold, type RunJob, type RunState, type RunStatus, statusAfter } from "./run-state.ts";
export type {
  Append,
  Appended,
  Lease,
  NewRun,
  RunFilter,
  RunRow,
  RunStore,
  ScheduleRow,
  Settlement,
  StoreOptions,
  SubmitSlot,
  Tick,
} from "./run-store.ts";
export type { RunTask } from "./run-task.ts";
export {
  readSafetensors,
  type SafetensorsContent,
  type StoredTensor,
  type TensorArray,
  type TensorDtype,
  writeSafetensors,
} from "./safetensors.ts";
export { packState, unpackState } from "./snapshot.ts";
export { differingParts, digestOf, type SnapshotDigest } from "./snapshot-digest.ts";
export { rowOf, type StopOutcome, stopRun } from "./stop-run.ts";
