import type { Circuit, CompiledCircuit, PauliLetter, SparsePauliOp } from "../circuits/index.ts";
import { sizeOf } from "./ndarray.ts";
import type { EstimatorPubResult, JobPlan } from "./primitives.ts";
import { type CheckedEstimatorPub, type CheckedSamplerPub, numRows } from "./pub.ts";
import { observableKey } from "./pub-observables.ts";
import { shotsFor } from "./shots.ts";
import { blocksOf } from "./simulator/blocks.ts";
import { measurementGroups } from "./simulator/measurement-groups.ts";

/** An Estimator PUB as a device takes it: every observable at every row. */
export interface IsaEstimatorPub {
  readonly compiled: CompiledCircuit;
  /** The K observables, on the device's qubits. */
  readonly observables: readonly SparsePauliOp[];
  readonly rows: number;
  /** Angles of the compiled circuit's parameters, [rows, compiled.circuit.parameters.length]. */
  readonly values: Float64Array;
  /** Target standard error; 0 asks for exact values. */
  readonly precision: number;
}

/** What a device answers to an `IsaEstimatorPub`. */
export interface IsaAnswer {
  /** [rows, K] */
  readonly evs: Float64Array;
  /** [rows, K] */
  readonly stds: Float64Array;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Estimator PUBs in the form a device takes, and the way back. */
export interface IsaEstimatorJob {
  readonly pubs: readonly IsaEstimatorPub[];
  /** The results that the caller's PUBs asked for, from one answer for each of `pubs`. */
  results(answers: readonly IsaAnswer[]): readonly EstimatorPubResult[];
}

/** A Sampler PUB as a device takes it. */
export interface IsaSamplerPub {
  readonly compiled: CompiledCircuit;
  /** The batch shape of the caller's values. */
  readonly shape: readonly number[];
  readonly rows: number;
  /** Angles of the compiled circuit's parameters, [rows, compiled.circuit.parameters.length]. */
  readonly values: Float64Array;
  readonly shots: number;
}

/** Rows of one circuit that are measured in the same observables. */
interface RowGroup {
  readonly observables: Map<string, SparsePauliOp>;
  /** Keys of rows, in order of first appearance. */
  readonly rows: Set<string>;
}

/** All that is asked of one circuit at one precision. */
interface CircuitWork {
  readonly circuit: Circuit;
  readonly precision: number;
  /** For each different row of parameter values its numbers and the observables asked of it. */
  readonly rows: Map<string, { readonly values: Float64Array; readonly observables: Map<string, SparsePauliOp> }>;
}

/**
 * Compiles Estimator PUBs and merges them, so that a device is asked for nothing twice: PUBs of the same circuit and precision
 * become one with all rows and all observables where that takes no further executions, and equal rows are sent once
 * (their results are then the same numbers, not independent samples).
 * @param compile the compiled form of a circuit; called once for each different one
 */
export function isaEstimatorPubs(
  checked: readonly CheckedEstimatorPub[],
  compile: (circuit: Circuit) => CompiledCircuit,
): IsaEstimatorJob {
  const works = new Map<string, CircuitWork>();
  const workOf = checked.map(({ circuit, precision }) => {
    const key = `${circuit.hash} ${precision}`;
    const work = works.get(key) ?? { circuit, precision, rows: new Map() };
    works.set(key, work);
    return work;
  });
  const rowKeys = checked.map((pub, index) => addRows(workOf[index]!, pub));

  const pubs: IsaEstimatorPub[] = [];
  /** Where the value of a row and an observable is found: PUB, row, observable. */
  const placeOf = new Map<CircuitWork, Map<string, Place>>();
  const compiledOf = new Map<string, CompiledCircuit>();
  for (const work of works.values()) {
    const { circuit, precision } = work;
    const compiled = compiledOf.get(circuit.hash) ?? compile(circuit);
    compiledOf.set(circuit.hash, compiled);
    const places = new Map<string, Place>();
    placeOf.set(work, places);
    for (const group of groupRows(work)) {
      const width = circuit.parameters.length;
      const source = new Float64Array(group.rows.size * width);
      const columns = new Map([...group.observables.keys()].map((key, column) => [key, column]));
      for (const [row, key] of [...group.rows].entries()) {
        source.set(work.rows.get(key)!.values, row * width);
        places.set(key, { pub: pubs.length, row, columns });
      }
      pubs.push({
        compiled,
        observables: [...group.observables.values()].map((observable) => compiled.applyLayout(observable)),
        rows: group.rows.size,
        values: compiled.bindRows(source, group.rows.size),
        precision,
      });
    }
  }
  return {
    pubs,
    results: (answers) =>
      checked.map((pub, index) => resultOf(pub, rowKeys[index]!, placeOf.get(workOf[index]!)!, answers)),
  };
}

interface Place {
  readonly pub: number;
  readonly row: number;
  readonly columns: ReadonlyMap<string, number>;
}

/** Notes the rows of a PUB with the observables asked of each; returns the key of every row. */
function addRows(work: CircuitWork, pub: CheckedEstimatorPub): readonly string[] {
  const width = pub.circuit.parameters.length;
  const { data } = pub.values;
  const keys = Array.from({ length: numRows(pub) }, (_, row) =>
    Buffer.from(data.buffer, data.byteOffset + 8 * row * width, 8 * width).toString("latin1"),
  );
  for (const { rows, observables } of blocksOf(pub))
    for (const row of rows) {
      const key = keys[row]!;
      const entry = work.rows.get(key) ?? {
        values: data.subarray(row * width, (row + 1) * width),
        observables: new Map(),
      };
      work.rows.set(key, entry);
      for (const observable of observables) entry.observables.set(observableKey(observable), observable);
    }
  return keys;
}

/** Every observable comes back at every row of a PUB, asked for or not; a table of more values costs more than a further PUB. */
const MAX_MERGED_VALUES = 1 << 16;

/** Rows with equal observables together, and then groups of rows whose observables one setting measures anyway. */
function groupRows({ rows }: CircuitWork): readonly RowGroup[] {
  const byObservables = new Map<string, RowGroup>();
  for (const [row, { observables }] of rows) {
    const key = [...observables.keys()].sort().join("\n");
    const group = byObservables.get(key) ?? { observables: new Map(observables), rows: new Set() };
    byObservables.set(key, group);
    group.rows.add(row);
  }
  if (byObservables.size === 1) return [...byObservables.values()];
  const groups: RowGroup[] = [];
  /** Of those with a single setting: the letter that each qubit is measured in. */
  const single: { readonly group: RowGroup; readonly basis: Map<number, PauliLetter> }[] = [];
  for (const group of byObservables.values()) {
    const settings = measurementGroups([...group.observables.values()]);
    const basis = new Map(settings[0]?.basis);
    const fits = ({ group: { rows, observables } }: { readonly group: RowGroup }): boolean =>
      (rows.size + group.rows.size) * (observables.size + group.observables.size) <= MAX_MERGED_VALUES;
    const home =
      settings.length > 1 ? undefined : single.find((other) => isCompatible(other.basis, basis) && fits(other));
    if (home === undefined) {
      groups.push(group);
      if (settings.length <= 1) single.push({ group, basis });
      continue;
    }
    for (const [qubit, letter] of basis) home.basis.set(qubit, letter);
    for (const [key, observable] of group.observables) home.group.observables.set(key, observable);
    for (const row of group.rows) home.group.rows.add(row);
  }
  return groups;
}

function isCompatible(a: ReadonlyMap<number, PauliLetter>, b: ReadonlyMap<number, PauliLetter>): boolean {
  for (const [qubit, letter] of b) if ((a.get(qubit) ?? letter) !== letter) return false;
  return true;
}

function resultOf(
  pub: CheckedEstimatorPub,
  rowKeys: readonly string[],
  places: ReadonlyMap<string, Place>,
  answers: readonly IsaAnswer[],
): EstimatorPubResult {
  const { rowOf, observableOf, observables, shape } = pub;
  const keys = observables.distinct.map(observableKey);
  const evs = new Float64Array(rowOf.length);
  const stds = new Float64Array(rowOf.length);
  const used = new Set<number>();
  for (let element = 0; element < rowOf.length; element++) {
    const { pub: from, row, columns } = places.get(rowKeys[rowOf[element]!]!)!;
    const at = row * columns.size + columns.get(keys[observableOf[element]!]!)!;
    evs[element] = answers[from]!.evs[at]!;
    stds[element] = answers[from]!.stds[at]!;
    used.add(from);
  }
  const metadata = [...used].map((index) => answers[index]!.metadata);
  return {
    shape: Object.freeze([...shape]),
    evs,
    stds,
    // Most often all values come from one PUB of the device, whose metadata they then have.
    metadata: Object.freeze(metadata.length === 1 ? { ...metadata[0] } : { pubs: metadata }),
  };
}

/** Compiles Sampler PUBs, one for one: equal rows are independent samples, so nothing is merged. */
export function isaSamplerPubs(
  checked: readonly CheckedSamplerPub[],
  compile: (circuit: Circuit) => CompiledCircuit,
): readonly IsaSamplerPub[] {
  return checked.map(({ circuit, values, shots }) => {
    const compiled = compile(circuit);
    const rows = sizeOf(values.shape);
    return { compiled, shape: values.shape, rows, values: compiled.bindRows(values.data, rows), shots };
  });
}

/** Circuit executions of a PUB: its rows, times the settings in which they are measured, times the shots of each. */
export function executionsOf(pub: IsaEstimatorPub | IsaSamplerPub): number {
  if ("shots" in pub) return pub.rows * pub.shots;
  const settings = Math.max(1, measurementGroups(pub.observables).length);
  return pub.rows * settings * (pub.precision > 0 ? shotsFor(pub.precision) : 1);
}

/** What reading the observables adds to a circuit that does not measure by itself. */
function readoutSecondsOf(pub: IsaEstimatorPub | IsaSamplerPub): number {
  if ("shots" in pub) return 0;
  const { qubits } = pub.compiled.target;
  let longest = 0;
  for (const { terms } of pub.observables)
    for (const { pauli } of terms)
      for (const [qubit] of pauli.letters) longest = Math.max(longest, qubits[qubit]?.readoutSeconds ?? 0);
  return longest;
}

/** Seconds of the quantum computer that a job takes before its first circuit, as measured at IBM. */
export const JOB_OVERHEAD_SECONDS = 2;

/**
 * What PUBs will take: 2 s for each job, and for each execution the circuit's duration, read-out included, and the delay in
 * which the qubits relax. What the device does not tell the duration of counts as none.
 */
export function planIsaPubs(
  pubs: readonly (IsaEstimatorPub | IsaSamplerPub)[],
  options: { readonly subJobs?: number; readonly repDelaySeconds?: number } = {},
): JobPlan {
  const { subJobs = 1 } = options;
  let quantumSeconds = JOB_OVERHEAD_SECONDS * subJobs;
  const circuits = pubs.map((pub) => {
    const { source, target, metrics } = pub.compiled;
    const { twoQubitGates, twoQubitDepth, durationSeconds, estimatedSuccess } = metrics;
    const executions = executionsOf(pub);
    const repDelaySeconds = options.repDelaySeconds ?? target.repDelaySeconds;
    quantumSeconds += executions * (repDelaySeconds + (durationSeconds ?? 0) + readoutSecondsOf(pub));
    const { numQubits } = source;
    const { rows } = pub;
    return { numQubits, twoQubitGates, twoQubitDepth, durationSeconds, estimatedSuccess, rows, executions };
  });
  const total = (key: "rows" | "executions"): number => circuits.reduce((sum, circuit) => sum + circuit[key], 0);
  return Object.freeze({
    pubs: pubs.length,
    rows: total("rows"),
    executions: total("executions"),
    subJobs,
    quantumSeconds,
    circuits: Object.freeze(circuits),
  });
}
