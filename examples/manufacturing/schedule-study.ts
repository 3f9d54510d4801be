import type { DemoOptions, DemoProgress, DemoRow } from "../../src/cli/demo.ts";
import { drawSvg, printQasm3, qaoaProgram, Rng } from "../../src/index.ts";
import { demoRow, seedsOf } from "../application/measure.ts";
import type { ApplicationPart } from "../application/parts.ts";
import { type Answer, plannedSeconds, studyProblem } from "../application/problem-study.ts";
import { listSchedule } from "./list-scheduling.ts";
import { type Jobs, makespan, type ScheduleProblem, scheduleProblem } from "./schedule.ts";
import { schedulePicture } from "./schedule-picture.ts";

const JOBS = 3;
const MACHINES = 3;
const SHOTS = 32;
/** Enough to leave a choice, few enough to simulate in a moment. */
const LEAST_QUBITS = 12;
const MOST_QUBITS = 16;
const MOST_QUBITS_QUICK = 14;

interface Study {
  readonly jobs: Jobs;
  readonly horizon: number;
  readonly scheduled: ScheduleProblem;
  readonly answers: readonly Answer[];
  /** Of each answer; undefined where it has no possible schedule. */
  readonly makespans: readonly (number | undefined)[];
  readonly shortest: number;
}

/** Job-shop scheduling: other jobs for every seed. */
export async function schedulePart(options: DemoOptions, progress: DemoProgress): Promise<ApplicationPart> {
  const { quick } = options;
  const settings = { layers: quick ? [1, 2] : [1, 2, 4], steps: options.steps ?? (quick ? 20 : 60), shots: SHOTS };
  const seeds = seedsOf(options);
  const studies: Study[] = [];
  for (const [i, seed] of seeds.entries())
    studies.push(
      await studyOf(drawJobs(seed, quick ? MOST_QUBITS_QUICK : MOST_QUBITS), seed, settings, (layers) =>
        progress.update(`schedule ${i + 1}/${seeds.length}`, layers, settings.layers.at(-1)!),
      ),
    );
  const first = studies[0]!;
  const planned = await plannedSeconds(first.scheduled.problem, { ...settings, penalty: first.scheduled.penalty });
  const rows = rowsOf(studies, planned);
  const { circuit } = qaoaProgram(first.scheduled.problem, { penalty: first.scheduled.penalty });
  const found = first.answers.findLastIndex(({ role }) => role === "hybrid");
  const qubits = studies.map(({ scheduled }) => scheduled.problem.numVariables);
  return {
    rows,
    pictures: [
      {
        name: "manufacturing",
        caption: "One schedule by QAOA, and one by list scheduling",
        draw: (tools) => {
          const { samples, model } = first.answers[found]!;
          const schedules = [{ title: "list scheduling", schedule: listSchedule(first.jobs) }];
          const own = samples.best === undefined ? undefined : first.scheduled.scheduleOf(samples.best.bits);
          if (own !== undefined) schedules.unshift({ title: `${model}, best of ${SHOTS} shots`, schedule: own });
          return schedulePicture(tools, first.jobs, schedules, first.horizon);
        },
      },
    ],
    intro: `Schedule: ${JOBS} jobs of 2 operations of 1 or 2 slots on ${MACHINES} machines, drawn anew for every seed, as ${Math.min(...qubits)} to ${Math.max(...qubits)} yes-or-no choices of a start: one slot more than list scheduling needs is allowed, and starts from which a job could not end in time are left out.`,
    verdict: verdictOf(rows),
    limits: [
      "Schedule: these instances are so small that all schedules can be listed and a rule of thumb nearly always has a shortest one. Real job shops have hundreds of operations, and none of this says how the circuits would do there.",
      "Schedule: that every operation starts exactly once holds in every sample of an ideal circuit; that jobs and machines do not clash is only a penalty, so some samples are no schedule. Its weight is a formula, not a safe bound: with the safe bound the angles heed clashes alone.",
      "Schedule: durations are made up; there are no due dates, set-up times or breakdowns.",
    ],
    files: { "schedule-circuit.svg": drawSvg(circuit), "schedule-circuit.qasm": printQasm3(circuit) },
    record: {
      schedule: {
        instances: studies.map(({ jobs, horizon, shortest, answers, scheduled }, i) => ({
          ...{ seed: seeds[i], jobs, horizon, shortest, qubits: scheduled.problem.numVariables },
          schedules: Object.fromEntries(
            answers.map(({ model, samples }) => [
              model,
              samples.best === undefined ? null : scheduled.scheduleOf(samples.best.bits),
            ]),
          ),
        })),
      },
    },
  };
}

/** Jobs that visit two of the machines each, drawn until they fit the qubits. */
export function drawJobs(
  seed: number,
  mostQubits: number = MOST_QUBITS,
): { readonly jobs: Jobs; readonly horizon: number } {
  for (let attempt = 0; ; attempt++) {
    const rng = Rng.seed(seed).fork("jobs", attempt);
    const jobs = Array.from({ length: JOBS }, () =>
      [...rng.permutation(MACHINES).subarray(0, 2)].map((machine) => ({ machine, slots: 1 + rng.integer(2) })),
    );
    const horizon = makespan(jobs, listSchedule(jobs)) + 1;
    const qubits = scheduleProblem(jobs, horizon).problem.numVariables;
    if (qubits >= LEAST_QUBITS && qubits <= mostQubits) return { jobs, horizon };
  }
}

async function studyOf(
  { jobs, horizon }: ReturnType<typeof drawJobs>,
  seed: number,
  settings: { readonly layers: readonly number[]; readonly steps: number; readonly shots: number },
  onLayers: (layers: number) => void,
): Promise<Study> {
  const scheduled = scheduleProblem(jobs, horizon);
  const { problem, penalty, scheduleOf } = scheduled;
  const { exact, answers } = await studyProblem(problem, { ...settings, seed, penalty, onLayers }, [
    {
      ...{ model: "list scheduling, best of 3 rules", role: "reference", params: 0 },
      solve: () => scheduled.bitsOf(listSchedule(jobs)),
    },
  ]);
  const makespanOf = (bits: string): number => makespan(jobs, scheduleOf(bits)!);
  let shortest = horizon;
  for (const [index, feasible] of exact.feasible.entries())
    if (feasible === 1)
      shortest = Math.min(shortest, makespanOf(index.toString(2).padStart(problem.numVariables, "0")));
  const makespans = answers.map(({ samples }) =>
    samples.best === undefined ? undefined : makespanOf(samples.best.bits),
  );
  return { jobs, horizon, scheduled, answers, makespans, shortest };
}

function rowsOf(studies: readonly Study[], planned: readonly number[]): readonly DemoRow[] {
  return studies[0]!.answers.map(({ model, role, params }, row) => {
    const quantumSeconds = role === "hybrid" ? planned[row] : undefined;
    return demoRow(
      {
        ...{ part: "schedule", model, role, params, metric: `approximation ratio, best of ${SHOTS} shots` },
        ...(quantumSeconds === undefined ? {} : { quantumSeconds }),
      },
      studies.map(({ jobs, answers, makespans, shortest }) => {
        const { quality, seconds, cpuSeconds, circuitExecutions } = answers[row]!;
        // Without a schedule, one thing is done after the other.
        const all = jobs.flat().reduce((sum, { slots }) => sum + slots, 0);
        const also = {
          "makespan / shortest": (makespans[row] ?? all) / shortest,
          "mean of feasible shots": quality.meanRatio,
          "optimum share": quality.optimumShare,
          "feasible share": quality.feasibleShare,
        };
        return { value: quality.bestRatio, also, seconds, cpuSeconds, circuitExecutions };
      }),
    );
  });
}

function verdictOf(rows: readonly DemoRow[]): string {
  const ofRole = (role: string): DemoRow => rows.filter((row) => row.role === role).at(-1)!;
  const figure = (row: DemoRow, metric: string): string =>
    row.also!.find((candidate) => candidate.metric === metric)!.value.toFixed(2);
  const [hybrid, uniform] = [ofRole("hybrid"), ofRole("without quantum")];
  const list = rows.find(({ model }) => model.startsWith("list scheduling"))!;
  return `Schedule: of the shots of ${hybrid.model} a share of ${figure(hybrid, "feasible share")} is a schedule, of uniform draws of the starts ${figure(uniform, "feasible share")}; the best of ${SHOTS} takes ${figure(hybrid, "makespan / shortest")} times the shortest makespan, list scheduling ${figure(list, "makespan / shortest")} times, and brute force has the shortest in a moment.`;
}
