import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packDevice } from "../providers/devices/snapshot.ts";

// Packs device descriptions in IBM's form into the snapshots that Lepton ships:
//   node scripts/pack-devices.ts FOLDER NAME...
// FOLDER holds NAME.conf.json and NAME.props.json.
const [folder, ...names] = process.argv.slice(2);
if (folder === undefined || names.length === 0) {
  console.error("Usage: node scripts/pack-devices.ts FOLDER NAME...");
  process.exit(2);
}
const SOURCE =
  "Snapshot of the fake provider in the Python package qiskit-ibm-runtime 0.51.0 (Qiskit/qiskit-ibm-runtime)";
const LICENCE = "Apache-2.0, copyright IBM";
for (const name of names) {
  const read = (part: string) => JSON.parse(readFileSync(join(folder, `${name}.${part}.json`), "utf8"));
  const snapshot = packDevice({ configuration: read("conf"), properties: read("props") }, SOURCE, LICENCE);
  const file = fileURLToPath(new URL(`../providers/devices/${name}.json`, import.meta.url));
  writeFileSync(file, `${JSON.stringify(snapshot)}\n`);
  console.log(`${name}: ${snapshot.configuration.n_qubits} qubits`);
}
