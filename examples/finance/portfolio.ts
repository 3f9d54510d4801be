import { BinaryProblem } from "../../src/index.ts";
import type { Prices } from "./prices.ts";

/** Expected return and covariance of assets, a year. */
export interface Moments {
  readonly assets: readonly string[];
  readonly mean: Float64Array;
  /** [assets, assets] */
  readonly covariance: readonly Float64Array[];
}

const TRADING_DAYS = 252;

/** Mean and sample covariance of the daily returns, times 252. */
export function momentsOf({ days, assets, series }: Prices): Moments {
  const returns = series.map((prices) => prices.slice(1).map((price, day) => price / prices[day]! - 1));
  const count = days.length - 1;
  const daily = returns.map((values) => values.reduce((sum, value) => sum + value, 0) / count);
  const covariance = returns.map((a, i) =>
    Float64Array.from(returns, (b, j) => {
      let sum = 0;
      for (let day = 0; day < count; day++) sum += (a[day]! - daily[i]!) * (b[day]! - daily[j]!);
      return (TRADING_DAYS * sum) / (count - 1);
    }),
  );
  return { assets, mean: Float64Array.from(daily, (value) => TRADING_DAYS * value), covariance };
}

/** Return and volatility a year of equal parts of the chosen assets, by the moments of some days. */
export function performance({ assets, mean, covariance }: Moments, chosen: readonly string[]) {
  const places = chosen.map((name) => assets.indexOf(name));
  const part = 1 / places.length;
  const yearly = places.reduce((sum, i) => sum + part * mean[i]!, 0);
  const variance = places.reduce(
    (sum, i) => sum + places.reduce((inner, j) => inner + part * part * covariance[i]![j]!, 0),
    0,
  );
  return { yearly, volatility: Math.sqrt(variance) };
}

/**
 * Markowitz's choice of equal parts of exactly `choose` assets: makes riskAversion/2·variance - return small, both a year. A risk aversion
 * of 0 asks for the highest return alone.
 */
export function portfolioProblem(
  { assets, mean, covariance }: Moments,
  { choose, riskAversion }: { readonly choose: number; readonly riskAversion: number },
): BinaryProblem {
  const part = 1 / choose;
  return BinaryProblem.from({
    variables: assets,
    linear: mean.map((value) => -part * value),
    quadratic: covariance.map((row) => row.map((value) => (riskAversion / 2) * part * part * value)),
    constraints: [{ exactly: choose }],
  });
}
