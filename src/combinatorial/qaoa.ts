import { describeValue, optionsFault, Rng } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import { ProblemError } from "../errors.ts";
import { adam, type Optimizer, spsa } from "../optimizers/index.ts";
import { minimize } from "../training/index.ts";
import { interpolatedAngles, rampAngles } from "./angles.ts";
import type { BinaryProblem } from "./binary-problem.ts";
import { type QaoaProgram, type QaoaProgramOptions, qaoaProgram } from "./qaoa-program.ts";
import type { SampleSet } from "./samples.ts";
import { riskOf, sampleAt, sampleProblem } from "./sampling.ts";

export interface QaoaStep {
  /** Layers of the circuit that this step is of; they grow where `start` is "interp". */
  readonly layers: number;
  /** Counted from 1 for each number of layers. */
  readonly step: number;
  /** The objective, in the problem's unit with penalties. */
  readonly value: number;
}

export interface QaoaOptions extends QaoaProgramOptions {
  readonly provider: Backend;
  /**
   * "ramp" (the default) takes the best of six linear ramps; "interp" grows the circuit from one layer, each time from the angles found
   * before, with `steps` for each number of layers; or angles [2·layers] of your own, gammas before betas.
   */
  readonly start?: "ramp" | "interp" | ArrayLike<number>;
  /**
   * Adam by default, with a rate that falls from 0.1 to 0 along half a cosine; and `spsa()` for the conditional value at risk, which has
   * no gradient.
   */
  readonly optimizer?: Optimizer;
  /** 100 by default. */
  readonly steps?: number;
  /** The mean over all shots, or over the share `cvar` of them with the lowest values, from `shots` samples a point. */
  readonly objective?: "expectation" | { readonly cvar: number };
  /** Of the samples at the end; 1000 by default. */
  readonly shots?: number;
  /** Target standard error of expectation values; left to the backend by default. */
  readonly precision?: number;
  /** Decides samples; 0 by default. */
  readonly seed?: number | string;
  readonly onStep?: (step: QaoaStep) => void;
  readonly signal?: AbortSignal;
}

export interface QaoaResult {
  readonly program: QaoaProgram;
  /** Angles [2·layers], gammas before betas. */
  readonly weights: Float64Array;
  /** The objective at `weights`. */
  readonly value: number;
  readonly history: readonly QaoaStep[];
  /** Measured at `weights`; the answer is `samples.best`. */
  readonly samples: SampleSet;
  /** Of all steps and the samples. */
  readonly executions: number;
  readonly quantumSeconds: number;
}

const OPTIONS = [
  ..."layers mixer penalty provider start optimizer steps objective shots precision seed onStep signal".split(" "),
];
const TIME_STEPS = [0.25, 0.5, 0.75, 1, 1.25, 1.5];

/**
 * The quantum approximate optimisation algorithm: minimises a problem's mean value over the angles of its alternating operator ansatz,
 * then samples. The answer is the best feasible sample; all others are given, too. A run that is to be kept, planned or resumed takes
 * the same steps with `qaoaProgram`, `minimize` and `sampleProblem`.
 * @example const { samples } = await qaoa(problem, { layers: 2, provider: localSimulator() });
 * @throws ProblemError PROBLEM_OPTION, PROBLEM_NUMBER, PROBLEM_PENALTY, PROBLEM_FLAT; as `minimize` and the backend
 */
export async function qaoa(problem: BinaryProblem, options: QaoaOptions): Promise<QaoaResult> {
  checkQaoaOptions(options);
  const { layers = 1, start = "ramp", shots = 1000, seed = 0, mixer, penalty, provider, signal } = options;
  const choice = { ...(mixer === undefined ? {} : { mixer }), ...(penalty === undefined ? {} : { penalty }) };
  const programOf = (depth: number): QaoaProgram => qaoaProgram(problem, { ...choice, layers: depth });
  const rng = Rng.seed(seed).fork("qaoa");
  const history: QaoaStep[] = [];
  const spent = { executions: 0, quantumSeconds: 0 };
  const charge = (costs: typeof spent): void => {
    spent.executions += costs.executions;
    spent.quantumSeconds += costs.quantumSeconds;
  };
  const note = (step: QaoaStep): void => {
    history.push(step);
    options.onStep?.(step);
  };

  let program = programOf(start === "interp" ? 1 : layers);
  let angles: Float64Array;
  if (typeof start === "string") {
    const ramps = TIME_STEPS.map((timeStep) => rampAngles(start === "interp" ? 1 : layers, timeStep));
    const { values, ...costs } = await objectiveAt(program, ramps, options, rng.fork("ramp").uint32());
    charge(costs);
    angles = ramps[values.indexOf(Math.min(...values))]!;
  } else angles = checkedAngles(start, layers);
  let value = Number.POSITIVE_INFINITY;
  for (let depth = start === "interp" ? 1 : layers; depth <= layers; depth++) {
    if (depth > angles.length / 2) {
      program = programOf(depth);
      angles = interpolatedAngles(angles);
    }
    const found = await optimise(program, angles, options, rng.fork("layers", depth), (step) =>
      note({ layers: depth, ...step }),
    );
    charge(found);
    ({ angles, value } = found);
  }
  const samples = await sampleProblem(problem, program.circuit, angles, {
    ...{ provider, shots, signal },
    seed: rng.fork("samples").uint32(),
  });
  charge(samples);
  return { program, weights: angles, value, history, samples, ...spent };
}

interface Optimised {
  readonly angles: Float64Array;
  readonly value: number;
  readonly executions: number;
  readonly quantumSeconds: number;
}

async function optimise(
  program: QaoaProgram,
  initial: Float64Array,
  options: QaoaOptions,
  rng: Rng,
  onStep: (step: Omit<QaoaStep, "layers">) => void,
): Promise<Optimised> {
  const { provider, steps = 100, objective = "expectation", precision, signal } = options;
  if (objective !== "expectation") return optimiseByValues(program, initial, options, rng, onStep);
  const { optimizer = adam({ learningRate: (step) => 0.05 * (1 + Math.cos((Math.PI * step) / steps)) }) } = options;
  const { weights, ...found } = await minimize({
    circuit: program.circuit,
    // In the circuit's unit, so that rates and tolerances of optimizers mean the same for every problem.
    observable: program.observable.times(1 / program.scale),
    optimizer,
    provider,
    steps,
    initial,
    seed: rng.uint32(),
    ...(precision === undefined ? {} : { precision }),
    ...(signal === undefined ? {} : { signal }),
    callbacks: { onStep: ({ step, value }) => onStep({ step, value: value * program.scale }) },
  });
  const { executions, quantumSeconds } = found;
  return { angles: weights, value: found.value * program.scale, executions, quantumSeconds };
}

/** As `minimize` with an optimizer that needs values alone, of an objective that is no expectation value. */
async function optimiseByValues(
  program: QaoaProgram,
  initial: Float64Array,
  options: QaoaOptions,
  rng: Rng,
  onStep: (step: Omit<QaoaStep, "layers">) => void,
): Promise<Optimised> {
  const { steps = 100, optimizer = spsa() } = options;
  if (optimizer.kind !== "evaluation")
    throw new ProblemError(
      "PROBLEM_OPTION",
      `The conditional value at risk has no gradient for ${optimizer.name}; give an optimizer of values, such as spsa().`,
    );
  let state = optimizer.init(initial);
  let [executions, quantumSeconds] = [0, 0];
  const valuesAt = async (points: readonly Float64Array[], seed: number): Promise<Float64Array> => {
    const { values, ...costs } = await objectiveAt(program, points, options, seed);
    executions += costs.executions;
    quantumSeconds += costs.quantumSeconds;
    return values.map((value) => value / program.scale);
  };
  for (let step = 1; step <= steps; step++) {
    const values = await valuesAt(optimizer.propose(state), rng.fork("step", step).uint32());
    const accepted = optimizer.accept(state, values);
    state = accepted.state;
    onStep({ step, value: accepted.value * program.scale });
  }
  const angles = optimizer.weights(state);
  const [value] = await valuesAt([angles], rng.fork("final").uint32());
  return { angles, value: value! * program.scale, executions, quantumSeconds };
}

/** The objective at each of M points, in one job. */
async function objectiveAt(
  program: QaoaProgram,
  points: readonly Float64Array[],
  options: QaoaOptions,
  seed: number,
): Promise<{ readonly values: Float64Array; readonly executions: number; readonly quantumSeconds: number }> {
  const { provider, objective = "expectation", shots = 1000, precision, signal } = options;
  if (objective !== "expectation") {
    const { counts, ...costs } = await sampleAt(program.circuit, points, { provider, shots, seed, signal });
    return { values: Float64Array.from(counts, (one) => riskOf(program.penalised, one, objective.cvar)), ...costs };
  }
  const waiting = signal === undefined ? {} : { signal };
  const estimator = provider.estimator({ ...(precision === undefined ? {} : { precision }), seed });
  const parameterValues = points.map((point) => Array.from(point));
  const { circuit, observable } = program;
  const job = await estimator.run([{ circuit, observables: observable, parameterValues }], waiting);
  const [result] = await job.result(waiting);
  const { executions, quantumSeconds } = await job.usage();
  return { values: result!.evs, executions, quantumSeconds };
}

/** @throws ProblemError PROBLEM_OPTION, PROBLEM_NUMBER */
function checkQaoaOptions(options: QaoaOptions): void {
  const fault = optionsFault("qaoa", options, OPTIONS);
  if (fault !== undefined) throw new ProblemError("PROBLEM_OPTION", fault);
  const { provider, steps = 100, shots = 1000, start = "ramp", objective = "expectation" } = options;
  if (typeof provider?.sampler !== "function")
    throw new ProblemError("PROBLEM_OPTION", "qaoa needs a provider, such as localSimulator().");
  if (typeof start === "string" && start !== "ramp" && start !== "interp")
    throw new ProblemError("PROBLEM_OPTION", `qaoa starts by "ramp", "interp" or angles of yours, not "${start}".`);
  const isRisk = typeof objective === "object" && objective !== null && objective.cvar > 0 && objective.cvar <= 1;
  if (objective !== "expectation" && !isRisk)
    throw new ProblemError(
      "PROBLEM_OPTION",
      `The objective is "expectation" or { cvar: a share above 0 and at most 1 }, not ${describeValue(objective)}.`,
    );
  for (const [name, value, least] of [
    ["steps", steps, 0],
    ["shots", shots, 1],
  ] as const)
    if (!Number.isSafeInteger(value) || value < least)
      throw new ProblemError(
        "PROBLEM_NUMBER",
        `qaoa needs ${name} to be an integer of at least ${least}, not ${describeValue(value)}.`,
      );
}

function checkedAngles(start: ArrayLike<number>, layers: number): Float64Array {
  const angles = Float64Array.from(start);
  if (angles.length !== 2 * layers || !angles.every(Number.isFinite))
    throw new ProblemError(
      "PROBLEM_NUMBER",
      `${layers} layer(s) have ${2 * layers} finite starting angles, gammas before betas, not [${angles.join(", ")}].`,
    );
  return angles;
}
