import { Command, CommanderError } from "commander";
import { packageVersion } from "../version.ts";
import { addAccount } from "./commands/account.ts";
import { addBackends } from "./commands/backends.ts";
import { addCompress } from "./commands/compress.ts";
import { addDemo } from "./commands/demo.ts";
import { addDraw } from "./commands/draw.ts";
import { addEmulator } from "./commands/emulator.ts";
import { addGradient } from "./commands/gradient.ts";
import { addJobs } from "./commands/jobs.ts";
import { addPlan } from "./commands/plan.ts";
import { addQasm } from "./commands/qasm.ts";
import { addRuns } from "./commands/runs.ts";
import { addScheduleCommands } from "./commands/schedule.ts";
import { addSimulate } from "./commands/simulate.ts";
import { addSweep } from "./commands/sweep.ts";
import { addTrain } from "./commands/train.ts";
import { addTranspile } from "./commands/transpile.ts";
import { addWorker } from "./commands/worker.ts";
import { EXIT, errorReport, errorText, exitCodeOf, UsageError } from "./errors.ts";
import { apartFromOutput, type Io, jsonLine, printable } from "./io.ts";
import { didYouMean } from "./text.ts";

const COMMANDS = [
  addDemo,
  addSimulate,
  addGradient,
  addTranspile,
  addQasm,
  addDraw,
  addPlan,
  addTrain,
  addRuns,
  addSweep,
  addCompress,
  addScheduleCommands,
  addWorker,
  addBackends,
  addJobs,
  addAccount,
  addEmulator,
];

const EXAMPLES = `
Examples:
  lepton demo digits                                     train a hybrid model on handwritten digits
  lepton simulate bell.qasm --shots 1000 --seed 7        count what is measured
  lepton simulate ansatz.qasm --param theta=0.3 --expect "1.0*ZZ + 0.5*XI"
  lepton gradient ansatz.qasm --params values.json --expect ZZ --json
  lepton transpile ansatz.qasm --device torino --effort 3
  lepton plan run.ts --provider device:torino            what a training run would send and take
  lepton train run.ts --run digits-1 --budget 60s        the same run, kept on disk step by step
  lepton runs resume digits-1                            and gone on with after whatever ended it
  lepton compress model --data rows.csv --target y --budget accuracy=-0.01
                                                         its circuit and classical layers made smaller
  lepton emulator --device torino                        IBM Quantum's REST API on this machine
  lepton qasm old.qasm --to 3 > new.qasm                 check and translate
  lepton draw bell.qasm --svg bell.svg

Every command takes --json: one JSON object on standard output and nothing else there.
Exit status: 0 done, 1 failed, 2 bad input or usage.`;

/**
 * Runs one command line (without node and script) and returns its exit status. Nothing is thrown: errors are printed to
 * `io.err`, and with `--json` as `{"error": {code, message}}` to `io.out`.
 */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const program = buildProgram(io);
  try {
    checkCommand(program, argv);
    await apartFromOutput(argv.includes("--json"), io, () => program.parseAsync(argv, { from: "user" }));
    return EXIT.done;
  } catch (caught) {
    if (caught instanceof CommanderError && caught.exitCode === 0) return EXIT.done;
    const error =
      caught instanceof CommanderError
        ? new UsageError("USAGE", `${sentence(caught.message)} See ${commandOf(program, argv)} --help.`)
        : caught;
    io.err(`${printable(errorText(error))}\n`);
    if (argv.includes("--json")) io.out(jsonLine(errorReport(error)));
    return exitCodeOf(error);
  }
}

/** Commander's message in one line, such as "unknown option '--shot' (Did you mean --shots?)." */
function sentence(message: string): string {
  return message
    .replace(/^error: /, "")
    .replace(/\s+/g, " ")
    .replace(/\.?$/, ".");
}

/** `lepton jobs show` for the command line `jobs show --all`. */
function commandOf(program: Command, argv: readonly string[]): string {
  let command = program;
  const names = ["lepton"];
  for (const word of argv) {
    const next = command.commands.find((known) => known.name() === word);
    if (next === undefined) break;
    names.push(word);
    command = next;
  }
  return names.join(" ");
}

/** Before help is printed: `lepton teleport --help` must not sound as if there were such a command. */
function checkCommand(program: Command, argv: readonly string[]): void {
  const named = argv[0] === "help" ? argv[1] : argv.find((word) => !word.startsWith("-"));
  if (named === undefined || (named === "help" && argv[0] !== "help")) return;
  const group = program.commands.find((command) => command.name() === named);
  if (group === undefined) throw noCommand(program, named);
  const part = argv[0] === named ? argv[1] : undefined;
  if (part === undefined || part.startsWith("-") || part === "help" || group.commands.length === 0) return;
  if (group.commands.some((command) => command.name() === part)) return;
  const parts = group.commands.map((known) => known.name()).join(", ");
  throw new UsageError("USAGE", `lepton ${named} has no "${part}": ${parts}. See lepton ${named} --help.`);
}

function noCommand(program: Command, name: string | undefined): UsageError {
  const commands = program.commands.map((known) => known.name());
  const problem =
    name === undefined
      ? "Name a command"
      : name.startsWith("-")
        ? `Options such as ${name} stand after the command`
        : `"${name}" is no command of this version`;
  return new UsageError(
    "USAGE",
    `${problem}: ${commands.join(", ")}.${didYouMean(name ?? "", commands)} See lepton --help.`,
  );
}

function buildProgram(io: Io): Command {
  const program = new Command("lepton")
    .description("Hybrid quantum-classical machine learning: circuits, simulators, gradients and training.")
    .version(packageVersion())
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: () => {}, outputError: () => {} })
    .showSuggestionAfterError(true)
    .helpCommand(true);
  program.action((_options, command: Command) => {
    throw noCommand(program, command.args[0]);
  });
  for (const add of COMMANDS) add(program, io);
  // So that what follows an unknown command is not what is complained of; commands made before do not inherit it.
  return program.allowExcessArguments().allowUnknownOption();
}
