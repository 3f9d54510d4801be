import { BudgetError } from "../errors.ts";
import {
  type Amount,
  amountText,
  type BudgetLimits,
  type BudgetScope,
  exact,
  isDaily,
  scopeText,
} from "../runs/index.ts";
import { type Fit, FitSearch, type Replan } from "./budget-fits.ts";
import { type BudgetUse, isTooSmall, type Need, type Placed, placesOf, type Rooms, runNeed } from "./budget-room.ts";
import type { PlannedRun } from "./training-plan.ts";

export interface PlanCheck {
  /** The whole run, from its first step. */
  readonly planned: PlannedRun;
  /** The scopes of a reservation that would be made now. */
  readonly uses: readonly BudgetUse[];
  /** Money for a second; 0 where no price is known. */
  readonly perSecond?: number | undefined;
  /** Plans the same run with other settings, to find out which would fit. */
  readonly replan?: Replan | undefined;
  /** The run's own; undefined leaves it to the provider. */
  readonly precision?: number | undefined;
  /** What the option of the gradient method is called: of `minimize` it is "method". */
  readonly gradientOption?: "gradient" | "method";
  /** Steps that are done: all else of the plan is still to be paid. */
  readonly stepsDone?: number;
  /** Jobs of the run were submitted before; its settings can no longer be changed. */
  readonly begun?: boolean;
  /** Early stopping or a tolerance may end the run before its last step. */
  readonly mayEndEarly?: boolean;
}

/**
 * Compares what a run will take with what its budgets have left. A budget of a day limits only its steps, each of which has to
 * fit in one: the run goes on on the next day. Where it does not fit, other settings are planned, and those that do are named.
 * What a simulator in this process takes is not limited.
 * @throws BudgetError BUDGET_PLAN
 * @example const replan: Replan = (overrides) => plan(model, data, { ...options, ...overrides });
 *          await assertPlanFits({ planned: await replan({}), replan, uses, precision: options.precision });
 */
export async function assertPlanFits(check: PlanCheck): Promise<void> {
  const { planned, uses, perSecond = 0, replan, precision, stepsDone = 0, begun = false } = check;
  if (planned.total.quantumSeconds === 0) return;
  const rooms: Rooms = { uses, perSecond, stepsDone, begun };
  const places = placesOf(planned, rooms).filter(isTooSmall);
  if (places.length === 0) return;
  const fits = begun || replan === undefined ? undefined : await new FitSearch(planned, rooms, replan).all(precision);
  throw new BudgetError("BUDGET_PLAN", refusal(check, rooms, places, fits));
}

function refusal(
  check: PlanCheck,
  rooms: Rooms,
  tooSmall: readonly Placed[],
  fits: readonly Fit[] | undefined,
): string {
  const { mayEndEarly = false } = check;
  const { stepsDone, perSecond } = rooms;
  // Where a step is too large, so is the run.
  const isStep = tooSmall.some(({ of }) => of === "step");
  const places = tooSmall.filter(({ of }) => (of === "step") === isStep);
  const subject = isStep ? "A step of the run" : stepsDone > 0 ? `The run after step ${stepsDone}` : "The run";
  const most = mayEndEarly && !isStep ? "up to " : "";
  const { currency } = places.find(({ use }) => use.scope.currency !== undefined)?.use.scope ?? {};
  const { need } = places[0]!;
  const money = currency === undefined ? "" : `, for about ${(need.seconds * perSecond).toFixed(2)} ${currency}`;
  const lefts = places.map(({ use: { scope }, left }) => {
    const limit = amountText(scope.limits, scope.currency);
    if (isDaily(scope)) return `the budget of ${spenderText(scope)} is ${limit}`;
    const limited = ofUnits(scope.limits, (unit) => Math.max(0, left[unit]));
    return `the budget of ${spenderText(scope)} (${limit}) has ${amountText(limited, scope.currency)} left`;
  });
  const settings = (fits ?? []).map((fit) => settingText(fit, check, rooms));
  const larger = [...places, ...tooSmall.filter(({ use }) => !places.some((place) => place.use === use))].map(
    (place) => `${largerText(place, check.planned, rooms)} for ${spenderText(place.use.scope)}`,
  );
  return [
    `${subject} would take ${most}${needText(need)}${money}, but ${lefts.join(", and ")}. Nothing was submitted.`,
    ...(settings.length > 0 ? [`It would fit with ${settings.join("; or with ")}.`] : []),
    ...(fits?.length === 0 ? ["No smaller plan that was tried fits."] : []),
    `${settings.length > 0 ? "As it is, it" : "It"} needs a budget of ${larger.join(", and ")}.`,
  ].join(" ");
}

/** Such as "run digits-1", or "a day of run digits-1": a plan is for any day. */
function spenderText(scope: BudgetScope): string {
  const text = scopeText(scope);
  return isDaily(scope) ? `a day of ${text.replace(/ on .*/, "")}` : text;
}

function needText({ seconds, jobs }: Need): string {
  return `about ${seconds.toFixed(1)} s of the quantum computer in ${jobsText(jobs)}`;
}

/** Such as `steps: 16 (about 58.1 s in 17 jobs)`. */
function settingText({ overrides, planned }: Fit, { gradientOption = "gradient" }: PlanCheck, rooms: Rooms): string {
  const settings = Object.entries(overrides).map(
    ([name, value]) => `${name === "gradient" ? gradientOption : name}: ${JSON.stringify(value)}`,
  );
  const { seconds, jobs } = runNeed(planned, rooms);
  return `${settings.join(" and ")} (about ${seconds.toFixed(1)} s in ${jobsText(jobs)})`;
}

/** The least budget that would do, with what is spent already. */
function largerText({ use, need, left, of }: Placed, planned: PlannedRun, rooms: Rooms): string {
  // A budget for one step would be refused for the run.
  const run = runNeed(planned, rooms);
  const { perSecond } = rooms;
  const isWhole = of === "run" || (!isDaily(use.scope) && Number.isFinite(run.seconds));
  const { seconds, rounding, jobs } = isWhole ? run : need;
  const wanted = { quantumSeconds: seconds + rounding, money: (seconds + rounding) * perSecond, jobs };
  const { limits, currency } = use.scope;
  const decimals = { quantumSeconds: 1, money: 100, jobs: 1 };
  return amountText(
    ofUnits(limits, (unit) => {
      const limit = limits[unit]!;
      if (wanted[unit] <= left[unit]) return limit;
      return Math.ceil(exact((limit - left[unit] + wanted[unit]) * decimals[unit])) / decimals[unit];
    }),
    currency,
  );
}

function ofUnits(limits: BudgetLimits, value: (unit: keyof Amount) => number): BudgetLimits {
  const units = Object.keys(limits) as (keyof Amount)[];
  return Object.fromEntries(units.map((unit) => [unit, value(unit)]));
}

function jobsText(jobs: number): string {
  return `${jobs} ${jobs === 1 ? "job" : "jobs"}`;
}
