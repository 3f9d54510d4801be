import { TrainingError } from "../errors.ts";
import { checkNumbers, checkOptions, checkSetting, plain, settingsText } from "./checks.ts";
import type { GradientOptimizer } from "./optimizer.ts";

/** A point with its value and gradient. */
interface Point {
  readonly weights: readonly number[];
  readonly value: number;
  readonly gradient: readonly number[];
}

export interface LbfgsState {
  readonly step: number;
  /** Where the line search began, the best point so far; null before the first step. */
  readonly base: Point | null;
  /** The weights under way are base + length·direction. */
  readonly direction: readonly number[];
  readonly length: number;
  /** Lengths known to be too short, and too long (null: none yet). */
  readonly low: number;
  readonly high: number | null;
  /** Points tried on this line. */
  readonly tries: number;
  /** Differences of weights and of gradients, the oldest first. */
  readonly pairs: readonly (readonly [s: readonly number[], y: readonly number[]])[];
}

/** The value must fall by this share of what the slope promises, and the slope to this share of itself (weak Wolfe). */
const SUFFICIENT_DECREASE = 1e-4;
const SUFFICIENT_CURVATURE = 0.9;

/**
 * L-BFGS (Liu and Nocedal, Math. Program. 45, 503, 1989): steps along -H·g, where H, the inverse of the curvature, is
 * estimated from the last steps; with exact gradients it needs tens of steps where Adam needs hundreds. A line search by
 * bisection and cubic interpolation tries one point a step, so some steps go back; the value of an accepted point never
 * rises. Not for values with sampling noise, which it takes for curvature.
 *
 * End runs by `tolerance`: the last of a fixed number of steps may be a trial that would have been rejected.
 * @param options.memory differences kept, 10 by default
 * @param options.firstStep length of the very first step in radians, 0.1 by default
 * @param options.maxTries points on one line before it starts again along the gradient, 20 by default
 * @throws TrainingError OPTIMIZER_SETTING; from `update` also where no value is given
 * @example minimize({ circuit, observable, optimizer: lbfgs(), provider: localSimulator(), steps: 200, tolerance: 1e-9 })
 */
export function lbfgs(
  options: { readonly memory?: number; readonly firstStep?: number; readonly maxTries?: number } = {},
): GradientOptimizer<LbfgsState> {
  checkOptions("lbfgs", options, ["memory", "firstStep", "maxTries"]);
  const { memory = 10, firstStep = 0.1, maxTries = 20 } = options;
  checkSetting("lbfgs", "memory", memory, Number.isSafeInteger(memory) && memory > 0);
  checkSetting("lbfgs", "firstStep", firstStep, firstStep > 0);
  checkSetting("lbfgs", "maxTries", maxTries, Number.isSafeInteger(maxTries) && maxTries > 0);

  /** A new line from `base`. Without a direction downhill it is that of the gradient. */
  const lineFrom = (base: Point, pairs: LbfgsState["pairs"], step: number): LbfgsState => {
    const quasiNewton = directionOf(base.gradient, pairs);
    const isDownhill = pairs.length > 0 && dot(quasiNewton, base.gradient) < 0;
    const norm = Math.sqrt(dot(base.gradient, base.gradient));
    const direction = isDownhill ? quasiNewton : base.gradient.map((g) => (norm === 0 ? 0 : (-g * firstStep) / norm));
    const kept = isDownhill ? pairs : [];
    return { step, base, direction: plain(direction), length: 1, low: 0, high: null, tries: 0, pairs: kept };
  };

  return {
    kind: "gradient",
    name: "lbfgs",
    settings: settingsText({ memory, firstStep, maxTries }),
    init: ({ length }) => ({
      step: 0,
      base: null,
      direction: new Array<number>(length).fill(0),
      length: 0,
      low: 0,
      high: null,
      tries: 0,
      pairs: [],
    }),
    update(gradient, state, weights, value) {
      if (value === undefined)
        throw new TrainingError("OPTIMIZER_SETTING", "lbfgs needs the value beside the gradient; minimize gives it.");
      checkNumbers("lbfgs", "gradient", gradient, weights.length);
      checkNumbers("lbfgs", "value", [value], 1);
      checkNumbers("lbfgs", "direction", state.direction, weights.length);
      const here: Point = { weights: plain(weights), value: value + 0, gradient: plain(gradient) };
      const next = nextLine(here, state);
      const { base, direction, length } = next;
      return { weights: Float64Array.from(base!.weights, (w, i) => w + length * direction[i]!), state: next };
    },
  };

  function nextLine(here: Point, state: LbfgsState): LbfgsState {
    const step = state.step + 1;
    const { base, direction, length, low, high, pairs } = state;
    if (base === null) return lineFrom(here, pairs, step);
    const slope = dot(base.gradient, direction);
    const slopeHere = dot(here.gradient, direction);
    // Where the promised decrease is below the last bits of the value, these cannot decide.
    const rounding = 1e-15 * Math.abs(base.value);
    const isTooLong = here.value > base.value + SUFFICIENT_DECREASE * length * slope + rounding;
    const isTooShort = !isTooLong && slopeHere < SUFFICIENT_CURVATURE * slope;
    if (!isTooLong && !isTooShort) {
      const s = here.weights.map((w, i) => w - base.weights[i]!);
      const y = here.gradient.map((g, i) => g - base.gradient[i]!);
      const isCurved = dot(s, y) > 1e-10 * Math.sqrt(dot(s, s) * dot(y, y));
      return lineFrom(here, isCurved ? [...pairs, [plain(s), plain(y)] as const].slice(-memory) : pairs, step);
    }
    if (state.tries + 1 >= maxTries) return lineFrom(here.value < base.value ? here : base, [], step);
    const bounds = isTooLong ? { low, high: length } : { low: length, high };
    const middle =
      bounds.high === null
        ? 2 * length
        : interpolated(base.value, slope, here.value, slopeHere, length, bounds.low, bounds.high);
    return { ...state, step, length: middle, low: bounds.low, high: bounds.high, tries: state.tries + 1 };
  }
}

/** -H·g by the two-loop recursion (Nocedal and Wright, Numerical Optimization, algorithm 7.4). */
function directionOf(gradient: readonly number[], pairs: LbfgsState["pairs"]): number[] {
  const q = gradient.map((g) => -g);
  const shares = pairs.toReversed().map(([s, y]) => {
    const share = dot(s, q) / dot(s, y);
    for (let i = 0; i < q.length; i++) q[i]! -= share * y[i]!;
    return share;
  });
  const newest = pairs.at(-1);
  if (newest !== undefined) {
    const scale = dot(newest[0], newest[1]) / dot(newest[1], newest[1]);
    for (let i = 0; i < q.length; i++) q[i]! *= scale;
  }
  for (const [k, [s, y]] of pairs.entries()) {
    const share = shares[pairs.length - 1 - k]! - dot(y, q) / dot(s, y);
    for (let i = 0; i < q.length; i++) q[i]! += share * s[i]!;
  }
  return q;
}

/** Where the cubic through both ends' values and slopes is least, kept in the middle 80 % of what is left; else its middle. */
function interpolated(
  value0: number,
  slope0: number,
  value1: number,
  slope1: number,
  length: number,
  low: number,
  high: number,
): number {
  const a = slope0 + slope1 - (3 * (value1 - value0)) / length;
  const root = Math.sqrt(Math.max(0, a * a - slope0 * slope1));
  const cubic = length * (1 - (slope1 + root - a) / (slope1 - slope0 + 2 * root));
  const margin = 0.1 * (high - low);
  return cubic > low + margin && cubic < high - margin ? cubic : (low + high) / 2;
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
