import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import type { RunRow, RunStore } from "../../runs/run-store.ts";
import type { RunConfigOptions } from "../../training/run-config.ts";
import { readRunConfig } from "../../training/run-config-file.ts";
import type { Grid } from "../../worker/sweep.ts";
import { UsageError } from "../errors.ts";
import { type Io, print, readText } from "../io.ts";
import { collect, once, optionValue } from "../options.ts";
import { rowJson } from "../run-view.ts";
import { STORE_HELP, storeLocation, withStore } from "../store.ts";
import { addTaskFlags, nameOf, type TaskFlags, taskOptions } from "./train.ts";

interface SweepCommandOptions extends TaskFlags {
  readonly grid?: readonly string[];
  readonly file?: string;
  readonly name?: string;
  readonly store?: string;
  readonly json?: boolean;
}

export function addSweep(program: Command, io: Io): void {
  const command = program
    .command("sweep")
    .description("Make a run for each configuration of a grid; workers share them.")
    .argument("<config>", "TypeScript or JavaScript file with export default (options) => ({ model, data, ... })")
    .option("--grid <name=a,b,c>", "values of an option; repeatable, all combinations are runs", collect)
    .option("--file <json>", 'the grid as {"name": [values]}, or as a list of {"name": value}', once)
    .option("--name <id>", "its runs are NAME-1 and so on; asked for again, only what is missing is made", once);
  addTaskFlags(command)
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Options that train has, such as seed, steps, batchSize or provider, can be in the grid too.

Example:
  lepton sweep run.ts --grid lr=0.01,0.1 --grid seed=1,2,3 --name first && lepton worker --once`,
    )
    .action(async (file: string, options: SweepCommandOptions) => {
      const { createSweep, gridOptions } = await import("../../worker/sweep.ts");
      const common = taskOptions(options);
      const grid = options.file === undefined ? {} : await readGrid(io, options.file);
      const axes = gridOf(options.grid);
      const combinations = Array.isArray(grid)
        ? grid.flatMap((own) => gridOptions(axes).map((more) => ({ ...own, ...more })))
        : gridOptions({ ...(grid as Grid), ...axes });
      const all = combinations.map((own) => ({ ...common, ...own }));
      // One of them is tried, so that a file that cannot be is found out now and not by a worker.
      if (all[0] !== undefined) await readRunConfig(file, all[0]);
      const name = options.name ?? `${nameOf(file)}-${randomUUID().slice(0, 8)}`;
      await withStore(options.store, "create", async (store) => {
        const { runs, created } = await createSweep(store, { name, config: file, options: all });
        if (created > 0) await wake(io, storeLocation(options.store), store);
        const now = await store.now();
        print(
          io,
          options.json === true,
          { name, created, runs: runs.map((row) => rowJson(row, now)) },
          () => `${created} of ${runs.length} ${runsMade(runs)}. Workers take them: lepton worker\n`,
        );
      });
    });
}

function runsMade(runs: readonly RunRow[]): string {
  const [first, last] = [runs[0]!.id, runs.at(-1)!.id];
  return first === last ? `run made: ${first}` : `runs made: ${first} to ${last}`;
}

/** Workers that wait are told; those that are not find out themselves. */
async function wake(io: Io, location: string, store: RunStore): Promise<void> {
  if (!/^postgres(ql)?:/i.test(location)) return;
  const { openWaker } = await import("../../worker/open-waker.ts");
  const { RunError } = await import("../../errors.ts");
  try {
    const waker = await openWaker(location, store);
    await waker.notify();
    await waker.close();
  } catch (error) {
    // A machine that only makes runs needs no pg-boss. The runs are made, whatever else there is.
    if (!(error instanceof RunError && error.code === "LEDGER_PACKAGE"))
      io.err(`Workers that wait were not woken, and find the runs within half a minute: ${(error as Error).message}\n`);
  }
}

/** @throws UsageError USAGE */
function gridOf(axes: readonly string[] = []): Grid {
  const grid: Record<string, readonly (string | number | boolean)[]> = {};
  for (const axis of axes) {
    const [, name, values] = /^([A-Za-z_]\w*)=(.+)$/s.exec(axis) ?? [];
    if (name === undefined || values === undefined || name === "__proto__")
      throw new UsageError("USAGE", `--grid takes name=value,value,..., not "${axis}".`);
    if (Object.hasOwn(grid, name)) throw new UsageError("USAGE", `--grid gives ${name} twice.`);
    grid[name] = values.split(",").map((value) => optionValue(value.trim()));
  }
  return grid;
}

/** @throws UsageError GRID_FILE, FILE_READ */
async function readGrid(io: Io, file: string): Promise<Grid | readonly RunConfigOptions[]> {
  let json: unknown;
  try {
    json = JSON.parse((await readText(io, file)).replace(/^\uFEFF/, ""));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError("GRID_FILE", `${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const isValue = (value: unknown): boolean =>
    typeof value === "string" || typeof value === "boolean" || typeof value === "number";
  const isObject = (value: unknown, fits: (item: unknown) => boolean): boolean =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(fits);
  const isList = Array.isArray(json) && json.every((item) => isObject(item, isValue));
  if (isList || isObject(json, (values) => Array.isArray(values) && values.every(isValue)))
    return json as Grid | readonly RunConfigOptions[];
  throw new UsageError(
    "GRID_FILE",
    `${file} must hold {"name": [values]}, whose combinations are runs, or a list of {"name": value}, one for each run.`,
  );
}
