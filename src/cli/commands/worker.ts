import { type Command, Option } from "commander";
import type { WorkerEvent } from "../../worker/worker-events.ts";
import { type Io, print } from "../io.ts";
import { integer, once } from "../options.ts";
import { STORE_HELP, storeLocation, withStore } from "../store.ts";

interface WorkerCommandOptions {
  readonly store?: string;
  readonly concurrency: number;
  readonly once?: boolean;
  readonly schedules: boolean;
  readonly json?: boolean;
}

export function addWorker(program: Command, io: Io): void {
  program
    .command("worker")
    .description("Drive the runs of a ledger that nobody drives, and start those of its schedules.")
    .option("--store <s>", STORE_HELP, once)
    .addOption(new Option("--concurrency <n>", "runs at a time").argParser(integer(1)).default(4))
    .option("--once", "end when nothing is due")
    .option("--no-schedules", "start no runs of schedules")
    .option("--json", "print one JSON object at the end")
    .addHelpText(
      "after",
      `
It runs until it is stopped (Ctrl-C): its runs are left to other workers within two seconds, and jobs that are out go on.
Any number of workers share a ledger; on PostgreSQL they may be on several machines, and wake each other.

Examples:
  lepton worker
  lepton worker --store postgres://runs@db.example/lepton --concurrency 8`,
    )
    .action(async (options: WorkerCommandOptions) => {
      const location = storeLocation(options.store);
      await withStore(options.store, "create", async (store) => {
        const { startWorker } = await import("../../worker/worker.ts");
        const { openWaker } = await import("../../worker/open-waker.ts");
        const tell = (words: string): void => io.err(`${words}\n`);
        const ending = new AbortController();
        void io.untilStopped().then(() => ending.abort());
        // What a run's own file leaves unhandled must not end the runs of others.
        const unhandled = (error: unknown): void =>
          tell(`A rejection that nobody handled: ${error instanceof Error ? error.message : String(error)}`);
        process.on("unhandledRejection", unhandled);
        const counts: Partial<Record<WorkerEvent["type"], number>> = {};
        const waker = await openWaker(location, store, tell);
        tell(`A worker on ${store.location}, for ${options.concurrency} runs at a time.`);
        try {
          await startWorker({
            store,
            waker,
            concurrency: options.concurrency,
            schedules: options.schedules,
            once: options.once === true,
            signal: ending.signal,
            onEvent: (event) => {
              counts[event.type] = (counts[event.type] ?? 0) + 1;
              tell(eventWords(event));
            },
          });
        } finally {
          process.off("unhandledRejection", unhandled);
          await waker.close();
        }
        const { claimed = 0, finished = 0, stopped = 0, parked = 0, left = 0, failed = 0 } = counts;
        const result = { claimed, finished, stopped, parked, left, failed, started: counts.started ?? 0 };
        print(io, options.json === true, result, () => `${claimed} claimed, ${finished} finished, ${failed} failed.\n`);
      });
    });
}

function eventWords(event: WorkerEvent): string {
  switch (event.type) {
    case "claimed":
      return `Run ${event.runId}: driven here${event.takeover ? ", in place of a worker that is gone" : ""}.`;
    case "finished":
    case "stopped":
      return `Run ${event.runId}: ${event.type}.`;
    case "parked":
    case "left":
      return `Run ${event.runId}: ${event.type}. ${event.words}`;
    case "failed":
      return `Run ${event.runId}: failed with ${event.code} ${event.words}`;
    case "started":
    case "skipped":
    case "waiting":
      return `Schedule ${event.schedule}: ${event.type}, ${event.words}`;
    case "trouble":
      return `Trouble: ${event.words}`;
  }
}
