import { constantValue } from "../../expression.ts";
import { type Operation, qubitsOf, type UnitaryKind } from "../../operation.ts";
import { isLocal, isPair, swap } from "../ir.ts";
import { entanglerCount, KakDecomposition } from "../linalg/kak.ts";
import { blockForm } from "./block-form.ts";
import { BlockSynthesis, type SynthesisOptions } from "./block-synthesis.ts";

interface Block {
  readonly low: number;
  readonly high: number;
  readonly operations: UnitaryKind[];
  /** How many of the operations there are up to the last gate on both qubits. */
  length: number;
  /** Where in the circuit the last gate on both qubits is. */
  last: number;
}

/** Entanglers of one gate when it is translated on its own. */
export function entanglersOf(operation: UnitaryKind, fractional: boolean, kak: KakDecomposition): number {
  if (operation.qubits.length !== 2) return 0;
  if (operation.kind === "gate") {
    if (operation.gate === "cz") return 1;
    if (operation.gate === "swap") return 3;
    if (operation.gate === "rzz") return fractional ? 1 : 2;
  }
  if (operation.kind !== "unitary") return 3;
  kak.decompose(operation.matrix);
  kak.fold();
  return entanglerCount(kak.coordinates);
}

/**
 * Collects runs of gates that act on one pair of qubits and rewrites each that can do with fewer entanglers, swaps included.
 * Free gates at a run's ends stay outside, so that they do not hide a constant run. O(gates), 10-100 µs a run. A run
 * of whose last gate on both qubits `mirror` accepts the index may end in a swap, to be elided.
 */
export function resynthesizeBlocks(
  operations: readonly Operation[],
  options: SynthesisOptions & { readonly mirror?: (last: number) => boolean },
): readonly Operation[] {
  const out: Operation[] = [];
  const open = new Map<number, Block>();
  const synthesis = new BlockSynthesis();
  const kak = new KakDecomposition();
  const close = (qubit: number): void => {
    const block = open.get(qubit);
    if (block === undefined) return;
    open.delete(block.low);
    open.delete(block.high);
    const { core, trailing } = trimmed(block);
    // One by one: a long block would overflow the stack as arguments.
    for (const operation of rewritten(block, core, options, synthesis, kak)) out.push(operation);
    for (const operation of trailing) out.push(operation);
  };
  for (const [index, operation] of operations.entries()) {
    if (isLocal(operation)) {
      const block = open.get(operation.qubits[0]!);
      if (block === undefined) out.push(operation);
      else block.operations.push(operation);
    } else if (isPair(operation)) {
      const [low, high] = operation.qubits as [number, number];
      let block = open.get(low);
      if (block === undefined || block !== open.get(high)) {
        close(low);
        close(high);
        block = { low, high, operations: [], length: 0, last: 0 };
        open.set(low, block);
        open.set(high, block);
      }
      block.length = block.operations.push(operation);
      block.last = index;
    } else {
      for (const qubit of qubitsOf(operation)) close(qubit);
      out.push(operation);
    }
  }
  for (const qubit of [...open.keys()]) close(qubit);
  return out;
}

/** The block up to its last gate on both qubits with the constant gates right after it, and what comes after these. */
function trimmed(block: Block): { readonly core: readonly UnitaryKind[]; readonly trailing: readonly UnitaryKind[] } {
  const core = block.operations.slice(0, block.length);
  const trailing: UnitaryKind[] = [];
  const done = new Set<number>();
  for (const operation of block.operations.slice(block.length)) {
    const [qubit] = operation.qubits;
    if (isFree(operation)) done.add(qubit!);
    (done.has(qubit!) ? trailing : core).push(operation);
  }
  return { core, trailing };
}

function isFree(operation: UnitaryKind): boolean {
  return operation.kind === "gate" && operation.params.some((param) => constantValue(param) === undefined);
}

function rewritten(
  { low, high, last }: Block,
  core: readonly UnitaryKind[],
  options: SynthesisOptions & { readonly mirror?: (last: number) => boolean },
  synthesis: BlockSynthesis,
  kak: KakDecomposition,
): readonly Operation[] {
  const mirror = options.mirror?.(last) ?? false;
  const before = core.reduce((sum, operation) => sum + entanglersOf(operation, options.fractional, kak), 0);
  const raw = core.some(({ kind, qubits }) => kind === "unitary" && qubits.length === 2);
  const plain = !raw && core.every((operation) => operation.kind !== "gate" || operation.gate !== "swap");
  // A single cz or free rzz is as small as it gets.
  if (plain && before <= 1) return core;
  const found = synthesis.synthesize(blockForm(core, low), low, high, { ...options, mirror });
  if (found === undefined || (found.entanglers >= before && plain)) return core;
  if (!raw && found.entanglers > before) return core;
  return found.exchanged ? [...found.operations, swap(low, high)] : found.operations;
}
