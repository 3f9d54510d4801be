import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { UsageError } from "../errors.ts";
import { fileFault, type Io, print } from "../io.ts";

export function addDraw(program: Command, io: Io): void {
  program
    .command("draw")
    .description("Draw a circuit as text, or as an SVG picture.")
    .argument("<file>", "OpenQASM 2 or 3 file, or - for standard input")
    .option("--svg <out>", "write the picture to this file")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  lepton draw bell.qasm
  lepton draw bell.qasm --svg bell.svg`,
    )
    .action(async (file: string, options: { readonly svg?: string; readonly json?: boolean }) => {
      const { readCircuit } = await import("../circuit-file.ts");
      const { drawSvg, drawText } = await import("../../../circuits/draw/index.ts");
      const circuit = await readCircuit(io, file);
      const text = drawText(circuit);
      if (options.svg !== undefined) {
        const svg = drawSvg(circuit);
        try {
          writeFileSync(options.svg, svg);
        } catch (cause) {
          throw new UsageError("FILE_WRITE", `Cannot write ${options.svg}: ${fileFault(cause)}.`, { cause });
        }
        io.err(`Wrote ${options.svg}\n`);
      }
      const result = {
        numQubits: circuit.numQubits,
        depth: circuit.depth(),
        text,
        files: options.svg === undefined ? [] : [options.svg],
      };
      print(io, options.json === true, result, () => (options.svg === undefined ? `${text.trimEnd()}\n` : ""));
    });
}
