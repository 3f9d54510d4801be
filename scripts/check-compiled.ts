/**
 * Compiles all circuits of test/fixtures/transpile at every effort for every device and holds each against its source:
 *   node scripts/check-compiled.ts [--device NAME] [--effort N] [--circuit PREFIX] [--states N]
 * Whole states are compared up to N qubits (20 by default), stabilisers or amplitudes above. Ends with 1 if anything is wrong.
 */
import { parseArgs } from "node:util";
import { compile, type Effort } from "../circuits/index.ts";
import { boundTo, type Comparison, deviceFaults, differences } from "../test/support/compiled-faults.ts";
import { transpileBaseline, transpileCircuits, transpileTarget } from "../test/support/transpile-corpus.ts";

const { values } = parseArgs({
  options: {
    device: { type: "string" },
    effort: { type: "string" },
    circuit: { type: "string", default: "" },
    states: { type: "string", default: "20" },
  },
});
const devices = values.device === undefined ? ["torino", "sherbrooke", "fez", "manila"] : [values.device];
const efforts = (values.effort === undefined ? [0, 1, 2, 3] : [Number(values.effort)]) as Effort[];
let failed = 0;
for (const device of devices) {
  const target = transpileTarget(device);
  const baseline = transpileBaseline(device);
  for (const effort of efforts) {
    const count: Record<Comparison, number> = { state: 0, stabilizers: 0, amplitudes: 0 };
    let logRatio = 0;
    let compared = 0;
    let milliseconds = 0;
    for (const { name, circuit } of transpileCircuits()) {
      if (!name.startsWith(values.circuit) || circuit.numQubits > target.numQubits) continue;
      const start = performance.now();
      const compiled = compile(circuit, target, { effort });
      milliseconds += performance.now() - start;
      const bound = circuit.parameters.map((_, i) => 0.3 + 0.37 * i);
      const source = boundTo(circuit, bound);
      const angles = compiled.bindRows(Float64Array.from(bound), 1);
      const { comparison, faults } = differences(
        source,
        { ...compiled, circuit: boundTo(compiled.circuit, angles) },
        Number(values.states),
      );
      count[comparison]++;
      const all = [...deviceFaults(compiled.circuit, target), ...faults];
      if (all.length > 0) {
        failed++;
        console.error(`${device} effort ${effort} ${name}: ${all.slice(0, 3).join("; ")}`);
      }
      const reference = baseline[name]?.O3;
      if (reference === undefined || reference === 0) continue;
      logRatio += Math.log(compiled.metrics.twoQubitGates / reference);
      compared++;
    }
    console.log(
      `${device.padEnd(10)} effort ${effort}: ${count.state} by state, ${count.stabilizers} by stabilisers, ${count.amplitudes} by amplitudes; ` +
        `two-qubit gates ${Math.exp(logRatio / compared).toFixed(3)} of Qiskit O3; compiled in ${(milliseconds / 1000).toFixed(1)} s`,
    );
  }
}
console.log(failed === 0 ? "All compiled circuits are right." : `${failed} compiled circuits are wrong.`);
process.exit(failed === 0 ? 0 : 1);
