import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { JobTruth } from "../../providers/emulator/control.ts";
import { addSchedule, openStore } from "../../src/index.ts";
import type { KillAt } from "./kill-at.ts";
import { COMMAND, CONFIG, ended, type KillGround, PRELOAD, processEnvironment } from "./killed-drive.ts";
import type { KilledRunSettings } from "./killed-run.ts";
import { judgeRun, type RunVerdict } from "./run-judge.ts";

export interface KilledSchedule {
  readonly killed: number;
  /** Ticks without a run, and ticks with more than one. */
  readonly missed: number;
  readonly double: number;
  readonly runs: readonly RunVerdict[];
}

const TICKS = 3;
const STEPS = 1;

/**
 * A worker starts the runs of a schedule with three ticks, and is killed as it is about to; the same command then goes on.
 * @param jobs those at the service, when they are asked for
 */
export async function driveKilledSchedule(
  { folder, service }: Pick<KillGround, "folder" | "service">,
  id: string,
  kill: KillAt,
  jobs: () => readonly JobTruth[],
): Promise<KilledSchedule> {
  const ledger = join(folder, `${id}.db`);
  await using store = await openStore(ledger);
  const first = await firstTick();
  const ticks = Array.from({ length: TICKS }, (_, index) => first + 1000 * index);
  const at = new Date(first);
  const seconds = ticks.map((tick) => new Date(tick).getUTCSeconds()).join(",");
  await addSchedule(store, id, {
    config: CONFIG,
    cron: `${seconds} ${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} *`,
    overlap: "allow",
    catchUp: { all: 100 },
  });
  await delay(Math.max(0, ticks.at(-1)! + 200 - Date.now()));
  const settings: KilledRunSettings = { kind: "minimize", seed: 1, steps: STEPS, service };
  let killed = 0;
  for (const at of [kill, undefined]) {
    const child = spawn(process.execPath, ["--import", PRELOAD, COMMAND, "worker", "--once", "--store", ledger], {
      cwd: folder,
      env: {
        ...processEnvironment(folder, settings),
        ...(at === undefined ? {} : { KILL_AT: JSON.stringify(at) }),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { code, signal, errors } = await ended(child);
    if (signal === "SIGKILL") killed++;
    else if (code !== 0) throw new Error(`A worker ended with ${code ?? signal}: ${errors}`);
  }
  const runs = await store.runs({ schedule: id });
  const times = ticks.map((tick) => runs.filter(({ schedule }) => schedule?.tick === tick).length);
  const verdicts: RunVerdict[] = [];
  for (const run of runs) verdicts.push(await judgeRun(store, run.id, STEPS, jobs()));
  return {
    killed,
    missed: times.filter((count) => count === 0).length,
    double:
      times.filter((count) => count > 1).length +
      runs.length -
      times.reduce((sum, count) => sum + Math.min(1, count), 0),
    runs: verdicts,
  };
}

/** So that all ticks are in one minute, and the first of them is still to come. */
async function firstTick(): Promise<number> {
  for (;;) {
    const first = 1000 * Math.ceil((Date.now() + 500) / 1000);
    if (new Date(first).getUTCSeconds() + TICKS <= 60) return first;
    await delay(500);
  }
}
