import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import type { RunBundle } from "../../runs/bundle.ts";
import type { Replayed } from "../../training/replay.ts";
import { checkOut } from "../drive.ts";
import { UsageError } from "../errors.ts";
import { fileFault, type Io, print } from "../io.ts";
import { once } from "../options.ts";
import { createProgress } from "../progress.ts";
import { STORE_HELP, withStore } from "../store.ts";
import { labelled } from "../text.ts";

/** `lepton runs export`. */
export function addExport(runs: Command, io: Io): void {
  runs
    .command("export")
    .description("Write a run as one file: journal, results, circuits, versions, its file's text; a .tar.gz of JSON.")
    .argument("<id>", "the run's id")
    .requiredOption("--out <file>", "such as run.lepton.tgz", once)
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object")
    .action(async (id: string, options: { readonly out: string; readonly store?: string; readonly json?: boolean }) => {
      const { out, store: location, json = false } = options;
      checkOut(options);
      const bytes = await exported(id, location);
      try {
        // Whoever reads the file meanwhile finds the old one or the new one.
        writeFileSync(`${out}.part`, bytes);
        renameSync(`${out}.part`, out);
      } catch (cause) {
        throw new UsageError("FILE_WRITE", `Cannot write ${out}: ${fileFault(cause)}.`, { cause });
      }
      const { readBundle } = await import("../../runs/read-bundle.ts");
      const { run, records, config } = readBundle(bytes);
      const withheld = config?.withheld;
      if (withheld !== undefined) io.err(`The text of ${config!.path} is not in it: ${withheld}\n`);
      const told = { run: id, status: run.status, steps: run.step, events: records.length, bytes: bytes.length, out };
      print(io, json, { ...told, withheld: withheld ?? null }, () =>
        labelled([
          ["run", `${id}, ${run.status} at step ${run.step}`],
          ["written", `${out}, ${bytes.length.toLocaleString("en")} bytes`],
        ]),
      );
    });
}

/** `lepton runs replay`. */
export function addReplay(runs: Command, io: Io): void {
  runs
    .command("replay")
    .description("Do a run again without a network, and compare every step and the weights bit for bit.")
    .argument("<file-or-id>", "what lepton runs export wrote, or a run of the ledger")
    .option("--config <file>", "in place of the file that the run was started with", once)
    .option("--store <s>", STORE_HELP, once)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The run's file is loaded and run, as it was at first; jobs have their values from the record, and nothing is submitted.
Exit status 1 where the replay is not the same; the first step that differs is named.`,
    )
    .action(
      async (name: string, options: { readonly config?: string; readonly store?: string; readonly json?: boolean }) => {
        const { config, store, json = false } = options;
        const bundle = await bundleOf(name, store);
        const { replayTask } = await import("../../worker/replay-task.ts");
        const progress = createProgress(io);
        let replayed: Replayed;
        try {
          replayed = await replayTask(bundle, {
            ...(config === undefined ? {} : { config }),
            onStep: (step, total) => progress.update(bundle.run.id, step, total, "the same"),
          });
        } finally {
          progress.end();
        }
        print(io, json, { ...replayed, equal: true }, () => replayText(replayed));
      },
    );
}

function replayText({ run, status, steps, jobs, weights }: Replayed): string {
  return labelled([
    ["run", `${run}, recorded as ${status}`],
    ["steps", `${steps} taken again`],
    ["jobs", `${jobs} served from the record`],
    ["weights", `SHA-256 ${weights}`],
    ["equal", "yes, bit for bit"],
  ]);
}

async function bundleOf(name: string, store: string | undefined): Promise<RunBundle> {
  const { readBundle } = await import("../../runs/read-bundle.ts");
  return readBundle(isFile(name) ? readBytes(name) : await exported(name, store));
}

async function exported(id: string, store: string | undefined): Promise<Uint8Array> {
  const { exportRun } = await import("../../runs/bundle.ts");
  return withStore(store, "must-exist", (opened) => exportRun(opened, id));
}

function isFile(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isFile() === true;
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new UsageError("FILE_READ", `Cannot read ${file}: ${fileFault(cause)}.`, { cause });
  }
}
