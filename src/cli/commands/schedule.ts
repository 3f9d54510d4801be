import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Budget } from "../../runs/budget.ts";
import type { RunStore, ScheduleRow } from "../../runs/run-store.ts";
import type { CatchUp, Overlap, ScheduleOptions, ScheduleSpec } from "../../schedules/spec.ts";
import { readRunConfig } from "../../training/run-config-file.ts";
import { taskSettings } from "../../worker/task-options.ts";
import { UsageError } from "../errors.ts";
import { type Io, print } from "../io.ts";
import { integer, once } from "../options.ts";
import { STORE_HELP, withStore } from "../store.ts";
import { alignLeft, formatTime } from "../text.ts";
import { addTaskFlags, type TaskFlags, taskOptions } from "./train.ts";

interface StoreOption {
  readonly store?: string;
  readonly json?: boolean;
}

interface AddOptions extends StoreOption, TaskFlags {
  readonly name: string;
  readonly cron: string;
  readonly tz?: string;
  readonly budgetTotal?: string;
  readonly budgetPerDay?: string;
  readonly when?: string;
  readonly catchUp?: CatchUp;
  readonly overlap?: Overlap;
  readonly window?: number;
  readonly start?: string;
}

export function addScheduleCommands(program: Command, io: Io): void {
  const schedule = program
    .command("schedule")
    .description("Start runs by the clock: add, list, show, pause or remove.");
  schedule.addHelpText(
    "after",
    `
Workers start the runs of schedules: lepton worker.

Examples:
  lepton schedule add run.ts --name nightly --cron "0 2 * * *" --tz Europe/Berlin --provider ibm:ibm_torino \\
    --budget 60s --budget-per-day 120s --when "queue<20 && twoQubitError<0.01" --window 2h
  lepton schedule next nightly`,
  );
  schedule.action(() => {
    throw new UsageError(
      "USAGE",
      "Say what to do with schedules: add CONFIG, list, show NAME, next NAME, pause NAME, resume NAME or remove NAME. See lepton schedule --help.",
    );
  });
  addAdd(schedule, io);
  addList(schedule, io);
  addShow(schedule, io);
  addNext(schedule, io);
  addChange(schedule, io, "pause", "Start no more runs of a schedule; those that were started go on.");
  addChange(schedule, io, "resume", "Let a paused schedule go on; what came due meanwhile is left out.");
  addChange(schedule, io, "remove", "Forget a schedule; its runs stay.");
}

function addAdd(schedule: Command, io: Io): void {
  const command = schedule
    .command("add")
    .description("Add a schedule.")
    .argument("<config>", "TypeScript or JavaScript file that describes the run")
    .requiredOption("--name <id>", "of the schedule; its runs are NAME-TIME", once)
    .requiredOption("--cron <fields>", 'minute, hour, day, month, day of the week, such as "0 2 * * *"', once)
    .option("--tz <zone>", "time zone that the fields mean, such as Europe/Berlin; UTC by default", once)
    .option("--budget-total <b>", 'what all its runs may take together, such as "10min, 25 USD"', once)
    .option("--budget-per-day <b>", "what they may take in one day of that zone", once)
    .option("--when <condition>", 'start only then, such as "queue<20 && twoQubitError<0.01"', once)
    .option("--window <time>", "how long a tick waits for its condition: 90s, 30min, 2h; 1h by default", duration)
    .option("--catch-up <c>", "ticks that nobody was there for: none, last (default), or all:N for the last N", catchUp)
    .addOption(
      new Option(
        "--overlap <o>",
        "a tick while the last run goes on: left out, waits, or starts (default: skip)",
      ).choices(["skip", "queue", "allow"]),
    )
    .option("--start <date>", "no tick lies before it, such as 2026-12-01", once);
  addTaskFlags(command)
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object")
    .action(async (file: string, options: AddOptions) => {
      const { budget, ...flags } = options;
      const task = taskOptions(flags);
      taskSettings({ ...task, ...(budget === undefined ? {} : { budget }) });
      if (!existsSync(file)) await readRunConfig(file, task);
      const { addSchedule, checkSchedule, nextTicks } = await import("../../schedules/index.ts");
      const { parseBudget } = await import("../../runs/budget-text.ts");
      const wanted: ScheduleOptions = {
        config: resolve(file),
        options: task,
        cron: options.cron,
        ...(options.tz === undefined ? {} : { timeZone: options.tz }),
        ...(options.catchUp === undefined ? {} : { catchUp: options.catchUp }),
        ...(options.overlap === undefined ? {} : { overlap: options.overlap }),
        ...(options.when === undefined ? {} : { when: options.when }),
        ...(options.window === undefined ? {} : { windowSeconds: options.window }),
        ...(options.start === undefined ? {} : { start: options.start }),
        ...scheduleBudget(options, parseBudget),
      };
      // Bad options are found out before the file, which may take long to load.
      await checkSchedule(wanted);
      await readRunConfig(file, task);
      await withStore(options.store, "create", async (store) => {
        const row = await addSchedule(store, options.name, wanted);
        const next = await nextTicks(row.spec as ScheduleSpec, await store.now(), 1);
        const result = scheduleJson(row, next[0]);
        print(io, options.json === true, result, () => {
          const first = next[0] === undefined ? "never" : tickText(row, next[0]);
          return `Schedule ${row.id} starts its first run at ${first}, if a worker is there: lepton worker\n`;
        });
      });
    });
}

/** @throws BudgetError BUDGET_FORM, BUDGET_UNIT; UsageError USAGE */
function scheduleBudget(
  { budget, budgetTotal, budgetPerDay }: AddOptions,
  parseBudget: (text: string) => Budget,
): Pick<ScheduleOptions, "budget"> {
  if (budget === undefined && budgetTotal === undefined && budgetPerDay === undefined) return {};
  const limits = (flag: string, text: string | undefined): Budget => {
    const { perDay, ...rest } = text === undefined ? {} : parseBudget(text);
    if (perDay !== undefined)
      throw new UsageError("USAGE", `${flag} takes amounts without "/day"; what a day may take is --budget-per-day.`);
    return rest;
  };
  const { currency, ...total } = limits("--budget-total", budgetTotal);
  const { currency: dailyCurrency = currency, ...perDay } = limits("--budget-per-day", budgetPerDay);
  if (currency !== undefined && currency !== dailyCurrency)
    throw new UsageError("USAGE", `--budget-total is in ${currency} and --budget-per-day in ${dailyCurrency}.`);
  return {
    budget: {
      ...(budget === undefined ? {} : { perRun: budget }),
      ...(budgetTotal === undefined ? {} : { total }),
      ...(budgetPerDay === undefined ? {} : { perDay }),
      ...(dailyCurrency === undefined ? {} : { currency: dailyCurrency }),
    },
  };
}

function addList(schedule: Command, io: Io): void {
  schedule
    .command("list")
    .description("The schedules of a ledger.")
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object")
    .action(async (options: StoreOption) => {
      await withStore(options.store, "must-exist", async (store) => {
        const { nextTicks } = await import("../../schedules/index.ts");
        const now = await store.now();
        const schedules = [];
        const rows: string[][] = [];
        for (const row of await store.schedules()) {
          const spec = row.spec as ScheduleSpec;
          const [next] = row.paused ? [] : await nextTicks(spec, now, 1);
          schedules.push(scheduleJson(row, next));
          rows.push([row.id, spec.cron, spec.timeZone, row.paused ? "paused" : tickText(row, next), spec.config]);
        }
        print(io, options.json === true, { schedules }, () =>
          rows.length === 0 ? "None.\n" : alignLeft([["schedule", "cron", "zone", "next run", "file"], ...rows]),
        );
      });
    });
}

function addShow(schedule: Command, io: Io): void {
  schedule
    .command("show")
    .description("A schedule, and what became of its last ticks.")
    .argument("<name>", "of the schedule")
    .addOption(new Option("--limit <n>", "so many ticks").argParser(integer(1)).default(20))
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object")
    .action(async (name: string, options: StoreOption & { readonly limit: number }) => {
      await withStore(options.store, "must-exist", async (store) => {
        const row = await scheduleOf(store, name);
        const { nextTicks } = await import("../../schedules/index.ts");
        const [next] = row.paused ? [] : await nextTicks(row.spec as ScheduleSpec, await store.now(), 1);
        const ticks = await store.ticks(name, options.limit);
        const told = ticks.map(({ tick, outcome, words, runId = null, at }) => ({
          tick: new Date(tick).toISOString(),
          outcome,
          words,
          run: runId,
          decidedAt: new Date(at).toISOString(),
        }));
        print(io, options.json === true, { ...scheduleJson(row, next), ticks: told }, () => {
          const { spec } = row;
          const lines = ticks.map(({ tick, outcome, words, runId }) => [
            formatTime(tick),
            outcome,
            runId === undefined ? words : `run ${runId}, ${words}`,
          ]);
          const last = lines.length === 0 ? "No tick was decided yet.\n" : alignLeft(lines);
          return `${JSON.stringify(spec, null, 2)}\nnext: ${row.paused ? "paused" : tickText(row, next)}\n\n${last}`;
        });
      });
    });
}

function addNext(schedule: Command, io: Io): void {
  schedule
    .command("next")
    .description("When a schedule starts its next runs.")
    .argument("<name>", "of the schedule")
    .addOption(new Option("--count <n>", "so many").argParser(integer(1)).default(5))
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object")
    .action(async (name: string, options: StoreOption & { readonly count: number }) => {
      await withStore(options.store, "must-exist", async (store) => {
        const row = await scheduleOf(store, name);
        const { nextTicks } = await import("../../schedules/index.ts");
        const { timeZone } = row.spec as ScheduleSpec;
        const ticks = await nextTicks(row.spec as ScheduleSpec, await store.now(), options.count);
        const next = ticks.map((tick) => new Date(tick).toISOString());
        print(io, options.json === true, { name, timeZone, paused: row.paused, next }, () =>
          [
            ...(row.paused ? ["It is paused; resumed, it would start at\n"] : []),
            ...ticks.map((tick) => `${tickText(row, tick)}\n`),
          ].join(""),
        );
      });
    });
}

function addChange(schedule: Command, io: Io, what: "pause" | "resume" | "remove", description: string): void {
  schedule
    .command(what)
    .description(description)
    .argument("<name>", "of the schedule")
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object")
    .action(async (name: string, options: StoreOption) => {
      await withStore(options.store, "must-exist", async (store) => {
        const { pauseSchedule, removeSchedule } = await import("../../schedules/index.ts");
        if (what === "remove") await removeSchedule(store, name);
        else await pauseSchedule(store, name, what === "pause");
        const done = { pause: "paused", resume: "resumed", remove: "removed" }[what];
        print(io, options.json === true, { name, [done]: true }, () => `Schedule ${name} is ${done}.\n`);
      });
    });
}

/** @throws ScheduleError SCHEDULE_UNKNOWN */
async function scheduleOf(store: RunStore, name: string): Promise<ScheduleRow> {
  const row = (await store.schedules()).find(({ id }) => id === name);
  if (row !== undefined) return row;
  const { scheduleUnknown } = await import("../../runs/store-rules.ts");
  throw scheduleUnknown(name, store.location);
}

function scheduleJson({ id, spec, paused, createdAt, lastTick }: ScheduleRow, next: number | undefined) {
  const iso = (time: number | undefined): string | null => (time === undefined ? null : new Date(time).toISOString());
  return { name: id, paused, next: iso(next), lastTick: iso(lastTick), createdAt: iso(createdAt), spec };
}

/** A tick on the schedule's clock, and in UTC where that is another. */
function tickText({ spec }: ScheduleRow, tick: number | undefined): string {
  if (tick === undefined) return "never";
  const { timeZone } = spec as ScheduleSpec;
  if (timeZone === "UTC") return formatTime(tick);
  const local = new Date(tick).toLocaleString("sv-SE", { timeZone });
  return `${local} ${timeZone} (${formatTime(tick)})`;
}

function duration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(s|min|h|d)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined)
    throw new InvalidArgumentError("It is a number with a unit: 90s, 30min, 2h or 1d.");
  return Number(number) * { s: 1, min: 60, h: 3600, d: 86_400 }[unit as "s" | "min" | "h" | "d"];
}

function catchUp(text: string): CatchUp {
  if (text === "none" || text === "last") return text;
  const [, count] = /^all:(\d+)$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("It is none, last, or all:N such as all:7.");
  return { all: Number(count) };
}
