/**
 * Writes the circuits of test/fixtures/transpile, compiled for the shipped devices, as OpenQASM 3 on physical qubits into a
 * folder, for Qiskit to check:
 *   node scripts/emit-compiled.ts FOLDER [--effort N]...
 * Each NAME.qasm has a NAME.json beside it: the device, the layouts, and values for the inputs of the compiled circuit and of
 * its source, SOURCE.qasm3.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Circuit, compile, type Effort, printQasm3Program } from "../circuits/index.ts";
import { transpileCircuits, transpileTarget } from "../test/support/transpile-corpus.ts";

const { values, positionals } = parseArgs({
  options: { effort: { type: "string", multiple: true, default: ["1", "3"] } },
  allowPositionals: true,
});
const [folder] = positionals;
if (folder === undefined) {
  console.error("Usage: node scripts/emit-compiled.ts FOLDER [--effort N]...");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

function emit(name: string, circuit: Circuit, row: ArrayLike<number>, qubits: "physical" | "virtual") {
  const { text, parameterNames } = printQasm3Program(circuit, { qubits, parameterNames: "ordered" });
  writeFileSync(join(folder!, name), text);
  return Object.fromEntries([...parameterNames.keys()].map((key, index) => [key, row[index]!]));
}

let count = 0;
for (const { name, circuit } of transpileCircuits()) {
  const row = Float64Array.from(circuit.parameters, (_, i) => 0.3 + 0.37 * i);
  const source = `${name}.qasm3`;
  const sourceParameters = emit(source, circuit, row, "virtual");
  for (const device of ["torino", "sherbrooke", "manila"]) {
    const target = transpileTarget(device);
    if (circuit.numQubits > target.numQubits) continue;
    for (const effort of values.effort.map(Number) as Effort[]) {
      const compiled = compile(circuit, target, { effort });
      const file = `${name}.${device}.${effort}`;
      const parameters = emit(`${file}.qasm`, compiled.circuit, compiled.bindRows(row, 1), "physical");
      const { initialLayout, finalLayout } = compiled;
      writeFileSync(
        join(folder, `${file}.json`),
        `${JSON.stringify({ device, source, sourceParameters, parameters, initialLayout, finalLayout })}\n`,
      );
      count++;
    }
  }
}
console.log(`${count} compiled circuits written.`);
