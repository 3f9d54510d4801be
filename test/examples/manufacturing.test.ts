import { describe, expect, test } from "vitest";
import { listSchedule } from "../../examples/manufacturing/list-scheduling.ts";
import {
  isPossible,
  type Jobs,
  makespan,
  type Schedule,
  scheduleProblem,
} from "../../examples/manufacturing/schedule.ts";
import { drawJobs } from "../../examples/manufacturing/schedule-study.ts";
import { enumerateProblem, keptGroups } from "../../src/index.ts";

/** The lathe twice, then the press; the other way round. */
const jobs: Jobs = [
  [
    { machine: 0, slots: 2 },
    { machine: 1, slots: 1 },
  ],
  [
    { machine: 1, slots: 1 },
    { machine: 0, slots: 1 },
  ],
];

/** All schedules of jobs of two operations that end within a horizon, by trying every start. */
function allSchedules(some: Jobs, horizon: number): readonly Schedule[] {
  const ofJob = Array.from({ length: horizon ** 2 }, (_, i) => [i % horizon, Math.floor(i / horizon)]);
  const whole = some.reduce<readonly Schedule[]>(
    (found, _) => found.flatMap((one) => ofJob.map((job) => [...one, job])),
    [[]],
  );
  return whole.filter((schedule) => makespan(some, schedule) <= horizon && isPossible(some, schedule));
}

describe("schedules", () => {
  test("are possible when steps follow each other and machines do one thing at a time", () => {
    expect(
      isPossible(jobs, [
        [0, 2],
        [0, 2],
      ]),
    ).toBe(true);
    expect(
      makespan(jobs, [
        [0, 2],
        [0, 2],
      ]),
    ).toBe(3);
    // The press before the lathe is done; both jobs on the lathe.
    expect(
      isPossible(jobs, [
        [0, 1],
        [2, 3],
      ]),
    ).toBe(false);
    expect(
      isPossible(jobs, [
        [0, 2],
        [0, 1],
      ]),
    ).toBe(false);
  });

  test("by rules of thumb are possible, and no shorter than the work of a machine or a job", () => {
    for (let seed = 0; seed < 10; seed++) {
      const { jobs: some, horizon } = drawJobs(seed);
      const schedule = listSchedule(some);
      expect(isPossible(some, schedule)).toBe(true);
      expect(makespan(some, schedule)).toBe(horizon - 1);
      for (const job of some)
        expect(horizon - 1).toBeGreaterThanOrEqual(job.reduce((sum, { slots }) => sum + slots, 0));
    }
  });
});

describe("the schedule problem", () => {
  test("its feasible assignments are all schedules within the horizon, and its cheapest one is a shortest", () => {
    for (const [some, horizon] of [
      [jobs, 4],
      ...[0, 1].map((seed) => [drawJobs(seed).jobs, drawJobs(seed).horizon] as const),
    ] as const) {
      const { problem, scheduleOf, bitsOf } = scheduleProblem(some, horizon);
      const exact = enumerateProblem(problem);
      const wanted = allSchedules(some, horizon);
      const found = Array.from(exact.feasible.entries())
        .filter(([, feasible]) => feasible === 1)
        .map(([index]) => scheduleOf(index.toString(2).padStart(problem.numVariables, "0"))!);
      expect(found.length).toBe(wanted.length);
      expect(new Set(found.map((one) => JSON.stringify(one)))).toEqual(
        new Set(wanted.map((one) => JSON.stringify(one))),
      );
      const shortest = Math.min(...wanted.map((one) => makespan(some, one)));
      for (const bits of exact.optima) expect(makespan(some, scheduleOf(bits)!)).toBe(shortest);
      for (const one of wanted.slice(0, 5)) expect(scheduleOf(bitsOf(one))).toEqual(one);
      expect(scheduleOf("0".repeat(problem.numVariables))).toBeUndefined();
    }
  });

  test("with its penalty the cheapest assignment is a schedule, in every instance of the table", () => {
    for (let seed = 0; seed < 5; seed++) {
      const { jobs: some, horizon } = drawJobs(seed);
      const { problem, penalty } = scheduleProblem(some, horizon);
      expect(problem.numVariables).toBeGreaterThanOrEqual(12);
      expect(problem.numVariables).toBeLessThanOrEqual(16);
      const kept = keptGroups(problem).map(({ constraint }) => constraint);
      expect(kept.length).toBe(6);
      const rest = problem.constraints.filter((constraint) => !kept.includes(constraint));
      const penalised = enumerateProblem(problem.penalised({ constraints: rest, weight: penalty }));
      expect(penalised.optima).toEqual(enumerateProblem(problem).optima);
    }
  });
});
