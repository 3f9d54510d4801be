import { unsigned } from "./encoding.ts";
import type { Code, Expression, I32, Index, Operations, Real, V128, ValueType } from "./operations.ts";

/** A variable of a function; as an expression it is its value. */
export interface Variable<Type extends ValueType = ValueType> extends Expression<Type> {
  readonly place: number;
}

const TYPE_BYTES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

/** The byte that names a type in the binary format. */
export function typeByte(type: ValueType, { target }: Operations): number {
  if (type === "index") return target.addressBits === 64 ? TYPE_BYTES.i64 : TYPE_BYTES.i32;
  if (type === "real") return target.realBits === 64 ? TYPE_BYTES.f64 : TYPE_BYTES.f32;
  return TYPE_BYTES[type];
}

/** Collects the statements of one function. */
export class FunctionBuilder {
  readonly #operations: Operations;
  readonly #numParameters: number;
  readonly #locals: number[] = [];
  readonly #code: number[] = [];

  constructor(operations: Operations, numParameters: number) {
    this.#operations = operations;
    this.#numParameters = numParameters;
  }

  /** A new variable, 0 until it is set. */
  variable<Type extends ValueType>(type: Type, initial?: Expression<Type>): Variable<Type> {
    const place = this.#numParameters + this.#locals.push(typeByte(type, this.#operations)) - 1;
    const variable: Variable<Type> = { type, place, code: [0x20, unsigned(place)] };
    if (initial !== undefined) this.set(variable, initial);
    return variable;
  }
  index(initial?: Index): Variable<"index"> {
    return this.variable("index", initial);
  }
  vector(initial?: V128): Variable<"v128"> {
    return this.variable("v128", initial);
  }

  set<Type extends ValueType>({ place }: Variable<Type>, value: Expression<Type>): void {
    this.#write(value.code, 0x21, unsigned(place));
  }

  store(address: Index, value: V128, offset = 0): void {
    this.#write(address.code, value.code, 0xfd, 0x0b, 4, unsigned(offset));
  }
  storeReal(address: Index, value: Real, offset = 0): void {
    const double = this.#operations.target.realBits === 64;
    this.#write(address.code, value.code, double ? 0x39 : 0x38, double ? 3 : 2, unsigned(offset));
  }

  /** Stores one lane of so many bytes. */
  storeLane(bytes: 1 | 2 | 4 | 8, address: Index, value: V128, lane: number, offset = 0): void {
    const opcode = { 1: 0x58, 2: 0x59, 4: 0x5a, 8: 0x5b }[bytes];
    this.#write(address.code, value.code, 0xfd, opcode, 0, unsigned(offset), lane);
  }

  /** Runs `body` once and again as long as the condition it returns holds. */
  doWhile(body: () => I32): void {
    this.#write(0x03, 0x40);
    const condition = body();
    this.#write(condition.code, 0x0d, 0, 0x0b);
  }

  when(condition: I32, body: () => void, otherwise?: () => void): void {
    this.#write(condition.code, 0x04, 0x40);
    body();
    if (otherwise !== undefined) {
      this.#write(0x05);
      otherwise();
    }
    this.#write(0x0b);
  }

  /** Runs `body` for variable = from, from + step, ... below `to`; not at all where from ≥ to. */
  loop(from: Index, to: Index, step: Index, body: (variable: Variable<"index">) => void): void {
    const o = this.#operations;
    const variable = this.index(from);
    this.when(o.lt(variable, to), () =>
      this.doWhile(() => {
        body(variable);
        this.set(variable, o.add(variable, step));
        return o.lt(variable, to);
      }),
    );
  }

  /** Exactly one of the bodies runs: the one that the selector numbers, the last one for all above. */
  choose(selector: I32, bodies: readonly (() => void)[]): void {
    const last = bodies.length - 1;
    const choices = (at: number): void => {
      if (at === last) {
        bodies[at]!();
        return;
      }
      this.when(this.#operations.i32Equal(selector, this.#operations.i32(at)), bodies[at]!, () => choices(at + 1));
    };
    choices(0);
  }

  #write(...code: Code): void {
    for (const part of code)
      if (typeof part === "number") this.#code.push(part);
      else this.#write(...part);
  }

  /** Ends the function. */
  finish(): number[] {
    const locals = this.#locals.map((type) => [1, type]);
    const body = [...unsigned(locals.length), ...locals.flat(), ...this.#code, 0x0b];
    return [...unsigned(body.length), ...body];
  }
}
