import { Command, CommanderError } from "commander";
import { packageVersion } from "../version.ts";
import { addDemo } from "./commands/demo.ts";
import { addDraw } from "./commands/draw.ts";
import { addGradient } from "./commands/gradient.ts";
import { addQasm } from "./commands/qasm.ts";
import { addSimulate } from "./commands/simulate.ts";
import { EXIT, errorReport, errorText, exitCodeOf, UsageError } from "./errors.ts";
import type { Io } from "./io.ts";

const EXAMPLES = `
Examples:
  lepton demo digits                                     train a hybrid model on handwritten digits
  lepton simulate bell.qasm --shots 1000 --seed 7        count what is measured
  lepton simulate ansatz.qasm --param theta=0.3 --expect "1.0*ZZ + 0.5*XI"
  lepton gradient ansatz.qasm --params values.json --expect ZZ --json
  lepton qasm old.qasm --to 3 > new.qasm                 check and translate
  lepton draw bell.qasm --svg bell.svg

Every command takes --json: one JSON object on standard output and nothing else there.
Exit status: 0 done, 1 failed, 2 bad input or usage.`;

/**
 * Runs one command line (without node and script) and returns its exit status. Nothing is thrown: errors are printed to
 * `io.err`, and with `--json` as `{"error": {code, message}}` to `io.out`.
 */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  try {
    await buildProgram(io).parseAsync(argv, { from: "user" });
    return EXIT.done;
  } catch (caught) {
    if (caught instanceof CommanderError && caught.exitCode === 0) return EXIT.done;
    const error =
      caught instanceof CommanderError
        ? new UsageError("USAGE", `${caught.message.replace(/^error: /, "").replace(/\.?$/, ".")} See lepton --help.`)
        : caught;
    io.err(`${errorText(error)}\n`);
    if (argv.includes("--json")) io.out(`${JSON.stringify(errorReport(error))}\n`);
    return exitCodeOf(error);
  }
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
    const [name] = command.args;
    const commands = program.commands.map((known) => known.name()).join(", ");
    throw new UsageError(
      "USAGE",
      `${name === undefined ? "Name a command" : `"${name}" is no command of this version`}: ${commands}. See lepton --help.`,
    );
  });
  for (const add of [addDemo, addSimulate, addGradient, addQasm, addDraw]) add(program, io);
  // So that what follows an unknown command is not what is complained of; commands made before do not inherit it.
  return program.allowExcessArguments().allowUnknownOption();
}
