import { type Command, Option } from "commander";
import type { HistoryLine } from "../../runs/history.ts";
import type { RunJob, RunState, RunStatus } from "../../runs/run-state.ts";
import type { RunRow } from "../../runs/run-store.ts";
import { taskSettings } from "../../worker/task-options.ts";
import { UsageError } from "../errors.ts";
import { type Io, print } from "../io.ts";
import { collect, integer, once, ownOptions } from "../options.ts";
import { isDriven, rowJson, statusWords, taskWords } from "../run-view.ts";
import { STORE_HELP, withStore } from "../store.ts";
import { alignLeft, formatSeconds, formatTime, labelled } from "../text.ts";
import { addExport, addReplay } from "./runs-bundle.ts";
import { addResume } from "./train.ts";

const STATUSES: readonly RunStatus[] = ["ready", "running", "parked", "stopped", "failed", "finished"];
const EVENTS_SHOWN = 20;

interface StoreOption {
  readonly store?: string;
  readonly json?: boolean;
}

export function addRuns(program: Command, io: Io): void {
  const runs = program.command("runs").description("List, show, resume, stop, fork, export or replay durable runs.");
  runs.addHelpText(
    "after",
    `
Examples:
  lepton runs list --status running
  lepton runs show digits-1
  lepton runs fork digits-1 --at 40 --as digits-2 --set lr=0.001
  lepton runs export digits-1 --out digits-1.lepton.tgz
  lepton runs replay digits-1.lepton.tgz`,
  );
  runs.action(() => {
    throw new UsageError(
      "USAGE",
      "Say what to do with runs: list, show ID, resume ID, stop ID, fork ID, export ID or replay FILE. See lepton runs --help.",
    );
  });
  addList(runs, io);
  addShow(runs, io);
  addResume(runs, io);
  addStop(runs, io);
  addFork(runs, io);
  addExport(runs, io);
  addReplay(runs, io);
}

function addList(runs: Command, io: Io): void {
  runs
    .command("list")
    .description("The runs of a ledger, newest first.")
    .addOption(new Option("--status <s>", "only those that stand so").choices(STATUSES))
    .addOption(new Option("--limit <n>", "at most so many").argParser(integer(1)).default(20))
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object")
    .action(async (options: StoreOption & { readonly status?: RunStatus; readonly limit: number }) => {
      const { status, limit, store: location, json } = options;
      await withStore(location, "must-exist", async (store) => {
        const found = await store.runs({ limit, ...(status === undefined ? {} : { status }) });
        const now = await store.now();
        const rows = found.map((row) => [
          row.id,
          statusWords(row, now),
          String(row.step),
          formatTime(row.updatedAt),
          taskWords(row),
        ]);
        print(io, json === true, { runs: found.map((row) => rowJson(row, now)) }, () =>
          rows.length === 0 ? "None.\n" : alignLeft([["run", "status", "steps", "last change", "task"], ...rows]),
        );
      });
    });
}

function addShow(runs: Command, io: Io): void {
  runs
    .command("show")
    .description("How a run stands, what it waits for and has spent, its jobs and its history.")
    .argument("<id>", "the run's id")
    .option("--all", `the whole history, not the last ${EVENTS_SHOWN} events`)
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object, with the whole history")
    .action(async (id: string, options: StoreOption & { readonly all?: boolean }) => {
      await withStore(options.store, "must-exist", async (store) => {
        const { foldRun, rowOf } = await import("../../runs/index.ts");
        const { historyOf } = await import("../../runs/history.ts");
        const row = await rowOf(store, id);
        const records = await store.read(id);
        const now = await store.now();
        const state = foldRun(records);
        const history = historyOf(records);
        const scope = `run:${id}`;
        const { reserved } = await store.totals(scope);
        const spent = { quantumSeconds: state.quantumSeconds, executions: state.executions };
        const jobs = [...state.jobs.values()].map(jobJson);
        const result = {
          ...rowJson(row, now),
          epoch: state.epoch,
          parent: state.parent ?? null,
          error: state.error ?? null,
          settings: state.description?.parts ?? null,
          spent: {
            ...spent,
            reservedSeconds: reserved.quantumSeconds,
            jobs: jobs.length,
            orphans: state.orphans.size,
          },
          jobs,
          history: history.map(({ seq, at, words }) => ({ seq, at: new Date(at).toISOString(), words })),
        };
        print(io, options.json === true, result, () =>
          [
            labelled(facts(row, state, now, reserved.quantumSeconds)),
            jobs.length === 0 ? "" : `\n${jobTable(jobs, options.all === true)}`,
            `\n${historyText(history, options.all === true)}`,
          ].join(""),
        );
      });
    });
}

function addStop(runs: Command, io: Io): void {
  runs
    .command("stop")
    .description("Stop a run after the step at hand; it can be resumed, and jobs that are out go on.")
    .argument("<id>", "the run's id")
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object")
    .action(async (id: string, options: StoreOption) => {
      await withStore(options.store, "must-exist", async (store) => {
        const { rowOf, stopRun } = await import("../../runs/index.ts");
        const outcome = await stopRun(store, id);
        const row = await rowOf(store, id);
        const now = await store.now();
        print(io, options.json === true, { outcome, ...rowJson(row, now) }, () => `${stopWords(outcome, row)}\n`);
      });
    });
}

function addFork(runs: Command, io: Io): void {
  runs
    .command("fork")
    .description("Make a new run that starts from where another one stood after a step; settings may differ.")
    .argument("<id>", "the run to start from")
    .addOption(new Option("--at <step>", "after this step").argParser(integer(1)).makeOptionMandatory())
    .addOption(new Option("--as <id>", "id of the new run").argParser(once).makeOptionMandatory())
    .option("--set <name=value>", "an option of the new run's task, such as steps=200 or lr=0.1; repeatable", collect)
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
A run with a task is taken by the next worker; without one, lepton runs resume drives it.`,
    )
    .action(
      async (
        id: string,
        options: StoreOption & { readonly at: number; readonly as: string; readonly set?: readonly string[] },
      ) => {
        const given = ownOptions(options.set);
        // Before anything is written down.
        taskSettings(given);
        await withStore(options.store, "must-exist", async (store) => {
          const { forkRun } = await import("../../runs/index.ts");
          const row = await forkRun(store, id, { at: options.at, as: options.as, options: given });
          const now = await store.now();
          print(io, options.json === true, rowJson(row, now), () =>
            row.task === undefined
              ? `Run ${row.id} starts after step ${options.at} of ${id}; the program that made ${id} drives it when it is given this id.\n`
              : `Run ${row.id} starts after step ${options.at} of ${id}: lepton runs resume ${row.id}, or a worker takes it.\n`,
          );
        });
      },
    );
}

function stopWords(outcome: "stopped" | "asked" | "over", { id, status, lease }: RunRow): string {
  if (outcome === "stopped") return `Run ${id} is stopped. To go on: lepton runs resume ${id}`;
  if (outcome === "over") return `Run ${id} is ${status} already.`;
  const who = lease === undefined ? "" : `, process ${lease.owner.pid} on ${lease.owner.host},`;
  return `Who drives run ${id}${who} is asked to stop; it hears of it within seconds, and stops after the step at hand.`;
}

type Fact = readonly [label: string, value: string];

function facts(row: RunRow, state: RunState, now: number, reservedSeconds: number): readonly Fact[] {
  const { lease } = row;
  const driver = isDriven(row, now) ? lease : undefined;
  const waiting = row.activity ?? (row.status === "running" || row.status === "parked" ? state.waiting : undefined);
  const epoch = state.epoch === 0 ? "" : `, ${state.epoch} ${state.epoch === 1 ? "epoch" : "epochs"} done`;
  const reserved =
    reservedSeconds === 0 ? "" : `; ${formatSeconds(reservedSeconds)} more set aside for jobs that are out`;
  return [
    ["run", row.id],
    ["status", statusWords(row, now)],
    ...(driver === undefined
      ? []
      : [
          [
            "driven by",
            `process ${driver.owner.pid} on ${driver.owner.host} since ${formatTime(driver.since)}`,
          ] as const,
        ]),
    ["steps", `${row.step}${epoch}`],
    ...(waiting === undefined ? [] : [["waiting for", waiting] as const]),
    ...(state.error === undefined
      ? []
      : [["failed with", `${state.error.code ?? state.error.name} ${state.error.message}`] as const]),
    ...(state.jobs.size === 0
      ? []
      : [
          [
            "spent",
            `${formatSeconds(state.quantumSeconds)} of the quantum computer in ${state.jobs.size} ${state.jobs.size === 1 ? "job" : "jobs"}, ${state.executions.toLocaleString("en")} executions${reserved}`,
          ] as const,
        ]),
    ...(row.task === undefined ? [] : [["task", taskWords(row)] as const]),
    ...(row.schedule === undefined
      ? []
      : [["schedule", `${row.schedule.id}, tick of ${formatTime(row.schedule.tick)}`] as const]),
    ...(state.parent === undefined
      ? []
      : [["forked from", `${state.parent.run} at step ${state.parent.step}`] as const]),
    ["created", formatTime(row.createdAt)],
    ["last change", formatTime(row.updatedAt)],
  ];
}

interface JobJson {
  readonly place: string;
  readonly attempt: number;
  readonly backend: string;
  readonly ids: readonly string[];
  readonly status: "done" | "failed" | "out" | "unanswered";
  readonly quantumSeconds: number | null;
  readonly chargeIsFinal: boolean;
}

function jobJson({ place, backend, submits, result, rejected }: RunJob): JobJson {
  const ids = [...new Set(submits.flatMap(({ jobId }) => (jobId === undefined ? [] : [jobId])))];
  return {
    place: `${place.phase}/${place.index}`,
    attempt: place.attempt,
    backend,
    ids,
    status: result !== undefined ? "done" : rejected !== undefined ? "failed" : ids.length > 0 ? "out" : "unanswered",
    quantumSeconds: result?.quantumSeconds ?? rejected?.quantumSeconds ?? null,
    chargeIsFinal: result?.final !== false && (result !== undefined || rejected !== undefined),
  };
}

function jobTable(jobs: readonly JobJson[], all: boolean): string {
  const shown = all ? jobs : jobs.slice(-EVENTS_SHOWN);
  const rows = shown.map(({ ids, place, attempt, backend, status, quantumSeconds, chargeIsFinal }) => [
    ids.length === 0 ? "(no id)" : ids.join(" "),
    attempt === 0 ? place : `${place}, attempt ${attempt + 1}`,
    backend,
    status,
    quantumSeconds === null ? "" : `${formatSeconds(quantumSeconds)}${chargeIsFinal ? "" : " so far"}`,
  ]);
  const before = jobs.length - shown.length;
  return `${before === 0 ? "" : `${before} jobs before these; --all shows them.\n`}${alignLeft([["job", "for", "backend", "status", "charged"], ...rows])}`;
}

function historyText(history: readonly HistoryLine[], all: boolean): string {
  const shown = all ? history : history.slice(-EVENTS_SHOWN);
  const before = history.length - shown.length;
  const lines = shown.map(({ at, words }) => `${formatTime(at)}  ${words}\n`);
  return `${before === 0 ? "" : `${before} events before these; --all shows them.\n`}${lines.join("")}`;
}
