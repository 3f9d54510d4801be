import type { Circuit } from "./circuit.ts";
import type { ParameterExpression } from "./expression.ts";
import type { ExpressionNode } from "./expression-node.ts";
import { type GateOperation, type Operation, slotFrequencies } from "./operation.ts";
import { BINARY_OPERATIONS, UNARY_OPERATIONS } from "./operations.ts";

/** One gate argument that depends on parameters: the unit of gradients and of hardware parameter tables. */
export interface Slot {
  readonly index: number;
  readonly operation: GateOperation;
  /** Which parameter of the gate. */
  readonly param: number;
  readonly expression: ParameterExpression;
  /** Frequencies of an expectation value in this slot's angle; see `frequenciesOf`. */
  readonly frequencies: readonly number[];
}

/** All slots of a circuit in order of appearance, branches included. */
export function slotsOf(circuit: Circuit): readonly Slot[] {
  const slots: Slot[] = [];
  const visit = (operation: Operation): void => {
    if (operation.kind === "if") [...operation.whenTrue, ...operation.whenFalse].forEach(visit);
    if (operation.kind !== "gate") return;
    for (const [param, expression] of operation.params.entries())
      if (typeof expression !== "number")
        slots.push({
          index: slots.length,
          operation,
          param,
          expression,
          frequencies: slotFrequencies(operation, param),
        });
  };
  circuit.operations.forEach(visit);
  return slots;
}

const CONSTANT = 0;
const PARAMETER = 1;
const UNARY = 2;
const BINARY = 3;

/**
 * The circuit's slot expressions compiled once to a flat tape with shared subexpressions, to map many rows of parameter
 * values to slot angles and to pull gradients back (reverse mode). Both passes allocate nothing.
 */
export class SlotProgram {
  readonly slots: readonly Slot[];
  readonly numSlots: number;
  readonly numParameters: number;
  /** Per slot, whether it depends on weights only, so that it is shared by the rows of a training batch. */
  readonly weightOnly: readonly boolean[];
  readonly #kinds: Uint8Array;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #operations: readonly (ExpressionNode | undefined)[];
  readonly #outputs: Int32Array;
  readonly #values: Float64Array;
  readonly #adjoints: Float64Array;

  constructor(circuit: Circuit, slots: readonly Slot[] = slotsOf(circuit)) {
    this.slots = slots;
    this.numSlots = slots.length;
    this.numParameters = circuit.parameters.length;
    this.weightOnly = slots.map((slot) => slot.expression.parameters.every((parameter) => parameter.role === "weight"));
    const column = new Map(circuit.parameters.map((parameter, index) => [parameter.name, index]));
    const known = new Map<string, number>();
    const kinds: number[] = [];
    const left: number[] = [];
    const right: number[] = [];
    const constants: number[] = [];
    const operations: (ExpressionNode | undefined)[] = [];
    const push = (key: string, kind: number, a: number, b: number, constant: number, node?: ExpressionNode): number => {
      const found = known.get(key);
      if (found !== undefined) return found;
      const index = kinds.push(kind) - 1;
      left.push(a);
      right.push(b);
      constants.push(constant);
      operations.push(node);
      known.set(key, index);
      return index;
    };
    // Slots often share parts of their expressions, so what one has seen the next need not look at.
    const seen = new Map<ExpressionNode, number>();
    const visit = (node: ExpressionNode): number => {
      let at = seen.get(node);
      if (at === undefined) {
        at = place(node);
        seen.set(node, at);
      }
      return at;
    };
    const place = (node: ExpressionNode): number => {
      switch (node.kind) {
        case "constant":
          return push(`c${node.value}`, CONSTANT, 0, 0, node.value);
        case "parameter": {
          const at = column.get(node.parameter.name)!;
          return push(`p${at}`, PARAMETER, at, 0, 0);
        }
        case "unary": {
          const a = visit(node.argument);
          return push(`${node.operation}(${a})`, UNARY, a, 0, 0, node);
        }
        case "binary": {
          const a = visit(node.left);
          const b = visit(node.right);
          return push(`${node.operation}(${a},${b})`, BINARY, a, b, 0, node);
        }
      }
    };
    this.#outputs = Int32Array.from(slots, (slot) => visit(slot.expression.node));
    this.#kinds = Uint8Array.from(kinds);
    this.#left = Int32Array.from(left);
    this.#right = Int32Array.from(right);
    this.#operations = operations;
    this.#values = Float64Array.from(constants);
    this.#adjoints = new Float64Array(kinds.length);
  }

  /** Slot angles [rows, numSlots] (radians) for parameter values [rows, numParameters]. */
  evaluate(values: Float64Array, rows: number, angles: Float64Array): void {
    for (let row = 0; row < rows; row++) {
      this.#forward(values, row * this.numParameters);
      const at = row * this.numSlots;
      for (let slot = 0; slot < this.numSlots; slot++) angles[at + slot] = this.#values[this.#outputs[slot]!]!;
    }
  }

  /**
   * Adds, row by row, the pullback of `angleGradients` [rows, numSlots] through the expressions at `values` to
   * `gradients` [rows, numParameters].
   */
  pullback(values: Float64Array, rows: number, angleGradients: Float64Array, gradients: Float64Array): void {
    const adjoints = this.#adjoints;
    const tape = this.#values;
    for (let row = 0; row < rows; row++) {
      this.#forward(values, row * this.numParameters);
      adjoints.fill(0);
      const at = row * this.numSlots;
      for (let slot = 0; slot < this.numSlots; slot++) adjoints[this.#outputs[slot]!]! += angleGradients[at + slot]!;
      for (let index = tape.length - 1; index >= 0; index--) {
        const adjoint = adjoints[index]!;
        if (adjoint === 0) continue;
        const kind = this.#kinds[index]!;
        const a = this.#left[index]!;
        if (kind === PARAMETER) gradients[row * this.numParameters + a]! += adjoint;
        else if (kind === UNARY) {
          const { operation } = this.#operations[index] as Extract<ExpressionNode, { kind: "unary" }>;
          adjoints[a]! += adjoint * UNARY_OPERATIONS[operation].slope(tape[a]!, tape[index]!);
        } else if (kind === BINARY) {
          const { operation } = this.#operations[index] as Extract<ExpressionNode, { kind: "binary" }>;
          const b = this.#right[index]!;
          const slopes = BINARY_OPERATIONS[operation].slopes(tape[a]!, tape[b]!, tape[index]!);
          if (this.#kinds[a] !== CONSTANT) adjoints[a]! += adjoint * slopes[0];
          if (this.#kinds[b] !== CONSTANT) adjoints[b]! += adjoint * slopes[1];
        }
      }
    }
  }

  #forward(values: Float64Array, offset: number): void {
    const tape = this.#values;
    for (let index = 0; index < tape.length; index++) {
      const kind = this.#kinds[index]!;
      if (kind === PARAMETER) tape[index] = values[offset + this.#left[index]!]!;
      else if (kind === UNARY) {
        const { operation } = this.#operations[index] as Extract<ExpressionNode, { kind: "unary" }>;
        tape[index] = UNARY_OPERATIONS[operation].apply(tape[this.#left[index]!]!);
      } else if (kind === BINARY) {
        const { operation } = this.#operations[index] as Extract<ExpressionNode, { kind: "binary" }>;
        tape[index] = BINARY_OPERATIONS[operation].apply(tape[this.#left[index]!]!, tape[this.#right[index]!]!);
      }
    }
  }
}
