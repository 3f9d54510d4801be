import {
  type Circuit,
  clbitsOf,
  type DelayOperation,
  type MeasureOperation,
  type Operation,
  operationName,
  qubitsOf,
} from "../../../circuits/index.ts";
import { SimulatorError } from "../../errors.ts";
import type { NoiseChannel } from "./channel.ts";
import type { NoiseModel, PlacedChannel } from "./noise-model.ts";

/** What is wanted of a circuit: all its classical bits, or the final state on some qubits. */
export type Readout = "clbits" | { readonly qubits: readonly number[] };

/** The part of a circuit that can influence a read-out, on as few qubits as it needs; the circuit's own numbering. */
export interface NoisyCircuit {
  /** The qubits that something happens to, ascending: compact qubit i is qubit `qubits[i]`. */
  readonly qubits: readonly number[];
  readonly operations: readonly Operation[];
  /** Measurements that end their qubit's part; empty for a read-out of qubits. */
  readonly final: readonly MeasureOperation[];
}

const SECONDS = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1 } as const;

/**
 * Leaves out what cannot influence the read-out: channels keep the trace, so that what happens to other qubits does not
 * matter, noisy or not. Delays count where their qubit decays.
 */
export function noisyCircuit(circuit: Circuit, noise: NoiseModel, readout: Readout): NoisyCircuit {
  const kept = live(circuit, noise, readout);
  const { body, final } = readout === "clbits" ? splitFinal(kept) : { body: kept, final: [] };
  const qubits = new Set(body.flatMap(qubitsOf));
  for (const { qubit } of final) if (noise.channelsOf("measure", [qubit]).length > 0) qubits.add(qubit);
  return { qubits: [...qubits].sort((a, b) => a - b), operations: body, final };
}

/** The qubits that decide the final state of some qubits, ascending; a light cone. */
export function coneOf(circuit: Circuit, noise: NoiseModel, qubits: readonly number[]): readonly number[] {
  return noisyCircuit(circuit, noise, { qubits }).qubits;
}

/** Walks backwards and keeps what can influence the read-out. */
function live(circuit: Circuit, noise: NoiseModel, readout: Readout): readonly Operation[] {
  const qubits = new Set(readout === "clbits" ? [] : readout.qubits);
  const clbits = new Set(readout === "clbits" ? Array.from({ length: circuit.numClbits }, (_, bit) => bit) : []);
  const touched = firstTouches(circuit.operations);
  const kept: Operation[] = [];
  for (let at = circuit.operations.length - 1; at >= 0; at--) {
    const operation = circuit.operations[at]!;
    if (operation.kind === "barrier") continue;
    if (operation.kind === "delay" && isPerfectDelay(operation, noise)) continue;
    const own = qubitsOf(operation);
    const writes =
      operation.kind === "measure"
        ? clbits.has(operation.clbit)
        : operation.kind === "if" && writtenBy(operation).some((clbit) => clbits.has(clbit));
    if (!writes && !own.some((qubit) => qubits.has(qubit))) continue;
    // A qubit that nothing has touched is |0> already.
    const isFresh = operation.kind === "reset" && touched.get(operation.qubit) === at;
    if (!isFresh || noise.channelsOf("reset", own).length > 0) kept.push(operation);
    if (operation.kind === "reset") {
      qubits.delete(operation.qubit);
      continue;
    }
    for (const qubit of own) qubits.add(qubit);
    if (operation.kind === "measure") clbits.delete(operation.clbit);
    if (operation.kind === "if") for (const clbit of clbitsOf(operation)) clbits.add(clbit);
  }
  return kept.reverse();
}

/** For each qubit the place of the first operation that does something to it. */
function firstTouches(operations: readonly Operation[]): ReadonlyMap<number, number> {
  const first = new Map<number, number>();
  for (const [at, operation] of operations.entries())
    if (operation.kind !== "barrier" && operation.kind !== "delay")
      for (const qubit of qubitsOf(operation)) if (!first.has(qubit)) first.set(qubit, at);
  return first;
}

function writtenBy(operation: Operation): readonly number[] {
  if (operation.kind === "measure") return [operation.clbit];
  return operation.kind === "if" ? [...operation.whenTrue, ...operation.whenFalse].flatMap(writtenBy) : [];
}

/** Splits off the last measurement of each qubit where nothing later touches it, nor reads or writes its bit. */
function splitFinal(operations: readonly Operation[]): {
  readonly body: readonly Operation[];
  readonly final: readonly MeasureOperation[];
} {
  const body: Operation[] = [];
  const final: MeasureOperation[] = [];
  const qubits = new Set<number>();
  const clbits = new Set<number>();
  for (const operation of operations.toReversed()) {
    if (operation.kind === "measure" && !qubits.has(operation.qubit) && !clbits.has(operation.clbit))
      final.push(operation);
    else body.push(operation);
    for (const qubit of qubitsOf(operation)) qubits.add(qubit);
    for (const clbit of clbitsOf(operation)) clbits.add(clbit);
  }
  return { body: body.reverse(), final: final.reverse() };
}

/** The channels that follow an operation (for a measurement: go before it), on the circuit's qubits. */
export function noiseOf(
  operation: Operation,
  noise: NoiseModel,
): readonly { readonly channel: NoiseChannel; readonly qubits: readonly number[] }[] {
  if (operation.kind === "if" || operation.kind === "barrier") return [];
  const own = qubitsOf(operation);
  const placed = ({ channel, on }: PlacedChannel) => ({ channel, qubits: on.map((place) => own[place]!) });
  const name = operation.kind === "unitary" ? operation.label : operationName(operation);
  const channels = noise.channelsOf(name, own).map(placed);
  if (operation.kind !== "delay") return channels;
  const idle = noise.idle(operation.qubit, secondsOf(operation, noise));
  return idle === undefined ? channels : [{ channel: idle, qubits: own }, ...channels];
}

/** @throws SimulatorError NOISE_TIME for a delay in dt where the model does not say how long that is */
function secondsOf({ duration, unit, qubit }: DelayOperation, noise: NoiseModel): number {
  if (unit !== "dt") return duration * SECONDS[unit];
  if (noise.dtSeconds !== undefined) return duration * noise.dtSeconds;
  throw new SimulatorError(
    "NOISE_TIME",
    `The delay of ${duration} dt on qubit ${qubit} has no length in seconds, since the noise model does not say how long one dt is; give it with timeStep, or write delays in seconds.`,
  );
}

function isPerfectDelay(operation: DelayOperation, noise: NoiseModel): boolean {
  return (
    noise.idle(operation.qubit, operation.duration) === undefined &&
    noise.channelsOf("delay", [operation.qubit]).length === 0
  );
}
