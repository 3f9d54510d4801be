import type { Circuit } from "../../../circuits/index.ts";
import { SimulatorError } from "../../errors.ts";
import type { StateMemory } from "../state-memory.ts";
import type { NoiseModel } from "./noise-model.ts";
import { coneOf, type NoisyCircuit, noisyCircuit, type Readout } from "./noisy-circuit.ts";
import { Trajectories } from "./trajectories.ts";
import { TransferProgram } from "./transfer-program.ts";

/** How noisy circuits are simulated: `auto` takes density matrices up to 10 qubits and trajectories above. */
export const NOISY_METHODS = ["auto", "density-matrix", "trajectories"] as const;
export type NoisyMethod = (typeof NOISY_METHODS)[number];

/** The most qubits for which `auto` takes a density matrix (8 MB), and the most there can be (512 MB). */
const AUTO_QUBITS = 10;
export const MOST_QUBITS = 13;
/** Sets of classical bits (2^these) that `auto` tells apart with a density matrix each. */
const AUTO_BYTES = 1 << 28;
/** A trajectory of more qubits takes minutes. */
export const MOST_TRAJECTORY_QUBITS = 24;

/** What all programs of one noisy simulator share. */
export interface NoisySetting {
  readonly noise: NoiseModel;
  readonly memory: StateMemory;
  readonly method: NoisyMethod;
}

/** Supports that one simulation of a part of the circuit serves. */
export interface Part {
  /** All qubits that some member reads. */
  readonly qubits: readonly number[];
  /** Places in the list of supports. */
  readonly members: readonly number[];
}

/**
 * Splits supports by their light cones where the whole is too wide for a density matrix: a cone inside another one joins it,
 * largest first.
 */
export function partsOf(
  circuit: Circuit,
  { noise, method }: NoisySetting,
  supports: readonly (readonly number[])[],
): readonly Part[] {
  const all = [...new Set(supports.flat())].sort((a, b) => a - b);
  const members = supports.map((_, index) => index);
  if (supports.length === 0) return [];
  const limit = method === "density-matrix" ? MOST_QUBITS : AUTO_QUBITS;
  if (coneOf(circuit, noise, all).length <= limit) return [{ qubits: all, members }];
  const cones = new Map<string, readonly number[]>();
  const coned = supports.map((support, index) => {
    const key = support.join();
    const cone = cones.get(key) ?? coneOf(circuit, noise, support);
    cones.set(key, cone);
    return { index, support, cone };
  });
  const parts: { cone: Set<number>; qubits: Set<number>; members: number[] }[] = [];
  for (const { index, support, cone } of coned.sort((a, b) => b.cone.length - a.cone.length)) {
    let part = parts.find(({ cone: known }) => cone.every((qubit) => known.has(qubit)));
    if (part === undefined) {
      part = { cone: new Set(cone), qubits: new Set(), members: [] };
      parts.push(part);
    }
    for (const qubit of support) part.qubits.add(qubit);
    part.members.push(index);
  }
  return parts.map((part) => ({
    qubits: [...part.qubits].sort((a, b) => a - b),
    members: part.members.sort((a, b) => a - b),
  }));
}

/** The density matrix of a part, for exact values. @throws SimulatorError NOISE_NOT_EXACT, STATE_TOO_LARGE */
export function exactProgram(
  circuit: Circuit,
  { noise, memory, method }: NoisySetting,
  readout: Readout,
): TransferProgram {
  const noisy = noisyCircuit(circuit, noise, readout);
  const { length } = noisy.qubits;
  const limit = method === "density-matrix" ? MOST_QUBITS : method === "auto" ? AUTO_QUBITS : -1;
  if (length > limit)
    throw new SimulatorError(
      "NOISE_NOT_EXACT",
      method === "trajectories"
        ? "Trajectories sample and give no exact values; set a precision such as 0.01, or use method density-matrix."
        : `Exact values need the density matrix of ${length} qubits; at most ${limit} are possible${method === "auto" ? ` (${MOST_QUBITS} with method density-matrix)` : ""}. Set a precision such as 0.01 to sample trajectories.`,
    );
  const program = new TransferProgram(circuit, noisy, noise, memory, [], true);
  program.assertFits();
  return program;
}

/** What samples are drawn from: a density matrix, or trajectories. @throws SimulatorError STATE_TOO_LARGE, NOISE_METHOD */
export function sampledProgram(
  circuit: Circuit,
  { noise, memory, method }: NoisySetting,
  readout: Readout,
): TransferProgram | Trajectories {
  const noisy = noisyCircuit(circuit, noise, readout);
  const { length } = noisy.qubits;
  if (method === "density-matrix" && length > MOST_QUBITS)
    throw new SimulatorError(
      "STATE_TOO_LARGE",
      `A density matrix of ${length} qubits does not fit; at most ${MOST_QUBITS} are possible. Use method trajectories.`,
    );
  if (method === "density-matrix" || (method === "auto" && length <= AUTO_QUBITS)) {
    const program = new TransferProgram(circuit, noisy, noise, memory, readBits(noisy, readout), true);
    if (method === "density-matrix") program.assertFits();
    if (method === "density-matrix" || program.runBytes <= Math.min(AUTO_BYTES, memory.availableBytes)) return program;
  }
  if (length > MOST_TRAJECTORY_QUBITS)
    throw new SimulatorError(
      "STATE_TOO_LARGE",
      `${length} noisy qubits decide what is read; trajectories follow at most ${MOST_TRAJECTORY_QUBITS}. Use fewer qubits, or observables with a smaller light cone.`,
    );
  return new Trajectories(circuit, noisy, noise, memory);
}

/** Classical bits that are read after the end and not decided by a final measurement. */
function readBits({ operations, final }: NoisyCircuit, readout: Readout): readonly number[] {
  if (readout !== "clbits") return [];
  const decided = new Set(final.map(({ clbit }) => clbit));
  const written = new Set<number>();
  const visit = (list: NoisyCircuit["operations"]): void => {
    for (const operation of list) {
      if (operation.kind === "measure") written.add(operation.clbit);
      else if (operation.kind === "if") {
        visit(operation.whenTrue);
        visit(operation.whenFalse);
      }
    }
  };
  visit(operations);
  return [...written].filter((clbit) => !decided.has(clbit)).sort((a, b) => a - b);
}
