import {
  type Circuit,
  compile,
  type Effort,
  efficientSU2,
  printQasm2,
  qaoaAnsatz,
  SparsePauliOp,
  stronglyEntangling,
  type Target,
} from "../circuits/index.ts";
import { transpileBaseline, transpileCircuits, transpileTarget } from "../test/support/transpile-corpus.ts";
import type { BenchOptions } from "./arguments.ts";
import { installPeers } from "./environments.ts";
import { Peer } from "./peer.ts";
import { geometricMean, median, saveResults, table } from "./report.ts";

const DEVICE = "torino";
const EFFORTS = [1, 2, 3] as const satisfies readonly Effort[];
const LEVELS = [1, 3] as const;
const SEEDS = [0, 1, 2, 3, 4];
const REPEATS = 3;

interface Side {
  readonly gates: number;
  readonly seconds: number;
}

interface Row {
  readonly circuit: string;
  /** By effort. */
  readonly lepton: Readonly<Record<string, Side>>;
  /** Two-qubit gates on record, medians of five seeds. */
  readonly baseline: Readonly<Record<string, number>>;
  /** By level, measured in this run: the median of five seeds. */
  readonly qiskit?: Readonly<Record<string, Side>>;
}

function ours(circuit: Circuit, target: Target, effort: Effort): Side {
  const seconds: number[] = [];
  let gates = 0;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const start = performance.now();
    gates = compile(circuit, target, { effort }).metrics.twoQubitGates;
    seconds.push((performance.now() - start) / 1000);
  }
  return { gates, seconds: Math.min(...seconds) };
}

async function theirs(peer: Peer, circuit: Circuit, level: number): Promise<Side> {
  const { counts, seconds } = await peer.ask<{ counts: number[]; seconds: number[] }>({
    qasm: printQasm2(circuit),
    level,
    seeds: SEEDS,
  });
  return { gates: median(counts), seconds: Math.min(...seconds) };
}

/** On 8 qubits: angles by formula, one-qubit runs that are computed, and blocks on pairs that are. */
const ANSATZE: Readonly<Record<string, Circuit>> = {
  efficientSU2: efficientSU2({ numQubits: 8, reps: 3 }),
  stronglyEntangling: stronglyEntangling({ numQubits: 8, layers: 3 }),
  qaoaAnsatz: qaoaAnsatz(
    SparsePauliOp.fromMaps(
      8,
      Array.from({ length: 8 }, (_, i) => [{ [i]: "Z", [(i + 1) % 8]: "Z" }, 1]),
    ),
    { reps: 3 },
  ),
};

/** Microseconds a row to bind a compiled ansatz. */
function rebind(ansatz: Circuit, target: Target, effort: Effort): number {
  const compiled = compile(ansatz, target, { effort });
  const numParameters = compiled.source.parameters.length;
  const rows = 1000;
  const values = Float64Array.from({ length: rows * numParameters }, (_, i) => Math.sin(i));
  const out = compiled.bindRows(values, rows);
  const seconds = Array.from({ length: 7 }, () => {
    const start = performance.now();
    compiled.bindRows(values, rows, out);
    return (performance.now() - start) / 1000;
  });
  return (median(seconds) / rows) * 1e6;
}

/** Compiles the circuits of test/fixtures/transpile; with `peers` beside Qiskit in the same run, and the results are kept. */
export async function runTranspile({ peers }: BenchOptions): Promise<void> {
  const target = transpileTarget(DEVICE);
  const baseline = transpileBaseline(DEVICE);
  const circuits = transpileCircuits().filter(({ name }) => baseline[name] !== undefined);
  const peer = peers ? new Peer(installPeers("transpile"), "qiskit_transpile.py", [DEVICE], 1) : undefined;
  const versions = (await peer?.answer<{ versions: Record<string, string> }>())?.versions;
  // The first circuits would also pay for what the engine still compiles.
  for (const { circuit } of circuits.slice(0, 10)) for (const effort of EFFORTS) compile(circuit, target, { effort });
  const rows: Row[] = [];
  for (const { name, circuit } of circuits) {
    const lepton = Object.fromEntries(EFFORTS.map((effort) => [effort, ours(circuit, target, effort)]));
    const row = { circuit: name, lepton, baseline: baseline[name]! };
    if (peer === undefined) rows.push(row);
    else {
      const qiskit: Record<string, Side> = {};
      for (const level of LEVELS) qiskit[level] = await theirs(peer, circuit, level);
      rows.push({ ...row, qiskit });
    }
  }
  peer?.close();
  const ms = (side: Side): string => (side.seconds * 1000).toFixed(1);
  const head = ["circuit", "O1", "O3", "effort 1", "effort 2", "effort 3", "ms 1", "ms 2", "ms 3"];
  const measured = peers ? ["Qiskit 1", "Qiskit 3", "ms Q1", "ms Q3"] : [];
  console.log(
    table(
      [...head, ...measured],
      rows.map(({ circuit, lepton, baseline: { O1, O3 }, qiskit }) => [
        circuit,
        String(O1),
        String(O3),
        ...EFFORTS.map((effort) => String(lepton[effort]!.gates)),
        ...EFFORTS.map((effort) => ms(lepton[effort]!)),
        ...(qiskit === undefined ? [] : LEVELS.map((level) => String(qiskit[level]!.gates))),
        ...(qiskit === undefined ? [] : LEVELS.map((level) => ms(qiskit[level]!))),
      ]),
    ),
  );
  const summary = EFFORTS.map((effort) => {
    const seconds = rows.map(({ lepton }) => lepton[effort]!.seconds);
    const ratio = (reference: (row: Row) => number | undefined): number =>
      geometricMean(rows.map((row) => row.lepton[effort]!.gates / reference(row)!));
    return {
      effort,
      gatesOverO1: ratio((row) => row.baseline.O1),
      gatesOverO3: ratio((row) => row.baseline.O3),
      ...(peers && { gatesOverQiskit3: ratio((row) => row.qiskit?.["3"]?.gates) }),
      medianSeconds: median(seconds),
      totalSeconds: seconds.reduce((sum, value) => sum + value, 0),
      ...(peers && {
        timeOverQiskit3: geometricMean(rows.map((row) => row.lepton[effort]!.seconds / row.qiskit!["3"]!.seconds)),
      }),
    };
  });
  for (const { effort, gatesOverO1, gatesOverO3, medianSeconds, totalSeconds, ...same } of summary)
    console.log(
      `effort ${effort}: two-qubit gates ${gatesOverO1.toFixed(3)} of O1, ${gatesOverO3.toFixed(3)} of O3 (geometric means); ` +
        `median ${(medianSeconds * 1000).toFixed(1)} ms, all ${totalSeconds.toFixed(2)} s` +
        (same.gatesOverQiskit3 === undefined
          ? ""
          : `; beside Qiskit 3 in this run: gates ${same.gatesOverQiskit3.toFixed(3)}, time ${same.timeOverQiskit3!.toFixed(2)} (geometric means)`),
    );
  const bindMicrosecondsPerRow = Object.fromEntries(
    Object.entries(ANSATZE).map(([name, ansatz]) => [name, EFFORTS.map((effort) => rebind(ansatz, target, effort))]),
  );
  for (const [name, microseconds] of Object.entries(bindMicrosecondsPerRow))
    console.log(
      `binding 8 qubits of ${name}: ${microseconds.map((time) => time.toFixed(2)).join(", ")} µs a row at efforts ${EFFORTS.join(", ")}`,
    );
  console.log(`O1, O3: medians on record of five seeds (test/fixtures/transpile/baseline.json). Device: ${DEVICE}.`);
  if (peer === undefined) console.log("Without --peers Qiskit is not measured, and bench/results/ stays as it is.");
  else saveResults("transpile", { versions, device: DEVICE, summary, bindMicrosecondsPerRow, rows });
}
