// What a user's first program touches, seen through the installed declarations.
import { Circuit, type SparsePauliOp, input, weight } from "lepton/circuits";
import * as circuits from "lepton/circuits";
import { estimatorContract } from "lepton/contracts";
import { type EmulatorOptions, startEmulator } from "lepton/emulator";
import { type IbmProviderOptions, ibmProvider } from "lepton/ibm";
import { type Backend, deviceSimulator, loadTarget, localSimulator } from "lepton/providers";
export type * as everything from "lepton";
export type * as compression from "lepton/compression";
export type * as compute from "lepton/compute";
export type * as data from "lepton/data";
export type * as kernels from "lepton/kernels";
export type * as metrics from "lepton/metrics";
export type * as tfjs from "lepton/tfjs";

const x = input("x", 2);
const w = weight("w", [2, 1]);
const circuit: Circuit = Circuit.build(2, (c) => c.ry(x.at(0), 0).ry(x.at(1), 1).cx(0, 1).rz(w.at(1, 0).times(2), 1));
// @ts-expect-error a gate method takes exactly its parameters and qubits
export const wrong = () => Circuit.build(1, (c) => c.rx(0));
const observable: SparsePauliOp = circuits.SparsePauliOp.parse("1.0*ZI");

const backend: Backend = localSimulator();
const parameterValues = [0.1, 0.2, 0.3, 0.4];
const job = await backend.estimator().run([{ circuit, observables: observable, parameterValues, precision: 0 }]);
const [result] = await job.result();
const value = result?.evs[0] ?? Number.NaN;
// The cx turns Z on qubit 1 into Z on both.
const wanted = Math.cos(0.1) * Math.cos(0.2);
if (!(Math.abs(value - wanted) < 1e-12)) throw new Error(`The estimator gave ${value} instead of ${wanted}.`);
console.log(`<O> = ${value}`);

for (const { run } of estimatorContract({ backend: () => localSimulator({ seed: 1 }), atol: 1e-9 })) await run();

// A device: compiled for it, with its noise, and by its API.
const target = loadTarget("manila");
const { metrics, finalLayout } = circuits.compile(circuit, target, { effort: 1 });
if (metrics.twoQubitGates !== 1 || finalLayout.length !== 2) throw new Error("One cx became something else.");
const pubs = [{ circuit, observables: observable, parameterValues, precision: 0.05 }];
const simulator = deviceSimulator(target, { seed: 1 }).estimator();
const { executions } = await simulator.plan(pubs);

const machine: EmulatorOptions = { devices: ["manila"], clock: "automatic", seed: 1 };
const emulator = await startEmulator(machine);
try {
  const { url, iamUrl, token, crn: instance } = emulator;
  const options: IbmProviderOptions = { url, iamUrl, token, instance };
  const remote: Backend = await ibmProvider(options).backend("ibmq_manila");
  const jobs = [await simulator.run(pubs), await remote.estimator().run(pubs)];
  for (const noisy of await Promise.all(jobs.map((submitted) => submitted.result())))
    if (!(Math.abs((noisy[0]?.evs[0] ?? Number.NaN) - wanted) < 0.4)) throw new Error("A noisy value is far off.");
  const charged = emulator.control.jobs().map(({ executions: counted }) => counted);
  if (charged.length !== 1 || charged[0] !== executions) throw new Error(`Planned ${executions}, ran ${charged}.`);
} finally {
  await emulator.close();
}
console.log(`planned and run on manila: ${executions} executions`);
