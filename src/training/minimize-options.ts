import { Circuit, describeValue, type Initializer, SparsePauliOp } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import { TrainingError } from "../errors.ts";
import type { GradientMethod, SpsaGradientOptions } from "../gradients/index.ts";
import type { Optimizer } from "../optimizers/index.ts";
import type { KeptCallbacks } from "./kept-callbacks.ts";
import { NoiseFloor, type NoiseFloorOptions, type NoiseFloorState } from "./noise-floor.ts";
import { checkNames } from "./options.ts";
import { RUN_KEEPING, type RunKeeping } from "./run.ts";
import { type Precision, Sampling, type SamplingState, type ShotOptions } from "./sampling.ts";

/** Where a minimisation stands, as plain JSON: give it as `from` to go on as if it had never stopped. */
export interface MinimizeCheckpoint {
  /** Steps done. */
  readonly step: number;
  readonly weights: readonly number[];
  /** The optimizer's name and state. */
  readonly optimizer: string;
  readonly state: unknown;
  /** The last step's value, and for how many steps in a row it has moved by less than `tolerance`. */
  readonly value: number;
  readonly still: number;
  /** What the steps so far say of the next one's samples, and of the noise floor, where these decide anything. */
  readonly sampling?: SamplingState;
  readonly floor?: NoiseFloorState;
}

export interface MinimizeStep {
  /** Counted from 1. */
  readonly step: number;
  /** The objective as this step saw it: at its starting weights, or what a gradient-free optimizer says of its points. */
  readonly value: number;
  /** Standard error of `value`; 0 where exact. */
  readonly stderr: number;
  /** What the backend charged: rows of parameter values times shots (1 where exact). */
  readonly executions: number;
  readonly quantumSeconds: number;
  /** Wall-clock time, queue included. */
  readonly seconds: number;
  readonly jobIds: readonly string[];
  /** After this step. */
  readonly checkpoint: MinimizeCheckpoint;
}

export interface MinimizeResult {
  readonly weights: Float64Array;
  /**
   * The objective at `weights`, evaluated once more after the last step; of a kept run that was stopped at a service, the last
   * step's value: it goes on later, and a job in between would be waited and paid for.
   */
  readonly value: number;
  readonly stderr: number;
  readonly history: readonly MinimizeStep[];
  /** Why it ended: all steps done, the value no longer moved or no longer fell by more than its noise, or `stop()`. */
  readonly ended: "steps" | "tolerance" | "noise-floor" | "stopped";
  /** How gradients were taken; undefined for a gradient-free optimizer. */
  readonly method: GradientMethod | undefined;
  /** Of all steps and the last evaluation. */
  readonly executions: number;
  readonly quantumSeconds: number;
}

/** Called in order, and waited for, before a step counts as done. */
export interface MinimizeCallbacks extends KeptCallbacks {
  onStep?(step: MinimizeStep): void | Promise<void>;
}

export interface MinimizeOptions extends RunKeeping {
  readonly circuit: Circuit;
  /** Its expectation value is minimised. */
  readonly observable: SparsePauliOp;
  readonly optimizer: Optimizer;
  readonly provider: Backend;
  /** Steps at most. */
  readonly steps: number;
  /** Starting weights [W] in radians, or how to draw them; uniform in ±π by default. */
  readonly initial?: ArrayLike<number> | Initializer;
  /** Decides starting weights and samples; 0 by default. */
  readonly seed?: number | string;
  /** How to take gradients; "auto" by default. */
  readonly method?: GradientMethod | "auto";
  /** Rows of parameter values that one step may send; the evaluation at the end sends one. */
  readonly maxRows?: number;
  /** Settings of gradient method "spsa". */
  readonly spsa?: SpsaGradientOptions;
  /** Target standard error of every value; 0 is exact, and undefined leaves it to the backend. See `adaptivePrecision`, too. */
  readonly precision?: Precision;
  /** In its place: shots of each step, shared out among its evaluations; for gradients by parameter shift. */
  readonly shots?: ShotOptions;
  /** One row [D] of values for the circuit's inputs, where it has any. */
  readonly inputs?: ArrayLike<number>;
  /** Ends when the value moves by less than this in `patience` steps in a row; never by default. */
  readonly tolerance?: number;
  /** 5 by default, or as many steps as the optimizer needs to give every weight its turn. */
  readonly patience?: number;
  /** Ends when the value no longer falls by more than its own noise; never by default. */
  readonly noiseFloor?: NoiseFloorOptions;
  readonly callbacks?: MinimizeCallbacks | readonly MinimizeCallbacks[];
  /** Aborts the run; a job that was submitted goes on. */
  readonly signal?: AbortSignal;
  /** Put on every job. */
  readonly tags?: readonly string[];
  readonly onSubmitted?: (jobId: string) => void | Promise<void>;
  readonly from?: MinimizeCheckpoint;
  /** Names the run in `store`. */
  readonly id?: string;
}

/** @throws TrainingError TRAINING_SHAPE */
export function checkWeights(circuit: Circuit, weights: Float64Array): void {
  const bad = weights.findIndex((value) => !Number.isFinite(value));
  if (weights.length !== circuit.numWeights || bad >= 0)
    throw new TrainingError(
      "TRAINING_SHAPE",
      bad >= 0
        ? `Starting weight ${bad} is ${weights[bad]}; weights must be finite.`
        : `The circuit has ${circuit.numWeights} weight(s) but ${weights.length} starting value(s) were given.`,
    );
}

/** @throws TrainingError TRAINING_CHECKPOINT */
export function checkCheckpoint(from: MinimizeCheckpoint, optimizer: Optimizer): void {
  const { step, weights, optimizer: name, state, value, still, sampling, floor } = from;
  const wrong =
    !Number.isSafeInteger(step) || step < 0
      ? `step ${step}`
      : !Array.isArray(weights)
        ? "no weights"
        : state === undefined
          ? "no optimizer state"
          : typeof value !== "number" || !Number.isSafeInteger(still)
            ? "no last value"
            : (sampling !== undefined && typeof sampling !== "object") ||
                (floor !== undefined && !(Array.isArray(floor?.values) && Array.isArray(floor.stderrs)))
              ? "another state of its samples"
              : undefined;
  if (wrong !== undefined)
    throw new TrainingError("TRAINING_CHECKPOINT", `The checkpoint has ${wrong}; give one that a step reported.`);
  if (name !== optimizer.name)
    throw new TrainingError(
      "TRAINING_CHECKPOINT",
      `The checkpoint is one of optimizer "${name}", whose state "${optimizer.name}" cannot take over.`,
    );
}

const OPTIONS = [
  ..."circuit observable optimizer provider steps initial seed method maxRows spsa precision shots inputs tolerance".split(
    " ",
  ),
  ..."patience noiseFloor callbacks signal tags onSubmitted from id".split(" "),
  ...RUN_KEEPING,
];

/** @throws TrainingError TRAINING_OPTION, TRAINING_PROVIDER, TRAINING_SHAPE, TRAINING_CHECKPOINT */
export function checkMinimizeOptions(options: MinimizeOptions): void {
  checkNames("minimize", options, OPTIONS);
  const { circuit, observable, provider, optimizer, steps, inputs = [], tolerance = 0, patience = 1, from } = options;
  if (!(circuit instanceof Circuit) || !(observable instanceof SparsePauliOp))
    throw new TrainingError(
      "TRAINING_OPTION",
      "minimize needs a circuit, a Circuit, and an observable, a SparsePauliOp; SparsePauliOp.parse(text) reads one.",
    );
  if (typeof provider?.estimator !== "function")
    throw new TrainingError("TRAINING_PROVIDER", "minimize needs a provider, such as localSimulator().");
  if (optimizer?.kind !== "gradient" && optimizer?.kind !== "evaluation")
    throw new TrainingError("TRAINING_OPTION", "minimize needs an optimizer, such as adam() or spsa().");
  if (circuit.numWeights === 0)
    throw new TrainingError("TRAINING_OPTION", "The circuit has no weights, so there is nothing to minimise over.");
  if (inputs.length !== circuit.numInputs)
    throw new TrainingError(
      "TRAINING_SHAPE",
      `The circuit has ${circuit.numInputs} input(s) but ${inputs.length} value(s) were given; give one row as \`inputs\`.`,
    );
  if (observable.numQubits !== circuit.numQubits)
    throw new TrainingError(
      "TRAINING_SHAPE",
      `The observable acts on ${observable.numQubits} qubit(s) but the circuit has ${circuit.numQubits}.`,
    );
  for (const [name, value, valid] of [
    ["steps", steps, Number.isSafeInteger(steps) && steps >= 0],
    ["tolerance", tolerance, tolerance >= 0],
    ["patience", patience, Number.isSafeInteger(patience) && patience > 0],
  ] as const)
    if (!valid)
      throw new TrainingError(
        "TRAINING_OPTION",
        `${name} cannot be ${typeof value === "number" ? value : describeValue(value)}.`,
      );
  checkSampling(options);
  if (options.noiseFloor != null) new NoiseFloor(options.noiseFloor);
  if (from != null) checkCheckpoint(from, optimizer);
}

/** @throws TrainingError TRAINING_SAMPLING */
function checkSampling({ optimizer, precision, shots, method = "auto", spsa }: MinimizeOptions): void {
  const sampling = new Sampling(precision, shots);
  if (!sampling.needsShift) return;
  const what = shots === undefined ? "adaptivePrecision" : "shots";
  const repeated = shots === undefined && method === "spsa" && (spsa?.repeats ?? 1) > 1;
  if (optimizer.kind !== "gradient" || !(method === "auto" || method === "parameter-shift" || repeated))
    throw new TrainingError(
      "TRAINING_SAMPLING",
      `${what} goes by the noise of gradients by parameter shift, which ${optimizer.kind === "gradient" ? `method "${method}"` : optimizer.name} does not measure; give a precision that is a number.`,
    );
}
