import { DataError } from "../../errors.ts";
import type { RowMap } from "../transform.ts";

/** The way back of a transform that has none; `numInputs` is still known. */
export function noInverse(what: string, names: readonly string[]): RowMap {
  return {
    numOutputs: names.length,
    names,
    apply() {
      throw new DataError(
        "TRANSFORM_NO_INVERSE",
        `What ${what} gives does not decide the features it came from, so there is no way back.`,
      );
    },
  };
}
