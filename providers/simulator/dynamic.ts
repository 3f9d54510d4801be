import type { Condition, Operation, Parameter } from "../../circuits/index.ts";
import { assertFinite } from "./finite.ts";
import { isLarge } from "./pauses.ts";
import type { StateMemory } from "./state-memory.ts";
import { clearQubit, collapse, probabilityOfOne, type StateOperation, stateOperation } from "./state-operations.ts";

/** Operations with nested branches laid out flat, so that a place in the circuit is one number. */
export type Instruction =
  | { readonly kind: "gate"; readonly gate: StateOperation }
  | { readonly kind: "measure"; readonly qubit: number; readonly clbit: number }
  | { readonly kind: "reset"; readonly qubit: number }
  | { readonly kind: "unless"; readonly condition: Condition; to: number }
  | { readonly kind: "jump"; to: number };

/** Lays out the operations of one row; `valueFor` gives its parameter values (radians). */
export function instructionsOf(
  operations: readonly Operation[],
  numQubits: number,
  valueFor: (parameter: Parameter) => number,
): readonly Instruction[] {
  const code: Instruction[] = [];
  const lay = (operation: Operation): void => {
    switch (operation.kind) {
      case "gate":
      case "unitary":
        code.push({ kind: "gate", gate: stateOperation(operation, numQubits, valueFor) });
        break;
      case "measure":
        code.push({ kind: "measure", qubit: operation.qubit, clbit: operation.clbit });
        break;
      case "reset":
        code.push({ kind: "reset", qubit: operation.qubit });
        break;
      case "if": {
        const unless = { kind: "unless" as const, condition: operation.condition, to: 0 };
        code.push(unless);
        operation.whenTrue.forEach(lay);
        if (operation.whenFalse.length > 0) {
          const jump = { kind: "jump" as const, to: 0 };
          code.push(jump);
          unless.to = code.length;
          operation.whenFalse.forEach(lay);
          jump.to = code.length;
        } else unless.to = code.length;
        break;
      }
      default: // Barriers and delays do nothing on a noiseless machine.
    }
  };
  operations.forEach(lay);
  return code;
}

/** What is shared out over the branches (shots, or probability) and what happens at the end of each. */
export interface BranchReader<Share> {
  /** The shares of outcomes 0 and 1; undefined where a branch is not to be followed. */
  split(share: Share, probabilityOfOne: number): readonly [zero: Share | undefined, one: Share | undefined];
  /** The normalised state, which may be changed, and the classical bits of one finished branch; both are only lent. */
  leaf(share: Share, state: Float64Array, clbits: Uint8Array): void;
}

/** A branch that waits: it goes on at `at` with outcome 1. */
interface Waiting<Share> {
  readonly share: Share;
  readonly at: number;
  /** How many outcomes precede it on its path. */
  readonly depth: number;
  readonly clbits: Uint8Array;
  /** Undefined where memory was short; then the state is computed again from the root along the known outcomes. */
  readonly state: Float64Array | undefined;
}

/**
 * Follows every branch of a circuit with measurements, depth first, so that each distinct history is simulated once
 * however many shots share it. Yields after each branch, and between the gates of large states.
 * @param root the state before the first instruction; it is not changed
 * @param maxWaiting how many states of waiting branches may be borrowed; more are computed again when they are needed
 * @throws SimulatorError STATE_TOO_LARGE when there is no room for one more state
 */
export function* followBranches<Share>(
  code: readonly Instruction[],
  root: Float64Array,
  numClbits: number,
  share: Share,
  reader: BranchReader<Share>,
  memory: StateMemory,
  maxWaiting: number,
): Generator<void> {
  const waiting: Waiting<Share>[] = [];
  let kept = 0;
  const pauses = isLarge(root);
  const state = memory.take(root.length);
  const clbits = new Uint8Array(numClbits);
  /** Outcomes of all measurements and resets on the path; the first `known` of them are to be repeated. */
  const outcomes: (0 | 1)[] = [];
  let known = 0;
  let depth = 0;
  let at = 0;
  try {
    state.set(root);
    for (;;) {
      while (at < code.length) {
        const instruction = code[at]!;
        if (instruction.kind === "gate") {
          instruction.gate.apply(state);
          if (pauses) yield;
        } else if (instruction.kind === "jump") {
          at = instruction.to;
          continue;
        } else if (instruction.kind === "unless") {
          if (!holds(instruction.condition, clbits)) {
            at = instruction.to;
            continue;
          }
        } else {
          const one = probabilityOfOne(state, instruction.qubit);
          assertFinite(one);
          let outcome: 0 | 1;
          if (depth < known) outcome = outcomes[depth]!;
          else {
            const [zeroShare, oneShare] = reader.split(share, one);
            if (zeroShare === undefined && oneShare === undefined) break;
            outcome = zeroShare === undefined ? 1 : 0;
            if (zeroShare !== undefined && oneShare !== undefined) {
              const copy = kept < maxWaiting ? memory.tryTake(state.length) : undefined;
              if (copy !== undefined) {
                copy.set(state);
                kept++;
              }
              waiting.push({ share: oneShare, at, depth, clbits: clbits.slice(), state: copy });
            }
            share = (zeroShare ?? oneShare)!;
            outcomes[depth] = outcome;
          }
          depth++;
          collapse(state, instruction.qubit, outcome, outcome === 1 ? one : 1 - one);
          if (instruction.kind === "measure") clbits[instruction.clbit] = outcome;
          else if (outcome === 1) clearQubit(state, instruction.qubit);
        }
        at++;
      }
      if (at === code.length) reader.leaf(share, state, clbits);
      // Also where the branch was given up: there can be more of those than of leaves.
      yield;
      const next = waiting.pop();
      if (next === undefined) return;
      share = next.share;
      outcomes[next.depth] = 1;
      known = next.depth + 1;
      if (next.state === undefined) {
        state.set(root);
        clbits.fill(0);
        at = 0;
        depth = 0;
      } else {
        state.set(next.state);
        memory.giveBack(next.state);
        kept--;
        clbits.set(next.clbits);
        at = next.at;
        depth = next.depth;
      }
    }
  } finally {
    memory.giveBack(state);
    for (const { state: copy } of waiting) if (copy !== undefined) memory.giveBack(copy);
  }
}

function holds({ clbits: bits, value }: Condition, clbits: Uint8Array): boolean {
  for (let i = 0; i < bits.length; i++) if (clbits[bits[i]!] !== Math.floor(value / 2 ** i) % 2) return false;
  return value < 2 ** bits.length;
}
