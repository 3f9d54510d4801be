import type { Circuit } from "../../../circuits/index.ts";
import { rolesOf } from "./gates.ts";
import { BudgetedSearch, checkSearch, type SearchOptions } from "./search.ts";
import {
  type Compressed,
  checkSetting,
  checkTrained,
  isEntangler,
  reportOf,
  type TrainedCircuit,
  withOperations,
} from "./trained-circuit.ts";

/** Positions, among a circuit's operations, of gates that only go together. */
export type Block = readonly number[];

export interface ShrinkOptions extends SearchOptions {
  /** Blocks in the order in which they are tried; by default those of `ansatzBlocks`. */
  readonly blocks?: readonly Block[];
}

/**
 * The blocks of a layered ansatz, found by its weights: a layer is what has weights with the same first index of a vector of
 * two or more axes, with the constant gates that follow; the part of a qubit in a layer is its rotations there. Whole layers
 * first, the last one foremost, then the qubits of each.
 */
export function ansatzBlocks(circuit: Circuit): readonly Block[] {
  const layers = new Map<string, number[]>();
  const parts = new Map<string, number[]>();
  let layer: number[] | undefined;
  const into = (blocks: Map<string, number[]>, key: string): number[] => {
    const known = blocks.get(key) ?? [];
    blocks.set(key, known);
    return known;
  };
  for (const [position, operation] of circuit.operations.entries()) {
    if (operation.kind !== "gate") continue;
    const roles = rolesOf(operation);
    if (roles.size === 0) {
      layer?.push(position);
      continue;
    }
    layer = undefined;
    if (roles.has("input")) continue;
    const parameters = operation.params.flatMap((param) => (typeof param === "number" ? [] : [...param.parameters]));
    const layered = parameters.filter(({ vector }) => vector.shape.length > 1);
    const keys = new Set(
      layered.map(({ vector, index }) => `${vector.name} ${Math.floor((index * vector.shape[0]!) / vector.size)}`),
    );
    if (keys.size !== 1 || layered.length !== parameters.length) continue;
    const [key] = [...keys];
    layer = into(layers, key!);
    layer.push(position);
    if (!isEntangler(operation)) into(parts, `${key} ${operation.qubits[0]}`).push(position);
  }
  return [...[...layers.values()].reverse(), ...[...parts.values()].reverse()];
}

/**
 * Drops whole blocks of an ansatz as long as the budget on validation rows allows: layers, then qubits' parts of layers. What is
 * left starts from its trained weights and is fine-tuned.
 * @throws as `removeGates`
 */
export async function shrinkAnsatz(trained: TrainedCircuit, options: ShrinkOptions): Promise<Compressed> {
  checkTrained("shrinkAnsatz", trained);
  checkSearch("shrinkAnsatz", options, ["blocks"]);
  const { blocks } = options;
  const { length } = trained.circuit.operations;
  const valid =
    blocks === undefined ||
    (Array.isArray(blocks) &&
      blocks.every(
        (block: unknown) =>
          Array.isArray(block) &&
          block.every((position) => Number.isSafeInteger(position) && position >= 0 && position < length),
      ));
  checkSetting("shrinkAnsatz", "blocks", blocks, valid, `lists of positions among the circuit's ${length} operations`);
  const after = await shrinkWithin(await BudgetedSearch.start(options, trained), trained, blocks);
  return { ...after, report: reportOf(trained, after) };
}

/** Shrinking as a stage of a search. The circuit's operations stay as they are, so that blocks can be told apart to the end. */
export async function shrinkWithin(
  search: BudgetedSearch,
  trained: TrainedCircuit,
  blocks: readonly Block[] = ansatzBlocks(trained.circuit),
): Promise<TrainedCircuit> {
  let current = trained;
  let alive = trained.circuit.operations.map((_, position) => position);
  for (const block of blocks) {
    if (search.isSpent) break;
    const gone = new Set(block);
    const left = alive.filter((position) => !gone.has(position));
    if (left.length === alive.length) continue;
    const kept = current.circuit.operations.filter((_, index) => !gone.has(alive[index]!));
    const next = await search.attempt("shrink", withOperations(current, kept));
    if (next === undefined) continue;
    current = next;
    alive = left;
  }
  return current;
}
