import { type Angle, constantValue } from "../expression.ts";
import type { DurationUnit } from "../operation.ts";
import type { Parameter } from "../parameter.ts";

/** What an expression can stand for. Lists of indices are frozen, so that circuits can hold them as they are. */
export type Value =
  | { readonly kind: "number"; readonly value: Angle; readonly integer: boolean }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "duration"; readonly value: number; readonly unit: DurationUnit }
  | { readonly kind: "bitstring"; readonly bits: string }
  | { readonly kind: "qubits" | "clbits"; readonly indices: readonly number[]; readonly scalar: boolean }
  | { readonly kind: "parameters"; readonly elements: readonly Parameter[] };

export type NumberValue = Extract<Value, { kind: "number" }>;

/** A single qubit or bit. */
export function oneOf(kind: "qubits" | "clbits", index: number): Value {
  return { kind, indices: Object.freeze([index]), scalar: true };
}

/** The value in the words of an error. */
export function describe(value: Value): string {
  switch (value.kind) {
    case "number": {
      const constant = constantValue(value.value);
      return constant === undefined
        ? "an expression of parameters"
        : `the ${value.integer ? "integer" : "number"} ${constant}`;
    }
    case "boolean":
      return String(value.value);
    case "duration":
      return `the duration ${value.value}${value.unit}`;
    case "bitstring":
      return "a string of bits";
    case "qubits":
      return value.scalar ? "a qubit" : `a register of ${value.indices.length} qubit(s)`;
    case "clbits":
      return value.scalar ? "a bit" : `a register of ${value.indices.length} bit(s)`;
    case "parameters":
      return "an array of parameters";
  }
}
