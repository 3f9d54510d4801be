import { type Jobs, makespan, type Operation, type Schedule } from "./schedule.ts";

/**
 * Puts operation after operation onto its machine as early as it can be, taking next the job with the most work left, the one that can
 * start first, or the shortest operation: the best of the three rules.
 */
export function listSchedule(jobs: Jobs): Schedule {
  const work = (job: readonly Operation[]): number => job.reduce((sum, { slots }) => sum + slots, 0);
  const rules: readonly ((j: number, o: number, start: number) => number)[] = [
    (j, o) => -work(jobs[j]!.slice(o)),
    (_j, _o, start) => start,
    (j, o) => jobs[j]![o]!.slots,
  ];
  const schedules = rules.map((priority): Schedule => {
    const starts: number[][] = jobs.map(() => []);
    const jobFree = jobs.map(() => 0);
    const machineFree = new Map<number, number>();
    for (;;) {
      const ready = jobs.flatMap((job, j) => {
        const operation = job[starts[j]!.length];
        if (operation === undefined) return [];
        const start = Math.max(jobFree[j]!, machineFree.get(operation.machine) ?? 0);
        return [{ j, operation, start, priority: priority(j, starts[j]!.length, start) }];
      });
      if (ready.length === 0) return starts;
      const { j, operation, start } = ready.reduce((best, next) => (next.priority < best.priority ? next : best));
      starts[j]!.push(start);
      jobFree[j] = start + operation.slots;
      machineFree.set(operation.machine, start + operation.slots);
    }
  });
  return schedules.reduce((best, next) => (makespan(jobs, next) < makespan(jobs, best) ? next : best));
}
