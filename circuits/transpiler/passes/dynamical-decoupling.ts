import { TranspilerError } from "../../errors.ts";
import { gateOperation, type Operation, qubitsOf } from "../../operation.ts";
import type { Target } from "../target.ts";
import { delayInDt, durationInDt } from "./schedule.ts";

/** X X, or X Y X Y (Viola, Knill and Lloyd, quant-ph/9803057): both are the identity when nothing happens in between. */
export type DecouplingSequence = "XX" | "XY4";

/** True where the pulse is a Y. */
const PULSES: Readonly<Record<DecouplingSequence, readonly boolean[]>> = {
  XX: [false, false],
  XY4: [false, true, false, true],
};

/**
 * Fills the delays of a scheduled circuit with pulses at equal distances, half a distance at either end, so that what
 * disturbs an idle qubit slowly cancels. Delays keep their total length, and the circuit its unitary. A delay is left as it
 * is when it would not give the pulses as much time between them as they take; when its qubit is still in |0⟩, or was just
 * measured or reset; and inside a conditional.
 * @throws TranspilerError SCHEDULE_DURATION when the target does not tell how long an x gate takes; DECOUPLING_GATE when it
 * has none
 */
export function insertDynamicalDecoupling(
  operations: readonly Operation[],
  target: Target,
  sequence: DecouplingSequence,
): readonly Operation[] {
  if (!target.basisGates.includes("x"))
    throw new TranspilerError(
      "DECOUPLING_GATE",
      `Dynamical decoupling needs the gate x, which ${target.name} does not have; compile without dynamicalDecoupling.`,
    );
  const coherent = new Set<number>();
  return operations.flatMap((operation) => {
    if (operation.kind === "delay" && operation.unit === "dt" && coherent.has(operation.qubit))
      return decoupled(operation.qubit, operation.duration, target, PULSES[sequence]) ?? [operation];
    for (const qubit of qubitsOf(operation))
      if (operation.kind === "measure" || operation.kind === "reset") coherent.delete(qubit);
      else if (operation.kind === "gate" || operation.kind === "unitary") coherent.add(qubit);
    return [operation];
  });
}

function decoupled(
  qubit: number,
  duration: number,
  target: Target,
  pulses: readonly boolean[],
): readonly Operation[] | undefined {
  const { granularityDt } = target;
  const x = gateOperation("x", [], [qubit]);
  const pulse = durationInDt(x, target);
  const slack = duration - pulses.length * pulse;
  if (slack < Math.max(pulses.length * pulse, 2 * pulses.length * granularityDt) || slack % granularityDt !== 0)
    return undefined;
  const steps = slack / granularityDt;
  // Delay i ends at its share of the whole, rounded: no delay is off by more than one step, and the total is exact.
  const endOf = (i: number): number =>
    i >= pulses.length ? steps : Math.round((steps * (2 * i + 1)) / (2 * pulses.length));
  const filled: Operation[] = [];
  pulses.forEach((isY, i) => {
    filled.push(delayInDt(qubit, (endOf(i) - (i === 0 ? 0 : endOf(i - 1))) * granularityDt));
    // Y is X after Z up to a phase, and Z takes no time.
    if (isY) filled.push(gateOperation("rz", [Math.PI], [qubit]));
    filled.push(x);
  });
  filled.push(delayInDt(qubit, (steps - endOf(pulses.length - 1)) * granularityDt));
  return filled;
}
