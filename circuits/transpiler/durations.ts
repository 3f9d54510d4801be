import type { DurationUnit, Operation } from "../operation.ts";
import type { Target } from "./target.ts";

const SECONDS: Readonly<Record<Exclude<DurationUnit, "dt">, number>> = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1 };

/** How long an operation of a compiled circuit takes; 0 for barriers and conditionals, undefined where the device does not tell. */
export function secondsOf(operation: Operation, target: Target): number | undefined {
  switch (operation.kind) {
    case "gate":
      // Turns about Z are changes of frame, global phases nothing at all.
      if (operation.gate === "rz" || operation.qubits.length === 0) return 0;
      return target.instruction(operation.gate, operation.qubits)?.durationSeconds;
    case "measure":
      return (
        target.instruction("measure", [operation.qubit])?.durationSeconds ??
        target.qubits[operation.qubit]?.readoutSeconds
      );
    case "reset":
      return target.instruction("reset", [operation.qubit])?.durationSeconds;
    case "delay":
      if (operation.unit !== "dt") return operation.duration * SECONDS[operation.unit];
      return target.dtSeconds === undefined ? undefined : operation.duration * target.dtSeconds;
    case "unitary":
      return undefined;
    default:
      return 0;
  }
}
