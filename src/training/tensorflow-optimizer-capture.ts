import * as tf from "@tensorflow/tfjs-core";
import { describeValue } from "../../circuits/index.ts";
import {
  captureFault,
  isOptimizer,
  isPlain,
  isTypedArray,
  optimizerClass,
  readValues,
  type StoredField,
  type StoredFields,
  type StoredOptimizer,
} from "./tensorflow-stored-state.ts";

/**
 * All that an optimizer has learnt: every field of its own, whatever the class, since what TensorFlow.js saves of one is less
 * than it has.
 * @throws TrainingError TRAINING_STATE with the field that is something else than numbers, texts, tensors, lists and objects of
 * these, or another optimizer
 */
export function captureOptimizer(optimizer: tf.Optimizer, variables: readonly tf.Variable[]): StoredOptimizer {
  return new Capture(variables).optimizer(optimizer, "");
}

class Capture {
  readonly #weights: ReadonlyMap<tf.Tensor, number>;
  readonly #names: ReadonlyMap<string, number>;
  /** Where each object was first met. */
  readonly #met = new Map<object, string>();

  constructor(variables: readonly tf.Variable[]) {
    this.#weights = new Map(variables.map((variable, i) => [variable, i]));
    this.#names = new Map(variables.map(({ name }, i) => [name, i]));
  }

  optimizer(optimizer: tf.Optimizer, place: string): StoredOptimizer {
    this.#meet(optimizer, place);
    const hidden = privateField(optimizer);
    if (hidden !== undefined) throw captureFault(place === "" ? hidden : `${place}.${hidden}`, "private to its class");
    return { className: optimizerClass(optimizer), fields: this.#fields(optimizer, place) };
  }

  #fields(owner: object, place: string): StoredFields {
    const fields: Record<string, StoredField> = {};
    for (const key of Reflect.ownKeys(owner)) {
      const inner = place === "" ? String(key) : `${place}.${String(key)}`;
      if (typeof key === "symbol") throw captureFault(inner, "named by a symbol");
      const { value, get } = Object.getOwnPropertyDescriptor(owner, key)!;
      if (get !== undefined || key === "__proto__") throw captureFault(inner, "no plain field");
      if (value !== undefined) fields[key] = this.#field(value, inner);
    }
    return fields;
  }

  #field(value: unknown, place: string): StoredField {
    if (value === undefined) return { kind: "nothing" };
    if (value === null || typeof value === "number" || typeof value === "boolean") return { kind: "value", value };
    if (typeof value === "string") return this.#text(value);
    if (typeof value !== "object") throw captureFault(place, describeValue(value));
    if (value instanceof tf.Tensor) {
      const weight = this.#weights.get(value);
      if (weight !== undefined) return { kind: "weight", weight };
      this.#meet(value, place);
      const { trainable } = value as Partial<tf.Variable>;
      const isVariable = value instanceof tf.Variable;
      return { kind: "tensor", ...(isVariable ? { trainable: trainable! } : {}), ...readValues(value, place) };
    }
    if (isOptimizer(value)) return { kind: "optimizer", ...this.optimizer(value, place) };
    this.#meet(value, place);
    if (Array.isArray(value))
      return { kind: "list", items: Array.from(value, (item, i) => this.#field(item, `${place}[${i}]`)) };
    if (isTypedArray(value)) return { kind: "array", values: value.slice() };
    if (!isPlain(value)) throw captureFault(place, `an instance of ${value.constructor?.name ?? "no class"}`);
    return { kind: "object", fields: this.#fields(value, place) };
  }

  #text(value: string): StoredField {
    for (let end = value.length; end > 0; end = value.lastIndexOf("/", end - 1)) {
      const weight = this.#names.get(value.slice(0, end));
      if (weight !== undefined) return { kind: "name", weight, rest: value.slice(end) };
    }
    return { kind: "value", value };
  }

  /** Restored, what is one object in two fields would be two. */
  #meet(value: object, place: string): void {
    const before = this.#met.get(value);
    if (before !== undefined) throw captureFault(place, `the same object as field ${before || "this"}`);
    this.#met.set(value, place);
  }
}

/** The first field whose name begins with #, of the optimizer's class or those above it, as their source has it. */
function privateField(optimizer: tf.Optimizer): string | undefined {
  for (let type = Object.getPrototypeOf(optimizer); type !== null; type = Object.getPrototypeOf(type)) {
    if (typeof type.constructor !== "function" || type.constructor === Object) continue;
    // A private method is called, and holds nothing.
    const field = /\bthis\s*\.\s*(#[\p{L}\p{N}_$]+)(?![\p{L}\p{N}_$]|\s*\()/u.exec(String(type.constructor));
    if (field !== null) return field[1];
  }
  return undefined;
}
