import type { ClassicalRegister } from "../circuit.ts";
import { constantValue } from "../expression.ts";
import type { Directive, Expression, Statement } from "./ast.ts";
import type { Context } from "./context.ts";
import type { Directives } from "./directives.ts";
import { checkNew, type Scope } from "./scope.ts";
import { describe } from "./value.ts";

export const MAX_BITS = 65_536;

/** A named run of qubits. */
export interface QubitRegister {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** The qubits and classical bits that a text declares, or names by number. */
export class Registers {
  readonly qubitRegisters: QubitRegister[] = [];
  readonly classical: ClassicalRegister[] = [];
  readonly #names = new Set<string>();
  readonly #context: Context;
  readonly #directives: Directives;
  #numQubits = 0;
  #numClbits = 0;
  /** How many qubits a text has that calls them $0, $1, ... */
  #physical: number;
  usesPhysical = false;

  constructor(context: Context, directives: Directives, physicalQubits: number) {
    this.#context = context;
    this.#directives = directives;
    this.#physical = physicalQubits;
  }

  get numQubits(): number {
    return this.usesPhysical ? this.#physical : this.#numQubits;
  }
  get numClbits(): number {
    return this.#numClbits;
  }

  /** All qubits that can be named so far, for statements without operands. */
  allQubits(): number[] {
    return Array.from({ length: this.#physical > 0 ? this.#physical : this.#numQubits }, (_, i) => i);
  }

  qubits({ name, at, size: sizeExpression }: Extract<Statement, { kind: "qubits" }>, scope: Scope): void {
    const { source } = this.#context;
    checkNew(name, at, scope, source);
    if (this.#physical > 0) throw this.#mixed(at);
    const size = sizeOf(sizeExpression, scope, name, this.#numQubits, this.#context);
    if (this.#numQubits + size > MAX_BITS)
      throw source.error("QASM_TOO_LARGE", `There are more than ${MAX_BITS} qubits.`, at);
    const offset = this.#numQubits;
    this.#numQubits += size;
    this.qubitRegisters.push({ name, offset, size });
    const value = { kind: "qubits", indices: run(offset, size), scalar: sizeExpression === undefined } as const;
    scope.set(name, { kind: "value", constant: true, value });
  }

  /** The qubit `$index`. @throws QasmError QASM_PHYSICAL, QASM_TOO_LARGE */
  physicalQubit(index: number, at: number): number {
    if (this.#numQubits > 0) throw this.#mixed(at);
    if (!(index < MAX_BITS))
      throw this.#context.source.error("QASM_TOO_LARGE", `Physical qubits are numbered below ${MAX_BITS}.`, at);
    this.usesPhysical = true;
    return index;
  }

  /** @throws QasmError QASM_DIRECTIVE */
  physicalCount({ count, at }: Extract<Directive, { kind: "numQubits" }>): void {
    if (this.#numQubits > 0 || count > MAX_BITS || count < this.#physical)
      throw this.#context.source.error("QASM_DIRECTIVE", `A number of ${count} physical qubits does not fit here.`, at);
    this.#physical = count;
    this.usesPhysical = true;
  }

  #mixed(at: number) {
    return this.#context.source.error(
      "QASM_PHYSICAL",
      "A text uses either physical qubits ($0) or declared ones, not both.",
      at,
    );
  }

  bits(statement: Extract<Statement, { kind: "bits" }>, scope: Scope): void {
    const { source } = this.#context;
    const { at, initial } = statement;
    checkNew(statement.name, at, scope, source);
    const size = sizeOf(statement.size, scope, statement.name, this.#numClbits, this.#context);
    if (this.#numClbits + size > MAX_BITS)
      throw source.error("QASM_TOO_LARGE", `There are more than ${MAX_BITS} bits.`, at);
    const known = this.#directives.takeRegisterName();
    const name = known?.name ?? statement.name;
    if (known !== undefined && this.#names.has(name))
      throw source.error("QASM_REDEFINED", `Register ${name} is defined already.`, known.at);
    const scalar = statement.size === undefined;
    if (initial !== undefined) checkInitialBits(initial, size, scalar, scope, this.#context);
    const offset = this.#numClbits;
    this.#numClbits += size;
    this.#names.add(name);
    this.classical.push(Object.freeze({ name, offset, size }));
    scope.set(statement.name, {
      kind: "value",
      constant: true,
      value: { kind: "clbits", indices: run(offset, size), scalar },
    });
  }

  /** One more register, under a name that none has. */
  addUnread(size: number): void {
    let name = "unread";
    while (this.#names.has(name)) name += "_";
    this.classical.push(Object.freeze({ name, offset: this.#numClbits, size }));
    this.#numClbits += size;
  }
}

/** Frozen, so that every condition on a register can hold the same list. */
function run(offset: number, size: number): readonly number[] {
  return Object.freeze(Array.from({ length: size }, (_, i) => offset + i));
}

/** The size of a register or array, 1 without one. @throws QasmError QASM_SIZE, QASM_TOO_LARGE */
export function sizeOf(
  expression: Expression | undefined,
  scope: Scope,
  name: string,
  used: number,
  { source, evaluator }: Context,
): number {
  if (expression === undefined) return 1;
  const size = evaluator.integer(expression, scope, `The size of ${name}`);
  if (size < 1) throw source.error("QASM_SIZE", `The size of ${name} is ${size}; it must be 1 or more.`, expression.at);
  if (used + size > MAX_BITS)
    throw source.error(
      "QASM_TOO_LARGE",
      `With ${name} of size ${size} there are more than ${MAX_BITS} qubits or bits.`,
      expression.at,
    );
  return size;
}

/** Bits of a circuit start as 0, so no other initial value can be kept. */
function checkInitialBits(
  initial: Expression,
  size: number,
  scalar: boolean,
  scope: Scope,
  { source, evaluator }: Context,
): void {
  const value = evaluator.value(initial, scope);
  if (value.kind === "bitstring" && value.bits.length !== size)
    throw source.error("QASM_SIZE", `A string of ${value.bits.length} bit(s) does not fit ${size} bit(s).`, initial.at);
  let number: number | undefined;
  if (value.kind === "bitstring") number = value.bits.includes("1") ? 1 : 0;
  else if (value.kind === "boolean" && scalar) number = Number(value.value);
  else if (value.kind === "number") number = constantValue(value.value);
  if (number === undefined) throw source.error("QASM_TYPE", `Bits cannot start as ${describe(value)}.`, initial.at);
  if (number !== 0)
    throw source.error("QASM_UNSUPPORTED", "Bits that do not start as 0 are not supported.", initial.at);
}
