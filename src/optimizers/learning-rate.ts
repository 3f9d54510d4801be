import { describeValue } from "../../circuits/index.ts";
import { TrainingError } from "../errors.ts";
import { checkOptions, checkSetting } from "./checks.ts";

/**
 * A learning rate that changes with the steps, as an object without memory of its own: where it looks at values, `State` holds
 * what it has seen, as plain JSON that stands in the checkpoint.
 */
export interface LearningRateSchedule<State = unknown> {
  readonly kind: "learning-rate";
  readonly name: string;
  /** All settings as text, so that a run which goes on can tell whether they are the same. */
  readonly settings: string;
  /** The rate of a step, counted from 0; 0 or more. */
  rate(step: number, state: State): number;
  /** Of a schedule that looks at values: what it starts from. */
  init?(): State;
  /** A value of what is minimised: of each step in `minimize`, of each epoch in `train`. */
  observe?(state: State, value: number): State;
  toJSON(): { readonly name: string; readonly settings: string };
}

/** A learning rate: a number, one for each step counted from 0, or a schedule. */
export type LearningRate = number | ((step: number) => number) | LearningRateSchedule;

/** A learning rate as it is asked for by those who take steps. */
export interface RateProgram {
  /** What a checkpoint holds of it; empty where the step alone decides. */
  init(): KeptRate;
  /** Takes the value at hand, where it looks at values. */
  observe(kept: KeptRate, value: number | undefined): KeptRate;
  /** @throws TrainingError OPTIMIZER_SETTING where a function gives no rate */
  rate(step: number, kept: KeptRate): number;
}

export interface KeptRate {
  /** The state of the learning rate's schedule, where it has one. */
  readonly schedule?: unknown;
}

const NOTHING: KeptRate = Object.freeze({});

/** @throws TrainingError OPTIMIZER_SETTING unless it is a number above 0, a function or a schedule */
export function checkRate(optimizer: string, rate: LearningRate): RateProgram {
  const checked = (step: number, value: number): number => {
    checkSetting(optimizer, `learningRate(${step})`, value, value >= 0);
    return value;
  };
  if (typeof rate === "function")
    return { init: () => NOTHING, observe: () => NOTHING, rate: (step) => checked(step, rate(step)) };
  if (typeof rate === "object" && rate !== null) {
    if (rate.kind !== "learning-rate" || typeof rate.rate !== "function")
      throw new TrainingError(
        "OPTIMIZER_SETTING",
        `${optimizer} cannot work with learningRate = ${describeValue(rate)}; give a number, a function of the step, or a schedule such as cosineDecay({ rate: 0.1, steps: 200 }).`,
      );
    return {
      init: () => (rate.init === undefined ? NOTHING : { schedule: rate.init() }),
      observe(kept, value) {
        if (rate.observe === undefined) return NOTHING;
        if (typeof value !== "number" || !Number.isFinite(value))
          throw new TrainingError(
            "OPTIMIZER_SETTING",
            `The learning rate ${rate.name} of ${optimizer} goes by values but was given ${describeValue(value)}; call update(gradient, state, weights, value).`,
          );
        return { schedule: rate.observe(kept.schedule ?? rate.init?.(), value) };
      },
      rate: (step, kept) => checked(step, rate.rate(step, kept.schedule)),
    };
  }
  checkSetting(optimizer, "learningRate", rate, rate > 0);
  return { init: () => NOTHING, observe: () => NOTHING, rate: () => rate };
}

/** The same rate in every step. @throws TrainingError OPTIMIZER_SETTING */
export function constantRate(rate: number): LearningRateSchedule {
  checkSetting("constantRate", "rate", rate, rate > 0);
  return schedule("constantRate", { rate }, () => rate);
}

/**
 * rate·factor^⌊step/every⌋.
 * @param options.factor above 0 and at most 1; 0.5 by default
 * @throws TrainingError OPTIMIZER_SETTING
 */
export function stepDecay(options: {
  readonly rate: number;
  readonly every: number;
  readonly factor?: number;
}): LearningRateSchedule {
  checkOptions("stepDecay", options, ["rate", "every", "factor"]);
  const { rate, every, factor = 0.5 } = options;
  checkDecay("stepDecay", rate, every, factor);
  return schedule("stepDecay", { rate, every, factor }, (step) => rate * factor ** Math.floor(step / every));
}

/**
 * rate·factor^(step/every), the smooth form of `stepDecay`.
 * @param options.factor above 0 and at most 1
 * @param options.every 1 by default
 * @throws TrainingError OPTIMIZER_SETTING
 */
export function exponentialDecay(options: {
  readonly rate: number;
  readonly factor: number;
  readonly every?: number;
}): LearningRateSchedule {
  checkOptions("exponentialDecay", options, ["rate", "factor", "every"]);
  const { rate, factor, every = 1 } = options;
  checkDecay("exponentialDecay", rate, every, factor);
  return schedule("exponentialDecay", { rate, factor, every }, (step) => rate * factor ** (step / every));
}

export interface CosineDecayOptions {
  /** From which it falls. */
  readonly rate: number;
  /** Steps after which it has come to `finalRate`, those of the warm-up included; with restarts, those of the first fall alone. */
  readonly steps: number;
  /** 0 by default. */
  readonly finalRate?: number;
  /** Steps in which it first rises in a straight line; 0 by default. */
  readonly warmup?: number;
  /** Begins again from `rate` when it has come down; false by default. */
  readonly restarts?: boolean;
  /** By how much each fall is longer than the one before; an integer, 1 by default. */
  readonly growth?: number;
}

/**
 * Half a cosine from `rate` down to `finalRate`, once, or again and again with warm restarts (SGDR, Loshchilov and Hutter,
 * arXiv:1608.03983, eq. 5).
 * @throws TrainingError OPTIMIZER_SETTING
 */
export function cosineDecay(options: CosineDecayOptions): LearningRateSchedule {
  const what = "cosineDecay";
  checkOptions(what, options, ["rate", "steps", "finalRate", "warmup", "restarts", "growth"]);
  const { rate, steps, finalRate = 0, warmup = 0, restarts = false, growth = 1 } = options;
  checkSetting(what, "rate", rate, rate > 0);
  checkSetting(what, "steps", steps, isCount(steps, 1));
  checkSetting(what, "finalRate", finalRate, finalRate >= 0 && finalRate <= rate);
  checkSetting(what, "warmup", warmup, isCount(warmup, 0) && (restarts || warmup < steps));
  checkSetting(what, "growth", growth, isCount(growth, 1));
  const length = restarts ? steps : steps - warmup;
  return schedule(what, { rate, steps, finalRate, warmup, restarts, growth }, (step) => {
    if (step < warmup) return (rate * (step + 1)) / warmup;
    const [done, period] = restarts
      ? inPeriod(step - warmup, length, growth)
      : [Math.min(step - warmup, length), length];
    return halfCosine(rate, finalRate, done / period);
  });
}

export interface OneCycleOptions {
  readonly peak: number;
  /** In all; later ones keep the last rate. */
  readonly steps: number;
  /** The share of the steps in which it rises; 0.3 by default. */
  readonly rise?: number;
  /** peak/25 by default. */
  readonly initialRate?: number;
  /** initialRate/10⁴ by default. */
  readonly finalRate?: number;
}

/**
 * Up to a high rate and down below the first (one cycle; Smith and Topin, arXiv:1708.07120), both along half a cosine.
 * @throws TrainingError OPTIMIZER_SETTING
 */
export function oneCycle(options: OneCycleOptions): LearningRateSchedule {
  const what = "oneCycle";
  checkOptions(what, options, ["peak", "steps", "rise", "initialRate", "finalRate"]);
  const { peak, steps, rise = 0.3 } = options;
  checkSetting(what, "peak", peak, peak > 0);
  checkSetting(what, "steps", steps, isCount(steps, 2));
  const { initialRate = peak / 25 } = options;
  const { finalRate = initialRate / 1e4 } = options;
  checkSetting(what, "rise", rise, rise > 0 && rise < 1 && rise * steps > 1);
  checkSetting(what, "initialRate", initialRate, initialRate > 0 && initialRate <= peak);
  checkSetting(what, "finalRate", finalRate, finalRate >= 0 && finalRate <= peak);
  const top = rise * steps - 1;
  return schedule(what, { peak, steps, rise, initialRate, finalRate }, (step) =>
    step <= top
      ? halfCosine(initialRate, peak, step / top)
      : halfCosine(peak, finalRate, (Math.min(step, steps - 1) - top) / (steps - 1 - top)),
  );
}

export interface ReduceOnPlateauOptions {
  readonly rate: number;
  /** Above 0 and below 1; 0.1 by default. */
  readonly factor?: number;
  /** Values in a row without improvement that are borne; the next one lowers the rate. 10 by default. */
  readonly patience?: number;
  /** The least fall of the value that counts as improvement; 0 by default. */
  readonly minDelta?: number;
  /** Values after a change that do not count; 0 by default. */
  readonly cooldown?: number;
  /** 0 by default. */
  readonly finalRate?: number;
}

/** What has been seen of the values. */
export interface PlateauState {
  readonly rate: number;
  /** The least value; null before the first. */
  readonly best: number | null;
  readonly waited: number;
  readonly cooling: number;
}

/**
 * Lowers the rate when values no longer fall: those of steps in `minimize`; in `train` those of epochs, the validation's loss
 * where there is one.
 * @throws TrainingError OPTIMIZER_SETTING
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions): LearningRateSchedule<PlateauState> {
  const what = "reduceOnPlateau";
  checkOptions(what, options, ["rate", "factor", "patience", "minDelta", "cooldown", "finalRate"]);
  const { rate, factor = 0.1, patience = 10, minDelta = 0, cooldown = 0, finalRate = 0 } = options;
  checkSetting(what, "rate", rate, rate > 0);
  checkSetting(what, "factor", factor, factor > 0 && factor < 1);
  checkSetting(what, "patience", patience, isCount(patience, 0));
  checkSetting(what, "minDelta", minDelta, minDelta >= 0);
  checkSetting(what, "cooldown", cooldown, isCount(cooldown, 0));
  checkSetting(what, "finalRate", finalRate, finalRate >= 0 && finalRate <= rate);
  const settings = { rate, factor, patience, minDelta, cooldown, finalRate };
  return {
    ...schedule<PlateauState>(what, settings, (_step, state) => state.rate),
    init: () => ({ rate, best: null, waited: 0, cooling: 0 }),
    observe(state, value) {
      const improved = state.best === null || value < state.best - minDelta;
      // JSON has one zero.
      const best = improved ? value + 0 : state.best;
      const waited = improved || state.cooling > 0 ? 0 : state.waited + 1;
      if (waited <= patience) return { rate: state.rate, best, waited, cooling: Math.max(0, state.cooling - 1) };
      return { rate: Math.max(finalRate, state.rate * factor), best, waited: 0, cooling: cooldown };
    },
  };
}

function schedule<State = unknown>(
  name: string,
  given: object,
  rate: (step: number, state: State) => number,
): LearningRateSchedule<State> {
  const settings = JSON.stringify(given);
  return { kind: "learning-rate", name, settings, rate, toJSON: () => ({ name, settings }) };
}

function halfCosine(from: number, to: number, done: number): number {
  return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * done));
}

/** Steps done in the period at hand, and its length. */
function inPeriod(step: number, first: number, growth: number): readonly [done: number, length: number] {
  if (growth === 1) return [step % first, first];
  let done = step;
  let length = first;
  while (done >= length) {
    done -= length;
    length *= growth;
  }
  return [done, length];
}

function checkDecay(what: string, rate: number, every: number, factor: number): void {
  checkSetting(what, "rate", rate, rate > 0);
  checkSetting(what, "every", every, isCount(every, 1));
  checkSetting(what, "factor", factor, factor > 0 && factor <= 1);
}

function isCount(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}
