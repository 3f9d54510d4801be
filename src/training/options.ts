import { TrainingError } from "../errors.ts";
import { optionsCheck } from "../options-check.ts";

/** @throws TrainingError TRAINING_OPTION unless `options` is an object of known options */
export const checkNames = optionsCheck(TrainingError, "TRAINING_OPTION");

/** One or several of something, such as callbacks; none where nothing is given. */
export function listOf<Item extends object>(given: Item | readonly Item[] | null | undefined): readonly Item[] {
  const list = given == null ? [] : Array.isArray(given) ? (given as readonly Item[]) : [given as Item];
  const odd = list.find((item) => typeof item !== "object" || item === null);
  if (odd !== undefined)
    throw new TrainingError(
      "TRAINING_OPTION",
      `Callbacks are objects such as { onBatchEnd() {} }, not ${String(odd)}.`,
    );
  return list;
}
