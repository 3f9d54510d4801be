/**
 * Runs in virtual time, with everything that can go wrong; one line of figures. By itself or by `npm run chaos`:
 * `node test/chaos/virtual-time.ts [--seed S] [--runs N] [--workers W] [--trace]`. The run that `--seed S --runs 1` names is
 * the same in every detail each time.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { RunReport } from "./simulation/simulate.ts";

export interface VirtualTimeOptions {
  /** Of the first run; those after it have the next ones. */
  readonly seed?: number;
  readonly runs?: number;
  /** Threads; one for each processor by default. */
  readonly workers?: number;
  /** Keeps what happened, for those who want to read it. */
  readonly trace?: boolean;
  /** Told of each run. */
  readonly onRun?: (report: RunReport) => void;
}

export interface Figures {
  readonly harness: "virtual-time";
  readonly ok: boolean;
  readonly runs: number;
  readonly faults: number;
  /** Kinds of faults that struck. */
  readonly kinds: number;
  readonly kills: number;
  readonly stepsLost: number;
  /** Jobs paid twice although the service listed them in time and one process at a time drove the run. */
  readonly dupPaid: number;
  readonly dupCreatedCancelled: number;
  /** Jobs that neither a step nor the account of surplus ones knows. */
  readonly unnoticed: number;
  readonly nanSteps: number;
  readonly overspendSeconds: number;
  readonly weightsEqual: boolean;
  /** Runs whose service lists jobs later than is allowed for, or that two processes drove at once; and what was paid twice in them. */
  readonly excused: { readonly beyond: number; readonly raced: number; readonly dupPaid: number };
  readonly processes: number;
  readonly requests: number;
  readonly mostRequestsPerHour: number;
  readonly virtualDays: number;
  /** Seeds of runs with something wrong, and what. */
  readonly failures: readonly { readonly seed: number; readonly violations: readonly string[] }[];
  readonly seconds: number;
  readonly seed: number;
}

const BATCH = 10;
const BATCH_SECONDS = 300;

export async function main(options: VirtualTimeOptions = {}): Promise<Figures> {
  const { seed = 1, runs = 10_000, workers = availableParallelism(), trace = false, onRun } = options;
  const began = performance.now();
  const sums = { faults: 0, kills: 0, stepsLost: 0, dupPaid: 0, dupCreatedCancelled: 0, unnoticed: 0, nanSteps: 0 };
  const excused = { beyond: 0, raced: 0, dupPaid: 0 };
  const kinds = new Set<string>();
  const failures: { readonly seed: number; readonly violations: readonly string[] }[] = [];
  let overspendSeconds = 0;
  let weightsEqual = true;
  let processes = 0;
  let requests = 0;
  let mostRequestsPerHour = 0;
  let hours = 0;

  const add = (report: RunReport): void => {
    const { findings, struck, violations } = report;
    sums.faults += struck.length;
    sums.kills += report.kills;
    for (const kind of struck) kinds.add(kind);
    if (violations.length > 0) failures.push({ seed: report.seed, violations });
    if (report.beyond) excused.beyond++;
    if (report.raced) excused.raced++;
    processes += report.processes;
    requests += report.requests;
    hours += report.hours;
    if (findings !== undefined) {
      if (findings.excused) excused.dupPaid += findings.dupPaid;
      else {
        sums.dupPaid += findings.dupPaid;
        overspendSeconds += findings.overspendSeconds;
      }
      for (const name of ["stepsLost", "dupCreatedCancelled", "unnoticed", "nanSteps"] as const)
        sums[name] += findings[name];
      weightsEqual &&= findings.weightsEqual;
      mostRequestsPerHour = Math.max(mostRequestsPerHour, findings.requestsPerHour);
    }
    onRun?.(report);
  };
  await inThreads(Math.min(workers, Math.ceil(runs / BATCH)), { seed, runs, trace }, add);

  const { faults, ...others } = sums;
  return {
    harness: "virtual-time",
    ok: failures.length === 0,
    ...{ runs, faults, kinds: kinds.size, ...others, overspendSeconds, weightsEqual, excused },
    ...{ processes, requests, mostRequestsPerHour, virtualDays: Math.round(hours / 24) },
    failures: failures.sort((a, b) => a.seed - b.seed).slice(0, 20),
    seconds: Math.round((performance.now() - began) / 1000),
    seed,
  };
}

/** Each thread gets seeds as it is done with those before. */
async function inThreads(
  threads: number,
  { seed, runs, trace }: { readonly seed: number; readonly runs: number; readonly trace: boolean },
  add: (report: RunReport) => void,
): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    const worker = new Worker(new URL("./simulation/worker.ts", import.meta.url));
    try {
      while (next < runs) {
        const from = next;
        next = Math.min(runs, next + BATCH);
        const seeds = Array.from({ length: next - from }, (_, index) => seed + from + index);
        worker.postMessage({ seeds, trace });
        for (const report of await answerOf(worker, seeds)) add(report);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, run));
}

/** Fails where a run spins without ever letting virtual time go on. */
function answerOf(worker: Worker, seeds: readonly number[]): Promise<readonly RunReport[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly RunReport[]>();
  const timer = setTimeout(
    () => reject(new Error(`One of the runs with the seeds ${seeds.join(", ")} does not end.`)),
    1000 * BATCH_SECONDS,
  );
  worker.once("message", resolve);
  worker.once("error", reject);
  return promise.finally(() => {
    clearTimeout(timer);
    worker.removeListener("error", reject);
  });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      runs: { type: "string", default: "10000" },
      workers: { type: "string" },
      trace: { type: "boolean", default: false },
      hash: { type: "boolean", default: false },
    },
  });
  const figures = await main({
    seed: Number(values.seed),
    runs: Number(values.runs),
    trace: values.trace,
    ...(values.workers === undefined ? {} : { workers: Number(values.workers) }),
    onRun: ({ seed, violations, lines, hash }) => {
      for (const line of lines ?? []) process.stderr.write(`${line}\n`);
      if (violations.length > 0 || values.hash)
        process.stderr.write(`seed ${seed} ${hash} ${violations.join(" | ")}\n`);
    },
  });
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (!figures.ok) process.exitCode = 1;
}
