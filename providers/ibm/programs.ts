import type { SparsePauliOp } from "../../circuits/index.ts";
import { pauliLabel } from "../../circuits/index.ts";
import { bytesPerShot } from "../bit-array.ts";
import type { IsaAnswer, IsaEstimatorPub, IsaSamplerPub } from "../isa-pubs.ts";
import { shapeText } from "../ndarray.ts";
import type { DecodedBits, DecodedNumbers, DecodedPub } from "./decode.ts";
import { isaText } from "./isa-text.ts";
import type { IbmLimits, PubSize } from "./limits.ts";
import type { components } from "./openapi.d.ts";
import { type IbmEstimatorOptions, type IbmSamplerOptions, wireOptions } from "./program-options.ts";
import { resultError } from "./result-error.ts";

type Schemas = components["schemas"];

/** Some rows of a PUB. */
export interface PubRows<Pub> {
  readonly pub: Pub;
  readonly from: number;
  readonly to: number;
}

/**
 * What runs at the service: how PUBs become its parameters, and its result the answers to them. Another program of the
 * service (such as `executor`) is another of these.
 */
export interface PrimitiveProgram<Pub, Options, Params, Answer> {
  readonly id: "estimator" | "sampler";
  sizeOf(pub: Pub, limits: Pick<IbmLimits, "maxShots">): PubSize;
  /** About how many bytes of the result's text the rows take. */
  resultBytes(part: PubRows<Pub>): number;
  /** The job's `params`. @throws ProviderError IBM_OPTION */
  encode(parts: readonly PubRows<Pub>[], options: Options): Params;
  /**
   * The answer to one part, from the PUB of the result in its place.
   * @param at the place in the result, for messages
   * @param options those that it was sent with
   * @throws ProviderError RESULT_FORMAT when fields are missing or of another size
   */
  decode(result: DecodedPub, part: PubRows<Pub>, at: string, options: Options): Answer;
  /** The answers to parts of one PUB, in order of rows, as one; of no parts for a PUB without rows. */
  join(pub: Pub, answers: readonly Answer[]): Answer;
}

/** A float64 takes at most 24 characters in JSON, and a comma. */
const BYTES_PER_NUMBER = 25;
const BRACKETS = 8;
/** Of a sample besides its digits: two quotes, 0x and a comma. */
const BYTES_PER_SAMPLE = 5;

/** Expectation values: every observable at every row, so rows [R, 1] broadcast with observables [K] to [R, K]. */
export const estimatorProgram: PrimitiveProgram<
  IsaEstimatorPub,
  IbmEstimatorOptions,
  Schemas["EstimatorParams"],
  EstimatorAnswer
> = {
  id: "estimator",

  sizeOf(pub) {
    const { qasm, columns } = estimatorText(pub);
    return {
      rows: pub.rows,
      executionsPerRow: 0,
      bytes: jsonBytes(qasm) + jsonBytes(wireObservables(pub)) + 64,
      bytesPerRow: columns.length * BYTES_PER_NUMBER + BRACKETS,
    };
  },

  // A value, and two errors of it.
  resultBytes: ({ pub, from, to }) => 3 * (to - from) * pub.observables.length * BYTES_PER_NUMBER,

  encode(parts, options) {
    return {
      pubs: parts.map(({ pub, from, to }) => {
        const { qasm, columns } = estimatorText(pub);
        const values = columns.length === 0 ? null : rowsOf(pub, columns, from, to).map((row) => [row]);
        return [qasm, wireObservables(pub), values, pub.precision];
      }),
      options: wireOptions(options, "estimator") as Schemas["EstimatorOptions"],
      resilience_level: options.resilienceLevel ?? 0,
      support_qiskit: false,
      version: 2,
    };
  },

  decode(result, { pub, from, to }, at) {
    const numObservables = pub.observables.length;
    // Without parameters one row was sent, whose values all rows have.
    const sent = estimatorText(pub).columns.length === 0 ? 1 : to - from;
    const grid = (name: string): Float64Array | undefined => {
      const field = result.fields.get(name);
      if (field === undefined) return undefined;
      if (field.kind !== "numbers") throw resultError(`${at}.data.${name}`, "holds no numbers");
      assertGrid(field, sent, numObservables, `${at}.data.${name}`);
      return repeated(field.data, (to - from) / sent);
    };
    const evs = grid("evs");
    if (evs === undefined) throw resultError(`${at}.data`, "has no evs");
    const ensemble = grid("ensemble_standard_error");
    const stds = grid("stds") ?? ensemble;
    if (stds === undefined) throw resultError(`${at}.data`, "has neither stds nor ensemble_standard_error");
    return { evs, stds, ensemble, metadata: { ...result.metadata, ...extraFields(result) } };
  },

  join(_, answers) {
    if (answers.length === 1) return answers[0]!;
    return {
      evs: concatenated(answers.map(({ evs }) => evs)),
      stds: concatenated(answers.map(({ stds }) => stds)),
      ensemble: answers.every(({ ensemble }) => ensemble !== undefined)
        ? concatenated(answers.map(({ ensemble }) => ensemble!))
        : undefined,
      metadata: { parts: answers.map(({ metadata }) => metadata) },
    };
  },
};

/** What the service answers to an Estimator PUB; arrays are [rows, K]. */
export interface EstimatorAnswer extends IsaAnswer {
  /** The error of the shots alone, where told besides `stds`, which with twirling is the spread between randomisations. */
  readonly ensemble: Float64Array | undefined;
}

/** What the service answers to a Sampler PUB. */
export interface SamplerAnswer {
  /** For each register of the circuit, in order, its bits: [rows, shots, ceil(size/8)]. */
  readonly registers: readonly Uint8Array[];
  /** Of each row; with twirling they may be more than were asked for, as randomisations are rounded up. */
  readonly shots: number;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Measured bits of every shot of every row. */
export const samplerProgram: PrimitiveProgram<
  IsaSamplerPub,
  IbmSamplerOptions,
  Schemas["SamplerParams"],
  SamplerAnswer
> = {
  id: "sampler",

  sizeOf(pub, { maxShots }) {
    const { qasm, columns } = isaText(pub.compiled.circuit, 0);
    return {
      rows: pub.rows,
      executionsPerRow: pub.shots,
      // Rows without parameters are sent as shots.
      maxRows: columns.length === 0 ? Math.max(1, Math.floor(maxShots / pub.shots)) : undefined,
      bytes: jsonBytes(qasm) + 64,
      bytesPerRow: columns.length * BYTES_PER_NUMBER + BRACKETS,
    };
  },

  resultBytes({ pub, from, to }) {
    const { registers } = pub.compiled.circuit;
    const perShot = registers.reduce((bytes, { size }) => bytes + Math.ceil(size / 4) + BYTES_PER_SAMPLE, 0);
    return (to - from) * pub.shots * perShot;
  },

  encode(parts, options) {
    return {
      pubs: parts.map(({ pub, from, to }) => {
        const { qasm, columns } = isaText(pub.compiled.circuit, 0);
        // Rows without parameters are further shots of one and the same circuit.
        if (columns.length === 0) return [qasm, null, pub.shots * (to - from)];
        return [qasm, rowsOf(pub, columns, from, to), pub.shots];
      }),
      options: wireOptions(options, "sampler") as Schemas["SamplerOptions"],
      support_qiskit: false,
      version: 2,
    };
  },

  decode(result, { pub, from, to }, at, { twirling }) {
    const rows = to - from;
    const { registers } = pub.compiled.circuit;
    const { registerNames, columns } = isaText(pub.compiled.circuit, 0);
    const twirled = twirling?.enableGates === true || twirling?.enableMeasure === true;
    // Without parameters the shots of all rows were asked for as those of one.
    const sent = {
      rows: columns.length === 0 ? 1 : rows,
      shots: (rows * pub.shots) / (columns.length === 0 ? 1 : rows),
    };
    const found = registers.map(({ size }, index) => {
      const name = registerNames[index]!;
      const bits = result.fields.get(name);
      if (bits?.kind !== "bits") throw resultError(`${at}.data`, `has no samples of register ${name}`);
      const shots = shotsOf(bits, size, sent, twirled, `${at}.data.${name}`);
      return { bytes: bits.bytes, size, shots };
    });
    const [first] = found;
    if (found.some(({ shots }) => shots !== first!.shots))
      throw resultError(`${at}.data`, "has another number of shots in each register");
    const shots = Math.floor(((first?.shots ?? sent.shots) * sent.rows) / rows);
    return {
      registers: found.map(({ bytes, size }) => bytes.subarray(0, rows * shots * bytesPerShot(size))),
      shots,
      metadata: result.metadata,
    };
  },

  join(pub, answers) {
    if (answers.length === 1) return answers[0]!;
    // As many of each row as all jobs have.
    const shots = answers.reduce((least, answer) => Math.min(least, answer.shots), answers[0]?.shots ?? pub.shots);
    return {
      registers: pub.compiled.circuit.registers.map(({ size }, index) =>
        joinedBytes(answers.flatMap((answer) => firstShots(answer.registers[index]!, size, answer.shots, shots))),
      ),
      shots,
      metadata: { parts: answers.map(({ metadata }) => metadata) },
    };
  },
};

/** The text of an Estimator PUB, wide enough for its observables. */
export function estimatorText(pub: IsaEstimatorPub): ReturnType<typeof isaText> {
  let width = 0;
  for (const { terms } of pub.observables)
    for (const { pauli } of terms) width = Math.max(width, (pauli.letters.at(-1)?.[0] ?? -1) + 1);
  return isaText(pub.compiled.circuit, width);
}

/** Coefficients by label; the labels have exactly the width of the text. */
function wireObservables(pub: IsaEstimatorPub): Record<string, number>[] {
  const { width } = estimatorText(pub);
  return pub.observables.map((observable: SparsePauliOp) =>
    observable.terms.length === 0
      ? { ["I".repeat(width)]: 0 }
      : Object.fromEntries(observable.terms.map(({ pauli, coefficient }) => [pauliLabel(pauli, width), coefficient])),
  );
}

/** Rows of the values that the text declares. */
function rowsOf(
  { values, compiled }: IsaEstimatorPub | IsaSamplerPub,
  columns: Int32Array,
  from: number,
  to: number,
): number[][] {
  const width = compiled.circuit.parameters.length;
  return Array.from({ length: to - from }, (_, index) =>
    Array.from(columns, (column) => values[(from + index) * width + column]!),
  );
}

/** Accepts [R, K], the same with axes of length 1, and a flat list in C order. @throws ProviderError RESULT_FORMAT */
function assertGrid({ shape, data }: DecodedNumbers, rows: number, numObservables: number, at: string): void {
  const axes = (lengths: readonly number[]): string => lengths.filter((length) => length !== 1).join();
  if (data.length === rows * numObservables)
    if (shape.length <= 1 || axes(shape) === axes([rows, numObservables])) return;
  throw resultError(
    at,
    `has shape ${shapeText(shape)} but ${rows} row(s) of ${numObservables} observable(s) were asked for`,
  );
}

/**
 * Shots of each row. Accepts samples nested by rows and all shots in one list, row by row.
 * @throws ProviderError RESULT_FORMAT unless they are as many as asked for, or, where they are twirled, more
 */
function shotsOf(
  { numBits, bytes, shape }: DecodedBits,
  size: number,
  asked: { readonly rows: number; readonly shots: number },
  twirled: boolean,
  at: string,
): number {
  if (numBits !== size) throw resultError(at, `has ${numBits} bit(s) but the register has ${size}`);
  const shots = bytes.length / bytesPerShot(size) / asked.rows;
  if (shots === asked.shots || (twirled && Number.isInteger(shots) && shots > asked.shots)) return shots;
  throw resultError(
    at,
    `has samples of shape ${shapeText(shape)} but ${asked.rows * asked.shots} shot(s) were asked for in all`,
  );
}

/** Fields besides the usual ones, such as those of zero-noise extrapolation, by their names at the service. */
function extraFields({ fields }: DecodedPub): Readonly<Record<string, unknown>> {
  const usual = ["evs", "stds", "ensemble_standard_error"];
  return Object.fromEntries(
    [...fields]
      .filter(([name]) => !usual.includes(name))
      .map(([name, field]) => [name, field.kind === "other" ? field.value : field]),
  );
}

function repeated(data: Float64Array, times: number): Float64Array {
  return times === 1 ? data : concatenated(new Array<Float64Array>(times).fill(data));
}

function concatenated(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function joinedBytes(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Of every row its first `wanted` of `shots` shots. */
function firstShots(bytes: Uint8Array, size: number, shots: number, wanted: number): readonly Uint8Array[] {
  if (shots === wanted) return [bytes];
  const [step, length] = [shots * bytesPerShot(size), wanted * bytesPerShot(size)];
  return Array.from({ length: bytes.length / step }, (_, row) => bytes.subarray(row * step, row * step + length));
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
