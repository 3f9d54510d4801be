import {
  Circuit,
  clbitsOf,
  type MeasureOperation,
  mapOperation,
  type Operation,
  qubitsOf,
  type UnitaryKind,
} from "../../circuits/index.ts";

/** What is wanted of a circuit: all its classical bits, or the final state on some qubits. */
export type Readout = "clbits" | { readonly qubits: readonly number[] };

/** A measurement whose outcome is read only when the circuit has ended. */
export interface FinalMeasurement {
  /** Compact qubit, or -1 where the qubit is |0⟩ since nothing touches it. */
  readonly qubit: number;
  readonly clbit: number;
}

/** The part of a circuit that can influence a read-out, on as few qubits as it needs. */
export interface LiveCircuit {
  /** Compact qubit i is qubit `qubits[i]` of the whole circuit. */
  readonly qubits: readonly number[];
  readonly numClbits: number;
  /** All that can run before anything is measured, reset or branched; on the compact qubits, at least one. */
  readonly prefix: Circuit;
  /** What follows the prefix, on the compact qubits; empty unless the circuit is dynamic. */
  readonly rest: readonly Operation[];
  /** In circuit order: of two into the same clbit the later counts. */
  readonly finalMeasurements: readonly FinalMeasurement[];
}

/** Operations that do something on a noiseless machine, without resets of qubits that are still |0⟩. */
function effective(circuit: Circuit): readonly Operation[] {
  const touched = new Set<number>();
  return circuit.operations.filter((operation) => {
    if (operation.kind === "barrier" || operation.kind === "delay") return false;
    if (operation.kind === "reset" && !touched.has(operation.qubit)) return false;
    for (const qubit of qubitsOf(operation)) touched.add(qubit);
    return true;
  });
}

/**
 * Splits off the measurements that may wait until the end, since nothing later touches their qubit or reads or writes
 * their bit; with `dropResets` also the resets whose result nobody sees.
 */
function splitFinal(
  operations: readonly Operation[],
  dropResets: boolean,
): { readonly body: readonly Operation[]; readonly final: readonly MeasureOperation[] } {
  const body: Operation[] = [];
  const final: MeasureOperation[] = [];
  const qubits = new Set<number>();
  const clbits = new Set<number>();
  const measured = new Set<number>();
  for (const operation of operations.toReversed()) {
    if (operation.kind === "measure" && !qubits.has(operation.qubit) && !clbits.has(operation.clbit)) {
      final.push(operation);
      measured.add(operation.qubit);
      continue;
    }
    if (operation.kind === "reset" && dropResets && !qubits.has(operation.qubit) && !measured.has(operation.qubit))
      continue;
    for (const qubit of qubitsOf(operation)) qubits.add(qubit);
    for (const clbit of clbitsOf(operation)) clbits.add(clbit);
    body.push(operation);
  }
  return { body: body.reverse(), final: final.reverse() };
}

/** The qubits of which the final state has no coherence left, since they are measured and not touched again. */
export function finallyMeasuredQubits(circuit: Circuit): ReadonlySet<number> {
  return new Set(splitFinal(effective(circuit), false).final.map(({ qubit }) => qubit));
}

/** The circuit without resets of |0⟩ and final measurements, if nothing but gates is left; else undefined. */
export function unitaryBody(circuit: Circuit): Circuit | undefined {
  if (circuit.isUnitary) return circuit;
  const { body } = splitFinal(effective(circuit), false);
  if (body.some(({ kind }) => kind !== "gate" && kind !== "unitary")) return undefined;
  return Circuit.build(circuit.numQubits, (builder) => {
    for (const vector of circuit.vectors) builder.declare(vector);
    for (const operation of body) builder.append(operation);
  });
}

/** Walks backwards and keeps what can influence the read-out. */
function live(operations: readonly Operation[], seeds: Iterable<number>, allClbits: boolean): readonly Operation[] {
  const qubits = new Set(seeds);
  const clbits = new Set<number>();
  const kept: Operation[] = [];
  for (const operation of operations.toReversed()) {
    const own = qubitsOf(operation);
    const writes =
      operation.kind === "measure"
        ? allClbits || clbits.has(operation.clbit)
        : operation.kind === "if" &&
          [...operation.whenTrue, ...operation.whenFalse].some((o) => clbitsOf(o).length > 0);
    if (!writes && !own.some((qubit) => qubits.has(qubit))) continue;
    for (const qubit of own) qubits.add(qubit);
    if (operation.kind === "if") for (const clbit of clbitsOf(operation)) clbits.add(clbit);
    kept.push(operation);
  }
  return kept.reverse();
}

/** For a circuit, which qubits `liveCircuit` keeps for a read-out of some qubits; ascending. */
export function liveQubits(circuit: Circuit): (qubits: Iterable<number>) => readonly number[] {
  const { body } = splitFinal(effective(circuit), false);
  return (qubits) => [...new Set(live(body, qubits, false).flatMap(qubitsOf))].sort((a, b) => a - b);
}

/** Prepares a circuit for a read-out. With a read-out of qubits, measurements that end the circuit are left out. */
export function liveCircuit(circuit: Circuit, readout: Readout): LiveCircuit {
  const allClbits = readout === "clbits";
  const { body, final } = splitFinal(effective(circuit), allClbits);
  const seeds = allClbits ? final.map(({ qubit }) => qubit) : readout.qubits;
  const kept = live(body, seeds, allClbits);
  const qubits = [...new Set(kept.flatMap(qubitsOf))].sort((a, b) => a - b);
  const place = new Map(qubits.map((qubit, index) => [qubit, index]));
  const compact = kept.map((operation) => mapOperation(operation, { qubit: (qubit) => place.get(qubit)! }));

  const before: UnitaryKind[] = [];
  const rest: Operation[] = [];
  const blocked = new Set<number>();
  for (const operation of compact) {
    const own = qubitsOf(operation);
    if ((operation.kind === "gate" || operation.kind === "unitary") && !own.some((qubit) => blocked.has(qubit)))
      before.push(operation);
    else {
      for (const qubit of own) blocked.add(qubit);
      rest.push(operation);
    }
  }
  return {
    qubits,
    numClbits: circuit.numClbits,
    prefix: Circuit.build(Math.max(1, qubits.length), (builder) => {
      for (const vector of circuit.vectors) builder.declare(vector);
      for (const operation of before) builder.append(operation);
    }),
    rest,
    finalMeasurements: allClbits ? final.map(({ qubit, clbit }) => ({ qubit: place.get(qubit) ?? -1, clbit })) : [],
  };
}
