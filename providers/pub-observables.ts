import { ObservableError, type PauliMap, SparsePauliOp } from "../circuits/index.ts";
import { PubError } from "./errors.ts";
import { shapeText } from "./ndarray.ts";
import type { ObservableLike, ObservablesLike } from "./primitives.ts";

/** Observables of any shape, each different one kept once. */
export interface ObservableArray {
  readonly shape: readonly number[];
  readonly distinct: readonly SparsePauliOp[];
  /** For each element (row-major) its place in `distinct`. */
  readonly indices: Int32Array;
}

/**
 * Checks a PUB's observables against the circuit's qubits.
 * @throws PubError PUB_OBSERVABLES_RAGGED, PUB_OBSERVABLE, OBSERVABLE_QUBITS
 */
export function observableArray(numQubits: number, observables: ObservablesLike): ObservableArray {
  const leaves: SparsePauliOp[] = [];
  const shape = collect(observables, numQubits, [], leaves);
  const distinct: SparsePauliOp[] = [];
  const places = new Map<string, number>();
  const indices = Int32Array.from(leaves, (observable) => {
    const key = observableKey(observable);
    const place = places.get(key) ?? distinct.push(observable) - 1;
    places.set(key, place);
    return place;
  });
  return { shape, distinct, indices };
}

const keys = new WeakMap<SparsePauliOp, string>();

/** Equal for observables with the same terms in the same order. */
export function observableKey(observable: SparsePauliOp): string {
  const known = keys.get(observable);
  if (known !== undefined) return known;
  const key = JSON.stringify(observable);
  keys.set(observable, key);
  return key;
}

/** Appends the leaves in row-major order and returns the shape. */
function collect(
  value: ObservablesLike,
  numQubits: number,
  path: readonly number[],
  leaves: SparsePauliOp[],
): readonly number[] {
  if (!Array.isArray(value)) {
    leaves.push(observableOf(value as ObservableLike, numQubits, pathText(path)));
    return [];
  }
  if (value.length === 0) return [0];
  // Unlike map, this also visits what is missing in a sparse array.
  const items: readonly ObservablesLike[] = Array.from(value);
  const shapes = items.map((item, index) => collect(item, numQubits, [...path, index], leaves));
  const odd = shapes.findIndex((shape) => shape.join() !== shapes[0]!.join());
  if (odd >= 0)
    throw new PubError(
      "PUB_OBSERVABLES_RAGGED",
      `observables is ragged: ${pathText([...path, 0])} has shape ${shapeText(shapes[0]!)} but ${pathText([...path, odd])} has shape ${shapeText(shapes[odd]!)}. All parts of a nested array must have one shape.`,
    );
  return [items.length, ...shapes[0]!];
}

function pathText(path: readonly number[]): string {
  return `observables${path.map((index) => `[${index}]`).join("")}`;
}

function observableOf(value: ObservableLike, numQubits: number, field: string): SparsePauliOp {
  const observable = read(value, numQubits, field);
  if (observable.numQubits !== numQubits)
    throw new PubError(
      "OBSERVABLE_QUBITS",
      `${field} acts on ${observable.numQubits} qubit(s) but the circuit has ${numQubits}; a label needs ${numQubits} letters, one a qubit, or write a map such as {0: "Z"}.`,
    );
  return observable;
}

function read(value: ObservableLike, numQubits: number, field: string): SparsePauliOp {
  if (value instanceof SparsePauliOp) return value;
  try {
    if (typeof value === "string") return SparsePauliOp.parse(value);
    if (isPauliMap(value)) return SparsePauliOp.fromMaps(numQubits, [[value, 1]]);
  } catch (error) {
    if (!(error instanceof ObservableError)) throw error;
    throw new PubError(
      error.code === "OBSERVABLE_QUBITS" ? "OBSERVABLE_QUBITS" : "PUB_OBSERVABLE",
      `${field}: ${error.message}`,
      {
        cause: error,
      },
    );
  }
  throw new PubError("PUB_OBSERVABLE", `${field} is ${whatItIs(value)}`);
}

/** An object of qubits and letters, and no other: anything else would read as an observable that nobody meant. */
function isPauliMap(value: unknown): value is PauliMap {
  if (!isPlainObject(value)) return false;
  return Object.entries(value).every(([qubit, letter]) => /^(0|[1-9]\d*)$/.test(qubit) && isLetter(letter));
}

function isLetter(value: unknown): boolean {
  return value === "I" || value === "X" || value === "Y" || value === "Z";
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const FORMS =
  'give a SparsePauliOp, a label such as "ZZI", text such as "1.0*ZZI + 0.5*XXI", or a map such as {0: "Z"}.';

/** The end of a message about something that is no observable, with the call that was perhaps meant. */
function whatItIs(value: unknown): string {
  if (typeof value === "number")
    return `of type number; ${FORMS} A sum of labels with coefficients is SparsePauliOp.fromLabels([["ZZ", 1], ["XX", 0.5]]).`;
  if (typeof value !== "object" || value === null)
    return `${value === null ? "null" : value === undefined ? "missing" : `of type ${typeof value}`}; ${FORMS}`;
  if ("terms" in value && "numQubits" in value)
    return "an observable as JSON (or of another copy of Lepton); write SparsePauliOp.fromJSON(...).";
  if (!isPlainObject(value)) return `a ${value.constructor?.name ?? "object"}; ${FORMS}`;
  const [key, entry] = Object.entries(value).find(
    ([qubit, letter]) => !(/^(0|[1-9]\d*)$/.test(qubit) && isLetter(letter)),
  )!;
  if (typeof entry === "number")
    return `an object with ${JSON.stringify(key)}: ${entry}; for labels with coefficients write SparsePauliOp.fromLabels({ ZZ: 1, XX: 0.5 }).`;
  return `an object with ${JSON.stringify(key)}: ${String(entry)}, which is no qubit with a letter I, X, Y or Z; ${FORMS}`;
}
