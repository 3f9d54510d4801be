export type { ControlSettings, EmulatorControl, JobTruth } from "./control.ts";
export type { BackendState } from "./device.ts";
export { type Emulator, startEmulator } from "./emulator.ts";
export type { FaultRule, ResultFault } from "./faults/fault-rule.ts";
export type { FaultRules, FaultState } from "./faults/fault-rules.ts";
export type { ScriptedOutcome } from "./jobs/job-record.ts";
export type { Journal, JournalEntry } from "./journal.ts";
export type { EmulatorLimits, EmulatorOptions } from "./settings.ts";
