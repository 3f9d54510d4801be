import type { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import { GradientError } from "../errors.ts";
import { Adjoint } from "./adjoint.ts";
import { checkOptions, checkProblem } from "./checks.ts";
import {
  type CheckedPoint,
  checkPoint,
  type EvaluateOptions,
  type GradientEvaluation,
  type GradientPoint,
  type GradientProblem,
  type GradientStrategy,
  type PreparedEvaluation,
  type PrepareOptions,
} from "./evaluation.ts";
import { runExpectations } from "./expectation-job.ts";
import { FINITE_DIFFERENCE_STEP, FiniteDifference } from "./finite-difference.ts";
import { ParameterShift } from "./parameter-shift.ts";
import { type GradientMethod, selectMethod } from "./select.ts";
import type { GradientWants } from "./slot-circuit.ts";
import { SpsaGradient, type SpsaGradientOptions } from "./spsa.ts";

export interface GradientProgramOptions {
  readonly provider: Backend;
  /** Which gradients; by default those of the weights only. Inputs cost shifted evaluations for every row. */
  readonly wants?: Partial<GradientWants>;
  /** "auto" by default; see `selectMethod`. */
  readonly method?: GradientMethod | "auto";
  /**
   * Target standard error of the values; 0 is exact, and undefined leaves it to the backend, but for method "adjoint",
   * which is always exact. Give it where a simulator is to behave like a sampling device.
   */
  readonly precision?: number;
  /** Rows of parameter values that one evaluation may send; decides "auto", and is enforced. */
  readonly budget?: number;
  /** Rows of a batch, for the budget; 1 by default. */
  readonly rows?: number;
  /** Step of method "finite-difference", radians; 1e-5 by default. */
  readonly step?: number;
  /** Settings of method "spsa". */
  readonly spsa?: SpsaGradientOptions;
}

/** Values and gradients of one circuit and K observables on one backend, prepared once for many points. */
export interface GradientProgram {
  readonly circuit: Circuit;
  readonly observables: readonly SparsePauliOp[];
  readonly method: GradientMethod;
  /** Why this method. */
  readonly reason: string;
  /** Rows of parameter values that one evaluation of one row sends. */
  readonly evaluationsPerRow: number;
  /**
   * Values now, gradients on `pullback`: all of it is one job with one PUB, or none with method "adjoint".
   * @throws GradientError GRADIENT_SHAPE, GRADIENT_NOT_FINITE, GRADIENT_BUDGET; what the backend throws; the signal's
   * reason when aborted
   */
  evaluate(point: GradientPoint, options?: EvaluateOptions): Promise<GradientEvaluation>;
  /**
   * The same in two halves, for callers that put several evaluations into one job with `runExpectations`.
   * @throws GradientError GRADIENT_SHAPE, GRADIENT_NOT_FINITE, GRADIENT_BUDGET
   */
  prepare(point: GradientPoint, options?: PrepareOptions): PreparedEvaluation;
}

const PROGRAM_OPTIONS = "provider wants method precision budget rows step spsa".split(" ");
const REQUEST_OPTIONS = [
  ...PROGRAM_OPTIONS,
  ..."circuit observables weights inputs cotangents seed signal tags onSubmitted".split(" "),
];

/**
 * Prepares gradients of expectation values.
 * @throws GradientError GRADIENT_METHOD_UNKNOWN, GRADIENT_METHOD_IMPOSSIBLE, GRADIENT_BUDGET, GRADIENT_OPTION,
 * GRADIENT_OBSERVABLES
 */
export function gradientProgram(
  circuit: Circuit,
  observables: readonly SparsePauliOp[],
  options: GradientProgramOptions,
): GradientProgram {
  checkOptions("gradientProgram", options, PROGRAM_OPTIONS);
  return prepareProgram(circuit, observables, options);
}

function prepareProgram(
  circuit: Circuit,
  observables: readonly SparsePauliOp[],
  options: GradientProgramOptions,
): GradientProgram {
  checkProblem(circuit, observables, options);
  const { provider, rows = 1, precision, budget, step, spsa = {} } = options;
  const wants = { weights: options.wants?.weights ?? true, inputs: options.wants?.inputs ?? false };
  const select = { capabilities: provider.capabilities, circuit, observables, wants, precision };
  const { method, reason, evaluations } = selectMethod({
    ...select,
    rows,
    method: options.method,
    budget,
    spsaRepeats: spsa.repeats,
    ownStep: step !== undefined,
  });
  const problem: GradientProblem = { circuit, observables, provider, wants, precision };
  const strategies: Record<GradientMethod, () => GradientStrategy> = {
    adjoint: () => new Adjoint(problem),
    "parameter-shift": () => new ParameterShift(problem),
    "finite-difference": () => new FiniteDifference(problem, step ?? FINITE_DIFFERENCE_STEP),
    spsa: () => new SpsaGradient(problem, spsa),
  };
  const strategy = strategies[method]();
  const evaluationsPerRow = evaluations / rows;
  const prepare = (checked: CheckedPoint, prepareOptions: PrepareOptions): PreparedEvaluation => {
    if (method !== "adjoint" && budget !== undefined && checked.rows * evaluationsPerRow > budget)
      throw new GradientError(
        "GRADIENT_BUDGET",
        `${checked.rows} row(s) need ${checked.rows * evaluationsPerRow} evaluations but the budget is ${budget}.`,
      );
    if (prepareOptions.shots !== undefined && method !== "parameter-shift")
      throw new GradientError(
        "GRADIENT_SHOTS",
        `Shots are shared out among the evaluations of method "parameter-shift", but this is "${method}": ${reason}`,
      );
    return strategy.prepare(checked, prepareOptions);
  };
  return {
    circuit,
    observables,
    method,
    reason,
    evaluationsPerRow,
    prepare: (point, prepareOptions = {}) => prepare(checkPoint(circuit, point), prepareOptions),
    async evaluate(point, evaluateOptions = {}) {
      const checked = checkPoint(circuit, point);
      evaluateOptions.signal?.throwIfAborted();
      const { request, finish } = prepare(checked, evaluateOptions);
      if (request === undefined)
        return { ...finish(undefined), executions: checked.rows, quantumSeconds: 0, jobIds: [] };
      const job = await runExpectations(provider, [request], { precision, ...evaluateOptions });
      const { executions, quantumSeconds, jobIds } = job;
      return { ...finish(job.results[0]), executions, quantumSeconds, jobIds };
    },
  };
}

/** One point to differentiate at; see `GradientProgramOptions`, `GradientPoint` and `EvaluateOptions`. */
export interface GradientRequest extends GradientProgramOptions, EvaluateOptions, Omit<GradientPoint, "rows"> {
  readonly circuit: Circuit;
  readonly observables: readonly SparsePauliOp[];
}

export interface GradientResult {
  /** Expectation values [B, K]. */
  readonly values: Float64Array;
  /** Their standard errors [B, K]; 0 where exact. */
  readonly stderr: Float64Array;
  /** [W], summed over rows; undefined unless wanted. */
  readonly weightGradient: Float64Array | undefined;
  readonly weightStderr: Float64Array | undefined;
  /** [B, D]; undefined unless wanted. */
  readonly inputGradient: Float64Array | undefined;
  readonly inputStderr: Float64Array | undefined;
  readonly method: GradientMethod;
  readonly reason: string;
  /** What the backend charged: rows of parameter values times shots (1 where exact). */
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}

/**
 * Expectation values at one point and the gradient of Σ cotangents·values, in at most one job. Where there are many points,
 * prepare them once with `gradientProgram`.
 * @param request inputs [B, D], weights [W], cotangents [B, K] (all 1 by default); radians
 * @example const { values, weightGradient } = await valueAndGradient({ circuit, observables: [h], provider, weights });
 * @throws what `gradientProgram` and `GradientProgram.evaluate` throw
 */
export async function valueAndGradient(request: GradientRequest): Promise<GradientResult> {
  checkOptions("valueAndGradient", request, REQUEST_OPTIONS);
  checkProblem(request.circuit, request.observables, request);
  const { circuit, observables, weights, inputs, ...options } = request;
  const rows = request.rows ?? (circuit.numInputs === 0 ? 1 : Math.max(1, (inputs?.length ?? 0) / circuit.numInputs));
  const program = prepareProgram(circuit, observables, { ...options, rows: Math.ceil(rows) });
  const { cotangents = new Float64Array(Math.ceil(rows) * observables.length).fill(1) } = request;
  const point = { weights, ...(inputs === undefined ? {} : { inputs }), rows };
  const { values, stderr, executions, quantumSeconds, jobIds, pullback } = await program.evaluate(point, {
    ...options,
    cotangents,
  });
  const gradients = pullback();
  return {
    values,
    stderr,
    weightGradient: gradients.weights,
    weightStderr: gradients.weightStderr,
    inputGradient: gradients.inputs,
    inputStderr: gradients.inputStderr,
    method: program.method,
    reason: program.reason,
    executions,
    quantumSeconds,
    jobIds,
  };
}
