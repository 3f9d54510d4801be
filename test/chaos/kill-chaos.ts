/**
 * Processes that drive runs over HTTP, with a ledger in a file, are killed at every crash point in every step, and at random
 * times; the same command then goes on. One line of figures. Run by itself or by `npm run chaos`:
 * `node test/chaos/kill-chaos.ts [--quick] [--seed N]`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Rng } from "../../circuits/index.ts";
import { startEmulator } from "../../providers/emulator/index.ts";
import { openStore } from "../../src/index.ts";
import { foldRun, type RunStore, unpackState } from "../../src/runs/index.ts";
import { inParallel } from "../support/in-parallel.ts";
import { type KillScale, plannedKills, pointOf, randomScenario } from "../support/kill-plan.ts";
import {
  type Driven,
  driveKilled,
  driveStraight,
  type KillGround,
  type Scenario,
  type Straight,
} from "../support/killed-drive.ts";
import { driveKilledSchedule } from "../support/killed-schedule.ts";
import { addVerdict, faultsIn, judgeRun, NO_VERDICTS } from "../support/run-judge.ts";

export interface KillChaosOptions {
  /** Fewer kills. */
  readonly quick?: boolean;
  readonly seed?: number;
}

const FULL: KillScale = { jobs: [1, 2, 3, 4], seeds: [1, 2, 3], trainSeeds: [4], random: 200, ticks: [1, 2, 3] };
const QUICK: KillScale = { jobs: [2], seeds: [1, 2], trainSeeds: [4], random: 10, ticks: [2] };

export async function main({ quick = false, seed = 1 }: KillChaosOptions = {}): Promise<object> {
  return killChaos(quick ? QUICK : FULL, seed);
}

interface Found {
  readonly scenario: Scenario;
  readonly driven: Driven;
}

export async function killChaos(scale: KillScale, seed = 1) {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "lepton-kills-"));
  try {
    await using emulator = await startEmulator({
      devices: ["manila"],
      seed,
      noise: false,
      limits: { submissionsPerMinute: null },
      queueSeconds: 0.05,
    });
    const { url, iamUrl, token, crn } = emulator;
    const ledger = join(folder, "runs.db");
    await using store = await openStore(ledger);
    const ground: KillGround = { folder, ledger, store, service: { url, iamUrl, token, crn } };
    const straight = new StraightRuns(ground);
    const width = 2 * availableParallelism();
    // Where the process dies that starts the runs of a schedule: before a tick is claimed, and before the claim is kept.
    const claims = scale.ticks.flatMap((nth) => [
      { id: `claim-${nth}`, kill: { point: "k17", nth } as const },
      { id: `claimed-${nth}`, kill: { point: "k14", after: "k17", nth } as const },
    ]);
    const [planned, schedules] = await Promise.all([
      inParallel(width, plannedKills(scale), (scenario) => drive(ground, scenario)),
      inParallel(width, claims, ({ id, kill }) => driveKilledSchedule(ground, id, kill, () => emulator.control.jobs())),
    ]);
    const random = await killAtRandom(ground, scale, seed, width, straight);
    const found = [...planned, ...random];
    const jobs = emulator.control.jobs();
    let verdicts = NO_VERDICTS;
    let weightsUnequal = 0;
    for (const { scenario, driven } of found) {
      const verdict = await judgeRun(store, scenario.id, scenario.steps, jobs);
      verdicts = addVerdict(verdicts, verdict);
      const equal = await isEqual(store, scenario, driven, await straight.of(scenario));
      if (!equal) weightsUnequal++;
      if (!equal || faultsIn(addVerdict(NO_VERDICTS, verdict)) > 0 || driven.stepsLost > 0)
        process.stderr.write(`${JSON.stringify({ scenario, driven, verdict, equal })}\n`);
    }
    for (const { runs } of schedules) for (const verdict of runs) verdicts = addVerdict(verdicts, verdict);
    const resumes = found.flatMap(({ driven }) => driven.resumes);
    const figures = {
      runs: found.length + schedules.length,
      ...killsOf(found, schedules),
      /** Planned kills to which no process came. */
      missed:
        planned.reduce((sum, { scenario, driven }) => sum + scenario.kills.length - driven.killed.length, 0) +
        schedules.reduce((sum, { killed }) => sum + 1 - killed, 0),
      stepsLost: found.reduce((sum, { driven }) => sum + driven.stepsLost, 0) + verdicts.stepsWrong,
      ...verdicts,
      weightsEqual: weightsUnequal === 0,
      weightsUnequal,
      ledgerEqualsUsage: verdicts.secondsApart + verdicts.reserved === 0,
      ledgerIntact: isIntact(ledger),
      ticksMissed: schedules.reduce((sum, { missed }) => sum + missed, 0),
      ticksDouble: schedules.reduce((sum, { double }) => sum + double, 0),
      resumeMedianMs: Math.round(median(resumes)),
      resumeMaxMs: Math.round(Math.max(...resumes)),
    };
    const { missed, stepsLost, ticksMissed, ticksDouble } = figures;
    const wrong = missed + stepsLost + faultsIn(verdicts) + weightsUnequal + ticksMissed + ticksDouble;
    return {
      chaos: "kills",
      ok: wrong === 0 && figures.ledgerIntact,
      ...figures,
      seed,
      seconds: Math.round((performance.now() - began) / 1000),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function drive(ground: KillGround, scenario: Scenario): Promise<Found> {
  return { scenario, driven: await driveKilled(ground, scenario) };
}

/** Until so many processes were killed; some kills come too late. */
async function killAtRandom(
  ground: KillGround,
  scale: KillScale,
  seed: number,
  width: number,
  straight: StraightRuns,
): Promise<readonly Found[]> {
  const rng = Rng.seed(seed).fork("random");
  const found: Found[] = [];
  let kills = 0;
  let index = 0;
  const lane = async (): Promise<void> => {
    while (kills < scale.random) {
      const { milliseconds } = await straight.of({ kind: "minimize", seed: scale.seeds[0]!, steps: 3 });
      const scenario = randomScenario(rng.fork(index), index++, scale, milliseconds);
      const one = await drive(ground, scenario);
      kills += one.driven.killed.length;
      found.push(one);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return found;
}

/** What runs come to when nobody keeps or kills them, each found out once. */
class StraightRuns {
  readonly #ground: KillGround;
  readonly #known = new Map<string, Promise<Straight>>();

  constructor(ground: KillGround) {
    this.#ground = ground;
  }

  of({ kind, seed, steps, large = false }: Pick<Scenario, "kind" | "seed" | "steps" | "large">): Promise<Straight> {
    const key = JSON.stringify([kind, seed, steps, large]);
    const known = this.#known.get(key) ?? driveStraight(this.#ground, { kind, seed, steps, large });
    this.#known.set(key, known);
    return known;
  }
}

/** The program's weights, and for a problem also what the ledger has. */
async function isEqual(store: RunStore, { id, kind }: Scenario, driven: Driven, straight: Straight): Promise<boolean> {
  if (driven.weights !== straight.weights) return false;
  if (kind === "train") return true;
  const { result } = foldRun(await store.read(id));
  const kept = unpackState(await store.blob(result!)) as { readonly value: number };
  return kept.value === straight.value && (driven.value ?? straight.value) === straight.value;
}

function killsOf(found: readonly Found[], schedules: readonly { readonly killed: number }[]) {
  const byPoint: Record<string, number> = {};
  for (const { driven } of found)
    for (const kill of driven.killed) byPoint[pointOf(kill)] = (byPoint[pointOf(kill)] ?? 0) + 1;
  byPoint.k17 = schedules.reduce((sum, { killed }) => sum + killed, 0);
  const kills = Object.values(byPoint).reduce((sum, count) => sum + count, 0);
  const sorted = Object.entries(byPoint).sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  return { kills, byPoint: Object.fromEntries(sorted) };
}

function isIntact(ledger: string): boolean {
  const database = new DatabaseSync(ledger, { readOnly: true });
  try {
    return database.prepare("PRAGMA integrity_check").get()?.integrity_check === "ok";
  } finally {
    database.close();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

if (import.meta.main) {
  const seed = process.argv.indexOf("--seed");
  const figures = await main({
    quick: process.argv.includes("--quick"),
    ...(seed < 0 ? {} : { seed: Number(process.argv[seed + 1]) }),
  });
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (!("ok" in figures && figures.ok === true)) process.exitCode = 1;
}
