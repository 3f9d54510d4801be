import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { withTensorFlow } from "../../tensorflow-packages.ts";
import type { DemoResult, Hardware } from "../demo.ts";
import { demoTables, tableNotes } from "../demo-table.ts";
import { UsageError } from "../errors.ts";
import { fileFault, type Io, print } from "../io.ts";
import { integer } from "../options.ts";
import { createProgress } from "../progress.ts";
import { alignRight, didYouMean, labelled } from "../text.ts";

interface DemoCommandOptions {
  readonly list?: boolean;
  readonly seeds: number;
  readonly seed: number;
  readonly steps?: number;
  readonly quick?: boolean;
  readonly hardware: Hardware;
  readonly data?: string;
  readonly out: string;
  readonly json?: boolean;
}

export function addDemo(program: Command, io: Io): void {
  program
    .command("demo")
    .description("Run an application on real data and write a report.")
    .argument("[name]", "which one; --list names them")
    .option("--list", "list the applications")
    .option("--seeds <n>", "repeat with this many seeds and print mean and spread", integer(1), 1)
    .option("--seed <s>", "the first seed", integer(0), 0)
    .option("--steps <n>", "training steps", integer(1))
    .option("--quick", "a short run that shows that everything works; its accuracies mean little")
    .addOption(
      new Option(
        "--hardware <where>",
        "of digits; auto: IBM Quantum where credentials are in the environment, else an emulator of it. The others measure on emulated devices",
      )
        .choices(["auto", "ibm", "emulator", "none"])
        .default("auto"),
    )
    .option("--data <file>", "of finance: take the prices from this CSV file")
    .option("--out <dir>", "folder of the report", "lepton-report")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  lepton demo --list
  lepton demo digits
  lepton demo digits --seeds 5 --json > digits.json`,
    )
    .action(async (name: string | undefined, options: DemoCommandOptions, command: Command) => {
      const { DEMOS } = await import("../../../examples/index.ts");
      if (options.list === true) {
        const demos = DEMOS.map((demo) => ({ name: demo.name, summary: demo.summary }));
        print(io, options.json === true, { demos }, () => labelled(demos.map((demo) => [demo.name, demo.summary])));
        return;
      }
      const names = DEMOS.map((demo) => demo.name);
      const known = names.join(", ");
      const demo = DEMOS.find((candidate) => candidate.name === name);
      if (demo === undefined)
        throw new UsageError(
          "DEMO_UNKNOWN",
          name === undefined
            ? `Name a demo, as in lepton demo digits: ${known}. lepton demo --list says what they are.`
            : `There is no demo "${name}". There is: ${known}.${didYouMean(name, names)}`,
        );
      for (const option of ["data", "hardware"] as const)
        if (command.getOptionValueSource(option) === "cli" && demo.takes?.includes(option) !== true) {
          const takers = DEMOS.filter(({ takes }) => takes?.includes(option)).map((other) => other.name);
          throw new UsageError("USAGE", `The demo ${demo.name} takes no --${option}; ${takers.join(", ")} does.`);
        }
      // Before the training, not after it.
      try {
        mkdirSync(options.out, { recursive: true });
        const probe = join(options.out, ".writable");
        writeFileSync(probe, "");
        rmSync(probe);
      } catch (cause) {
        throw new UsageError("FILE_WRITE", `Cannot write to the folder ${options.out}: ${fileFault(cause)}.`, {
          cause,
        });
      }
      const { run } = await withTensorFlow(() => demo.load());
      const progress = createProgress(io);
      const { seed, seeds, steps, quick = false, hardware, data, out } = options;
      let result: DemoResult;
      try {
        result = await run(
          {
            ...{ seed, seeds, quick, hardware, out },
            ...(steps === undefined ? {} : { steps }),
            ...(data === undefined ? {} : { data }),
          },
          progress,
        );
      } finally {
        progress.end();
      }
      print(io, options.json === true, result, () => tableOf(result, out));
    });
}

function tableOf(result: DemoResult, out: string): string {
  const tables = demoTables(result).map(({ part, header, lines }) => {
    const [head, ...rest] = alignRight([header, ...lines]);
    const rule = "─".repeat(Math.max(...[head!, ...rest].map((line) => line.length)));
    return `${part === undefined ? "" : `${part}\n`}${head}\n${rule}\n${rest.join("\n")}\n`;
  });
  return `${tables.join("\n")}\n${tableNotes(result)}\nReport: ${out}/index.html (${result.files.length} files, ${result.seconds.toFixed(1)} s in all)\n`;
}
