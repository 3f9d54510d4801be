import { TrainingError } from "../errors.ts";

/**
 * An option that is not known would be left out in silence.
 * @throws TrainingError TRAINING_OPTION naming it and those there are
 */
export function checkNames(what: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null)
    throw new TrainingError("TRAINING_OPTION", `The options of ${what} are an object, not ${String(options)}.`);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new TrainingError(
      "TRAINING_OPTION",
      `${what} has no option "${unknown}"; its options are: ${known.join(", ")}.`,
    );
}

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
