import * as tf from "@tensorflow/tfjs-core";
import { describeValue } from "../../circuits/index.ts";
import {
  checkValues,
  isOptimizer,
  isPlain,
  isTypedArray,
  makeTensor,
  optimizerClass,
  restoreFault,
  type StoredField,
  type StoredFields,
  type StoredOptimizer,
  type StoredValues,
} from "./tensorflow-stored-state.ts";

/**
 * Puts back what `captureOptimizer` took, into the same optimizer or a new one of its class. Its variables stay the same
 * where there are some of the same shape.
 * @throws TrainingError TRAINING_STATE, and the optimizer is as before
 */
export function restoreOptimizer(
  optimizer: tf.Optimizer,
  stored: StoredOptimizer,
  variables: readonly tf.Variable[],
): void {
  checkOptimizer(optimizer, stored, variables.length, "");
  new Restoration(variables).optimizer(optimizer, stored);
}

function checkOptimizer(optimizer: unknown, stored: StoredOptimizer, numWeights: number, place: string): void {
  const own = isOptimizer(optimizer) ? optimizerClass(optimizer) : describeValue(optimizer);
  if (own !== stored?.className)
    throw restoreFault(place, `that of optimizer ${String(stored?.className)}, but here is ${own}`);
  checkFields(stored.fields, optimizer as object, numWeights, place);
}

function checkFields(fields: StoredFields, owner: object, numWeights: number, place: string): void {
  if (typeof fields !== "object" || fields === null) throw restoreFault(place, "without fields");
  for (const [key, field] of Object.entries(fields)) {
    const inner = place === "" ? key : `${place}.${key}`;
    const current = (owner as Readonly<Record<string, unknown>>)[key];
    if (key === "__proto__" || typeof current === "function") throw restoreFault(inner, "not one of a field");
    checkField(field, current, numWeights, inner);
  }
}

function checkField(field: StoredField, current: unknown, numWeights: number, place: string): void {
  switch (field?.kind) {
    case "value":
    case "nothing":
      return;
    case "tensor":
      checkValues(field, place);
      return;
    case "weight":
    case "name":
      if (!(field.weight < numWeights)) throw restoreFault(place, `that of weight ${field.weight} of ${numWeights}`);
      return;
    case "array":
      if (!isTypedArray(field.values)) throw restoreFault(place, "no array of numbers");
      return;
    case "list": {
      if (!Array.isArray(field.items)) throw restoreFault(place, "no list");
      const items = Array.isArray(current) ? current : [];
      for (const [i, item] of field.items.entries()) checkField(item, items[i], numWeights, `${place}[${i}]`);
      return;
    }
    case "object":
      checkFields(field.fields, isPlain(current) ? current : {}, numWeights, place);
      return;
    case "optimizer":
      checkOptimizer(current, field, numWeights, place);
      return;
    default:
      throw restoreFault(place, "of no known kind");
  }
}

class Restoration {
  readonly #variables: readonly tf.Variable[];

  constructor(variables: readonly tf.Variable[]) {
    this.#variables = variables;
  }

  optimizer(optimizer: tf.Optimizer, { fields }: StoredOptimizer): void {
    this.#fields(optimizer as unknown as Record<string, unknown>, fields);
  }

  #fields(owner: Record<string, unknown>, fields: StoredFields): void {
    for (const key of Object.keys(owner))
      if (!Object.hasOwn(fields, key) && owner[key] !== undefined) {
        this.#release(owner[key]);
        delete owner[key];
      }
    for (const [key, field] of Object.entries(fields)) owner[key] = this.#field(owner[key], field);
  }

  #field(current: unknown, field: StoredField): unknown {
    switch (field.kind) {
      case "tensor":
        return field.trainable === undefined ? this.#tensor(current, field) : this.#variable(current, field);
      case "list": {
        if (!Array.isArray(current)) this.#release(current);
        const list: unknown[] = Array.isArray(current) ? current : [];
        for (const [i, item] of field.items.entries()) list[i] = this.#field(list[i], item);
        for (const surplus of list.splice(field.items.length)) this.#release(surplus);
        return list;
      }
      case "object": {
        if (!isPlain(current)) this.#release(current);
        const object = isPlain(current) ? current : {};
        this.#fields(object, field.fields);
        return object;
      }
      case "optimizer":
        this.optimizer(current as tf.Optimizer, field);
        return current;
    }
    this.#release(current);
    switch (field.kind) {
      case "value":
        return field.value;
      case "weight":
        return this.#variables[field.weight];
      case "name":
        return this.#variables[field.weight]!.name + field.rest;
      case "array":
        return field.values.slice();
      case "nothing":
        return undefined;
    }
  }

  #tensor(current: unknown, stored: StoredValues): tf.Tensor {
    this.#release(current);
    return tf.keep(makeTensor(stored));
  }

  #variable(current: unknown, stored: StoredValues & { readonly trainable?: boolean }): tf.Variable {
    const values = makeTensor(stored);
    try {
      if (
        current instanceof tf.Variable &&
        !current.isDisposed &&
        !this.#isWeight(current) &&
        current.trainable === stored.trainable &&
        current.dtype === stored.dtype &&
        tf.util.arraysEqual(current.shape, [...stored.shape])
      ) {
        current.assign(values);
        return current;
      }
      this.#release(current);
      return tf.variable(values, stored.trainable);
    } finally {
      values.dispose();
    }
  }

  /** Disposes what a field will hold no longer; never the model's. */
  #release(value: unknown): void {
    if (value instanceof tf.Tensor) {
      if (!this.#isWeight(value) && !value.isDisposed) value.dispose();
    } else if (Array.isArray(value)) for (const item of value) this.#release(item);
    else if (isPlain(value)) for (const item of Object.values(value)) this.#release(item);
  }

  #isWeight(tensor: tf.Tensor): boolean {
    return this.#variables.includes(tensor as tf.Variable);
  }
}
