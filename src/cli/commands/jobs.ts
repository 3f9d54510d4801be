import { type Command, Option } from "commander";
import type { IbmJobInfo, IbmPubResult } from "../../../providers/ibm/index.ts";
import type { BitArray } from "../../../providers/primitives.ts";
import { UsageError } from "../errors.ts";
import { type Io, print } from "../io.ts";
import { collect, integer } from "../options.ts";
import { ibmFor } from "../provider.ts";
import { alignRight, formatNumber, formatSeconds, labelled } from "../text.ts";

interface ListOptions {
  readonly backend?: string;
  readonly tag?: readonly string[];
  readonly pending?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

interface OneJob {
  readonly json?: boolean;
}

const VALUES_SHOWN = 20;

export function addJobs(program: Command, io: Io): void {
  const jobs = program.command("jobs").description("List, show, read or cancel jobs at IBM Quantum.");
  jobs.addHelpText(
    "after",
    `
Examples:
  lepton jobs list --pending
  lepton jobs result JOB_ID --json`,
  );
  jobs.action(() => {
    throw new UsageError(
      "USAGE",
      "Say what to do with jobs: list, show ID, result ID or cancel ID. See lepton jobs --help.",
    );
  });
  addList(jobs, io);
  addShow(jobs, io);
  addResult(jobs, io);
  addCancel(jobs, io);
}

function addList(jobs: Command, io: Io): void {
  jobs
    .command("list")
    .description("The instance's jobs, newest first.")
    .option("--backend <name>", "only those of this backend")
    .option("--tag <tag>", "only those with this tag; repeatable, all must be there", collect)
    .option("--pending", "only those that have not ended")
    .addOption(new Option("--limit <n>", "at most so many").argParser(integer(1)).default(20))
    .option("--json", "print one JSON object")
    .action(async ({ backend, tag, pending, limit, json }: ListOptions) => {
      const found = await (await ibmFor(io)).jobs({
        limit,
        ...(backend === undefined ? {} : { backend }),
        ...(tag === undefined ? {} : { tags: tag }),
        ...(pending === undefined ? {} : { pending }),
      });
      print(io, json === true, { jobs: found }, () => (found.length === 0 ? "None.\n" : tableOf(found)));
    });
}

function addShow(jobs: Command, io: Io): void {
  jobs
    .command("show")
    .description("How a job stands, why, and what it was charged.")
    .argument("<id>", "the job's id")
    .option("--logs", "with the service's log, of a job that has ended")
    .option("--json", "print one JSON object")
    .action(async (id: string, options: OneJob & { readonly logs?: boolean }) => {
      const job = await (await ibmFor(io)).job(id);
      const states = await job.states();
      const { quantumSeconds, final } = await job.usage();
      const logs = options.logs === true ? await job.logs() : undefined;
      const status = await job.status();
      const result = {
        id: job.id,
        status,
        quantumSeconds,
        chargeIsFinal: final,
        states,
        ...(logs === undefined ? {} : { logs }),
      };
      print(io, options.json === true, result, () => {
        const reasons = states.flatMap(({ reason, reasonCode, reasonSolution }): [string, string][] => [
          ["reason", reason === undefined ? "" : `${reason}${reasonCode === undefined ? "" : ` (${reasonCode})`}`],
          ["what to do", reasonSolution ?? ""],
        ]);
        const lines = labelled([
          ["job", job.id],
          ["status", `${status} (${states.map(({ word }) => word).join(", ")})`],
          ...reasons.filter(([, text]) => text !== ""),
          ["charged", `${formatSeconds(quantumSeconds)} of the quantum computer${final ? "" : " so far"}`],
        ]);
        return `${lines}${logs === undefined ? "" : `\n${logs.trimEnd()}\n`}`;
      });
    });
}

function addResult(jobs: Command, io: Io): void {
  jobs
    .command("result")
    .description("The results of a job, waiting for its end if need be.")
    .argument("<id>", "the job's id")
    .option("--json", "print one JSON object")
    .action(async (id: string, options: OneJob) => {
      const job = await (await ibmFor(io)).job(id);
      const pubs = (await job.result()).map(pubJson);
      print(io, options.json === true, { id: job.id, pubs }, () => pubs.map(pubText).join("\n"));
    });
}

function addCancel(jobs: Command, io: Io): void {
  jobs
    .command("cancel")
    .description("Ask the service to stop a job; one that has ended stays as it is.")
    .argument("<id>", "the job's id")
    .option("--json", "print one JSON object")
    .action(async (id: string, options: OneJob) => {
      const job = await (await ibmFor(io)).job(id);
      await job.cancel();
      const status = await job.status();
      print(io, options.json === true, { id: job.id, status }, () => `${job.id}: ${status}\n`);
    });
}

function tableOf(jobs: readonly IbmJobInfo[]): string {
  const rows = jobs.map((job) => [
    job.id,
    job.word,
    job.program,
    job.backend ?? "",
    job.created,
    job.quantumSeconds === undefined ? "" : formatSeconds(job.quantumSeconds),
  ]);
  return `${alignRight([["job", "status", "program", "backend", "created", "charged"], ...rows]).join("\n")}\n`;
}

interface PubJson {
  readonly shape: readonly number[];
  readonly evs?: readonly number[];
  readonly stds?: readonly number[];
  /** For each register how often each bitstring occurred, over all elements. */
  readonly counts?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

function pubJson(pub: IbmPubResult): PubJson {
  if ("evs" in pub) return { shape: pub.shape, evs: Array.from(pub.evs), stds: Array.from(pub.stds) };
  const registers: readonly (readonly [string, BitArray])[] = Object.entries(pub.registers);
  return { shape: pub.shape, counts: Object.fromEntries(registers.map(([name, bits]) => [name, bits.counts()])) };
}

function pubText(pub: PubJson, index: number): string {
  const lines = [`PUB ${index}, shape [${pub.shape.join(", ")}]`];
  const { evs = [], stds = [], counts = {} } = pub;
  for (const [i, value] of evs.slice(0, VALUES_SHOWN).entries())
    lines.push(`  ${formatNumber(value)} ± ${formatNumber(stds[i]!)}`);
  if (evs.length > VALUES_SHOWN) lines.push(`  ... and ${evs.length - VALUES_SHOWN} more; --json prints all of them.`);
  for (const [register, found] of Object.entries(counts)) {
    lines.push(`  ${register}`);
    const sorted = Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const line of alignRight(sorted.map(([bits, n]) => [bits, String(n)]))) lines.push(`    ${line}`);
  }
  return `${lines.join("\n")}\n`;
}
