import { operationName } from "../../circuit.ts";
import { TranspilerError } from "../../errors.ts";
import { type DelayOperation, type DurationUnit, type Operation, qubitsOf } from "../../operation.ts";
import type { Target } from "../target.ts";

const SECONDS: Readonly<Record<Exclude<DurationUnit, "dt">, number>> = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1 };

/**
 * How long an operation takes in dt, a multiple of the target's granularity; 0 for barriers. A delay in dt is as long as it
 * says.
 * @throws TranspilerError SCHEDULE_DURATION when the target does not tell
 */
export function durationInDt(operation: Operation, target: Target): number {
  const { dtSeconds, granularityDt } = target;
  if (operation.kind === "barrier") return 0;
  if (operation.kind === "delay" && operation.unit === "dt") return operation.duration;
  if (dtSeconds === undefined) throw unknown(`${target.name} does not tell its time step (dt)`);
  const seconds = secondsOf(operation, target);
  if (seconds === undefined)
    throw unknown(`${target.name} does not tell how long ${operationName(operation)} on ${qubitsOf(operation)} takes`);
  // Calibrations give nanoseconds: a duration of whole steps must not be rounded up by the last digit.
  return Math.ceil(seconds / dtSeconds / granularityDt - 1e-6) * granularityDt;
}

function secondsOf(operation: Operation, target: Target): number | undefined {
  switch (operation.kind) {
    case "delay":
      return operation.duration * SECONDS[operation.unit as Exclude<DurationUnit, "dt">];
    case "measure":
      return (
        target.instruction("measure", [operation.qubit])?.durationSeconds ??
        target.qubits[operation.qubit]?.readoutSeconds
      );
    case "reset":
      return target.instruction("reset", [operation.qubit])?.durationSeconds;
    case "gate": {
      if (operation.qubits.length === 0) return 0;
      return target.instruction(operation.gate, operation.qubits)?.durationSeconds;
    }
    default:
      return undefined;
  }
}

function unknown(why: string): TranspilerError {
  return new TranspilerError(
    "SCHEDULE_DURATION",
    `The circuit cannot be scheduled: ${why}. Compile it without scheduling and decoupling, or for a device with calibrated times.`,
  );
}

interface Timed {
  readonly operation: Operation;
  /** In dt before the end of the segment. */
  readonly end: number;
  readonly duration: number;
}

/**
 * Starts every operation of a compiled circuit as late as possible and fills the idle times of the qubits in use with delays
 * in dt, from the circuit's start on. Conditionals take a time that nobody knows beforehand: what is before and after one is
 * scheduled by itself.
 * @throws TranspilerError SCHEDULE_DURATION when the target does not tell how long an operation takes
 */
export function scheduleAlap(operations: readonly Operation[], target: Target): readonly Operation[] {
  const scheduled: Operation[] = [];
  let segment: Operation[] = [];
  for (const operation of operations) {
    if (operation.kind !== "if") {
      segment.push(operation);
      continue;
    }
    scheduled.push(...scheduleSegment(segment, target), operation);
    segment = [];
  }
  return [...scheduled, ...scheduleSegment(segment, target)];
}

/** From the start of the first operation to the end of the last, in dt; conditionals count as nothing. @throws TranspilerError SCHEDULE_DURATION */
export function lengthInDt(operations: readonly Operation[], target: Target): number {
  const busyUntil = new Map<number, number>();
  let length = 0;
  for (const operation of operations) {
    const qubits = qubitsOf(operation);
    const start = Math.max(0, ...qubits.map((qubit) => busyUntil.get(qubit) ?? 0));
    const end = start + (operation.kind === "if" ? 0 : durationInDt(operation, target));
    for (const qubit of qubits) busyUntil.set(qubit, end);
    length = Math.max(length, end);
  }
  return length;
}

function scheduleSegment(operations: readonly Operation[], target: Target): readonly Operation[] {
  // From the end: a qubit is free again, seen backwards, where its next operation starts.
  const startOfNext = new Map<number, number>();
  const timed: Timed[] = [];
  let length = 0;
  for (const operation of operations.toReversed()) {
    const qubits = qubitsOf(operation);
    const duration = durationInDt(operation, target);
    const end = Math.max(0, ...qubits.map((qubit) => startOfNext.get(qubit) ?? 0));
    for (const qubit of qubits) startOfNext.set(qubit, end + duration);
    length = Math.max(length, end + duration);
    timed.push({ operation, end, duration });
  }
  timed.reverse();
  const inOrder = timed
    .map((entry, index) => ({ ...entry, index }))
    .sort((a, b) => b.end + b.duration - (a.end + a.duration) || a.index - b.index);
  const idleSince = new Map<number, number>();
  const scheduled: Operation[] = [];
  for (const { operation, end, duration } of inOrder) {
    for (const qubit of qubitsOf(operation)) {
      const idle = (idleSince.get(qubit) ?? length) - (end + duration);
      if (idle > 0) scheduled.push(delayInDt(qubit, idle));
      idleSince.set(qubit, end);
    }
    scheduled.push(operation);
  }
  return scheduled;
}

export function delayInDt(qubit: number, duration: number): DelayOperation {
  return Object.freeze({ kind: "delay", qubit, duration, unit: "dt" });
}
