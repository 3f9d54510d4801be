import { writeFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { UsageError } from "../errors.ts";
import { fileFault, type Io, print } from "../io.ts";
import { collect, integer } from "../options.ts";
import { labelled } from "../text.ts";

interface TranspileOptions {
  readonly device: string;
  readonly effort: "0" | "1" | "2" | "3";
  readonly seed: number;
  readonly fractional?: boolean;
  readonly scheduling?: "alap";
  readonly dynamicalDecoupling?: "XX" | "XY4";
  readonly out?: string;
  readonly params?: string;
  readonly param?: readonly string[];
  readonly json?: boolean;
}

export function addTranspile(program: Command, io: Io): void {
  program
    .command("transpile")
    .description("Compile a circuit for a device: its gates, its couplings, its best qubits.")
    .argument("<file>", "OpenQASM 2 or 3 file, or - for standard input")
    .requiredOption("--device <d>", "torino, sherbrooke, manila, or a folder or prefix with conf.json and props.json")
    .addOption(new Option("--effort <e>", "how hard to try").choices(["0", "1", "2", "3"]).default("2"))
    .option("--seed <s>", "seed of the random trials", integer(0), 0)
    .option("--fractional", "use the device's fractional gates rx and rzz, if it has them")
    .addOption(new Option("--scheduling <how>", "fill idle times with delays").choices(["alap"]))
    .addOption(new Option("--dynamical-decoupling <sequence>", "refocus idle qubits").choices(["XX", "XY4"]))
    .option("--param <name=value>", "a parameter in radians (0.1, pi/2; a vector as 1,2,3); repeatable", collect)
    .option("--params <file>", 'parameters as JSON: {"name": number | array}')
    .option("--out <file>", "write the compiled circuit as OpenQASM 3 on physical qubits")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Parameters may stay free: the structure is then one for all their values. A circuit that is written needs them all.

Examples:
  lepton transpile ansatz.qasm --device torino --effort 3
  lepton transpile bell.qasm --device manila --out bell-manila.qasm`,
    )
    .action(async (file: string, options: TranspileOptions) => {
      const { bindAll, readCircuit } = await import("../circuit-file.ts");
      const { compile, printQasm3 } = await import("../../../circuits/index.ts");
      const { loadTarget } = await import("../../../providers/devices/index.ts");
      const target = loadTarget(options.device, { fractionalGates: options.fractional === true });
      const read = await readCircuit(io, file);
      const given = options.param !== undefined || options.params !== undefined;
      const circuit = given ? await bindAll(io, read, options) : read;
      if (options.out !== undefined && circuit.parameters.length > 0)
        throw new UsageError(
          "TRANSPILE_UNBOUND",
          `The circuit has free parameters (${circuit.vectors.map(({ name }) => name).join(", ")}), and the angles of the compiled gates are computed from them for each set of values; give them with --param or --params to write the circuit.`,
        );
      const start = performance.now();
      const compiled = compile(circuit, target, {
        effort: Number(options.effort) as 0 | 1 | 2 | 3,
        seed: options.seed,
        ...(options.scheduling === undefined ? {} : { scheduling: options.scheduling }),
        ...(options.dynamicalDecoupling === undefined ? {} : { dynamicalDecoupling: options.dynamicalDecoupling }),
      });
      const seconds = (performance.now() - start) / 1000;
      if (options.out !== undefined) {
        try {
          writeFileSync(options.out, printQasm3(compiled.circuit, { qubits: "physical" }));
        } catch (cause) {
          throw new UsageError("FILE_WRITE", `Cannot write ${options.out}: ${fileFault(cause)}.`, { cause });
        }
        io.err(`Wrote ${options.out}\n`);
      }
      const { metrics, initialLayout, finalLayout, effort, seed } = compiled;
      const result = {
        device: target.name,
        effort,
        seed,
        twoQubitGates: metrics.twoQubitGates,
        twoQubitDepth: metrics.twoQubitDepth,
        depth: metrics.depth,
        gates: metrics.gates,
        initialLayout,
        finalLayout,
        estimatedSuccess: metrics.estimatedSuccess ?? null,
        durationSeconds: metrics.durationSeconds ?? null,
        seconds,
      };
      print(io, options.json === true, result, () => textOf(result));
    });
}

function textOf(result: {
  readonly device: string;
  readonly effort: number;
  readonly twoQubitGates: number;
  readonly twoQubitDepth: number;
  readonly depth: number;
  readonly gates: Readonly<Record<string, number>>;
  readonly initialLayout: readonly number[];
  readonly finalLayout: readonly number[];
  readonly estimatedSuccess: number | null;
  readonly durationSeconds: number | null;
  readonly seconds: number;
}): string {
  const { initialLayout, finalLayout, durationSeconds, estimatedSuccess } = result;
  const gates = Object.entries(result.gates).map(([name, count]) => `${count} ${name}`);
  return labelled([
    ["device", result.device],
    ["effort", String(result.effort)],
    ["two-qubit gates", `${result.twoQubitGates} in depth ${result.twoQubitDepth}`],
    ["all operations", `${gates.join(", ")} in depth ${result.depth}`],
    ["starts on qubits", initialLayout.join(" ")],
    ["ends on qubits", finalLayout.join(" ")],
    ["duration", durationSeconds === null ? "unknown" : `${(durationSeconds * 1e6).toPrecision(4)} µs`],
    ["estimated success", estimatedSuccess === null ? "unknown" : estimatedSuccess.toFixed(4)],
    ["compiled in", `${result.seconds.toFixed(3)} s`],
  ]);
}
