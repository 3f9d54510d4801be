import { LeptonError } from "../circuits/index.ts";

/** Data that cannot be used: a malformed table, wrong shapes, missing or non-finite values, an impossible split. */
export class DataError extends LeptonError {}

/** A gradient that cannot be computed as asked: a method the backend or circuit rules out, a budget too small, bad shapes. */
export class GradientError extends LeptonError {}

/** A network that the compute unit cannot compile, or data that do not fit one. */
export class ComputeError extends LeptonError {}

/** A model or circuit that cannot be compressed as asked. */
export class CompressionError extends LeptonError {}

/** An optimizer or a training run with settings, weights or state that cannot work. */
export class TrainingError extends LeptonError {}

/** A model or layer that cannot be built, saved, loaded or run where it was asked to. */
export class ModelError extends LeptonError {}

/** A durable run that cannot be started, resumed or continued, or a ledger that cannot be used. */
export class RunError extends LeptonError {}

/** A budget that is malformed, or that does not allow what is to be run. */
export class BudgetError extends LeptonError {}

/** A combinatorial problem that is malformed, or that cannot be solved as asked. */
export class ProblemError extends LeptonError {}

/** A schedule that cannot be kept: a malformed cron expression, time zone or condition. */
export class ScheduleError extends LeptonError {}

/** A kernel, or a model on one, that cannot be computed or fitted as asked. */
export class KernelError extends LeptonError {}

/** A pipeline whose units do not fit together, or that is used before it has what it needs. */
export class EngineError extends LeptonError {}
