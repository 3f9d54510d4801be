import type { DemoRow } from "../../src/cli/demo.ts";
import { Circuit, lbfgs, localSimulator, minimize, reduceSpinParities, weight } from "../../src/index.ts";
import { DEVICE, energyOnDevice } from "../application/device.ts";
import { demoRow, measured, type SeedOutcome } from "../application/measure.ts";
import { exactEnergy } from "./classical.ts";
import { CHEMICAL_ACCURACY } from "./curve.ts";
import type { Problem } from "./molecules.ts";

/** Steps of a minimisation of UCCSD there, about as many as the curve takes a geometry. */
const STEPS = 10;

/**
 * H2 at these weights, and the same state on two qubits with one two-qubit gate, measured with the device's noise; beside them
 * what minimising there would take.
 */
export async function hydrogenOnDevice(problem: Problem, weights: Float64Array, seed: number): Promise<DemoRow[]> {
  const { hamiltonian, circuit } = problem;
  const exact = await measured(() => exactEnergy(problem));
  const small = await onTwoQubits(problem);
  const part = `H2 at ${problem.geometry.bond.toFixed(2)} angstrom on a noisy device (emulated ibm_${DEVICE})`;
  const row = (model: string, params: number, outcome: SeedOutcome, quantumSeconds?: number): DemoRow =>
    demoRow(
      {
        ...{
          part,
          model,
          params,
          metric: "error (hartree)",
          role: quantumSeconds === undefined ? "best classical" : "hybrid",
        },
        ...(quantumSeconds === undefined ? {} : { quantumSeconds, costsOf: "test" }),
      },
      [outcome],
    );
  const rows: DemoRow[] = [];
  for (const [model, { steps, ...measurement }] of [
    ["UCCSD on 4 qubits, one energy", { circuit, observable: hamiltonian, weights, steps: STEPS }],
    ["the same state on 2 qubits, one energy", small],
  ] as const) {
    const options = { seed, precision: CHEMICAL_ACCURACY, steps };
    const { value, seconds, cpuSeconds } = await measured(() => energyOnDevice(measurement, options));
    const also = {
      "standard error": value.stderr,
      "two-qubit gates": value.twoQubitGates,
      "quantum seconds to minimise": value.minimisation.quantumSeconds,
    };
    const outcome = { also, seconds, cpuSeconds, circuitExecutions: value.executions };
    const error = Math.abs(value.energy - exact.value);
    rows.push(row(model, measurement.weights.length, { value: error, ...outcome }, value.quantumSeconds));
  }
  const also = { "standard error": 0, "two-qubit gates": 0, "quantum seconds to minimise": 0 };
  const { seconds, cpuSeconds } = exact;
  rows.push(row("exact diagonalisation", 0, { value: 0, also, seconds, cpuSeconds }));
  return rows;
}

/** The ground state of H2 has both electrons below or both above, so on two qubits one rotation reaches it. */
async function onTwoQubits({ hamiltonian }: Problem) {
  const observable = reduceSpinParities(hamiltonian, { up: 1, down: 1 });
  const angle = weight("w");
  const circuit = Circuit.build(2, (c) => c.ry(angle, 0).cx(0, 1));
  // Both below, |11>, is Hartree-Fock.
  const start = { initial: [Math.PI - 0.1], steps: 50, tolerance: 1e-12 };
  const { weights, history } = await minimize({
    circuit,
    observable,
    optimizer: lbfgs(),
    provider: localSimulator(),
    ...start,
  });
  return { circuit, observable, weights, steps: history.length };
}
