/**
 * What it costs to keep a run: milliseconds a step, fsyncs a job, and how long it takes to resume after ten thousand steps. One line
 * of figures. Run by itself or by `npm run chaos`, on a quiet machine: `node test/chaos/cost.ts [--quick]`.
 */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Emulator, startEmulator } from "../../providers/emulator/index.ts";
import { minimize, openStore, type RunStore } from "../../src/index.ts";
import type { ServiceAddress } from "../support/emulated-provider.ts";
import { ended, PRELOAD, PROGRAM, processEnvironment, through } from "../support/killed-drive.ts";
import { type KilledRunSettings, killedBackend, minimisation } from "../support/killed-run.ts";
import { KillingProxy } from "../support/killing-proxy.ts";
import { writeLongRun } from "../support/long-run.ts";

export interface CostOptions {
  /** Fewer repetitions. */
  readonly quick?: boolean;
}

export interface CostScale {
  /** Pairs of runs with and without a ledger, and the steps of each. */
  readonly rounds: number;
  readonly steps: number;
  readonly ledgerSteps: number;
  readonly resumes: number;
}

const GOALS = { stepMs: 15, fsyncsPerJob: 5, resumeMs: 2000 } as const;
/** A machine that does something else at the same time takes longer; so many times as long it takes nowhere. */
const BUSY = 5;
const FULL: CostScale = { rounds: 20, steps: 10, ledgerSteps: 10_000, resumes: 9 };
const QUICK: CostScale = { rounds: 6, steps: 8, ledgerSteps: 10_000, resumes: 3 };
const run = promisify(execFile);

export async function main({ quick = false }: CostOptions = {}): Promise<object> {
  return cost(quick ? QUICK : FULL);
}

export async function cost(scale: CostScale) {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "lepton-cost-"));
  try {
    await using emulator = await startEmulator({
      devices: ["manila"],
      noise: false,
      limits: { submissionsPerMinute: null },
    });
    const step = await stepCost(emulator, folder, scale);
    const fsync = await fsyncsPerJob(emulator, folder);
    const resume = await resumeTime(emulator, folder, scale);
    const fewSyncs = "skipped" in fsync || fsync.perJob <= GOALS.fsyncsPerJob;
    const inTime = (times: number): boolean =>
      step.costMs <= times * GOALS.stepMs && resume.toPollMs <= times * GOALS.resumeMs;
    return {
      chaos: "cost",
      ok: fewSyncs && inTime(BUSY),
      withinGoals: fewSyncs && inTime(1),
      goals: GOALS,
      step,
      fsync,
      resume,
      seconds: Math.round((performance.now() - began) / 1000),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Medians of the time from one step to the next, of runs that are kept and such that are not, in turn. */
async function stepCost(emulator: Emulator, folder: string, { rounds, steps }: CostScale) {
  await using store = await openStore(join(folder, "cost.db"));
  const provider = await killedBackend(emulator);
  const kept: number[] = [];
  const unkept: number[] = [];
  const measure = async (
    times: number[],
    keeping: { readonly store?: RunStore; readonly id?: string },
  ): Promise<void> => {
    let before = Number.NaN;
    for await (const { step } of minimize({ ...minimisation({ seed: 1, steps }), provider, ...keeping })) {
      const now = performance.now();
      if (step > 1) times.push(now - before);
      before = now;
    }
  };
  // The first pair makes everything warm.
  for (let round = 0; round <= rounds; round++) {
    await measure(round === 0 ? [] : unkept, {});
    await measure(round === 0 ? [] : kept, { store, id: `cost-${round}` });
  }
  const [keptMs, unkeptMs] = [median(kept), median(unkept)];
  return {
    steps: kept.length,
    keptMs: rounded(keptMs),
    unkeptMs: rounded(unkeptMs),
    costMs: rounded(keptMs - unkeptMs),
  };
}

/** From a long run less a short one, so that only jobs count, and not what opens the ledger. */
async function fsyncsPerJob(emulator: Emulator, folder: string) {
  const steps = { few: 2, many: 12 };
  const count = async (name: string, number: number): Promise<number> => {
    const log = join(folder, `${name}.strace`);
    const settings: KilledRunSettings = { kind: "minimize", seed: 1, steps: number, service: addressOf(emulator) };
    const command = [process.execPath, PROGRAM, join(folder, `${name}.db`), name];
    await run("strace", ["-f", "-q", "-e", "trace=fsync,fdatasync", "-o", log, ...command], {
      env: processEnvironment(folder, settings),
    });
    return readFileSync(log, "utf8").match(/\bf(data)?sync\(/g)?.length ?? 0;
  };
  try {
    await run("strace", ["-f", "-o", join(folder, "probe"), "true"]);
  } catch {
    return { skipped: 1, why: "strace is not there, or may not be used" };
  }
  const few = await count("few", steps.few);
  const many = await count("many", steps.many);
  return { calls: many, jobs: steps.many + 1, perJob: rounded((many - few) / (steps.many - steps.few)) };
}

/** A process that takes up a run of so many steps, whose next job is out: from its start to its first question for that job. */
async function resumeTime(emulator: Emulator, folder: string, { ledgerSteps, resumes }: CostScale) {
  const ledger = join(folder, "long.db");
  const service = addressOf(emulator);
  const began = performance.now();
  const events = await writeLongRun(ledger, "long", service, ledgerSteps);
  const writeSeconds = Math.round((performance.now() - began) / 1000);
  await using proxy = await KillingProxy.open(service.iamUrl);
  const settings: KilledRunSettings = {
    kind: "minimize",
    seed: 1,
    steps: ledgerSteps + 1,
    quiet: true,
    service: through(proxy, service),
  };
  const start = async (killAt: object, program: readonly string[] = [ledger, "long"]) => {
    const child = spawn(process.execPath, ["--import", PRELOAD, PROGRAM, ...program], {
      env: { ...processEnvironment(folder, settings), KILL_AT: JSON.stringify(killAt) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const at = performance.now();
    proxy.begin(undefined, () => {});
    const { signal, errors } = await ended(child);
    if (signal !== "SIGKILL") throw new Error(`A process was not killed at ${JSON.stringify(killAt)}: ${errors}`);
    const poll = proxy.requests.find(({ method, path }) => method === "GET" && /\/jobs\/[^/]+$/.test(path));
    return { first: proxy.requests[0]!.at - at, poll: (poll?.at ?? Number.NaN) - at };
  };
  await start({ point: "k6" });
  const times: Awaited<ReturnType<typeof start>>[] = [];
  for (let index = 0; index < resumes; index++) times.push(await start({ point: "k7" }));
  const fresh: number[] = [];
  for (let index = 0; index < Math.min(3, resumes); index++)
    fresh.push((await start({ point: "k7" }, [join(folder, `fresh-${index}.db`), "fresh"])).first);
  return {
    ledgerSteps,
    events,
    writeSeconds,
    toFirstRequestMs: Math.round(median(times.map(({ first }) => first))),
    toPollMs: Math.round(median(times.map(({ poll }) => poll))),
    toPollMaxMs: Math.round(Math.max(...times.map(({ poll }) => poll))),
    /** Of a new run: what Node and the modules take. */
    freshToFirstRequestMs: Math.round(median(fresh)),
  };
}

function addressOf({ url, iamUrl, token, crn }: Emulator): ServiceAddress {
  return { url, iamUrl, token, crn };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(100 * value) / 100;
}

if (import.meta.main) {
  const figures = await main({ quick: process.argv.includes("--quick") });
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (!("ok" in figures && figures.ok === true)) process.exitCode = 1;
}
