import { globSync, readFileSync } from "node:fs";
import { type Circuit, parseQasm, Target } from "../../circuits/index.ts";
import { loadTarget } from "../../providers/devices/index.ts";
import { type DeviceSnapshot, unpackDevice } from "../../providers/devices/snapshot.ts";

const folder = new URL("../fixtures/transpile/", import.meta.url);

export interface CorpusCircuit {
  readonly name: string;
  readonly circuit: Circuit;
}

/** The circuits of test/fixtures/transpile, those with free parameters (`sym_`) last. */
export function transpileCircuits(): readonly CorpusCircuit[] {
  const names = globSync("*.qasm", { cwd: folder }).map((file) => file.replace(/\.qasm$/, ""));
  const rank = (name: string): string => `${name.startsWith("sym_") ? 1 : 0}${name}`;
  return names
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .map((name) => ({ name, circuit: parseQasm(readFileSync(new URL(`${name}.qasm`, folder), "utf8")) }));
}

/** A shipped device, or `fez`, which only the tests have. */
export function transpileTarget(name: string): Target {
  if (name !== "fez") return loadTarget(name);
  const snapshot = JSON.parse(readFileSync(new URL("fez.json", folder), "utf8")) as DeviceSnapshot;
  const { configuration, properties } = unpackDevice(snapshot);
  return Target.fromIbm(configuration, properties);
}

/** Two-qubit gates that Qiskit (O1, O2, O3, O3best) and pytket left of each circuit on a device. */
export function transpileBaseline(device: string): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const { devices } = JSON.parse(readFileSync(new URL("baseline.json", folder), "utf8"));
  return devices[device] ?? {};
}
