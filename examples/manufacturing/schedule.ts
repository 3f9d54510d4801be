import { BinaryProblem, type ConstraintDescription } from "../../src/index.ts";

/** A step of a job: so many time slots on one machine. */
export interface Operation {
  readonly machine: number;
  readonly slots: number;
}

/** Each job's operations, in the order in which they must be done. */
export type Jobs = readonly (readonly Operation[])[];

/** When each operation of each job starts, in slots from 0. */
export type Schedule = readonly (readonly number[])[];

/** The slot in which the last operation ends. */
export function makespan(jobs: Jobs, schedule: Schedule): number {
  return Math.max(...jobs.flatMap((job, j) => job.map(({ slots }, o) => schedule[j]![o]! + slots)));
}

/** True when every job's operations follow each other and no machine does two things at once. */
export function isPossible(jobs: Jobs, schedule: Schedule): boolean {
  const all = jobs.flatMap((job, j) => job.map((operation, o) => ({ ...operation, j, o, start: schedule[j]![o]! })));
  return all.every((a, i) =>
    all.slice(i + 1).every((b) => {
      if (a.j === b.j) return a.start + a.slots <= b.start;
      return a.machine !== b.machine || a.start + a.slots <= b.start || b.start + b.slots <= a.start;
    }),
  );
}

/** One variable for each operation and each slot in which it can start, if all is to be done within the horizon. */
export interface ScheduleProblem {
  readonly problem: BinaryProblem;
  /** What a clash costs: as much as the latest end of a job. The safe weight is four times as dear, and hides all that matters. */
  readonly penalty: number;
  /** The schedule of an assignment; undefined unless every operation starts exactly once. */
  scheduleOf(bits: string): Schedule | undefined;
  /** The assignment of a schedule that ends within the horizon. */
  bitsOf(schedule: Schedule): string;
}

/**
 * The time-indexed problem (after Venturelli et al., arXiv:1506.08479): every operation starts once, which the mixer keeps; pairs of
 * starts that clash exclude each other, which penalties see to. A job that ends e slots after the earliest end of
 * any costs (jobs + 1)^e: all jobs together cost less than one that ends a slot later, so a shorter makespan is always cheaper.
 * @param horizon the makespan of a schedule that is known, so that there is room for one at least
 */
export function scheduleProblem(jobs: Jobs, horizon: number): ScheduleProblem {
  const starts = jobs.flatMap((job, j) =>
    job.flatMap((operation, o) => {
      const before = job.slice(0, o).reduce((sum, { slots }) => sum + slots, 0);
      const after = job.slice(o).reduce((sum, { slots }) => sum + slots, 0);
      const last = o === job.length - 1;
      return Array.from({ length: Math.max(0, horizon - after - before + 1) }, (_, wait) => {
        const start = before + wait;
        return { ...operation, name: `job${j}.${o}@${start}`, j, o, start, end: start + operation.slots, last };
      });
    }),
  );
  const earliest = Math.min(...starts.filter(({ last }) => last).map(({ end }) => end));
  const clashes = starts.flatMap((a, i) =>
    starts
      .slice(i + 1)
      .filter((b) => {
        if (a.j === b.j) return a.o !== b.o && a.end > b.start;
        return a.machine === b.machine && a.end > b.start && b.end > a.start;
      })
      .map((b): ConstraintDescription => ({ atMostOne: [a.name, b.name] })),
  );
  const groups = jobs.flatMap((job, j) =>
    job.map(
      (_, o): ConstraintDescription => ({
        oneHot: starts.filter((start) => start.j === j && start.o === o).map(({ name }) => name),
      }),
    ),
  );
  const problem = BinaryProblem.from({
    variables: starts.map(({ name }) => name),
    linear: starts.map(({ last, end }) => (last ? (jobs.length + 1) ** (end - earliest) : 0)),
    constraints: [...groups, ...clashes],
  });
  return {
    problem,
    penalty: (jobs.length + 1) ** (horizon - earliest),
    bitsOf: (schedule) =>
      starts
        .map(({ j, o, start }) => (schedule[j]![o] === start ? "1" : "0"))
        .reverse()
        .join(""),
    scheduleOf(bits) {
      const chosen = starts.filter((_, i) => bits.at(-1 - i) === "1");
      const schedule = jobs.map((job, j) =>
        job.map((_, o) => chosen.filter((start) => start.j === j && start.o === o).map(({ start }) => start)),
      );
      const isWhole = schedule.every((job) => job.every((found) => found.length === 1));
      return isWhole ? schedule.map((job) => job.map(([start]) => start!)) : undefined;
    },
  };
}
