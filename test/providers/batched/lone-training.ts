import { everyZ, lcgAngles, w1Circuit } from "../../../bench/workloads.ts";
import { createStatevectorEngine } from "../../../providers/index.ts";
import { simulatorTeam } from "../../../providers/simulator/simulator-team.ts";

// A program of its own: takes steps in two threads and in one, and comes to its end.
const circuit = w1Circuit(8);
const rows = 256;
const inputs = lcgAngles(1, 8 * rows);
const weights = lcgAngles(2, circuit.numWeights);
const cotangents = lcgAngles(3, 8 * rows);
const [alone, shared] = [1, 2].map((threads) => {
  const program = createStatevectorEngine({ threads }).expectation(circuit, everyZ(8));
  const gradient = new Float64Array(weights.length);
  const outputs = new Float64Array(8 * rows);
  for (let step = 0; step < 100; step++) program.backward(inputs, weights, rows, cotangents, outputs, gradient, null);
  return gradient;
});
const same = alone!.every((value, k) => Object.is(value, shared![k]));
console.log(JSON.stringify({ same, workers: simulatorTeam().workers }));
