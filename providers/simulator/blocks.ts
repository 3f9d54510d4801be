import type { SparsePauliOp } from "../../circuits/index.ts";
import { type CheckedEstimatorPub, numRows } from "../pub.ts";

/** Rows of a PUB that need the same observables. */
export interface Block {
  readonly index: number;
  /** Rows of parameter values, in order of first appearance in the result. */
  readonly rows: readonly number[];
  readonly observables: readonly SparsePauliOp[];
  /** Copies the block's values of one row, which start at `from`, to the elements of the result they belong to. */
  scatter(row: number, values: Float64Array, from: number, out: Float64Array): void;
}

/** Splits a PUB so that each row is evaluated once, and only for observables that some element pairs with it. */
export function blocksOf(pub: CheckedEstimatorPub): readonly Block[] {
  const { observables, observableOf } = pub;
  const { starts, elements, rows } = elementsByRow(pub);
  const neededBy = (row: number): readonly number[] => {
    const needed = new Set<number>();
    for (let at = starts[row]!; at < starts[row + 1]!; at++) needed.add(observableOf[elements[at]!]!);
    return [...needed].sort((a, b) => a - b);
  };
  const blocks = new Map<string, { rows: number[]; needed: readonly number[] }>();
  let last: { rows: number[]; like: number } | undefined;
  for (const row of rows) {
    // Most often each row is paired with the same observables as the one before, in the same order.
    if (last !== undefined && isAlike(row, last.like)) {
      last.rows.push(row);
      continue;
    }
    const needed = neededBy(row);
    const key = needed.join();
    const block = blocks.get(key) ?? { rows: [], needed };
    blocks.set(key, block);
    block.rows.push(row);
    last = { rows: block.rows, like: row };
  }

  function isAlike(a: number, b: number): boolean {
    const length = starts[a + 1]! - starts[a]!;
    if (length !== starts[b + 1]! - starts[b]!) return false;
    for (let k = 0; k < length; k++)
      if (observableOf[elements[starts[a]! + k]!] !== observableOf[elements[starts[b]! + k]!]) return false;
    return true;
  }

  return [...blocks.values()].map(({ rows: own, needed }, index) => {
    const place = new Map(needed.map((observable, position) => [observable, position]));
    return {
      index,
      rows: own,
      observables: needed.map((observable) => observables.distinct[observable]!),
      scatter(row, values, from, out) {
        for (let at = starts[row]!; at < starts[row + 1]!; at++) {
          const element = elements[at]!;
          out[element] = values[from + place.get(observableOf[element]!)!]!;
        }
      },
    };
  });
}

/** The elements of the result by row: those of row r are elements[starts[r]] to elements[starts[r + 1] - 1], ascending. */
function elementsByRow(pub: CheckedEstimatorPub): {
  readonly starts: Int32Array;
  readonly elements: Int32Array;
  readonly rows: readonly number[];
} {
  const { rowOf } = pub;
  const starts = new Int32Array(numRows(pub) + 1);
  for (const row of rowOf) starts[row + 1]!++;
  const rows: number[] = [];
  for (let row = 0; row + 1 < starts.length; row++) starts[row + 1]! += starts[row]!;
  const next = starts.slice();
  const elements = new Int32Array(rowOf.length);
  for (let element = 0; element < rowOf.length; element++) {
    const row = rowOf[element]!;
    if (next[row] === starts[row]) rows.push(row);
    elements[next[row]!++] = element;
  }
  return { starts, elements, rows };
}
