import { type Circuit, Rng } from "../../circuits/index.ts";
import { createStatevectorEngine } from "../../providers/index.ts";
import type { TrainedCircuit } from "./trained-circuit.ts";

/** States that are simulated to compare two circuits are small, so that a transfer takes moments. */
const MAX_QUBITS = 12;
const SAMPLES = 4;

/**
 * The lowest fidelity of two circuits' states over sample inputs, the second's further qubits in |0>. Inputs go by name and index; those that
 * only one has are 0. Undefined where there are no such states.
 */
export function startFidelity(from: TrainedCircuit, to: TrainedCircuit): number | undefined {
  const [old, next] = [from.circuit, to.circuit];
  if (next.numQubits < old.numQubits || next.numQubits > MAX_QUBITS || !old.isUnitary || !next.isUnitary)
    return undefined;
  const engine = createStatevectorEngine();
  const programs = [engine.statevector(old), engine.statevector(next)] as const;
  const rng = Rng.seed("start fidelity");
  const shared = old.parameters.filter(
    ({ name, role }) =>
      role === "input" && next.parameters.some((other) => other.role === "input" && other.name === name),
  );
  const samples = old.numInputs + next.numInputs === 0 ? 1 : SAMPLES;
  let lowest = 1;
  for (let sample = 0; sample < samples; sample++) {
    const inputs = new Map(shared.map(({ name }) => [name, rng.fork(sample, name).normal()]));
    const a = programs[0].statevector(rowOf(old, inputs, from.weights));
    const b = programs[1].statevector(rowOf(next, inputs, to.weights));
    let re = 0;
    let im = 0;
    // The old state lies where all further qubits, which are the higher bits, are 0.
    for (let k = 0; k < a.length; k += 2) {
      re += a[k]! * b[k]! + a[k + 1]! * b[k + 1]!;
      im += a[k]! * b[k + 1]! - a[k + 1]! * b[k]!;
    }
    lowest = Math.min(lowest, re * re + im * im);
  }
  return lowest;
}

function rowOf(circuit: Circuit, inputs: ReadonlyMap<string, number>, weights: ArrayLike<number>): Float64Array {
  const row = new Float64Array(circuit.parameters.length);
  for (const [at, { name }] of circuit.parameters.slice(0, circuit.numInputs).entries())
    row[at] = inputs.get(name) ?? 0;
  row.set(Array.from(weights), circuit.numInputs);
  return row;
}
