import type { Circuit, ParameterVector } from "../circuits/index.ts";
import { PubError } from "./errors.ts";
import { broadcastIndices, broadcastShapes, isNDArray, shapeText, sizeOf, toNDArray } from "./ndarray.ts";
import type { NDArray, NumericArray, ParameterValuesLike } from "./primitives.ts";
import type { ResultBudget } from "./result-budget.ts";

/** Rows of parameter values: `data` is [...shape, P] row-major, in the circuit's row order (inputs, then weights). */
export interface ParameterRows {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/**
 * Checks a PUB's parameter values and brings them into row form.
 * @throws PubError PUB_PARAMETERS_UNBOUND, PUB_PARAMETER_UNKNOWN, PUB_PARAMETER_MISSING, PUB_VALUES_SHAPE,
 * PUB_VALUES_RAGGED, PUB_VALUES_TYPE, PUB_VALUES_NOT_FINITE, PUB_BROADCAST; SimulatorError RESULT_TOO_LARGE
 */
export function parameterRows(
  circuit: Circuit,
  values: ParameterValuesLike | undefined,
  budget: ResultBudget,
): ParameterRows {
  const width = circuit.parameters.length;
  if (values === undefined) {
    if (width === 0) return { shape: [], data: new Float64Array(0) };
    throw new PubError(
      "PUB_PARAMETERS_UNBOUND",
      `the circuit has ${width} free parameter(s) (${namesOf(circuit)}) but no parameterValues were given; write for example { circuit, ..., parameterValues: ${namedExample(circuit)} } or bind them first.`,
    );
  }
  if (isNamed(values)) return namedRows(circuit, values, budget);
  const array = toNDArray(values, "parameterValues");
  if (array.shape.length === 0 || array.shape.at(-1) !== width)
    throw new PubError(
      "PUB_VALUES_SHAPE",
      `parameterValues has shape ${shapeText(array.shape)} but the circuit has ${width} parameter(s) (${namesOf(circuit)}); give shape [...batch, ${width}], such as ${rowExample(array, width)}.`,
    );
  return { shape: array.shape.slice(0, -1), data: array.data };
}

function isNamed(values: ParameterValuesLike): values is Readonly<Record<string, NumericArray>> {
  return (
    typeof values === "object" &&
    values !== null &&
    !Array.isArray(values) &&
    !ArrayBuffer.isView(values) &&
    !isNDArray(values)
  );
}

function namedRows(
  circuit: Circuit,
  values: Readonly<Record<string, NumericArray>>,
  budget: ResultBudget,
): ParameterRows {
  const byName = new Map(circuit.vectors.map((vector) => [vector.name, vector]));
  for (const name of Object.keys(values))
    if (!byName.has(name))
      throw new PubError(
        "PUB_PARAMETER_UNKNOWN",
        `parameterValues names ${name}, which the circuit does not have; its parameters are ${namesOf(circuit)}.`,
      );
  const missing = circuit.vectors.filter(({ name }) => !Object.hasOwn(values, name) || values[name] === undefined);
  if (missing.length > 0)
    throw new PubError(
      "PUB_PARAMETER_MISSING",
      `parameterValues has no value for ${missing.map(({ name }) => name).join(", ")}; give all of ${namedExample(circuit)}.`,
    );
  const parts = circuit.vectors.map((vector) => namedPart(vector, values[vector.name]!));
  const shape = broadcastShapes(...parts.map((part) => part.shape));
  if (shape === undefined)
    throw new PubError(
      "PUB_BROADCAST",
      `the batch shapes of ${circuit.vectors.map(({ name }, i) => `${name} ${shapeText(parts[i]!.shape)}`).join(" and ")} do not broadcast; trailing axes must be equal or 1, such as [8, 1] and [5].`,
    );
  const rows = sizeOf(shape);
  const width = circuit.parameters.length;
  budget.reserve(
    Float64Array.BYTES_PER_ELEMENT * rows * width,
    `a table of ${rows} row(s) of ${width} parameter value(s), which the batch shapes make,`,
  );
  const data = new Float64Array(rows * width);
  let offset = 0;
  for (const [index, { size }] of circuit.vectors.entries()) {
    const part = parts[index]!;
    const from = broadcastIndices(part.shape, shape);
    for (let row = 0; row < rows; row++)
      for (let k = 0; k < size; k++) data[row * width + offset + k] = part.data[from[row]! * size + k]!;
    offset += size;
  }
  return { shape, data };
}

/** Values of one vector, whose own shape is split off the end. */
function namedPart(vector: ParameterVector, value: NumericArray): ParameterRows {
  const array = toNDArray(value, `parameterValues.${vector.name}`);
  const batchRank = array.shape.length - vector.shape.length;
  if (batchRank < 0 || array.shape.slice(batchRank).join() !== vector.shape.join())
    throw new PubError(
      "PUB_VALUES_SHAPE",
      `parameterValues.${vector.name} has shape ${shapeText(array.shape)} but ${vector.name} has shape ${shapeText(vector.shape)}; give shape [${["...batch", ...vector.shape].join(", ")}].`,
    );
  return { shape: array.shape.slice(0, batchRank), data: array.data };
}

function namesOf(circuit: Circuit): string {
  const names = circuit.vectors.map(({ name, shape }) => (shape.length === 0 ? name : `${name}${shapeText(shape)}`));
  return names.join(", ") || "none";
}

function namedExample(circuit: Circuit): string {
  return `{ ${circuit.vectors.map(({ name, shape }) => `${name}: ${shape.length === 0 ? "0.1" : "[...]"}`).join(", ")} }`;
}

/** What the caller probably meant: rows of one value each, one row, or the row that is asked for. */
function rowExample(array: NDArray, width: number): string {
  if (width === 1 && array.shape.length === 0) return `[${array.data[0]}]`;
  if (width === 1 && array.shape.length === 1 && array.data.length > 0)
    return `[${Array.from(array.data.slice(0, 2), (value) => `[${value}]`).join(", ")}${array.data.length > 2 ? ", ..." : ""}]`;
  const row = width <= 3 ? new Array(width).fill("0").join(", ") : "0, 0, ..., 0";
  return array.shape.length <= 1 ? `[${row}]` : `[[${row}], ...]`;
}
