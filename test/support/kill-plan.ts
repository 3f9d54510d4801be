import type { Rng } from "../../circuits/index.ts";
import type { CrashPoint } from "../../src/runs/crash-points.ts";
import type { KillAt } from "./kill-at.ts";
import type { Kill, Scenario } from "./killed-drive.ts";
import type { KillStage } from "./killing-proxy.ts";

/** How much is killed. */
export interface KillScale {
  /** In which of the run's jobs, from 1 to 4; the last one belongs to no step. */
  readonly jobs: readonly number[];
  /** Of runs of `minimize`; those of the last are driven by the command line. */
  readonly seeds: readonly number[];
  /** Of runs of `train`. */
  readonly trainSeeds: readonly number[];
  /** Crash points; all by default. */
  readonly points?: readonly CrashPoint[];
  /** Kills at random times. */
  readonly random: number;
  /** At which ticks of a schedule the process dies that starts its runs. */
  readonly ticks: readonly number[];
}

export const STEPS = 3;
/** So many that snapshots are dropped. */
const LARGE_STEPS = 5;
/** Points that every job of a run comes to, and those of steps alone. */
const OF_JOBS = ["k0", "k1", "k2", "k5", "k6", "k7", "k9", "k10"] as const satisfies readonly CrashPoint[];
const OF_STEPS = ["k11", "k12", "k13", "k15"] as const satisfies readonly CrashPoint[];
const OF_NETWORK: Readonly<Partial<Record<CrashPoint, KillStage>>> = { k3: "sent", k4: "accepted", k8: "reading" };
/** A submit whose process is dead arrives so much later, or never. */
const LATE_MILLISECONDS = 300;
const MOST_KILLS_A_RUN = 4;

/** Every crash point in every step, for every seed. */
export function plannedKills(scale: KillScale): readonly Scenario[] {
  const { jobs, seeds, trainSeeds, points } = scale;
  const scenarios: Scenario[] = [];
  const chosen = (point: CrashPoint): boolean => points === undefined || points.includes(point);
  const runs = [
    ...seeds.map(
      (seed) =>
        ({ kind: "minimize", by: seed === seeds.at(-1) && seeds.length > 1 ? "command" : "program", seed }) as const,
    ),
    ...trainSeeds.map((seed, index) => ({ kind: "train", by: index % 2 === 0 ? "program" : "command", seed }) as const),
  ];
  for (const run of runs) {
    const add = (name: string, point: CrashPoint, kills: readonly Kill[], more: Partial<Scenario> = {}): void => {
      if (chosen(point))
        scenarios.push({ id: `${run.kind}-${run.seed}-${name}`, steps: STEPS, ...run, ...more, kills });
    };
    const at = (kill: KillAt): Kill => ({ at: kill });
    for (const job of jobs) {
      for (const point of OF_JOBS) add(`${point}-${job}`, point, [at({ point, job })]);
      for (const [point, stage] of Object.entries(OF_NETWORK) as [CrashPoint, KillStage][]) {
        const arrives = stage === "sent" && (job + run.seed) % 2 === 0 ? { lateMilliseconds: LATE_MILLISECONDS } : {};
        add(`${point}-${job}`, point, [{ proxy: { stage, nth: job, ...arrives } }]);
      }
      // What dies while it resumes dies a second time.
      const first = (["k2", "k4", "k6", "k10"] as const)[(job + run.seed) % 4]!;
      const before: Kill = first === "k4" ? { proxy: { stage: "accepted", nth: job } } : at({ point: first, job });
      add(`k18-${job}`, "k18", [before, at({ point: "k18" })]);
      // Within the transactions that write an intent, a job's id, its values.
      for (const after of ["k1", "k5", "k9"] as const)
        add(`k14-${after}-${job}`, "k14", [at({ point: "k14", after, job })]);
    }
    const steps = jobs.filter((job) => job <= STEPS);
    for (const step of steps) {
      for (const point of OF_STEPS) add(`${point}-${step}`, point, [at({ point, job: step })]);
      add(`k14-${step}`, "k14", [at({ point: "k14", after: "k13", job: step })]);
    }
    if (run.kind === "train") continue;
    const large = { large: true, steps: LARGE_STEPS };
    for (const step of [...steps, LARGE_STEPS - 1, LARGE_STEPS])
      add(`k16-${step}`, "k16", [at({ point: "k16", job: step })], large);
    // While snapshots are dropped.
    add("k14-k16", "k14", [at({ point: "k14", after: "k16", job: LARGE_STEPS - 1 })], large);
  }
  return scenarios;
}

/** A run that is killed at random times, by the program and the command line in turn, and sometimes a training. */
export function randomScenario(
  rng: Rng,
  index: number,
  { seeds, trainSeeds }: KillScale,
  milliseconds: number,
): Scenario {
  const trains = trainSeeds.length > 0 && index % 5 === 4;
  const among = trains ? trainSeeds : seeds;
  const times = 1 + rng.integer(MOST_KILLS_A_RUN);
  return {
    id: `random-${index}`,
    kind: trains ? "train" : "minimize",
    by: index % 3 === 2 ? "command" : "program",
    seed: among[rng.integer(among.length)]!,
    steps: STEPS,
    kills: Array.from({ length: times }, () => randomKill(rng, milliseconds)),
  };
}

/** Mostly while the process talks to the service, now and then while it starts. */
function randomKill(rng: Rng, milliseconds: number): Kill {
  return rng.uniform() < 0.15
    ? { after: 1500 * rng.uniform(), since: "start" }
    : { after: milliseconds * rng.uniform(), since: "request" };
}

/** What a kill is counted as. */
export function pointOf(kill: Kill): string {
  if ("at" in kill) return kill.at.point;
  if ("after" in kill) return "random";
  return kill.proxy.stage === "sent" ? "k3" : kill.proxy.stage === "accepted" ? "k4" : "k8";
}
