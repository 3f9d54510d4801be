import { Rng } from "../../src/index.ts";
import type { Prices } from "./prices.ts";

const SECTORS = ["ENERGY", "HEALTH", "TECH", "BANK", "GOODS"] as const;
const ASSETS_OF_SECTOR = 4;
const DAYS = 1257;
const YEAR = 252;

/**
 * Made-up prices: 20 assets of five sectors for five years of 252 days, by geometric Brownian motion whose shocks are a market's, a
 * sector's and the asset's own. The seed decides drifts, volatilities and shocks; no real asset is meant.
 */
export function samplePrices(seed: number): Prices {
  const rng = Rng.seed(seed).fork("sample-prices");
  const assets = SECTORS.flatMap((sector) => Array.from({ length: ASSETS_OF_SECTOR }, (_, i) => `${sector}${i + 1}`));
  const traits = assets.map(() => ({
    drift: 0.08 + 0.07 * rng.normal(),
    market: 0.14 + 0.04 * rng.uniform(),
    sector: 0.1 + 0.06 * rng.uniform(),
    own: 0.12 + 0.12 * rng.uniform(),
  }));
  const series = assets.map(() => new Float64Array(DAYS));
  for (const prices of series) prices[0] = 20 + 80 * rng.uniform();
  for (let day = 1; day < DAYS; day++) {
    const market = rng.normal();
    const sectors = SECTORS.map(() => rng.normal());
    for (const [i, prices] of series.entries()) {
      const trait = traits[i]!;
      const shock =
        trait.market * market + trait.sector * sectors[Math.floor(i / ASSETS_OF_SECTOR)]! + trait.own * rng.normal();
      const variance = trait.market ** 2 + trait.sector ** 2 + trait.own ** 2;
      prices[day] = prices[day - 1]! * Math.exp((trait.drift - variance / 2) / YEAR + shock / Math.sqrt(YEAR));
    }
  }
  return { days: Array.from({ length: DAYS }, (_, day) => `day ${String(day + 1).padStart(4, "0")}`), assets, series };
}
