import { describeValue } from "../../circuits/index.ts";
import { ProblemError } from "../errors.ts";

/**
 * Starting angles [2·layers], gammas before betas, that fall and rise linearly as an annealing schedule of time step `timeStep` does
 * (Sack and Serbyn, Quantum 5, 491, 2021): gamma[l] = timeStep·(l - 1/2)/layers and beta[l] = -(timeStep - gamma[l]), l from 1. Betas are
 * negative where costs are minimised and the starting state is the highest of the mixer, as here.
 * @throws ProblemError PROBLEM_NUMBER
 */
export function rampAngles(layers: number, timeStep = 0.75): Float64Array {
  if (!Number.isSafeInteger(layers) || layers < 1 || !Number.isFinite(timeStep))
    throw new ProblemError(
      "PROBLEM_NUMBER",
      `rampAngles takes layers of 1 or more and a finite time step, not ${describeValue(layers)} and ${describeValue(timeStep)}.`,
    );
  const angles = new Float64Array(2 * layers);
  for (let l = 0; l < layers; l++) {
    angles[l] = (timeStep * (l + 0.5)) / layers;
    angles[layers + l] = angles[l]! - timeStep;
  }
  return angles;
}

/**
 * Angles for one layer more from the best of `layers`, by the rule INTERP (Zhou et al., Phys. Rev. X 10, 021067, 2020, appendix B): both
 * schedules are stretched and read off linearly.
 * @param angles [2·layers], gammas before betas
 * @throws ProblemError PROBLEM_NUMBER
 */
export function interpolatedAngles(angles: ArrayLike<number>): Float64Array {
  const layers = angles.length / 2;
  if (!Number.isSafeInteger(layers) || layers < 1)
    throw new ProblemError("PROBLEM_NUMBER", `Angles come in pairs, a gamma and a beta a layer, not ${angles.length}.`);
  const grown = new Float64Array(2 * layers + 2);
  for (const [from, to] of [
    [0, 0],
    [layers, layers + 1],
  ] as const)
    for (let i = 0; i <= layers; i++) {
      const before = i === 0 ? 0 : angles[from + i - 1]!;
      const here = i === layers ? 0 : angles[from + i]!;
      grown[to + i] = (i / layers) * before + ((layers - i) / layers) * here;
    }
  return grown;
}
