import { adam, type Circuit, deviceSimulator, loadTarget, planMinimize, type SparsePauliOp } from "../../src/index.ts";

/** The device that stands for a quantum computer in the examples: its couplings, gates and a day's noise. */
export const DEVICE = "torino";

export interface DeviceEnergy {
  /** Measured with the device's noise, and its standard error from the shots. */
  readonly energy: number;
  readonly stderr: number;
  readonly twoQubitGates: number;
  /** Of this measurement, as the device would charge. */
  readonly executions: number;
  readonly quantumSeconds: number;
  /** Of the whole minimisation there, by parameter shift. */
  readonly minimisation: { readonly executions: number; readonly quantumSeconds: number; readonly jobs: number };
}

/** Measures an energy at given weights on the emulated device, and plans what it would take to minimise it there. */
export async function energyOnDevice(
  problem: { readonly circuit: Circuit; readonly observable: SparsePauliOp; readonly weights: Float64Array },
  options: { readonly seed: number; readonly precision: number; readonly steps: number },
): Promise<DeviceEnergy> {
  const { circuit, observable, weights } = problem;
  const { seed, precision, steps } = options;
  const provider = deviceSimulator(loadTarget(DEVICE), { seed });
  const estimator = provider.estimator({ precision });
  const pubs = [{ circuit, observables: [observable], parameterValues: [Array.from(weights)] }];
  const { executions, quantumSeconds, circuits } = await estimator.plan(pubs);
  const [result] = await (await estimator.run(pubs)).result();
  const optimizer = adam({ learningRate: 0.1 });
  const { total } = await planMinimize({
    circuit,
    observable,
    optimizer,
    provider,
    precision,
    steps,
    initial: weights,
  });
  return {
    energy: result!.evs[0]!,
    stderr: result!.stds[0]!,
    twoQubitGates: circuits![0]!.twoQubitGates,
    executions,
    quantumSeconds,
    minimisation: { executions: total.executions, quantumSeconds: total.quantumSeconds, jobs: total.jobs },
  };
}

/**
 * What the emulated device would charge for so many steps of a minimisation by parameter shift, one job a step; planned, not run.
 * All steps take the same.
 */
export async function secondsToMinimise(
  { circuit, observable }: { readonly circuit: Circuit; readonly observable: SparsePauliOp },
  { precision, steps }: { readonly precision: number; readonly steps: number },
): Promise<number> {
  const provider = deviceSimulator(loadTarget(DEVICE));
  const initial = Float64Array.from({ length: circuit.numWeights }, (_, i) => 0.1 * (i + 1));
  const { step } = await planMinimize({
    circuit,
    observable,
    optimizer: adam(),
    provider,
    precision,
    steps: 1,
    initial,
  });
  return steps * step.quantumSeconds;
}
