import { type Command, Option } from "commander";
import { SparsePauliOp } from "../../../circuits/index.ts";
import { type Io, print } from "../io.ts";
import { collect, once } from "../options.ts";
import { alignRight, formatNumber } from "../text.ts";

interface GradientCommandOptions {
  readonly param?: readonly string[];
  readonly params?: string;
  readonly expect: string;
  readonly method: "auto" | "adjoint" | "parameter-shift" | "finite-difference";
  readonly json?: boolean;
}

export function addGradient(program: Command, io: Io): void {
  program
    .command("gradient")
    .description("The derivative of an expectation value by every parameter of a circuit.")
    .argument("<file>", "OpenQASM 2 or 3 file, or - for standard input")
    .requiredOption("--expect <observable>", 'the expectation value, such as "1.0*ZZI+0.5*XXI"', once)
    .option("--params <file>", 'parameters as JSON: {"name": number | array}')
    .option("--param <name=value>", "a parameter in radians (0.1, pi/2; a vector as 1,2,3); repeatable", collect)
    .addOption(
      new Option("--method <name>", "how to differentiate")
        .choices(["auto", "adjoint", "parameter-shift", "finite-difference"])
        .default("auto", "adjoint where the circuit allows it, else parameter-shift"),
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Example:
  lepton gradient ansatz.qasm --params values.json --expect ZZ --method parameter-shift`,
    )
    .action(async (file: string, options: GradientCommandOptions) => {
      const { parameterRow, readCircuit, withoutFinalMeasurements } = await import("../circuit-file.ts");
      const observable = SparsePauliOp.parse(options.expect);
      const circuit = withoutFinalMeasurements(await readCircuit(io, file));
      const values = await parameterRow(io, circuit, options);
      const { valueAndGradient } = await import("../../gradients/index.ts");
      const { localSimulator } = await import("../../../providers/simulator/local-simulator.ts");
      const {
        values: evs,
        inputGradient,
        weightGradient,
        executions,
        method,
      } = await valueAndGradient({
        circuit,
        observables: [observable],
        provider: localSimulator(),
        inputs: values.subarray(0, circuit.numInputs),
        weights: values.subarray(circuit.numInputs),
        wants: { inputs: true, weights: true },
        method: options.method,
      });
      const value = evs[0]!;
      const gradient = new Float64Array(circuit.parameters.length);
      gradient.set(inputGradient!);
      gradient.set(weightGradient!, circuit.numInputs);
      let start = 0;
      const byName: Record<string, number | readonly number[]> = {};
      for (const { name, shape, size } of circuit.vectors) {
        byName[name] = shape.length === 0 ? gradient[start]! : Array.from(gradient.subarray(start, start + size));
        start += size;
      }
      const result = { value, gradient: byName, method, executions };
      print(io, options.json === true, result, () =>
        alignRight([
          ["value", formatNumber(value)],
          ...circuit.parameters.map(({ name }, i) => [`d/d ${name}`, formatNumber(gradient[i]!)]),
        ])
          .map((line) => `${line}\n`)
          .join(""),
      );
    });
}
