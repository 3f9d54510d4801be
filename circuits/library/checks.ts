import { CircuitError } from "../errors.ts";

/** @throws CircuitError LIBRARY_COUNT unless `value` is an integer of at least `minimum` */
export function checkCount(circuit: string, name: string, value: number, minimum = 1): void {
  if (!Number.isSafeInteger(value) || value < minimum)
    throw new CircuitError(
      "LIBRARY_COUNT",
      `${circuit} needs ${name} to be an integer of at least ${minimum}, not ${value}.`,
    );
}

/** @throws CircuitError LIBRARY_NUMBER unless `value` is finite */
export function checkFinite(circuit: string, name: string, value: number): void {
  if (!Number.isFinite(value))
    throw new CircuitError("LIBRARY_NUMBER", `${circuit} needs ${name} to be a finite number, not ${value}.`);
}

/** @throws CircuitError LIBRARY_OPTION unless `value` is one of `choices` */
export function checkChoice(circuit: string, name: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value))
    throw new CircuitError("LIBRARY_OPTION", `${circuit} knows ${name} ${choices.join(", ")}, not "${value}".`);
}
