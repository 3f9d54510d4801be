import {
  type Circuit,
  type Condition,
  gateSpec,
  mapOperation,
  type Operation,
  operationMatrix,
  type Slot,
  type UnitaryKind,
} from "../../../circuits/index.ts";
import type { NoiseChannel } from "./channel.ts";
import type { FreeGate } from "./free-gate.ts";
import type { NoiseModel } from "./noise-model.ts";
import { type NoisyCircuit, noiseOf } from "./noisy-circuit.ts";
import { composed, exchanged, onOneOfTwo, type TransferMatrix, transferMatrix } from "./pauli-transfer.ts";
import { type SparseMap, sparseMap } from "./transfer-kernels.ts";

/** One factor of what happens to a qubit between two gates that couple it. */
export type Factor =
  | { readonly kind: "constant"; readonly map: TransferMatrix }
  /** A turn about Z by constant + sum of coefficient · angle. */
  | {
      readonly kind: "turn";
      readonly constant: number;
      readonly terms: readonly { readonly slot: number; readonly coefficient: number }[];
    }
  | { readonly kind: "free"; readonly gate: FreeGate };

/** What happens to the density matrix in the Pauli basis, on compact qubits. */
export type Step =
  | { readonly kind: "local"; readonly qubit: number; readonly factors: readonly Factor[] }
  | { readonly kind: "pair"; readonly a: number; readonly b: number; readonly map: SparseMap }
  | {
      readonly kind: "free-pair";
      readonly a: number;
      readonly b: number;
      readonly gate: FreeGate;
      readonly noise: TransferMatrix | undefined;
    }
  /** A gate of three or more qubits, on matrix elements. */
  | { readonly kind: "wide"; readonly gate: FreeGate }
  | {
      readonly kind: "measure";
      readonly qubit: number;
      readonly clbit: number;
      /** P(read 1 | 0), P(read 0 | 1). */
      readonly errors: readonly [number, number];
      /** Classical bits that are read later. */
      readonly live: readonly number[];
    }
  | {
      readonly kind: "if";
      readonly condition: Condition;
      readonly whenTrue: readonly Step[];
      readonly whenFalse: readonly Step[];
      readonly live: readonly number[];
    };

export interface Steps {
  readonly steps: readonly Step[];
  readonly slots: readonly Slot[];
  /** The most classical bits that must be told apart at any time. */
  readonly maxLive: number;
}

const DEPHASE = Float64Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const RESET = Float64Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);

/**
 * Lays out a noisy circuit: gates fused with their channels, all that happens to one qubit in a row as one map.
 * @param readBits classical bits that are read after the end
 * @param readout how bits are misread at the end: on each qubit a last map, which turns the value of each letter into the
 * mean of the bits that a measurement of that letter reads; none where the final state itself is wanted
 */
export function layOut(
  circuit: Circuit,
  { qubits, operations, final }: NoisyCircuit,
  noise: NoiseModel,
  readBits: readonly number[],
  readout: boolean,
): Steps {
  const place = new Map(qubits.map((qubit, index) => [qubit, index]));
  const at = (qubit: number): number => place.get(qubit)!;
  const slots: Slot[] = [];
  const known = new Map(circuit.parameters.length === 0 ? [] : slotPlaces(operations, slots));
  let maxLive = readBits.length;

  const freeGate = (operation: UnitaryKind): FreeGate => {
    const compact = mapOperation(operation, { qubit: at }) as UnitaryKind;
    const params =
      operation.kind === "unitary"
        ? []
        : operation.params.map((param, index) =>
            typeof param === "number" ? param : { slot: known.get(operation)!.get(index)! },
          );
    return { operation: compact, params };
  };

  /** @param live classical bits that are read after the block */
  const block = (list: readonly Operation[], live: ReadonlySet<number>, last: boolean): readonly Step[] => {
    const steps: Step[] = [];
    const pending = new Map<number, Factor[]>();
    const add = (qubit: number, factor: Factor): void => {
      const factors = pending.get(qubit);
      const previous = factors?.at(-1);
      if (factors === undefined) pending.set(qubit, [factor]);
      else if (previous?.kind === "constant" && factor.kind === "constant")
        factors[factors.length - 1] = { kind: "constant", map: composed(factor.map, previous.map) };
      else factors.push(factor);
    };
    const flush = (qubit: number): void => {
      const factors = pending.get(qubit);
      if (factors !== undefined) steps.push({ kind: "local", qubit, factors });
      pending.delete(qubit);
    };
    const flushAll = (): void => {
      for (const qubit of [...pending.keys()].sort((a, b) => a - b)) flush(qubit);
    };
    const addChannels = (channels: readonly { channel: NoiseChannel; qubits: readonly number[] }[]): void => {
      for (const { channel, qubits: own } of channels) {
        if (own.length === 1) {
          add(at(own[0]!), { kind: "constant", map: channel.transfer });
          continue;
        }
        const [a, b] = [at(own[0]!), at(own[1]!)];
        flush(a);
        flush(b);
        steps.push({ kind: "pair", a, b, map: sparseMap(channel.transfer) });
      }
    };
    const liveAfter = livenessOf(list, live);

    for (const [index, operation] of list.entries()) {
      switch (operation.kind) {
        case "gate":
        case "unitary": {
          const gate = freeGate(operation);
          const channels = noiseOf(operation, noise);
          const own = gate.operation.qubits;
          const isFree = gate.params.some((param) => typeof param !== "number");
          if (own.length === 1) add(own[0]!, factorOf(gate, isFree));
          if (own.length <= 1) {
            addChannels(channels);
            break;
          }
          for (const qubit of own) flush(qubit);
          if (own.length > 2) {
            steps.push({ kind: "wide", gate });
            addChannels(channels);
            break;
          }
          const [a, b] = own as readonly [number, number];
          const after = pairNoise(channels, operation.qubits);
          if (isFree) steps.push({ kind: "free-pair", a, b, gate, noise: after });
          else {
            const unitary = transferMatrix([operationMatrix(gate.operation)], 2);
            steps.push({
              kind: "pair",
              a,
              b,
              map: sparseMap(after === undefined ? unitary : composed(after, unitary)),
            });
          }
          break;
        }
        case "reset":
          add(at(operation.qubit), { kind: "constant", map: RESET });
          addChannels(noiseOf(operation, noise));
          break;
        case "delay":
          addChannels(noiseOf(operation, noise));
          break;
        case "measure": {
          addChannels(noiseOf(operation, noise));
          const bits = liveAfter[index]!;
          if (!bits.has(operation.clbit)) {
            add(at(operation.qubit), { kind: "constant", map: DEPHASE });
            break;
          }
          flush(at(operation.qubit));
          maxLive = Math.max(maxLive, bits.size);
          steps.push({
            kind: "measure",
            qubit: at(operation.qubit),
            clbit: operation.clbit,
            errors: noise.readoutErrors(operation.qubit),
            live: [...bits],
          });
          break;
        }
        case "if": {
          flushAll();
          const bits = liveAfter[index]!;
          steps.push({
            kind: "if",
            condition: operation.condition,
            whenTrue: block(operation.whenTrue, bits, false),
            whenFalse: block(operation.whenFalse, bits, false),
            live: [...bits],
          });
          break;
        }
        default: // Barriers only order.
      }
    }
    if (last) {
      for (const operation of final) addChannels(noiseOf(operation, noise));
      if (readout) for (const [index, qubit] of qubits.entries()) addReadout(index, noise.readoutErrors(qubit), add);
    }
    flushAll();
    return steps;
  };
  return { steps: block(operations, new Set(readBits), true), slots, maxLive };
}

/** Collects the slots of operations, and where those of each operation are. */
function slotPlaces(
  operations: readonly Operation[],
  slots: Slot[],
): readonly (readonly [Operation, ReadonlyMap<number, number>])[] {
  return operations.flatMap((operation) => {
    if (operation.kind === "if")
      return [...slotPlaces(operation.whenTrue, slots), ...slotPlaces(operation.whenFalse, slots)];
    if (operation.kind !== "gate") return [];
    const own = new Map<number, number>();
    for (const [param, expression] of operation.params.entries())
      if (typeof expression !== "number") {
        own.set(param, slots.length);
        slots.push({ index: slots.length, operation, param, expression, frequencies: [] });
      }
    return [[operation, own] as const];
  });
}

function factorOf(gate: FreeGate, isFree: boolean): Factor {
  const { operation, params } = gate;
  const spec = operation.kind === "gate" ? gateSpec(operation.gate) : undefined;
  // The relative phase of |1> is all that a diagonal gate does.
  if (isFree && spec?.phases !== undefined && spec.numQubits === 1) {
    let constant = 0;
    const terms: { readonly slot: number; readonly coefficient: number }[] = [];
    for (const phase of spec.phases) {
      if (phase.mask !== 1) continue;
      constant += phase.constant ?? 0;
      const param = phase.param === undefined ? undefined : params[phase.param];
      const coefficient = phase.coefficient ?? 0;
      if (typeof param === "number") constant += coefficient * param;
      else if (param !== undefined) terms.push({ slot: param.slot, coefficient });
    }
    return { kind: "turn", constant, terms };
  }
  return isFree ? { kind: "free", gate } : { kind: "constant", map: transferMatrix([operationMatrix(operation)], 1) };
}

/** All channels that follow a gate of two qubits, as one map. */
function pairNoise(
  channels: readonly { readonly channel: NoiseChannel; readonly qubits: readonly number[] }[],
  operands: readonly number[],
): TransferMatrix | undefined {
  let noise: TransferMatrix | undefined;
  for (const { channel, qubits } of channels) {
    const first = operands.indexOf(qubits[0]!);
    const map =
      channel.numQubits === 1
        ? onOneOfTwo(channel.transfer, first)
        : first === 0
          ? channel.transfer
          : exchanged(channel.transfer);
    noise = noise === undefined ? map : composed(map, noise);
  }
  return noise;
}

/** Reading a letter of value v gives bits of mean (1 - e0 - e1) v + e1 - e0. */
function addReadout(
  qubit: number,
  [e0, e1]: readonly [number, number],
  add: (qubit: number, factor: Factor) => void,
): void {
  if (e0 === 0 && e1 === 0) return;
  const scale = 1 - e0 - e1;
  const shift = e1 - e0;
  const map = Float64Array.of(1, 0, 0, 0, shift, scale, 0, 0, shift, 0, scale, 0, shift, 0, 0, scale);
  add(qubit, { kind: "constant", map });
}

/** For each operation the classical bits that are read after it. */
function livenessOf(list: readonly Operation[], after: ReadonlySet<number>): readonly ReadonlySet<number>[] {
  const result: ReadonlySet<number>[] = [];
  let live: ReadonlySet<number> = after;
  for (const operation of list.toReversed()) {
    result.push(live);
    live = liveBefore(operation, live);
  }
  return result.reverse();
}

function liveBefore(operation: Operation, live: ReadonlySet<number>): ReadonlySet<number> {
  if (operation.kind === "measure") {
    if (!live.has(operation.clbit)) return live;
    const before = new Set(live);
    before.delete(operation.clbit);
    return before;
  }
  if (operation.kind !== "if") return live;
  const through = (branch: readonly Operation[]) =>
    branch.reduceRight<ReadonlySet<number>>((bits, inner) => liveBefore(inner, bits), live);
  return new Set([...operation.condition.clbits, ...through(operation.whenTrue), ...through(operation.whenFalse)]);
}
