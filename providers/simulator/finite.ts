import { SimulatorError } from "../errors.ts";

const CHECK = "check expressions such as ln(x) or 1/x at the given parameter values.";

/**
 * Finite parameter values can still make an angle that is not, such as ln(x) at 0; then no result may look like one.
 * @param value a number of the state, which any such angle spoils
 * @throws SimulatorError STATE_NOT_FINITE
 */
export function assertFinite(value: number): void {
  if (!Number.isFinite(value))
    throw new SimulatorError(
      "STATE_NOT_FINITE",
      `The state has amplitudes that are not finite numbers, since some angle is not; ${CHECK}`,
    );
}

/** The same for `count` expectation values that start at `from`. @throws SimulatorError STATE_NOT_FINITE */
export function assertFiniteValues(values: Float64Array, from: number, count: number): void {
  for (let k = 0; k < count; k++)
    if (!Number.isFinite(values[from + k]!))
      throw new SimulatorError(
        "STATE_NOT_FINITE",
        `The value of observable ${k} is ${values[from + k]}: some angle is not finite, or the coefficients are too large to be added; ${CHECK}`,
      );
}
