import { optionsFault } from "../../circuits/index.ts";
import { DataError } from "../errors.ts";

/** @throws DataError DATA_OPTION unless `options` is an object of known options */
export function checkOptions<Options extends object>(
  what: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): void {
  const fault = optionsFault(what, options, known);
  if (fault !== undefined) throw new DataError("DATA_OPTION", fault);
}
