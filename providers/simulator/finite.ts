import { SimulatorError } from "../errors.ts";

/**
 * Finite parameter values can still make an angle that is not, such as ln(x) at 0; then no result may look like one.
 * @throws SimulatorError STATE_NOT_FINITE unless `value`, which any such angle spoils, is finite
 */
export function assertFinite(value: number, where = ""): void {
  if (!Number.isFinite(value))
    throw new SimulatorError(
      "STATE_NOT_FINITE",
      `${where === "" ? "The" : `${where}: the`} state has amplitudes that are not finite numbers, since some angle is not; check expressions such as ln(x) or 1/x at the given parameter values.`,
    );
}
