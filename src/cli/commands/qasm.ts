import { type Command, Option } from "commander";
import { type Io, print } from "../io.ts";

export function addQasm(program: Command, io: Io): void {
  program
    .command("qasm")
    .description("Check an OpenQASM file and print it in a normal form, in either version.")
    .argument("<file>", "OpenQASM 2 or 3 file, or - for standard input")
    .addOption(new Option("--to <version>", "OpenQASM version to print").choices(["2", "3"]).default("3"))
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Errors are printed as FILE:LINE:COLUMN: CODE message.

Examples:
  lepton qasm circuit.qasm
  lepton qasm circuit.qasm --to 2 > circuit2.qasm`,
    )
    .action(async (file: string, options: { readonly to: "2" | "3"; readonly json?: boolean }) => {
      const { readCircuit } = await import("../circuit-file.ts");
      const { printQasm2, printQasm3 } = await import("../../../circuits/qasm/index.ts");
      const circuit = await readCircuit(io, file);
      const qasm = options.to === "2" ? printQasm2(circuit) : printQasm3(circuit);
      const result = {
        version: Number(options.to),
        numQubits: circuit.numQubits,
        numClbits: circuit.numClbits,
        parameters: circuit.parameters.map(({ name }) => name),
        depth: circuit.depth(),
        operations: circuit.count(),
        qasm,
      };
      print(io, options.json === true, result, () => (qasm.endsWith("\n") ? qasm : `${qasm}\n`));
    });
}
