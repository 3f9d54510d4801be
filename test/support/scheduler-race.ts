import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Rng } from "../../circuits/index.ts";
import { addSchedule, memoryStore, openStore, type RunStore, Scheduler } from "../../src/index.ts";
import type { RacingOptions } from "./racing-scheduler.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface RaceFigures {
  readonly schedulers: number;
  readonly ticks: number;
  readonly runs: number;
  /** Ticks from the first to the last that started without a run, and those for which more than one was started. */
  readonly missed: number;
  readonly double: number;
  readonly kills: number;
}

const VIRTUAL_START = Date.parse("2026-11-26T00:00:00Z");
const SECOND = 1000;
const everySecond = { config: "none.ts", cron: "* * * * * *", overlap: "allow", catchUp: { all: 1000 } } as const;
const child = fileURLToPath(new URL("./racing-scheduler.ts", import.meta.url));

export interface ProcessRace {
  readonly processes: number;
  readonly ticks: number;
  /** An empty ledger; by default a SQLite file of the race's own. */
  readonly location?: string;
  /** So many times one of the processes is killed, and another takes its place. */
  readonly kills?: number;
  /** Virtual seconds in a second. */
  readonly speed?: number;
  readonly seed?: number;
}

/**
 * Processes with clocks that differ by up to a tick, of which one jumps ahead and one back, race for the ticks of a schedule in one
 * ledger.
 */
export async function raceProcesses({
  processes,
  ticks,
  location,
  kills = 0,
  speed = 50,
  seed = 1,
}: ProcessRace): Promise<RaceFigures> {
  const folder = mkdtempSync(join(tmpdir(), "lepton-race-"));
  const ledger = location ?? join(folder, "runs.db");
  const rng = Rng.seed(seed);
  const children = new Set<ChildProcess>();
  try {
    const clock = new VirtualClock(VIRTUAL_START);
    await using store = await openStore(ledger, { clock });
    await addSchedule(store, "race", everySecond);
    const end = VIRTUAL_START + ticks * SECOND;
    const start = Date.now() + 300;
    const told: number[] = [];
    const launch = (index: number): Promise<void> => {
      const jumps = [20, -20][index] ?? 0;
      const options: RacingOptions = {
        ledger,
        virtualStart: VIRTUAL_START,
        start,
        speed,
        skew: Math.round((index / processes - 0.5) * SECOND),
        jumpAt: VIRTUAL_START + Math.round((ticks * SECOND) / 2),
        jump: jumps * SECOND,
        end,
      };
      const racing = spawn(process.execPath, [child, JSON.stringify(options)], { stdio: ["ignore", "pipe", "pipe"] });
      children.add(racing);
      let [output, errors] = ["", ""];
      racing.stdout.on("data", (part) => (output += part));
      racing.stderr.on("data", (part) => (errors += part));
      return new Promise((resolve, reject) => {
        racing.on("error", reject);
        racing.on("close", (code, signal) => {
          children.delete(racing);
          if (signal === "SIGKILL") resolve(launch(index));
          else if (code !== 0) reject(new Error(`A scheduler ended with ${code ?? signal}: ${errors}`));
          else {
            told.push(...(JSON.parse(output) as number[]));
            resolve();
          }
        });
      });
    };
    const all = Promise.all(Array.from({ length: processes }, (_, index) => launch(index)));
    let killed = 0;
    const killing = (async () => {
      for (; killed < kills; killed++) {
        await delay((ticks * SECOND) / speed / (kills + 1));
        const victims = [...children];
        victims[rng.integer(victims.length)]?.kill("SIGKILL");
      }
    })();
    await Promise.all([all, killing]);
    // Whatever was left by those who were killed at the end.
    clock.advance(ticks);
    await new Scheduler({ store, facts: async () => ({}) }).pass();
    return { ...(await figuresOf(store, told)), schedulers: processes, kills: killed };
  } finally {
    for (const racing of children) racing.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Schedulers of one process race on a store in memory. */
export async function raceInMemory(schedulers: number, ticks: number): Promise<RaceFigures> {
  const clock = new VirtualClock(VIRTUAL_START);
  const store = memoryStore({ clock });
  await addSchedule(store, "race", everySecond);
  const racing = Array.from({ length: schedulers }, () => new Scheduler({ store, facts: async () => ({}) }));
  const told: number[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    clock.advance(1);
    const reports = await Promise.all(racing.map((scheduler) => scheduler.pass()));
    told.push(...reports.flatMap(({ started }) => started.map((start) => start.tick)));
  }
  return { ...(await figuresOf(store, told)), schedulers, kills: 0 };
}

/** @param told ticks that schedulers said they started */
async function figuresOf(
  store: RunStore,
  told: readonly number[],
): Promise<Pick<RaceFigures, "ticks" | "runs" | "missed" | "double">> {
  const started = (await store.ticks("race", 100_000)).filter(({ outcome }) => outcome === "started");
  const runs = await store.runs({ schedule: "race", limit: 100_000 });
  const byTick = new Map<number, number>();
  for (const { schedule } of runs) byTick.set(schedule!.tick, (byTick.get(schedule!.tick) ?? 0) + 1);
  const last = Math.max(...started.map(({ tick }) => tick));
  let missed = 0;
  for (let tick = VIRTUAL_START + SECOND; tick <= last; tick += SECOND) if (!byTick.has(tick)) missed++;
  const repeated = told.length - new Set(told).size;
  return {
    ticks: (last - VIRTUAL_START) / SECOND,
    runs: runs.length,
    missed,
    double: [...byTick.values()].filter((count) => count > 1).length + repeated,
  };
}
