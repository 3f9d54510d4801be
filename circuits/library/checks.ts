import { describeValue } from "../describe-value.ts";
import { CircuitError } from "../errors.ts";
import { SparsePauliOp } from "../observable.ts";
import { optionsFault } from "../options-fault.ts";

/** @throws CircuitError LIBRARY_COUNT unless `value` is an integer from `minimum` to `maximum` */
export function checkCount(
  circuit: string,
  name: string,
  value: number,
  minimum = 1,
  maximum: number = Number.POSITIVE_INFINITY,
): void {
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum)
    throw new CircuitError(
      "LIBRARY_COUNT",
      `${circuit} needs ${name} to be an integer ${maximum === Number.POSITIVE_INFINITY ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`}, not ${value}.`,
    );
}

/** @throws CircuitError LIBRARY_OPTION unless `options` is an object of known options */
export function checkOptions<Options extends object>(
  circuit: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): void {
  const fault = optionsFault(circuit, options, known);
  if (fault !== undefined) throw new CircuitError("LIBRARY_OPTION", fault);
}

/** @throws CircuitError HAMILTONIAN_TYPE unless `value` is an observable */
export function checkObservable(circuit: string, role: string, value: SparsePauliOp): void {
  if (!(value instanceof SparsePauliOp))
    throw new CircuitError(
      "HAMILTONIAN_TYPE",
      `${circuit} needs ${role} to be a SparsePauliOp, not ${describeValue(value)}; SparsePauliOp.parse("1.0*ZZ + 0.5*XI") reads a text.`,
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
