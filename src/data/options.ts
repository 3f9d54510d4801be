import { DataError } from "../errors.ts";
import { optionsCheck, type TypedOptionsCheck } from "../options-check.ts";

/** @throws DataError DATA_OPTION unless `options` is an object of known options */
export const checkOptions: TypedOptionsCheck = optionsCheck(DataError, "DATA_OPTION");
