export { Condition, type ConditionCheck } from "./condition.ts";
export { type ConditionFacts, conditionFacts, FACTS, type Fact, type FactName } from "./facts.ts";
export {
  type PassReport,
  Scheduler,
  type SchedulerOptions,
  type SkippedTick,
  type StartedTick,
  type WaitingTick,
} from "./scheduler.ts";
export {
  type CatchUp,
  checkSchedule,
  type Overlap,
  type ScheduleBudget,
  type ScheduleOptions,
  type ScheduleSpec,
} from "./spec.ts";
export { addSchedule, pauseSchedule, removeSchedule } from "./store-schedules.ts";
export { nextTicks } from "./ticks.ts";
