import type { Operation } from "../../operation.ts";
import { mergeCommuting } from "./commutation.ts";
import { mergeLocals } from "./merge-locals.ts";

const MAX_ROUNDS = 8;

/** Joins gates on one qubit and what commutation brings together, until nothing becomes fewer. `if` bodies too. */
export function simplify(operations: readonly Operation[]): readonly Operation[] {
  let current: readonly Operation[] = operations.map((operation) =>
    operation.kind === "if"
      ? Object.freeze({
          ...operation,
          whenTrue: Object.freeze([...simplify(operation.whenTrue)]),
          whenFalse: Object.freeze([...simplify(operation.whenFalse)]),
        })
      : operation,
  );
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = mergeCommuting(mergeLocals(current));
    if (next.length >= current.length && round > 0) return next;
    current = next;
  }
  return current;
}
