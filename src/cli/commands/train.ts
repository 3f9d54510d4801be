import { randomUUID } from "node:crypto";
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { RunError } from "../../errors.ts";
import { parseBudget } from "../../runs/budget-text.ts";
import type { RunStore } from "../../runs/run-store.ts";
import type { RunTask } from "../../runs/run-task.ts";
import { readRunConfig } from "../../training/run-config-file.ts";
import type { NamedProviders } from "../../worker/named-provider.ts";
import { taskSettings } from "../../worker/task-options.ts";
import { checkOut, cliProviders, type DriveOptions, driveRun } from "../drive.ts";
import type { Io } from "../io.ts";
import { collect, integer, nonNegative, once, ownOptions } from "../options.ts";
import { STORE_HELP, withStore } from "../store.ts";

interface ResumeCommandOptions extends DriveOptions, Pick<TaskFlags, "lostResults"> {
  readonly store?: string;
}

interface TrainCommandOptions extends DriveOptions, TaskFlags {
  readonly run?: string;
  readonly store?: string;
}

const LOST_RESULTS = "when the service has lost what a job has measured: stop or rebuy";

export interface TaskFlags {
  readonly provider?: string;
  readonly budget?: string;
  readonly precision?: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly seed?: string;
  readonly recalibration?: string;
  readonly lostResults?: string;
  readonly set?: readonly string[];
}

export function addTrain(program: Command, io: Io): void {
  const command = program
    .command("train")
    .description("Drive a durable run to its end: a new one, or one that stopped, failed or was killed.")
    .argument("<config>", "TypeScript or JavaScript file with export default { model, data, ... }")
    .option("--run <id>", "the run's id, by which it can be resumed; a new one by default", once);
  addTaskFlags(command);
  addDriveFlags(command)
    .addHelpText(
      "after",
      `
Every step is on disk before the next one begins. Ctrl-C leaves the run, and jobs that are out go on; the same command
with --run, or lepton runs resume, goes on from there. A second Ctrl-C ends the process at once; nothing is lost by it.

Examples:
  lepton train run.ts --run digits-1 --steps 200
  lepton train run.ts --run digits-1 --provider ibm:ibm_torino --budget "60s, 20 jobs" --out weights.safetensors`,
    )
    .action(async (file: string, options: TrainCommandOptions) => {
      const given = taskOptions(options);
      // Before anything is written down.
      taskSettings(given);
      checkOut(options);
      const { run: id = newRunId(file), store: location } = options;
      const { providers: named, lines } = cliProviders(io);
      await withStore(location, "create", async (store) => {
        const before = await store.run(id);
        const path = resolve(file);
        // What is not said again stays as it was.
        const same = before?.task?.config === path ? before.task : undefined;
        const task: RunTask = { ...same, config: path, options: { ...same?.options, ...given } };
        const config = await readRunConfig(file, task.options);
        const { provider } = taskSettings(task.options);
        // A run that cannot be driven is not made.
        const backend = provider === undefined ? undefined : await named(provider);
        const providers: NamedProviders = async (text) => (text === provider ? backend! : named(text));
        const isNew = before === undefined && (await created(store, id, task));
        if (isNew && options.run === undefined) io.err(`Run ${id} in ${store.location}.\n`);
        await driveRun(io, store, id, task, config, isNew, { providers, lines }, options);
      });
    });
}

/** Makes the run; false where another process has made it a moment ago. */
async function created(store: RunStore, id: string, task: RunTask): Promise<boolean> {
  const { createdEvent } = await import("../../runs/new-run.ts");
  try {
    await store.create({ id, task, events: [createdEvent()] });
    return true;
  } catch (error) {
    if (error instanceof RunError && error.code === "RUN_EXISTS") return false;
    throw error;
  }
}

/** `lepton runs resume`. */
export function addResume(runs: Command, io: Io): void {
  const command = runs
    .command("resume")
    .description("Drive a run from where it stands to its end, as its task says.")
    .argument("<id>", "the run's id")
    .option("--budget <b>", 'in place of the run\'s own, such as "120s"', once)
    .option("--lost-results <p>", LOST_RESULTS, once);
  addDriveFlags(command).action(async (id: string, options: ResumeCommandOptions) => {
    if (options.budget !== undefined) parseBudget(options.budget);
    const { lostResults } = options;
    const given = taskOptions(lostResults === undefined ? {} : { lostResults });
    taskSettings(given);
    checkOut(options);
    await withStore(options.store, "must-exist", async (store) => {
      const { rowOf } = await import("../../runs/stop-run.ts");
      const { requireTask } = await import("../../worker/execute-run.ts");
      const own = requireTask(await rowOf(store, id));
      const task: RunTask = { ...own, options: { ...own.options, ...given } };
      await driveRun(io, store, id, task, undefined, false, cliProviders(io), options);
    });
  });
}

/** What a task says in place of its file. */
export function addTaskFlags(command: Command): Command {
  return command
    .option("--provider <p>", "local, ibm:NAME, or device:NAME for a snapshot; in place of the file's own", once)
    .option("--budget <b>", 'what the run may take of quantum computers, such as "60s" or "20 jobs, 10s/day"', once)
    .option("--precision <p>", "target standard error of expectation values", nonNegative)
    .option("--steps <n>", "training steps", integer(1))
    .option("--epochs <n>", "passes over the data", integer(1))
    .option("--batch-size <n>", "rows of a step", integer(1))
    .option("--seed <s>", "decides weights, order and samples", once)
    .option("--recalibration <p>", "when the device is calibrated anew: continue, pause or restart-step", once)
    .option("--lost-results <p>", LOST_RESULTS, once)
    .option("--set <name=value>", "an option of the file's own, where it exports a function; repeatable", collect);
}

/** @throws UsageError USAGE */
export function taskOptions(flags: TaskFlags): RunTask["options"] {
  const { provider, budget, precision, steps, epochs, batchSize, seed, recalibration, lostResults } = flags;
  const number = seed !== undefined && /^\d+$/.test(seed) && Number.isSafeInteger(Number(seed)) ? Number(seed) : seed;
  const known = { provider, budget, precision, steps, epochs, batchSize, seed: number, recalibration, lostResults };
  const given = Object.entries(known).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { ...ownOptions(flags.set), ...Object.fromEntries(given) };
}

function addDriveFlags(command: Command): Command {
  return command
    .option("--store <s>", STORE_HELP, once)
    .option("--cancel-jobs", "with Ctrl-C: cancel jobs that are out")
    .option("--out <file>", "write the trained weights there, as safetensors", once)
    .option("--json", "print one JSON object");
}

/** The file's name and a few random digits. */
function newRunId(file: string): string {
  return `${nameOf(file)}-${randomUUID().slice(0, 8)}`;
}

/** A file's name as an id may hold it. */
export function nameOf(file: string): string {
  const name = basename(file)
    .replace(/\.\w+$/, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 30);
  return name === "" ? "run" : name;
}
