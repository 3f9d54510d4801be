import type { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import { type Backend, type Job, type JobUsage, ProviderError, type RunOptions } from "../../providers/index.ts";
import { GradientError } from "../errors.ts";
import type { MeasuredPart, RowShots } from "./shot-allocation.ts";

/** Expectation values that are needed: all K observables at all rows of parameter values. */
export interface ExpectationRequest {
  readonly circuit: Circuit;
  readonly observables: readonly SparsePauliOp[];
  /** Batch shape of `data` [...shape, P]. */
  readonly shape: readonly number[];
  readonly data: Float64Array;
  /** Target standard error of these values alone. */
  readonly precision?: number;
  /** In place of one precision for all: the shots of each row and each part of the observables. */
  readonly shots?: RowShots;
}

/** [...shape, K] each. */
export interface ExpectationResult {
  readonly evs: Float64Array;
  readonly stds: Float64Array;
  /**
   * Where shots were asked for by rows: the standard deviation of a single shot [...shape, M, K] of each part and observable, with
   * that of one shot's worth of doubt in it, so that it is 0 only where there is nothing to measure.
   */
  readonly spreads?: Float64Array;
}

/** What a job was charged; as planned where that cannot be told, or not yet. */
export interface JobCosts {
  /** Rows of parameter values times shots (1 where exact). */
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}

export interface ExpectationJob extends JobCosts {
  /** One for each request, in order. */
  readonly results: readonly ExpectationResult[];
}

/**
 * Runs requests as one job, and waits for it. Requests for the same circuit and observables share a PUB, so there is one
 * PUB for each distinct circuit, or, where shots differ, for each number of shots and measurement setting.
 * @throws what the backend throws; the signal's reason when aborted; GradientError GRADIENT_NOT_FINITE when the backend
 * answers with a value that is no number
 */
export async function runExpectations(
  provider: Backend,
  requests: readonly ExpectationRequest[],
  options: RunOptions & { readonly precision?: number | undefined; readonly seed?: number | undefined },
): Promise<ExpectationJob> {
  const { precision, seed, signal, tags, onSubmitted } = options;
  const estimator = provider.estimator({
    ...(precision === undefined ? {} : { precision }),
    ...(seed === undefined ? {} : { seed }),
  });
  const asked = requests.map(splitByShots);
  const pubs = gatherPubs(asked.flatMap(({ requests: parts }) => parts));
  const job = await estimator.run(
    pubs.map(({ first, members }) => ({
      circuit: first.circuit,
      observables: first.observables,
      parameterValues: members.length === 1 ? tableOf(first) : joinedTable(first, members),
      ...(first.precision === undefined ? {} : { precision: first.precision }),
    })),
    {
      ...(signal === undefined ? {} : { signal }),
      ...(tags === undefined ? {} : { tags }),
      ...(onSubmitted === undefined ? {} : { onSubmitted }),
    },
  );
  const answers = await job.result(signal === undefined ? {} : { signal });
  const { executions, quantumSeconds } = await chargeOf(job);
  const results = new Map<ExpectationRequest, ExpectationResult>();
  for (const [index, { members }] of pubs.entries()) {
    const { evs, stds } = answers[index]!;
    const bad = evs.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new GradientError(
        "GRADIENT_NOT_FINITE",
        `Job ${job.id} of ${provider.name} gave ${evs[bad]} as expectation value ${bad} of PUB ${index}.`,
      );
    let from = 0;
    for (const request of members) {
      const to = from + rowsOf(request) * request.observables.length;
      results.set(request, { evs: evs.subarray(from, to), stds: stds.subarray(from, to) });
      from = to;
    }
  }
  return {
    results: asked.map(({ join, requests: parts }) => join(parts.map((part) => results.get(part)!))),
    executions,
    quantumSeconds,
    jobIds: [job.id],
  };
}

/**
 * As the backend tells it. Where it cannot, as planned: values that have been paid for are not given up for their price.
 * While it reckons it may tell too little, at first 0, so no less than planned.
 */
export async function chargeOf(job: Job<unknown>): Promise<JobUsage> {
  const { plan } = job;
  try {
    const usage = await job.usage();
    if (usage.final !== false || plan === undefined) return usage;
    return { ...usage, quantumSeconds: Math.max(usage.quantumSeconds, plan.quantumSeconds) };
  } catch (error) {
    if (plan === undefined || !(error instanceof ProviderError)) throw error;
    return plan;
  }
}

interface Split {
  readonly requests: readonly ExpectationRequest[];
  join(results: readonly ExpectationResult[]): ExpectationResult;
}

/** One request for each part of the observables and number of shots. */
function splitByShots(request: ExpectationRequest): Split {
  const { circuit, observables, data, shots: given } = request;
  if (given === undefined) return { requests: [request], join: ([result]) => result! };
  const { parts, shots } = given;
  const rows = rowsOf(request);
  const width = circuit.parameters.length;
  const count = observables.length;
  const classes = parts.flatMap((part, m) => {
    const rowsBy = new Map<number, number[]>();
    for (let row = 0; row < rows; row++) {
      const number = shots[row * parts.length + m]!;
      const members = rowsBy.get(number);
      if (members === undefined) rowsBy.set(number, [row]);
      else members.push(row);
    }
    return [...rowsBy].map(([number, members]) => ({ part, m, number, members }));
  });
  return {
    requests: classes.map(({ part, number, members }) => {
      const table = new Float64Array(members.length * width);
      for (const [i, row] of members.entries()) table.set(data.subarray(row * width, (row + 1) * width), i * width);
      return {
        circuit,
        observables: part.observables,
        shape: [members.length],
        data: table,
        precision: 1 / Math.sqrt(number),
      };
    }),
    join(results) {
      const evs = new Float64Array(rows * count);
      const variances = new Float64Array(rows * count);
      const spreads = new Float64Array(rows * parts.length * count);
      for (const [index, { part, m, number, members }] of classes.entries()) {
        const { evs: values, stds } = results[index]!;
        const doubt = part.observables.map(normSquared);
        for (const [i, row] of members.entries())
          for (const [j, column] of part.columns.entries()) {
            const at = i * part.columns.length + j;
            evs[row * count + column]! += values[at]!;
            variances[row * count + column]! += stds[at]! ** 2;
            spreads[(row * parts.length + m) * count + column] = Math.sqrt(
              (number * number * stds[at]! ** 2 + doubt[j]!) / (number + 1),
            );
          }
      }
      return { evs, stds: variances.map(Math.sqrt), spreads };
    },
  };
}

/** Of the terms that are no constant. */
function normSquared(observable: MeasuredPart["observables"][number]): number {
  return observable.terms.reduce(
    (sum, { coefficient, pauli }) => (pauli.letters.length === 0 ? sum : sum + coefficient ** 2),
    0,
  );
}

interface GatheredPub {
  readonly first: ExpectationRequest;
  readonly members: ExpectationRequest[];
}

function gatherPubs(requests: readonly ExpectationRequest[]): readonly GatheredPub[] {
  const pubs: GatheredPub[] = [];
  for (const request of requests) {
    const found = pubs.find(({ first }) => isAlike(first, request));
    if (found === undefined) pubs.push({ first: request, members: [request] });
    else found.members.push(request);
  }
  return pubs;
}

function isAlike(a: ExpectationRequest, b: ExpectationRequest): boolean {
  return (
    a.circuit.hash === b.circuit.hash &&
    a.precision === b.precision &&
    a.observables.length === b.observables.length &&
    a.observables.every((observable, k) => observable.equals(b.observables[k]!))
  );
}

function rowsOf({ shape }: ExpectationRequest): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Values [...shape, 1, P] broadcast with observables [K]. */
function tableOf({ circuit, shape, data }: ExpectationRequest) {
  return { shape: [...shape, 1, circuit.parameters.length], data };
}

function joinedTable({ circuit }: ExpectationRequest, members: readonly ExpectationRequest[]) {
  const data = new Float64Array(members.reduce((sum, member) => sum + member.data.length, 0));
  let at = 0;
  for (const member of members) {
    data.set(member.data, at);
    at += member.data.length;
  }
  const rows = members.reduce((sum, member) => sum + rowsOf(member), 0);
  return { shape: [rows, 1, circuit.parameters.length], data };
}
