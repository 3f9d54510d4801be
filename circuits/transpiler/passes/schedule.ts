import { operationName } from "../../circuit.ts";
import { TranspilerError } from "../../errors.ts";
import { clbitsOf, type DelayOperation, type Operation, qubitsOf } from "../../operation.ts";
import { secondsOf } from "../durations.ts";
import type { Target } from "../target.ts";

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
    for (const timed of scheduleSegment(segment, target)) scheduled.push(timed);
    scheduled.push(operation);
    segment = [];
  }
  return [...scheduled, ...scheduleSegment(segment, target)];
}

/** Qubits, and below 0 the classical bits: what is read into one bit keeps its order too. */
function wiresOf(operation: Operation): readonly number[] {
  return [...qubitsOf(operation), ...clbitsOf(operation).map((clbit) => -1 - clbit)];
}

function scheduleSegment(operations: readonly Operation[], target: Target): readonly Operation[] {
  // From the end: a wire is free again, seen backwards, where its next operation starts.
  const startOfNext = new Map<number, number>();
  const timed: Timed[] = [];
  let length = 0;
  for (const operation of operations.toReversed()) {
    const wires = wiresOf(operation);
    const duration = durationInDt(operation, target);
    const end = Math.max(0, ...wires.map((wire) => startOfNext.get(wire) ?? 0));
    for (const wire of wires) startOfNext.set(wire, end + duration);
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
