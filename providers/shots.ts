import { PubError } from "./errors.ts";

/** A standard error needs two samples at least. */
const MIN_SHOTS = 2;

/**
 * The shots that make the standard error of a ±1 observable at most `precision`: ceil(1/precision²), at least two.
 * @throws PubError PUB_PRECISION when they are more than `maxShots`
 */
export function shotsFor(precision: number, maxShots = Infinity): number {
  // The slack keeps 1/precision² that should be an integer from being rounded up to the next one.
  const shots = Math.max(MIN_SHOTS, Math.ceil((1 / precision ** 2) * (1 - 1e-12)));
  if (shots <= maxShots) return shots;
  throw new PubError(
    "PUB_PRECISION",
    `precision ${precision} needs ${shots.toPrecision(3)} shots but at most ${maxShots} are possible; use ${(1 / Math.sqrt(maxShots)).toPrecision(3)} or more, or 0 for exact values.`,
  );
}
