import type { Circuit } from "../../../circuits/index.ts";
import { denseArray } from "../../ndarray.ts";
import type { NDArray, NumericArray } from "../../primitives.ts";
import type { ParameterRows } from "../../pub-values.ts";
import { JobFailure } from "./job-failure.ts";
import { readTaggedArray } from "./ndarray-text.ts";

/** IBM's code for a PUB that does not fit, as far as is known. */
export const BAD_PUB = 1501;

/**
 * Binds the values of a PUB as the service does (qiskit.primitives `BindingsArray`, each rule tried there): an array's last
 * axis runs over the parameters in the alphabetical order of their names, whatever the order of declaration; an object's
 * arrays must all have one shape, which does not broadcast.
 * @returns rows in the circuit's own order of parameters; the shape is that of the batch
 * @throws JobFailure
 */
export function bindValues(circuit: Circuit, values: unknown, where: string): ParameterRows {
  const names = circuit.parameters.map(({ name }) => name);
  const count = (given: number): JobFailure =>
    new JobFailure(
      BAD_PUB,
      `${where}: The number of values (${given}) does not match the number of parameters (${names.length}) for the circuit.`,
    );
  if (values === null || values === undefined) {
    if (names.length > 0) throw count(0);
    return { shape: [], data: new Float64Array(0) };
  }
  if (isNamed(values)) return fromNames(names, values, where, count);
  return fromRows(names, arrayOf(values, where), where, count);
}

function isNamed(values: unknown): values is Readonly<Record<string, unknown>> {
  return typeof values === "object" && values !== null && !Array.isArray(values) && !("__type__" in values);
}

function arrayOf(values: unknown, where: string): NDArray {
  const tagged = values as { readonly __type__?: string; readonly __value__?: unknown };
  try {
    if (typeof values === "object" && values !== null && "__type__" in values) {
      if (tagged.__type__ !== "ndarray") throw new TypeError(`a ${tagged.__type__} is no array of values`);
      return finite(readTaggedArray(tagged.__value__));
    }
    return finite(denseArray(values as NumericArray, "parameter_values"));
  } catch (error) {
    throw new JobFailure(BAD_PUB, `${where}: The parameter values cannot be read: ${(error as Error).message}`);
  }
}

function finite(array: NDArray): NDArray {
  if (!array.data.every(Number.isFinite)) throw new TypeError("one of them is not finite");
  return array;
}

function fromRows(
  names: readonly string[],
  { shape, data }: NDArray,
  where: string,
  count: (given: number) => JobFailure,
): ParameterRows {
  // An array for one parameter may leave its last axis out.
  const squeezed = names.length === 1 && shape.at(-1) !== 1 ? [...shape, 1] : shape;
  if (names.length === 0 && data.length > 0) throw count(shape.at(-1) ?? 1);
  if (squeezed.at(-1) !== names.length)
    throw new JobFailure(
      BAD_PUB,
      `${where}: Length of (${names.toSorted(byName).join(", ")}) inconsistent with last dimension of parameter values of shape (${shape.join(", ")}).`,
    );
  const order = namesOrder(names);
  const rows = data.length === 0 ? 0 : data.length / names.length;
  const bound = new Float64Array(data.length);
  for (let row = 0; row < rows; row++)
    for (const [place, parameter] of order.entries())
      bound[row * names.length + parameter] = data[row * names.length + place]!;
  return { shape: squeezed.slice(0, -1), data: bound };
}

function fromNames(
  names: readonly string[],
  values: Readonly<Record<string, unknown>>,
  where: string,
  count: (given: number) => JobFailure,
): ParameterRows {
  const given = Object.keys(values);
  const unknown = given.find((name) => !names.includes(name));
  if (given.length !== names.length) throw count(given.length);
  if (unknown !== undefined)
    throw new JobFailure(BAD_PUB, `${where}: The circuit has no parameter ${unknown}; it has ${names.join(", ")}.`);
  const arrays = names.map((name) => arrayOf(values[name], where));
  const shape = commonShape(arrays.map((array) => array.shape));
  if (shape === undefined) throw new JobFailure(BAD_PUB, `${where}: Could not find any consistent shape.`);
  const rows = arrays[0]?.data.length ?? 1;
  const data = new Float64Array(rows * names.length);
  for (const [parameter, array] of arrays.entries())
    for (let row = 0; row < rows; row++) data[row * names.length + parameter] = array.data[row]!;
  return { shape, data };
}

/** A last axis of one may belong to the batch or to the parameter; the shorter reading that fits all is taken. */
function commonShape(shapes: readonly (readonly number[])[]): readonly number[] | undefined {
  const readings = shapes.map((shape) => (shape.at(-1) === 1 ? [shape.slice(0, -1), shape] : [shape]));
  const [first = [[]], ...rest] = readings;
  return first.find((shape) => rest.every((others) => others.some((other) => other.join() === shape.join())));
}

/** For each place of a row of values the parameter that is bound to it. */
function namesOrder(names: readonly string[]): readonly number[] {
  return names.map((_, index) => index).sort((a, b) => byName(names[a]!, names[b]!));
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
