/**
 * Writes the OpenQASM texts of the test suite's circuits into a folder, for another reader to check:
 *   node scripts/emit-qasm.ts FOLDER
 * Each NAME.qasm has a NAME.json beside it: the version, values for its inputs, and where the circuit is unitary and
 * small its matrix (row-major, re and im interleaved, qubit 0 least significant) or column 0 of it.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type Circuit, circuitMatrix, LeptonError, Rng, SparsePauliOp } from "../circuits/index.ts";
import {
  amplitudeEmbedding,
  amplitudeFeatureMap,
  angleEmbedding,
  basicEntangler,
  basisEmbedding,
  dataReuploading,
  efficientSU2,
  ghzState,
  hamiltonianVariational,
  iqpEmbedding,
  mirroredBlocks,
  pauliFeatureMap,
  qaoaAnsatz,
  qft,
  realAmplitudes,
  stronglyEntangling,
  trotter,
  uccsd,
  wState,
  zzFeatureMap,
} from "../circuits/library/index.ts";
import { parseQasm, printQasm2, printQasm3, printQasm3Program } from "../circuits/qasm/index.ts";
import { goldenCircuit, goldenGradients, goldenStates } from "../test/support/golden.ts";
import { randomCircuit } from "../test/support/random-circuit.ts";

const MAX_MATRIX_QUBITS = 5;
const MAX_STATE_QUBITS = 8;
const folder = process.argv[2];
if (folder === undefined) {
  console.error("Usage: node scripts/emit-qasm.ts FOLDER");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
let count = 0;

interface Companion {
  readonly version: 2 | 3;
  readonly numQubits: number;
  readonly parameters?: Readonly<Record<string, number>>;
  readonly unitary?: readonly number[];
  readonly statevector?: readonly number[];
  /** An OpenQASM 2 text by others that must mean the same. */
  readonly original?: string;
}

function write(name: string, text: string, companion: Companion): void {
  writeFileSync(join(folder!, `${name}.qasm`), text);
  writeFileSync(join(folder!, `${name}.json`), `${JSON.stringify(companion)}\n`);
  count++;
}

function truth(bound: Circuit): Pick<Companion, "unitary" | "statevector"> {
  if (!bound.isUnitary || bound.numQubits > MAX_STATE_QUBITS) return {};
  const matrix = circuitMatrix(bound);
  if (bound.numQubits <= MAX_MATRIX_QUBITS) return { unitary: Array.from(matrix) };
  const size = 2 ** bound.numQubits;
  return { statevector: Array.from({ length: 2 * size }, (_, i) => matrix[2 * (i >> 1) * size + (i & 1)]!) };
}

/** The circuit in all the ways in which it can be written. */
function emit(name: string, circuit: Circuit, forms: { readonly free: boolean; readonly openQasm2: boolean }): void {
  const values = Object.fromEntries(
    circuit.vectors.map((vector, i) => [
      vector.name,
      vector.shape.length === 0 ? 0.3 + 0.1 * i : Array.from(vector, (_, k) => 0.3 + 0.1 * i + 0.37 * k),
    ]),
  );
  let bound: Circuit;
  try {
    bound = circuit.bind(values);
  } catch (error) {
    // Random expressions may divide by zero or take a root of less; such a circuit has no matrix to compare.
    if (error instanceof LeptonError) return;
    throw error;
  }
  const { numQubits } = circuit;
  const expected = truth(bound);
  write(`${name}.bound`, printQasm3(bound), { version: 3, numQubits, ...expected });
  if (forms.openQasm2) write(`${name}.openqasm2`, printQasm2(bound), { version: 2, numQubits, ...expected });
  if (!forms.free || circuit.parameters.length === 0) return;
  for (const parameterNames of ["original", "ordered"] as const) {
    const printed = printQasm3Program(circuit, { parameterNames });
    const row = Object.values(values).flat();
    const parameters = Object.fromEntries([...printed.parameterNames.keys()].map((key, index) => [key, row[index]!]));
    write(`${name}.${parameterNames}`, printed.text, { version: 3, numQubits, parameters, ...expected });
  }
}

for (let seed = 0; seed < 120; seed++) {
  const size = { numQubits: 1 + (seed % 5), numOperations: 10 };
  emit(`random-${seed}`, randomCircuit(Rng.seed(seed), { ...size, functions: false }), { free: true, openQasm2: true });
  emit(`functions-${seed}`, randomCircuit(Rng.seed(seed), size), { free: false, openQasm2: false });
}
for (let seed = 0; seed < 60; seed++) {
  const size = { numQubits: 1 + (seed % 5), numOperations: 14, functions: false };
  emit(`dynamic-${seed}`, randomCircuit(Rng.seed(seed), { ...size, dynamic: "all" }), { free: true, openQasm2: false });
  const simple = randomCircuit(Rng.seed(seed), { ...size, dynamic: "openqasm2", parameters: false });
  emit(`dynamic2-${seed}`, simple, { free: false, openQasm2: true });
}
for (const item of goldenStates()) {
  const { n, amplitudes, id, ops } = item;
  const companion = { numQubits: n, statevector: amplitudes.flat() };
  const circuit = goldenCircuit({ id, n, ops });
  write(`golden-${id}.openqasm3`, printQasm3(circuit), { version: 3, ...companion });
  write(`golden-${id}.openqasm2`, printQasm2(circuit), { version: 2, ...companion });
  write(`golden-${id}.reprinted`, printQasm3(parseQasm(item.qasm3)), { version: 3, ...companion });
}
for (const item of goldenGradients()) {
  // Functions and powers of free parameters are what Qiskit does not read.
  const free = !item.ops.some(({ exprs = [] }) => exprs.some((text) => /[a-z]\w*\(|\*\*|\^/.test(text)));
  emit(`golden-gradient-${item.id}`, goldenCircuit(item), { free, openQasm2: true });
}
const cost = SparsePauliOp.parse("ZZI + 0.5*IZZ - 0.3*ZII");
const field = SparsePauliOp.parse("XII + IXI + IIX");
const LIBRARY: Readonly<Record<string, Circuit>> = {
  basis: basisEmbedding({ numQubits: 3 }),
  "amplitude-embedding": amplitudeEmbedding([1, 2, -3, 4, 0, 0.5, 1, 1], { normalize: true }),
  "basic-entangler": basicEntangler({ numQubits: 3, layers: 2 }),
  pauli: pauliFeatureMap({ numQubits: 3, paulis: ["Z", "YY", "ZXZ"] }),
  qaoa: qaoaAnsatz(cost, { reps: 2 }),
  variational: hamiltonianVariational([cost, field], { layers: 2 }),
  mirrored: mirroredBlocks(stronglyEntangling({ numQubits: 3, layers: 1 }), { blocks: 2 }),
  uccsd: uccsd({ numQubits: 4, numElectrons: 2 }),
  trotter: trotter(cost.plus(field), { time: 0.4, steps: 2, order: 2 }),
  angle: angleEmbedding({ numQubits: 4 }),
  reuploading: dataReuploading({ numQubits: 3, layers: 2 }),
  su2: efficientSU2({ numQubits: 4, reps: 2 }),
  iqp: iqpEmbedding({ numQubits: 3 }),
  amplitudes: realAmplitudes({ numQubits: 4, reps: 2 }),
  entangling: stronglyEntangling({ numQubits: 4, layers: 2 }),
  zz: zzFeatureMap({ numQubits: 3 }),
  ghz: ghzState(5),
  w: wState(4),
  qft: qft(5),
};
for (const [name, circuit] of Object.entries(LIBRARY))
  emit(`library-${name}`, circuit, { free: true, openQasm2: true });
// Its angles are functions of the features, which Qiskit reads only when they are numbers.
emit("library-amplitude-features", amplitudeFeatureMap({ numQubits: 3 }), { free: false, openQasm2: true });

const corpus = join(import.meta.dirname, "../test/fixtures/qasm/qasmbench");
for (const file of readdirSync(corpus, { recursive: true, encoding: "utf8" }).sort()) {
  // These two measure a register that they do not declare.
  if (!file.endsWith(".qasm") || /vqe_uccsd_n[46]\.qasm$/.test(file)) continue;
  const original = readFileSync(join(corpus, file), "utf8");
  const circuit = parseQasm(original, { file: relative(corpus, file) });
  const name = `qasmbench-${file.replaceAll(/[/\\]/g, "-").replace(/\.qasm$/, "")}`;
  const { numQubits } = circuit;
  write(`${name}.openqasm2`, printQasm2(circuit), { version: 2, numQubits, original });
  write(`${name}.openqasm3`, printQasm3(circuit), { version: 3, numQubits, original });
}
console.error(`${count} texts in ${folder}`);
