/**
 * Workers in processes of their own that share a ledger on PostgreSQL, killed and stopped at random, against the emulator; one
 * line of figures. Run by itself or by `npm run chaos`: `node test/chaos/postgres-chaos.ts [--quick] [--seed N]`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { Rng } from "../../circuits/index.ts";
import { type Emulator, startEmulator } from "../../providers/emulator/index.ts";
import { systemClock } from "../../providers/index.ts";
import { type MinimizeResult, minimize } from "../../src/index.ts";
import { foldRun, type RunStore } from "../../src/runs/index.ts";
import { postgresStore } from "../../src/runs/postgres/postgres-store.ts";
import { unpackState } from "../../src/runs/snapshot.ts";
import { createSweep } from "../../src/worker/sweep.ts";
import chaosRun, { CHAOS_STEPS } from "../support/chaos-run.ts";
import { type ChaosWorkerSettings, chaosBackend } from "../support/chaos-worker.ts";
import { EMULATED_BACKEND } from "../support/emulated-provider.ts";
import { PostgresServer, postgresFolder, type TestDatabase } from "../support/postgres.ts";

export interface PostgresChaosOptions {
  /** Fewer of all. */
  readonly quick?: boolean;
  readonly seed?: number;
}

interface Scale {
  readonly workers: number;
  readonly runs: number;
  readonly kills: number;
  readonly stops: number;
}

const FULL: Scale = { workers: 8, runs: 1000, kills: 50, stops: 20 };
const QUICK: Scale = { workers: 3, runs: 40, kills: 4, stops: 1 };
const VARIANTS = 20;
/** Longer than a lease lasts, so that somebody else takes over what the stopped worker drove. */
const STOP_SECONDS = 36;
const STOPPED_AT_ONCE = 3;
/** For what a worker that goes on has still to send and to find out. */
const SETTLE_SECONDS = 5;
const PATIENCE_SECONDS = 1800;
const WORKER = fileURLToPath(new URL("../support/chaos-worker.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../support/chaos-run.ts", import.meta.url));

export async function main({ quick = false, seed = 1 }: PostgresChaosOptions = {}): Promise<object> {
  if (postgresFolder() === undefined)
    return { chaos: "postgres", ok: true, skipped: 1, why: "PostgreSQL is not installed" };
  const began = performance.now();
  const scale = quick ? QUICK : FULL;
  await using server = await PostgresServer.start();
  await using emulator = await startEmulator({
    devices: ["manila"],
    seed,
    noise: false,
    limits: { submissionsPerMinute: null },
  });
  const database = await server.database();
  await using store = await postgresStore(database.url);
  const expected = await references(emulator);
  const before = emulator.control.counts().jobs;
  const options = Array.from({ length: scale.runs }, (_, index) => ({
    provider: `ibm:${EMULATED_BACKEND}`,
    variant: index % VARIANTS,
  }));
  await createSweep(store, { name: "chaos", config: CONFIG, options });
  const troubles = await drive(scale, database, emulator, seed);
  const found = await judge(store, emulator, expected, before);
  const wrong =
    found.unfinished +
    found.stepsLost +
    found.unequalWeights +
    found.unnoticed +
    found.unequalSeconds +
    found.doubleSteps;
  return {
    chaos: "postgres",
    ok: wrong === 0 && troubles.kills === scale.kills && troubles.stops === scale.stops,
    ...scale,
    ...troubles,
    ...found,
    weightsEqual: found.unequalWeights === 0,
    seed,
    seconds: Math.round((performance.now() - began) / 1000),
  };
}

/** What the runs come to when nothing disturbs them. */
async function references(emulator: Emulator): Promise<readonly MinimizeResult[]> {
  const results: MinimizeResult[] = [];
  for (let variant = 0; variant < VARIANTS; variant++)
    results.push(await minimize({ ...chaosRun({ variant }), provider: await chaosBackend(emulator) }));
  return results;
}

/** Workers drive all runs, while some are killed and others stopped, spread over the whole. */
async function drive(scale: Scale, database: TestDatabase, { url, iamUrl, token, crn }: Emulator, seed: number) {
  const rng = Rng.seed(seed).fork("troubles");
  const settings: ChaosWorkerSettings = {
    ledger: database.url,
    service: { url, iamUrl, token, crn },
    concurrency: 4,
  };
  const environment = { ...process.env, CHAOS_WORKER: JSON.stringify(settings) };
  const ready = new WeakSet<ChildProcess>();
  const start = (): ChildProcess => {
    const worker = spawn(process.execPath, [WORKER], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
    worker.stdout.once("data", () => ready.add(worker));
    return worker;
  };
  const workers = Array.from({ length: scale.workers }, start);
  const stopped = new Map<number, number>();
  let kills = 0;
  let stops = 0;
  const until = systemClock.now() + 1000 * PATIENCE_SECONDS;
  /** Any of those that are at work. */
  const pick = (): number | undefined => {
    const candidates = workers.flatMap((worker, index) => (ready.has(worker) && !stopped.has(index) ? [index] : []));
    return candidates[Math.floor(rng.uniform() * candidates.length)];
  };
  try {
    for (;;) {
      await systemClock.sleep(20 + 180 * rng.uniform());
      const now = systemClock.now();
      for (const [index, wakeAt] of stopped)
        if (wakeAt <= now) {
          workers[index]!.kill("SIGCONT");
          stopped.delete(index);
        }
      for (const [index, worker] of workers.entries())
        if (worker.exitCode !== null || worker.signalCode !== null)
          throw new Error(`Worker ${index} ended by itself: ${worker.exitCode ?? worker.signalCode}.`);
      const [{ finished }] = (await database.sql(
        "SELECT count(*)::int AS finished FROM lepton.runs WHERE status IN ('finished', 'failed')",
      )) as [{ finished: number }];
      if (finished === scale.runs && stopped.size === 0) break;
      if (now > until) break;
      const share = finished / scale.runs;
      const victim = pick();
      if (victim === undefined) continue;
      if (stops < scale.stops && stopped.size < STOPPED_AT_ONCE && share >= (0.9 * stops) / scale.stops) {
        // Wherever it is, or where it is about to send what it has written down.
        workers[victim]!.kill(stops % 2 === 0 ? "SIGUSR2" : "SIGSTOP");
        stopped.set(victim, now + 1000 * STOP_SECONDS);
        stops++;
      } else if (kills < scale.kills && share >= (0.9 * kills) / scale.kills) {
        workers[victim]!.kill("SIGKILL");
        await once(workers[victim]!, "exit");
        workers[victim] = start();
        kills++;
      }
    }
    await systemClock.sleep(1000 * SETTLE_SECONDS);
  } finally {
    for (const worker of workers) {
      worker.kill("SIGCONT");
      worker.kill("SIGTERM");
    }
    const late = setTimeout(() => workers.map((worker) => worker.kill("SIGKILL")), 10_000);
    await Promise.all(workers.map((worker) => worker.exitCode ?? worker.signalCode ?? once(worker, "exit")));
    clearTimeout(late);
  }
  return { kills, stops };
}

/** What the ledger says beside what the service knows. */
async function judge(store: RunStore, emulator: Emulator, expected: readonly MinimizeResult[], before: number) {
  const figures = {
    finished: 0,
    unfinished: 0,
    takeovers: 0,
    jobsNeeded: 0,
    jobsAccepted: emulator.control.counts().jobs - before,
    dupCreated: 0,
    dupPaid: 0,
    unnoticed: 0,
    stepsLost: 0,
    doubleSteps: 0,
    unequalWeights: 0,
    unequalSeconds: 0,
  };
  const jobs = Map.groupBy(emulator.control.jobs().slice(before), ({ tags }) =>
    tags.find((tag) => tag.startsWith("lp-run-")),
  );
  for (const { id, status, task } of await store.runs({ limit: Number.POSITIVE_INFINITY })) {
    const records = await store.read(id);
    const state = foldRun(records);
    if (status !== "finished") {
      figures.unfinished++;
      process.stderr.write(`Run ${id} is ${status}: ${state.error?.code} ${state.error?.message}\n`);
      continue;
    }
    figures.finished++;
    figures.takeovers += records.filter(({ event }) => event.type === "claimed" && event.takeover).length;
    const steps = records.flatMap(({ event }) => (event.type === "step" ? [event.step] : []));
    figures.stepsLost += CHAOS_STEPS - new Set(steps).size;
    figures.doubleSteps += steps.length - new Set(steps).size;
    const result = unpackState(await store.blob(state.result!)) as MinimizeResult;
    const reference = expected[Number(task!.options.variant)]!;
    if (!isDeepStrictEqual(result.weights, reference.weights) || result.value !== reference.value)
      figures.unequalWeights++;

    const accepted = jobs.get(`lp-run-${id}`) ?? [];
    const used = new Set([...state.jobs.values()].flatMap(({ result }) => result?.jobId ?? []));
    const noticed = new Set([...used, ...state.orphans.keys()]);
    for (const { event } of records)
      if (event.type === "submitted") for (const jobId of [event.jobId, ...event.surplus]) noticed.add(jobId);
    figures.jobsNeeded += used.size;
    const duplicates = accepted.filter((job) => !used.has(job.id));
    figures.dupCreated += duplicates.length;
    figures.dupPaid += duplicates.filter(({ quantumSeconds }) => quantumSeconds > 0).length;
    const silent = duplicates.filter((job) => !noticed.has(job.id));
    figures.unnoticed += silent.length;
    for (const job of silent) process.stderr.write(`Nobody noticed job ${JSON.stringify(job)} of run ${id}.\n`);
    const charged = accepted.reduce((sum, { quantumSeconds }) => sum + quantumSeconds, 0);
    const { settled, reserved } = await store.totals(`run:${id}`);
    if (Math.abs(settled.quantumSeconds - charged) > 1e-6 || reserved.jobs !== 0) {
      figures.unequalSeconds++;
      process.stderr.write(
        `Run ${id}: the ledger has ${settled.quantumSeconds} s, ${reserved.jobs} jobs set aside; the service ${charged} s.\n`,
      );
    }
  }
  return figures;
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
