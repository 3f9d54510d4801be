import {
  type Circuit,
  type CompiledCircuit,
  type Operation,
  qubitsOf,
  Rng,
  type Target,
} from "../../circuits/index.ts";
import { amplitude, TooManyVariables } from "./amplitudes.ts";
import { compiledState, infidelity, sourceState } from "./compact-state.ts";
import { isClifford, StabilizerState } from "./stabilizer.ts";

/** How a compiled circuit was compared with its source. */
export type Comparison = "state" | "stabilizers" | "amplitudes";

/** A circuit bound to one row of values. */
export function boundTo(circuit: Circuit, row: ArrayLike<number>): Circuit {
  const named: Record<string, number | number[]> = {};
  let offset = 0;
  for (const { name, shape, size } of circuit.vectors) {
    named[name] = shape.length === 0 ? row[offset]! : Array.from(row).slice(offset, offset + size);
    offset += size;
  }
  return circuit.bind(named);
}

/** What keeps a compiled circuit from running on its device: a gate that is none of its own, or at a place where it does not work. */
export function deviceFaults(circuit: Circuit, target: Target): readonly string[] {
  const faults: string[] = [];
  const visit = (operation: Operation): void => {
    if (operation.kind === "if") for (const inner of [...operation.whenTrue, ...operation.whenFalse]) visit(inner);
    else if (operation.kind === "unitary") faults.push(`a unitary on ${operation.qubits}`);
    else if (operation.kind === "gate" && operation.qubits.length > 0) {
      const { gate, qubits } = operation;
      if (operation.numControls > 0 || !target.isLive(gate, qubits)) faults.push(`${gate} on ${qubits}`);
    } else
      for (const qubit of qubitsOf(operation))
        if (target.qubits[qubit]?.operational === false) faults.push(`${operation.kind} on ${qubit}`);
  };
  circuit.operations.forEach(visit);
  return faults;
}

/**
 * Compares a compiled circuit with its bound source, both from |0…0⟩, up to a global phase and the recorded layouts; where
 * the source measures, by the probabilities of what is measured. Whole states are compared up to `maxQubits` qubits of the
 * source, stabilisers for Clifford circuits above, and else the amplitudes of some random outcomes, or states where these are
 * too hard to come by. Measurements must read the same qubits into the same bits.
 */
export function differences(source: Circuit, compiled: Placed, maxQubits: number): Difference {
  const measured = measuredQubits(source.operations);
  const faults: string[] = [];
  const wanted = reads(source.operations, (qubit) => compiled.finalLayout[qubit]!);
  if (reads(compiled.circuit.operations, (qubit) => qubit) !== wanted) faults.push("measurements read other qubits");
  if (source.numQubits <= maxQubits) return byState(source, compiled, measured, faults);
  if (isClifford(source.operations) && isClifford(compiled.circuit.operations))
    return byStabilizers(source, compiled, measured, faults);
  try {
    return byAmplitudes(source, compiled, measured, faults);
  } catch (error) {
    if (!(error instanceof TooManyVariables) || source.numQubits > 21) throw error;
    return byState(source, compiled, measured, faults);
  }
}

type Placed = Pick<CompiledCircuit, "circuit" | "initialLayout" | "finalLayout">;
interface Difference {
  readonly comparison: Comparison;
  readonly faults: readonly string[];
}

const measuredQubits = (operations: readonly Operation[]): readonly number[] =>
  operations.flatMap((operation) => (operation.kind === "measure" ? [operation.qubit] : []));

const reads = (operations: readonly Operation[], place: (qubit: number) => number): string =>
  operations
    .flatMap((operation) => (operation.kind === "measure" ? [`${operation.clbit}<-${place(operation.qubit)}`] : []))
    .sort()
    .join();

function byState(
  source: Circuit,
  compiled: Placed,
  measured: readonly number[],
  faults: readonly string[],
): Difference {
  const { circuit, initialLayout, finalLayout } = compiled;
  const found = compiledState({ operations: circuit.operations, initialLayout, finalLayout });
  const wanted = sourceState(source);
  let error = 0;
  if (measured.length === 0) error = infidelity(found, wanted);
  else {
    const [a, b] = [found, wanted].map((state) => probabilities(state, measured));
    a!.forEach((value, i) => {
      error = Math.max(error, Math.abs(value - b![i]!));
    });
  }
  return { comparison: "state", faults: error < 1e-9 ? faults : [...faults, `the states differ by ${error}`] };
}

/** The probability of each value of some qubits, the first being the least significant bit. */
function probabilities(state: Float64Array, qubits: readonly number[]): Float64Array {
  const sums = new Float64Array(2 ** qubits.length);
  for (let i = 0; i < state.length / 2; i++) {
    let value = 0;
    for (let k = 0; k < qubits.length; k++) value |= ((i >> qubits[k]!) & 1) << k;
    sums[value]! += state[2 * i]! ** 2 + state[2 * i + 1]! ** 2;
  }
  return sums;
}

function byStabilizers(
  source: Circuit,
  compiled: Placed,
  measured: readonly number[],
  faults: readonly string[],
): Difference {
  const { circuit, initialLayout, finalLayout } = compiled;
  const active = [
    ...new Set([...initialLayout, ...circuit.operations.flatMap((operation) => [...qubitsOf(operation)])]),
  ];
  const stateAfter = (operations: readonly Operation[], bit: (qubit: number) => number): StabilizerState => {
    const state = new StabilizerState(active.length);
    for (const operation of operations)
      if (operation.kind === "gate" || operation.kind === "unitary") state.apply(operation, bit);
    return state;
  };
  const place = (qubit: number): number => active.indexOf(finalLayout[qubit]!);
  const found = stateAfter(circuit.operations, (qubit) => active.indexOf(qubit));
  const wanted = stateAfter(source.operations, place);
  const equal =
    measured.length === 0
      ? found.canonical() === wanted.canonical()
      : found.outcomes(measured.map(place)) === wanted.outcomes(measured.map(place));
  return { comparison: "stabilizers", faults: equal ? faults : [...faults, "the stabilisers differ"] };
}

function byAmplitudes(
  source: Circuit,
  compiled: Placed,
  measured: readonly number[],
  known: readonly string[],
): Difference {
  const { circuit, finalLayout } = compiled;
  const faults = [...known];
  const rng = Rng.seed("outcomes");
  let reference: readonly [number, number] | undefined;
  for (let draw = 0; draw < 6; draw++) {
    const bits = Array.from({ length: source.numQubits }, () => rng.integer(2));
    const wanted = amplitude(source.operations, new Map(bits.map((bit, qubit) => [qubit, bit])));
    const found = amplitude(circuit.operations, new Map(bits.map((bit, qubit) => [finalLayout[qubit]!, bit])));
    const size = Math.hypot(...wanted);
    if (size < 1e-12) {
      if (Math.hypot(...found) > 1e-10) faults.push(`outcome ${bits.join("")} should not occur`);
      continue;
    }
    const re = (found[0] * wanted[0] + found[1] * wanted[1]) / size ** 2;
    const im = (found[1] * wanted[0] - found[0] * wanted[1]) / size ** 2;
    reference ??= [re, im];
    // Phases of outcomes do not count where all is measured.
    const turned = measured.length === 0 ? Math.hypot(re - reference[0], im - reference[1]) : 0;
    if (Math.abs(Math.hypot(re, im) - 1) > 1e-6 || turned > 1e-6)
      faults.push(`the amplitude of ${bits.join("")} is ${found}, not ${wanted}`);
  }
  return { comparison: "amplitudes", faults };
}
