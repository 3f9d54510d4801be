import { Circuit, describeNumber, type Operation } from "../circuits/index.ts";
import { bytesPerShot } from "./bit-array.ts";
import { PubError, SimulatorError } from "./errors.ts";
import { broadcastIndices, broadcastShapes, shapeText, sizeOf } from "./ndarray.ts";
import type { EstimatorPub, SamplerPub } from "./primitives.ts";
import { type ObservableArray, observableArray } from "./pub-observables.ts";
import { type ParameterRows, parameterRows } from "./pub-values.ts";
import { ResultBudget } from "./result-budget.ts";
import { shotsFor } from "./shots.ts";

/** An Estimator PUB that has been checked, with everything it left open filled in. */
export interface CheckedEstimatorPub {
  readonly circuit: Circuit;
  readonly observables: ObservableArray;
  readonly values: ParameterRows;
  /** The broadcast shape of values and observables: the shape of the result. */
  readonly shape: readonly number[];
  /** For each element of the result its row of parameter values. */
  readonly rowOf: Int32Array;
  /** For each element of the result its place in `observables.distinct`. */
  readonly observableOf: Int32Array;
  /** Target standard error, 0 or more. */
  readonly precision: number;
}

/** A Sampler PUB that has been checked, with everything it left open filled in. */
export interface CheckedSamplerPub {
  readonly circuit: Circuit;
  readonly values: ParameterRows;
  readonly shots: number;
}

/** What a backend can hold and do, for checks before anything is allocated or sent. */
export interface PubLimits {
  /** Bytes that the arrays of one job may take; by default what the machine has free. */
  readonly maxResultBytes?: number | undefined;
  /** The most shots of one PUB, or of one setting of an observable; any number by default. */
  readonly maxShots?: number | undefined;
}

/** Two indices, a value and its standard error, and the place in its row's list. */
const BYTES_PER_ELEMENT = 28;

/**
 * Checks Estimator PUBs against numpy's broadcasting rule: the batch shape of the values and the shape of the observables
 * are aligned at their last axes, and axes of length 1 stretch.
 * @param precision for PUBs without their own
 * @throws PubError PUB_LIST_EMPTY, PUB_FORM, PUB_BROADCAST, PUB_PRECISION and the codes of `parameterRows` and
 * `observableArray`, SimulatorError RESULT_TOO_LARGE when the arrays of all PUBs together would not fit; the message names
 * the PUB
 */
export function checkEstimatorPubs(
  pubs: readonly EstimatorPub[],
  precision: number,
  limits: PubLimits = {},
): readonly CheckedEstimatorPub[] {
  const budget = new ResultBudget(limits.maxResultBytes);
  return checkEach(pubs, "[circuit, observables, parameterValues]", (pub) => {
    const form = Array.isArray(pub)
      ? { circuit: pub[0], observables: pub[1], parameterValues: pub[2], precision: pub[3] }
      : (pub as Exclude<EstimatorPub, readonly unknown[]>);
    const { circuit } = form;
    assertCircuit(circuit);
    if (form.observables === undefined)
      throw new PubError("PUB_FORM", 'observables are missing; write for example [circuit, ["ZZ", "XX"]].');
    const observables = observableArray(circuit.numQubits, form.observables);
    const values = parameterRows(circuit, form.parameterValues, budget);
    const shape = broadcastShapes(values.shape, observables.shape);
    if (shape === undefined)
      throw new PubError(
        "PUB_BROADCAST",
        `the batch shape of parameterValues ${shapeText(values.shape)} does not broadcast with the shape of observables ${shapeText(observables.shape)}; trailing axes must be equal or 1. For every observable at every row give values of shape [${[...values.shape, 1, circuit.parameters.length].join(", ")}].`,
      );
    budget.reserve(BYTES_PER_ELEMENT * sizeOf(shape), `a result of shape ${shapeText(shape)}`);
    const own = checkPrecision(form.precision ?? precision);
    if (own > 0) shotsFor(own, limits.maxShots);
    const places = broadcastIndices(observables.shape, shape);
    return {
      circuit,
      observables,
      values,
      shape,
      rowOf: broadcastIndices(values.shape, shape),
      observableOf: places.map((place) => observables.indices[place]!),
      precision: own,
    };
  });
}

/**
 * Checks Sampler PUBs.
 * @param shots for PUBs without their own
 * @throws PubError PUB_LIST_EMPTY, PUB_FORM, PUB_SHOTS, PUB_NO_MEASUREMENT and the codes of `parameterRows`, SimulatorError
 * RESULT_TOO_LARGE when the bits of all PUBs together would not fit; the message names the PUB
 */
export function checkSamplerPubs(
  pubs: readonly SamplerPub[],
  shots: number,
  limits: PubLimits = {},
): readonly CheckedSamplerPub[] {
  const { maxShots = Infinity } = limits;
  const budget = new ResultBudget(limits.maxResultBytes);
  return checkEach(pubs, "[circuit, parameterValues]", (pub) => {
    const form = Array.isArray(pub)
      ? { circuit: pub[0], parameterValues: pub[1], shots: pub[2] }
      : (pub as Exclude<SamplerPub, readonly unknown[]>);
    const { circuit } = form;
    assertCircuit(circuit);
    if (!measures(circuit.operations))
      throw new PubError(
        "PUB_NO_MEASUREMENT",
        "the circuit measures nothing, so there is nothing to sample; add measureAll(), such as circuit.extend((c) => c.measureAll()).",
      );
    const own = checkShots(form.shots ?? shots);
    if (own > maxShots)
      throw new PubError("PUB_SHOTS", `shots is ${own}; at most ${maxShots} are possible in one PUB.`);
    const values = parameterRows(circuit, form.parameterValues, budget);
    const rows = sizeOf(values.shape);
    const perShot = circuit.registers.reduce((sum, { size }) => sum + bytesPerShot(size), 0);
    budget.reserve(perShot * own * rows, `the measured bits of ${own} shots of ${rows} row(s)`);
    return { circuit, values, shots: own };
  });
}

/** @throws PubError PUB_PRECISION unless it is a number of 0 or more */
export function checkPrecision(precision: number): number {
  if (typeof precision === "number" && precision >= 0 && Number.isFinite(precision)) return precision;
  throw new PubError(
    "PUB_PRECISION",
    `precision is ${describeNumber(precision)}; it is the target standard error: 0 for exact values, or a positive number such as 0.01.`,
  );
}

/** @throws PubError PUB_SHOTS unless it is a positive integer */
export function checkShots(shots: number): number {
  if (Number.isSafeInteger(shots) && shots > 0) return shots;
  throw new PubError("PUB_SHOTS", `shots is ${describeNumber(shots)}; it must be a positive integer, such as 1024.`);
}

/** How many rows of parameter values a PUB has. */
export function numRows({ values }: { readonly values: ParameterRows }): number {
  return sizeOf(values.shape);
}

function measures(operations: readonly Operation[]): boolean {
  return operations.some(
    (operation) =>
      operation.kind === "measure" ||
      (operation.kind === "if" && (measures(operation.whenTrue) || measures(operation.whenFalse))),
  );
}

function assertCircuit(circuit: unknown): asserts circuit is Circuit {
  if (!(circuit instanceof Circuit))
    throw new PubError("PUB_FORM", "its circuit is not a Circuit; make one with Circuit.build or parse it.");
}

function checkEach<Pub, Checked>(pubs: readonly Pub[], form: string, check: (pub: Pub) => Checked): readonly Checked[] {
  if (!Array.isArray(pubs) || pubs.length === 0)
    throw new PubError("PUB_LIST_EMPTY", `run takes a list of one or more PUBs, such as run([${form}]).`);
  return pubs.map((pub, index) => {
    try {
      if (typeof pub !== "object" || pub === null || pub instanceof Circuit)
        throw new PubError("PUB_FORM", `it is neither a list nor an object; write ${form}, one list a PUB.`);
      return check(pub);
    } catch (error) {
      const message = `PUB ${index}: ${(error as Error).message}`;
      if (error instanceof PubError) throw new PubError(error.code, message, { cause: error });
      if (error instanceof SimulatorError) throw new SimulatorError(error.code, message, { cause: error });
      throw error;
    }
  });
}
