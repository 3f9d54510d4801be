import { type Circuit, type Initializer, Rng, type SparsePauliOp, uniformWeights } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import { GradientError } from "../errors.ts";
import { checkOptions, checkProblem } from "./checks.ts";
import type { EvaluateOptions } from "./evaluation.ts";
import { runExpectations } from "./expectation-job.ts";
import { gradientProgram } from "./gradient-program.ts";
import { ShiftProgram } from "./shift-program.ts";

export interface GradientVarianceOptions extends Omit<EvaluateOptions, "cotangents" | "seed"> {
  readonly provider: Backend;
  /** Random starting points; 100 by default, 2 at least. */
  readonly samples?: number;
  /** Decides the starting points and, if the backend samples, its shots; 0 by default. */
  readonly seed?: number;
  /** How weights start; uniform in ±π by default. */
  readonly initializer?: Initializer;
  /** [D], one row for all samples, where the circuit has inputs. */
  readonly inputs?: Float64Array;
  readonly precision?: number;
  /** Warns when even the best weight's variance is below this share of the observable's scale squared; 1e-4 by default. */
  readonly threshold?: number;
}

export interface GradientVariance {
  /** Variance of dE/dw over the starting points, for each weight. */
  readonly variances: Float64Array;
  /** Means of dE/dw; near 0 for uniform starts. */
  readonly means: Float64Array;
  /** The mean, smallest and largest of `variances`. */
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Set when gradients are so small that training from such a start is hopeless or needs very many shots. */
  readonly warning: string | undefined;
  readonly samples: number;
  readonly executions: number;
  readonly jobIds: readonly string[];
}

const OPTIONS = "provider samples seed initializer inputs precision threshold signal tags onSubmitted".split(" ");

/**
 * The barren-plateau probe (McClean et al., arXiv:1803.11173): how much the gradient of an expectation value varies over
 * random starting points. Where it vanishes with the number of qubits, use fewer layers, local observables, or another
 * initializer. One job on backends without adjoint gradients.
 * @throws GradientError GRADIENT_OPTION, GRADIENT_SHAPE; what `gradientProgram` throws
 */
export async function gradientVariance(
  circuit: Circuit,
  observable: SparsePauliOp,
  options: GradientVarianceOptions,
): Promise<GradientVariance> {
  checkOptions("gradientVariance", options, OPTIONS);
  checkProblem(circuit, [observable], options);
  const { samples = 100, seed = 0, initializer = uniformWeights(), threshold = 1e-4 } = options;
  if (!Number.isSafeInteger(samples) || samples < 2)
    throw new GradientError("GRADIENT_OPTION", `samples is ${samples}; a variance needs an integer of 2 or more.`);
  if (circuit.numWeights === 0)
    throw new GradientError("GRADIENT_OPTION", "The circuit has no weights, so there is no gradient to look at.");
  const rng = Rng.seed(seed);
  const points = Array.from({ length: samples }, (_, sample) => initializer(circuit, rng.fork("sample", sample)));
  const { gradients, executions, jobIds } = await gradientsAt(circuit, observable, points, options);
  const means = new Float64Array(circuit.numWeights);
  for (const gradient of gradients) for (const [p, value] of gradient.entries()) means[p]! += value / samples;
  const variances = new Float64Array(circuit.numWeights);
  for (const gradient of gradients)
    for (const [p, value] of gradient.entries()) variances[p]! += (value - means[p]!) ** 2 / (samples - 1);
  const max = Math.max(...variances);
  const scale = observable.terms
    .filter(({ pauli }) => pauli.letters.length > 0)
    .reduce((sum, { coefficient }) => sum + coefficient ** 2, 0);
  return {
    variances,
    means,
    mean: variances.reduce((sum, value) => sum + value, 0) / variances.length,
    min: Math.min(...variances),
    max,
    warning:
      max < threshold * scale
        ? `Barren plateau: the gradient's standard deviation over random starts is at most ${Math.sqrt(max).toPrecision(2)} for an observable of norm ${Math.sqrt(scale).toPrecision(2)}. Use fewer layers, observables on fewer qubits, or smaller starting weights.`
        : undefined,
    samples,
    executions,
    jobIds,
  };
}

async function gradientsAt(
  circuit: Circuit,
  observable: SparsePauliOp,
  points: readonly Float64Array[],
  options: GradientVarianceOptions,
): Promise<{ gradients: readonly Float64Array[]; executions: number; jobIds: readonly string[] }> {
  const { provider, precision, inputs = new Float64Array(0), signal, tags, onSubmitted, seed = 0 } = options;
  const program = gradientProgram(circuit, [observable], {
    provider,
    ...(precision === undefined ? {} : { precision }),
  });
  if (inputs.length !== circuit.numInputs)
    throw new GradientError(
      "GRADIENT_SHAPE",
      `The circuit has ${circuit.numInputs} input(s); give one row of as many values, not ${inputs.length}.`,
    );
  if (program.method === "adjoint") {
    const gradients: Float64Array[] = [];
    for (const weights of points) {
      const given = { cotangents: Float64Array.of(1), ...(signal === undefined ? {} : { signal }) };
      gradients.push((await program.evaluate({ weights, inputs, rows: 1 }, given)).pullback().weights!);
    }
    return { gradients, executions: points.length, jobIds: [] };
  }
  // A batch shares its weights, so the starting points go in as rows of the shift program itself.
  const shift = new ShiftProgram(circuit, [observable], { weights: true, inputs: false });
  const values = Float64Array.from(points.flatMap((weights) => [...inputs, ...weights]));
  const rows = shift.shiftedRows(values, points.length);
  const request = {
    circuit: shift.slotCircuit,
    observables: [observable],
    shape: [rows.distinct, 1 + shift.numShifts],
    data: rows.data,
  };
  const { results, executions, jobIds } = await runExpectations(provider, [request], {
    ...(signal === undefined ? {} : { signal }),
    ...(tags === undefined ? {} : { tags }),
    ...(onSubmitted === undefined ? {} : { onSubmitted }),
    seed,
    precision,
  });
  const { jacobian } = shift.combineShifts(rows, results[0]!.evs, results[0]!.stds);
  const all = shift.pullbackRows(values, rows, jacobian, new Float64Array(points.length).fill(1));
  const width = circuit.parameters.length;
  return {
    gradients: points.map((_, row) => all.subarray(row * width + circuit.numInputs, (row + 1) * width)),
    executions,
    jobIds,
  };
}
