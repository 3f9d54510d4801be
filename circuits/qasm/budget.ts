import type { Source } from "./source.ts";

/** Work that a text may ask for. A hostile text of a few lines can ask for any amount, in time and in memory. */
export class Budget {
  readonly #source: Source;
  readonly #limit: number;
  #left: number;
  /** Steps that a text takes when each of its statements runs once; those of loops and gate bodies come on top. */
  #free: number;

  constructor(source: Source, limit: number) {
    this.#source = source;
    this.#limit = limit;
    this.#left = limit;
    this.#free = source.text.length;
  }

  /** One statement or one part of an expression is worked out, whether or not an operation comes of it. */
  work(at: number): void {
    if (this.#free > 0) this.#free--;
    else this.spendParts(1, at);
  }

  /** @throws QasmError QASM_TOO_LARGE when all is used up */
  spend(amount: number, at: number): void {
    this.#left -= amount;
    if (this.#left < 0)
      throw this.#source.error(
        "QASM_TOO_LARGE",
        `The text expands to more than ${this.#limit} operations; raise maxOperations if that is meant.`,
        at,
      );
  }

  /** Lists of qubits and bits, and operators of an angle, cost less than operations; they must be paid for all the same. */
  spendParts(count: number, at: number): void {
    this.spend(count / 16, at);
  }
}
