import { PubError } from "../errors.ts";

/** @throws PubError PUB_VALUES_SHAPE unless `rows` is an integer of 0 or more */
export function assertRows(rows: number): void {
  if (!(Number.isSafeInteger(rows) && rows >= 0))
    throw new PubError("PUB_VALUES_SHAPE", `rows is ${rows}; it must be an integer of 0 or more.`);
}

/**
 * Checks that an array holds `count` numbers, or [rows, count] of them.
 * @param unit what the numbers belong to, such as "weight"
 * @throws PubError PUB_VALUES_SHAPE naming the array, its length and the length it needs
 */
export function assertLength(name: string, array: Float64Array, unit: string, count: number, rows?: number): void {
  if (!(array instanceof Float64Array))
    throw new PubError(
      "PUB_VALUES_SHAPE",
      `${name} is ${array === null ? "null" : `of type ${typeof array}`}, no Float64Array.`,
    );
  const needed = count * (rows ?? 1);
  if (array.length === needed) return;
  const shape = rows === undefined ? `${count} ${unit}(s)` : `${rows} row(s) of ${count} ${unit}(s)`;
  throw new PubError("PUB_VALUES_SHAPE", `${name} has ${array.length} number(s) but needs ${needed}: ${shape}.`);
}
