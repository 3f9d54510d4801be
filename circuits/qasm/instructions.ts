import type { Operation } from "../operation.ts";
import type { Expression, Statement } from "./ast.ts";
import type { Context } from "./context.ts";
import type { Registers } from "./registers.ts";
import type { Scope } from "./scope.ts";
import { describe } from "./value.ts";

/** Marks clbits of results that are not kept, until the number of all others is known. */
const UNREAD = 2 ** 40;

/** Measurements, resets, barriers and delays. */
export class Instructions {
  readonly #context: Context;
  readonly #registers: Registers;
  #unread = 0;

  constructor(context: Context, registers: Registers) {
    this.#context = context;
    this.#registers = registers;
  }

  /** The qubits that an operand names. @throws QasmError QASM_TYPE */
  qubitsOf(operand: Expression, scope: Scope): readonly number[] {
    const value = this.#context.evaluator.value(operand, scope);
    if (value.kind !== "qubits")
      throw this.#context.source.error(
        "QASM_TYPE",
        `A qubit or a register of qubits is needed, not ${describe(value)}.`,
        operand.at,
      );
    return value.indices;
  }

  measure({ at, operand, target }: Extract<Statement, { kind: "measure" }>, scope: Scope, out: Operation[]): void {
    const { source, budget, evaluator } = this.#context;
    const qubits = this.qubitsOf(operand, scope);
    budget.spend(qubits.length, at);
    if (target === undefined) {
      // The result is not kept, yet the qubit collapses: a bit that nothing reads stands for that.
      for (const qubit of qubits) out.push(Object.freeze({ kind: "measure", qubit, clbit: UNREAD + this.#unread++ }));
      return;
    }
    const value = evaluator.value(target, scope);
    if (value.kind !== "clbits")
      throw source.error(
        "QASM_TYPE",
        `The result of a measurement goes to bits, not to ${describe(value)}.`,
        target.at,
      );
    if (value.indices.length !== qubits.length)
      throw source.error(
        "QASM_SIZE",
        `${qubits.length} qubit(s) cannot be measured into ${value.indices.length} bit(s).`,
        target.at,
      );
    for (const [index, qubit] of qubits.entries())
      out.push(Object.freeze({ kind: "measure", qubit, clbit: value.indices[index]! }));
  }

  reset({ at, operand }: Extract<Statement, { kind: "reset" }>, scope: Scope, out: Operation[]): void {
    for (const qubit of this.qubitsOf(operand, scope)) {
      this.#context.budget.spend(1, at);
      out.push(Object.freeze({ kind: "reset", qubit }));
    }
  }

  barrier({ at, operands }: Extract<Statement, { kind: "barrier" }>, scope: Scope, out: Operation[]): void {
    const qubits = this.#operandQubits(operands, scope);
    this.#context.budget.spend(1, at);
    this.#context.budget.spendParts(qubits.length, at);
    if (qubits.length > 0) out.push(Object.freeze({ kind: "barrier", qubits: Object.freeze([...new Set(qubits)]) }));
  }

  delay(
    { at, duration: expression, operands }: Extract<Statement, { kind: "delay" }>,
    scope: Scope,
    out: Operation[],
  ): void {
    const { source, budget, evaluator } = this.#context;
    const time = evaluator.value(expression, scope);
    if (time.kind !== "duration")
      throw source.error("QASM_TYPE", `A delay needs a duration such as 100ns, not ${describe(time)}.`, expression.at);
    const { value: duration, unit } = time;
    if (!(duration >= 0) || !Number.isFinite(duration) || (unit === "dt" && !Number.isSafeInteger(duration)))
      throw source.error(
        "QASM_VALUE",
        `A delay of ${duration}${unit} is not possible; it must be 0 or more, and whole in dt.`,
        expression.at,
      );
    for (const qubit of this.#operandQubits(operands, scope)) {
      budget.spend(1, at);
      out.push(Object.freeze({ kind: "delay", qubit, duration, unit }));
    }
  }

  /** Gives the results that are not kept a register of their own, at the end of the text. */
  finish(operations: Operation[]): void {
    if (this.#unread === 0) return;
    const { numClbits } = this.#registers;
    this.#registers.addUnread(this.#unread);
    renumber(operations, numClbits);
  }

  /** All qubits without operands. */
  #operandQubits(operands: readonly Expression[], scope: Scope): readonly number[] {
    if (operands.length === 0) return this.#registers.allQubits();
    return operands.flatMap((operand) => this.qubitsOf(operand, scope));
  }
}

function renumber(operations: Operation[], numClbits: number): void {
  for (const [index, operation] of operations.entries()) {
    if (operation.kind === "measure" && operation.clbit >= UNREAD)
      operations[index] = Object.freeze({ ...operation, clbit: operation.clbit - UNREAD + numClbits });
    else if (operation.kind === "if") {
      const whenTrue = [...operation.whenTrue];
      const whenFalse = [...operation.whenFalse];
      renumber(whenTrue, numClbits);
      renumber(whenFalse, numClbits);
      operations[index] = Object.freeze({
        ...operation,
        whenTrue: Object.freeze(whenTrue),
        whenFalse: Object.freeze(whenFalse),
      });
    }
  }
}
