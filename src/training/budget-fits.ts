import { LeptonError } from "../../circuits/index.ts";
import { JOB_OVERHEAD_SECONDS, shotsFor } from "../../providers/index.ts";
import { isTooSmall, type Placed, placesOf, type Rooms, shareOfCircuits } from "./budget-room.ts";
import type { PlannedRun, TrainingPlan } from "./training-plan.ts";

/** What may be changed of a run so that it takes less. */
export interface PlanOverrides {
  readonly steps?: number;
  readonly precision?: number;
  readonly gradient?: "spsa";
  readonly batchSize?: number;
}

export type Replan = (overrides: PlanOverrides) => Promise<PlannedRun>;

/** Settings with which a run was planned again, and fits. */
export interface Fit {
  readonly overrides: PlanOverrides;
  readonly planned: PlannedRun;
}

const MOST_PLANS = 10;
/** Beyond that, 25 shots, what is measured says little. */
const COARSEST_PRECISION = 0.2;
/** Where the provider decides the precision, shots are counted from here. */
const TRIAL_PRECISION = 0.1;

/**
 * Settings with which a run that is too large, and has not begun, would fit: each one planned, none guessed. Plans are compared
 * with the rooms, and what is missing says what to plan next.
 */
export class FitSearch {
  readonly #planned: PlannedRun;
  readonly #rooms: Rooms;
  readonly #replan: Replan;
  #plans = 0;

  constructor(planned: PlannedRun, rooms: Rooms, replan: Replan) {
    this.#planned = planned;
    this.#rooms = rooms;
    this.#replan = replan;
  }

  /** @param precision the run's own; undefined where the provider decides */
  async all(precision: number | undefined): Promise<readonly Fit[]> {
    const steps = await this.fewerSteps();
    const found = [
      steps,
      await this.coarser(precision),
      await this.spsa(steps?.planned.steps ?? 0),
      await this.smallerBatch(),
      await this.largerBatch(),
    ];
    return found.filter((fit) => fit !== undefined);
  }

  /** As many steps as fit. */
  async fewerSteps(base = this.#planned, overrides: PlanOverrides = {}): Promise<Fit | undefined> {
    if (this.#places(base).some((place) => place.of === "step" && isTooSmall(place))) return undefined;
    let fit: Fit | undefined;
    let from = { steps: 0, places: [] as readonly Placed[] };
    let to = { steps: base.steps, places: this.#places(base) };
    let tooMany = base.steps;
    for (let tries = 0; tries < 4; tries++) {
      const most = stepsAlong(from, to);
      const least = (fit?.planned.steps ?? 0) + 1;
      if (!Number.isFinite(most) || tooMany <= least || (fit !== undefined && most < least)) break;
      const steps = Math.min(Math.max(most, least), tooMany - 1);
      const tried = await this.#try({ ...overrides, steps });
      if (tried === undefined) break;
      if (tried.fits) fit = tried.fit;
      else tooMany = steps;
      from = to;
      to = { steps, places: this.#places(tried.fit.planned) };
    }
    return fit;
  }

  /** Fewer shots, so that there is room for all of them. */
  async coarser(precision: number | undefined): Promise<Fit | undefined> {
    let share = shareOfCircuits(this.#places(this.#planned));
    let last = precision === undefined || precision === 0 ? undefined : precision;
    let fit: Fit | undefined;
    if (last === undefined && share > 0) {
      const tried = await this.#try({ precision: TRIAL_PRECISION });
      if (tried === undefined || !isLess(tried.fit.planned, this.#planned)) return undefined;
      if (tried.fits) fit = tried.fit;
      share = shareOfCircuits(this.#places(tried.fit.planned));
      last = TRIAL_PRECISION;
    }
    for (let tries = 0; tries < 2 && last !== undefined && share > 0 && Number.isFinite(share); tries++) {
      const next = precisionOf(shotsFor(last) * share);
      if (next > COARSEST_PRECISION || (fit !== undefined && next >= last)) break;
      const tried = await this.#try({ precision: next });
      if (tried === undefined) break;
      if (tried.fits) return tried.fit;
      share = shareOfCircuits(this.#places(tried.fit.planned));
      last = next;
    }
    return fit;
  }

  /** Gradients from two evaluations; with fewer steps where that is not enough, if these are still more than there would be without. */
  async spsa(stepsWithout: number): Promise<Fit | undefined> {
    const tried = await this.#try({ gradient: "spsa" });
    if (tried === undefined || !isLess(tried.fit.planned, this.#planned)) return undefined;
    if (tried.fits) return tried.fit;
    const fewer = await this.fewerSteps(tried.fit.planned, { gradient: "spsa" });
    return fewer !== undefined && fewer.planned.steps > stepsWithout ? fewer : undefined;
  }

  /** As many steps as now, with fewer rows each. */
  async smallerBatch(): Promise<Fit | undefined> {
    const { steps, batchSize } = this.#planned as Partial<TrainingPlan> & PlannedRun;
    let share = shareOfCircuits(this.#places(this.#planned));
    let size = batchSize ?? 1;
    for (let tries = 0; tries < 2 && share > 0 && share < 1 && size > 1; tries++) {
      size = Math.floor(size * share);
      if (size < 1) return undefined;
      const tried = await this.#try({ batchSize: size, steps });
      if (tried === undefined) return undefined;
      if (tried.fits) return tried.fit;
      share = shareOfCircuits(this.#places(tried.fit.planned));
    }
    return undefined;
  }

  /** All rows in fewer jobs, where it is the number of jobs that takes too much. */
  async largerBatch(): Promise<Fit | undefined> {
    const { batchSize } = this.#planned as Partial<TrainingPlan>;
    const places = this.#places(this.#planned).filter(({ of }) => of === "run");
    if (batchSize === undefined || places.length === 0) return undefined;
    const jobs = Math.min(
      ...places.map(({ need, left, secondsLeft }) => {
        const ofCircuits = need.seconds - JOB_OVERHEAD_SECONDS * need.jobs;
        return Math.min(left.jobs, Math.floor((secondsLeft - need.rounding - ofCircuits) / JOB_OVERHEAD_SECONDS));
      }),
    );
    const now = places[0]!.need.jobs;
    if (!(jobs >= 1 && jobs < now)) return undefined;
    const tried = await this.#try({ batchSize: Math.ceil((batchSize * now) / jobs) });
    return tried?.fits === true ? tried.fit : undefined;
  }

  #places(planned: PlannedRun): readonly Placed[] {
    return placesOf(planned, this.#rooms);
  }

  /** Undefined where the run cannot be planned so, or enough was planned. */
  async #try(overrides: PlanOverrides): Promise<{ readonly fit: Fit; readonly fits: boolean } | undefined> {
    if (this.#plans++ >= MOST_PLANS) return undefined;
    try {
      const planned = await this.#replan(overrides);
      return { fit: { overrides, planned }, fits: !this.#places(planned).some(isTooSmall) };
    } catch (error) {
      if (error instanceof LeptonError) return undefined;
      throw error;
    }
  }
}

interface Measured {
  readonly steps: number;
  readonly places: readonly Placed[];
}

/** Steps for which there is room, if what a run needs grows evenly from one plan to the other; without places, from nothing. */
function stepsAlong(from: Measured, to: Measured): number {
  const most = to.places.flatMap(({ of, need, left, secondsLeft }, index) => {
    if (of !== "run") return [];
    const before = from.places[index]?.need ?? { seconds: 0, jobs: 0 };
    const along = (a: number, b: number, room: number): number =>
      room === Infinity || a === b ? Infinity : from.steps + ((room - a) * (to.steps - from.steps)) / (b - a);
    const seconds = along(before.seconds, need.seconds, secondsLeft - need.rounding);
    return [seconds, along(before.jobs, need.jobs, left.jobs)];
  });
  // A hair above a whole number is that number.
  return Math.max(0, Math.floor(Math.min(...most) + 1e-9));
}

/** The finest precision of two digits that takes no more shots. */
function precisionOf(shots: number): number {
  const finest = 1 / Math.sqrt(Math.max(1, Math.floor(shots)));
  const unit = 10 ** (Math.floor(Math.log10(finest)) - 1);
  return Number((Math.ceil(finest / unit - 1e-9) * unit).toPrecision(2));
}

function isLess(a: PlannedRun, b: PlannedRun): boolean {
  return a.total.executions < b.total.executions;
}
