import { TrainingError } from "../errors.ts";
import { optionsCheck, type TypedOptionsCheck } from "../options-check.ts";

/** @throws TrainingError OPTIMIZER_SETTING unless `options` is an object of known options */
export const checkOptions: TypedOptionsCheck = optionsCheck(TrainingError, "OPTIMIZER_SETTING");

/** @throws TrainingError OPTIMIZER_SETTING */
export function checkSetting(optimizer: string, name: string, value: number, valid: boolean): void {
  if (!valid || !Number.isFinite(value))
    throw new TrainingError("OPTIMIZER_SETTING", `${optimizer} cannot work with ${name} = ${value}.`);
}

/** @throws TrainingError OPTIMIZER_SHAPE, OPTIMIZER_NOT_FINITE */
export function checkNumbers(optimizer: string, what: string, values: ArrayLike<number>, length: number): void {
  if (values?.length !== length)
    throw new TrainingError(
      "OPTIMIZER_SHAPE",
      `${optimizer} needs ${length} ${what}(s) but was given ${values?.length ?? "none"}; does its state belong to these weights?`,
    );
  for (let i = 0; i < length; i++)
    if (!Number.isFinite(values[i]))
      throw new TrainingError(
        "OPTIMIZER_NOT_FINITE",
        `${what} ${i} is ${values[i]}; ${optimizer} stops here rather than spoil the weights. Is the learning rate too high?`,
      );
}

/** Numbers for a state. JSON has one zero; adding 0 turns -0 into it, so that a round trip changes nothing. */
export function plain(values: ArrayLike<number>): number[] {
  return Array.from(values, (value) => value + 0);
}

/** Settings as text, in which a function stands by its source. */
export function settingsText(settings: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(settings, (_name, value: unknown) => (typeof value === "function" ? String(value) : value));
}
