import { columnOf, numbersOf, readCsv, textsOf } from "../../src/data/index.ts";
import { DataError } from "../../src/index.ts";

/** Daily prices of some assets, oldest first. */
export interface Prices {
  readonly days: readonly string[];
  readonly assets: readonly string[];
  /** For each asset a price a day. */
  readonly series: readonly Float64Array[];
}

/**
 * Reads a CSV file with a column `Date`, oldest first, in a form that sorts as text, and a column of prices for each asset.
 * @throws DataError as `readCsv` and `columnOf`; DATA_SHAPE with fewer assets than `least`, WINDOW_TIME, DATA_NOT_FINITE
 */
export function readPrices(path: string, least = 1): Prices {
  const table = readCsv(path);
  columnOf(table, "Date");
  const days = textsOf(table, "Date");
  const assets = table.columns.map(({ name }) => name).filter((name) => name !== "Date");
  const series = assets.map((name) => numbersOf(table, name));
  if (assets.length < least)
    throw new DataError(
      "DATA_SHAPE",
      `${table.source} has prices of ${assets.length} asset(s); at least ${least} are needed.`,
    );
  const late = days.findIndex((day, i) => i > 0 && day <= days[i - 1]!);
  if (late > 0)
    throw new DataError(
      "WINDOW_TIME",
      `${table.source}: ${days[late]} comes after ${days[late - 1]}; sort the days, oldest first.`,
    );
  for (const [i, prices] of series.entries()) {
    const day = prices.findIndex((price) => !(price > 0));
    if (day >= 0)
      throw new DataError(
        "DATA_NOT_FINITE",
        `${table.source}: ${assets[i]} costs ${prices[day]} on ${days[day]}; returns need prices above 0.`,
      );
  }
  return { days, assets, series };
}

/** Some of the assets, in the given order. */
export function withAssets({ days, assets, series }: Prices, places: readonly number[]): Prices {
  return { days, assets: places.map((i) => assets[i]!), series: places.map((i) => series[i]!) };
}

/** The days before a share of them, to choose by, and those after it, to look at later. Never mixed: time goes one way. */
export function splitInTime(
  { days, assets, series }: Prices,
  share: number,
): readonly [earlier: Prices, later: Prices] {
  const cut = Math.floor(share * days.length);
  const part = (from: number, to: number): Prices => ({
    days: days.slice(from, to),
    assets,
    series: series.map((prices) => prices.subarray(from, to)),
  });
  return [part(0, cut), part(cut, days.length)];
}
