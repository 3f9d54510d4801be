import { availableParallelism } from "node:os";
import { describeNumber } from "../../../circuits/index.ts";
import { SimulatorError } from "../../errors.ts";

/**
 * Threads that a computation may use, the caller's included: as many as asked for, but no more than the machine or its
 * container runs at once; all of those where nothing is asked for.
 * @throws SimulatorError THREAD_COUNT when it is no integer of 1 or more
 */
export function threadCount(threads?: number): number {
  const machine = availableParallelism();
  if (threads === undefined) return machine;
  if (!Number.isInteger(threads) || threads < 1)
    throw new SimulatorError(
      "THREAD_COUNT",
      `threads is ${describeNumber(threads)}; give an integer of 1 or more (this machine runs ${machine} at once), or leave it out for all.`,
    );
  return Math.min(threads, machine);
}
