import { DataError } from "../errors.ts";
import { optionsCheck, type TypedOptionsCheck } from "../options-check.ts";
import type { ColumnType, MissingCells } from "./table.ts";

/** @throws DataError DATA_OPTION unless `options` is an object of known options */
export const checkOptions: TypedOptionsCheck = optionsCheck(DataError, "DATA_OPTION");

/** @throws DataError with this code unless a reader of tables knows what is asked of cells that are `missing` and of `types` */
export function checkCells(
  code: string,
  what: "column" | "field",
  {
    missing = "error",
    types = {},
  }: { readonly missing?: MissingCells; readonly types?: Readonly<Record<string, ColumnType>> },
): void {
  if (!["error", "drop-row", "keep"].includes(missing))
    throw new DataError(code, `missing is "${missing}"; it is "error", "drop-row" or "keep".`);
  for (const [name, type] of Object.entries(types))
    if (type !== "number" && type !== "text")
      throw new DataError(code, `The type of ${what} "${name}" is "${String(type)}"; it is "number" or "text".`);
}
