import { existsSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { systemClock } from "../../providers/clock.ts";
import { type Backend, isRemote } from "../../providers/primitives.ts";
import { RunError } from "../errors.ts";
import { failedEvent } from "../runs/new-run.ts";
import { thisOwner } from "../runs/process-identity.ts";
import { foldRun } from "../runs/run-state.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { RunTask } from "../runs/run-task.ts";
import { rowOf } from "../runs/stop-run.ts";
import type { RunConfig } from "../training/run-config.ts";
import type { Executed } from "../worker/execute-run.ts";
import { type NamedProviders, namedProviders } from "../worker/named-provider.ts";
import { UsageError } from "./errors.ts";
import { fileFault, type Io, print } from "./io.ts";
import { runProgress } from "./run-progress.ts";
import { formatNumber, formatSeconds, labelled } from "./text.ts";

export interface DriveOptions {
  /** Of the run from here on. */
  readonly budget?: string;
  readonly cancelJobs?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** Backends by name, and where to tell what their client waits for. */
export interface CliProviders {
  readonly providers: NamedProviders;
  readonly lines: { tell(line: string): void };
}

export function cliProviders(io: Io): CliProviders {
  const lines = { tell: (line: string): void => io.err(`${line}\n`) };
  // How a job stands is told as the run's activity.
  const providers = namedProviders((line) => {
    if (!/^Job \S+: (queued|running)/.test(line)) lines.tell(line);
  });
  return { providers, lines };
}

/** A run that is left does so in moments; should it not, the process ends all the same. */
const LEAVE_MS = 1_500;
const CANCEL_MS = 10_000;

/**
 * Drives a run in this process, shows how it goes, and prints its result. The first Ctrl-C leaves it.
 * @param isNew it was created a moment ago: should a worker be faster, that one is followed
 * @throws RunError RUN_SUSPENDED when it was left; as `executeRun`
 */
export async function driveRun(
  io: Io,
  store: RunStore,
  id: string,
  task: RunTask,
  config: RunConfig | undefined,
  isNew: boolean,
  { providers, lines }: CliProviders,
  options: DriveOptions,
): Promise<void> {
  const { executeRun } = await import("../worker/execute-run.ts");
  const { step: before } = await rowOf(store, id);
  const progress = runProgress(io, id);
  lines.tell = (line) => progress.note(line);
  const left = new AbortController();
  const resume = `lepton runs resume ${id}`;
  void io.untilStopped().then(() => {
    const jobs = options.cancelJobs === true ? "jobs that are out are cancelled" : "jobs that are out go on";
    left.abort(new RunError("RUN_SUSPENDED", `Run ${id} was left; ${jobs}. To go on: ${resume}`));
  });
  let backend: Backend | undefined;
  const execute = (read: RunConfig | undefined): Promise<Executed> =>
    executeRun(store, id, {
      task,
      budget: options.budget,
      ...(read === undefined ? {} : { config: read }),
      providers,
      signal: left.signal,
      weights: options.out !== undefined,
      onStep: (report, total) => {
        if (report.step > before) progress.step(report, total);
      },
      onActivity: (words) => progress.activity(words),
      onProvider: (provider) => {
        backend = provider;
      },
    });
  try {
    const executed = await orLate(follow(execute, config, isNew, store, id, progress, left.signal), left.signal);
    progress.end();
    if (options.out !== undefined) writeWeights(options.out, executed.weights!);
    const atEnd = executed.kind === "train" ? 0 : await jobsAtEnd(store, id);
    print(io, options.json === true, resultJson(id, executed, atEnd, options.out), () =>
      resultText(id, executed, options.out),
    );
  } catch (error) {
    progress.end();
    lines.tell = (line) => io.err(`${line}\n`);
    if (left.signal.aborted && options.cancelJobs === true && backend !== undefined)
      await cancelJobs(io, store, id, backend);
    if (isNew && !left.signal.aborted) await failUndriven(store, id, error);
    throw left.signal.aborted ? left.signal.reason : error;
  }
}

/** A new run that could not even begin is no worker's business. */
async function failUndriven(store: RunStore, id: string, error: unknown): Promise<void> {
  if ((await store.run(id))?.status !== "ready") return;
  const lease = await store.claim(id, thisOwner(), 30);
  await store.append(lease, { events: [failedEvent(error)] });
  await store.release(lease);
}

async function follow(
  execute: (config: RunConfig | undefined) => Promise<Executed>,
  config: RunConfig | undefined,
  isNew: boolean,
  store: RunStore,
  id: string,
  progress: { note(text: string): void },
  signal: AbortSignal,
): Promise<Executed> {
  try {
    return await execute(config);
  } catch (error) {
    if (!isNew || !(error instanceof RunError && error.code === "RUN_DRIVEN")) throw error;
    progress.note(`A worker has taken run ${id}; it is followed here, and goes on when this ends.`);
  }
  for (;;) {
    const { lease } = (await store.run(id)) ?? {};
    if (lease === undefined) return execute(undefined);
    await systemClock.sleep(1000, signal);
  }
}

/** @throws the signal's reason where the work has not ended a moment after it was aborted */
async function orLate<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const over = new AbortController();
  const late = new Promise<never>((_, reject) => {
    const wait = (): void =>
      void systemClock.sleep(LEAVE_MS, over.signal).then(
        () => reject(signal.reason),
        () => {},
      );
    if (signal.aborted) wait();
    else signal.addEventListener("abort", wait, { once: true });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

async function cancelJobs(io: Io, store: RunStore, id: string, backend: Backend): Promise<void> {
  if (!isRemote(backend)) return;
  const { cancelOpenJobs } = await import("../runs/cancel-jobs.ts");
  try {
    const signal = AbortSignal.timeout(CANCEL_MS);
    const { cancelled, kept } = await cancelOpenJobs(store, id, backend, { signal });
    for (const job of cancelled) io.err(`Job ${job} is cancelled.\n`);
    for (const job of kept) io.err(`Job ${job} could not be cancelled in time, or has ended.\n`);
  } catch (error) {
    io.err(`Jobs could not be cancelled: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

/** @throws UsageError FILE_WRITE */
export function checkOut({ out }: Pick<DriveOptions, "out">): void {
  if (out === undefined) return;
  const folder = dirname(out);
  if (!existsSync(folder)) throw new UsageError("FILE_WRITE", `Cannot write ${out}: there is no folder ${folder}.`);
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new UsageError("FILE_WRITE", `Cannot write ${out}: it is a folder; name a file.`);
}

function writeWeights(out: string, weights: Uint8Array): void {
  try {
    // Whoever reads the file meanwhile finds the old one or the new one.
    writeFileSync(`${out}.part`, weights);
    renameSync(`${out}.part`, out);
  } catch (cause) {
    throw new UsageError("FILE_WRITE", `Cannot write ${out}: ${fileFault(cause)}.`, { cause });
  }
}

/** Jobs of the value at the end, which belong to no step. */
async function jobsAtEnd(store: RunStore, id: string): Promise<number> {
  const { jobs } = foldRun(await store.read(id));
  return [...jobs.values()].filter(({ place }) => place.phase.startsWith("final")).length;
}

function resultJson(run: string, { kind, result }: Executed, atEnd: number, out: string | undefined): object {
  const written = out ?? null;
  if (kind === "train") {
    const { jobIds, ...rest } = result;
    return { run, kind, ...rest, jobs: jobIds.length, out: written };
  }
  const { history, weights, ...rest } = result;
  const jobs = history.reduce((sum, { jobIds }) => sum + jobIds.length, atEnd);
  return { run, kind, steps: history.length, ...rest, weights: Array.from(weights), jobs, out: written };
}

function resultText(run: string, { kind, result }: Executed, out: string | undefined): string {
  const spent = `${formatSeconds(result.quantumSeconds)} of the quantum computer, ${result.executions.toLocaleString("en")} executions`;
  const value: readonly (readonly [string, string])[] =
    kind === "train"
      ? [
          ["steps", `${result.steps} in ${result.epochs} epochs`],
          ["loss", formatNumber(result.loss)],
          ...Object.entries(result.history.at(-1)?.metrics ?? {}).map(
            ([name, metric]) => [name, formatNumber(metric)] as const,
          ),
        ]
      : [
          ["steps", String(result.history.length)],
          ["value", `${formatNumber(result.value)}${result.stderr === 0 ? "" : ` ± ${formatNumber(result.stderr)}`}`],
        ];
  return labelled([
    ["run", run],
    ["ended", result.ended],
    ...value,
    ["spent", spent],
    ...(out === undefined ? [] : [["weights in", out] as const]),
  ]);
}
