import { describeValue } from "../../circuits/index.ts";
import { TrainingError } from "../errors.ts";
import type { ShotRequest } from "../gradients/index.ts";
import type { AdaptivePrecision, GradientNoise, PrecisionState } from "./adaptive-precision.ts";
import { checkNames } from "./options.ts";

/** How well values are measured: a target standard error (0 is exact), or one that adapts itself. */
export type Precision = number | AdaptivePrecision;

export interface ShotOptions {
  /** Of each step, value and gradient together; never exceeded. */
  readonly total: number;
  /**
   * `variance` (by default) gives more to the evaluations by which more noise comes into the gradient, as the steps before have
   * seen it; `even` gives all the same.
   */
  readonly allocate?: "variance" | "even";
}

export interface SamplingOptions {
  readonly precision?: Precision | undefined;
  readonly shots?: ShotOptions | undefined;
}

/** What steps have seen of their samples, as plain JSON; empty where nothing depends on it. */
export interface SamplingState {
  readonly precision?: PrecisionState;
  /** For each circuit that is differentiated, by name, the variance that a shot of each evaluation adds to the gradient. */
  readonly variances?: Readonly<Record<string, readonly number[]>>;
}

/** What a step says of its samples. */
export interface SamplingReport extends GradientNoise {
  readonly variances: ReadonlyMap<string, Float64Array>;
}

/** How much of the variances is left when a new step has measured them. */
const MEMORY = 0.5;

/** The sampling of a run. */
export class Sampling {
  readonly adaptive: AdaptivePrecision | undefined;
  readonly shots: Required<ShotOptions> | undefined;
  readonly #precision: number | undefined;

  /** @throws TrainingError TRAINING_SAMPLING, TRAINING_OPTION */
  constructor(precision: Precision | undefined, shots: ShotOptions | undefined) {
    if (precision != null && shots != null)
      throw new TrainingError(
        "TRAINING_SAMPLING",
        "Either precision or shots says how well values are measured, not both; shots gives each step a total that it shares out.",
      );
    this.adaptive = typeof precision === "object" && precision !== null ? checkAdaptive(precision) : undefined;
    this.#precision = typeof precision === "object" ? undefined : precision;
    this.shots = shots == null ? undefined : checkShots(shots);
  }

  static of({ precision, shots }: SamplingOptions): Sampling {
    return new Sampling(precision, shots);
  }

  /** The step's samples depend on those of steps before. */
  get hasState(): boolean {
    return this.adaptive !== undefined || this.shots?.allocate === "variance";
  }
  /** A step needs the standard errors of gradients, which only values of an estimator give. */
  get needsShift(): boolean {
    return this.adaptive !== undefined || this.shots !== undefined;
  }

  init(): SamplingState {
    return this.adaptive === undefined ? {} : { precision: this.adaptive.init() };
  }

  precision(state: SamplingState): number | undefined {
    return this.adaptive === undefined ? this.#precision : (state.precision ?? this.adaptive.init()).precision;
  }

  now(state: SamplingState): SamplingNow {
    const { shots } = this;
    return {
      precision: this.precision(state),
      shotsOf:
        shots === undefined
          ? undefined
          : (circuit, numCircuits) => {
              const total = Math.floor(shots.total / numCircuits);
              const variances = shots.allocate === "variance" ? state.variances?.[circuit] : undefined;
              return { total, ...(variances === undefined ? {} : { variances }) };
            },
    };
  }

  observe(state: SamplingState, report: SamplingReport): SamplingState {
    if (this.adaptive !== undefined)
      return { precision: this.adaptive.observe(state.precision ?? this.adaptive.init(), report) };
    if (this.shots?.allocate !== "variance") return state;
    const variances: Record<string, readonly number[]> = { ...state.variances };
    for (const [circuit, found] of report.variances) {
      const before = variances[circuit];
      variances[circuit] = Array.from(found, (value, i) =>
        before === undefined ? value : MEMORY * before[i]! + (1 - MEMORY) * value,
      );
    }
    return { variances };
  }

  /** For a run's description. */
  get parts(): { readonly precision: number | string | null; readonly shots: string | null } {
    return {
      precision: this.adaptive === undefined ? (this.#precision ?? null) : JSON.stringify(this.adaptive),
      shots: this.shots === undefined ? null : JSON.stringify(this.shots),
    };
  }
}

/**
 * With what a run is planned, so that it takes no more: the finest precision, and shots evenly shared, since to share them out
 * otherwise takes as many or, by rounding, fewer. `least` where the run may also take less.
 */
export function plannedSampling({ precision, shots }: SamplingOptions): {
  readonly most: { readonly precision?: number; readonly shots?: ShotOptions };
  readonly least: { readonly precision: number } | undefined;
} {
  const { adaptive } = new Sampling(precision, shots);
  const finest = finestPrecision({ precision });
  return {
    most: {
      ...(finest === undefined ? {} : { precision: finest }),
      ...(shots == null ? {} : { shots: { ...shots, allocate: "even" as const } }),
    },
    least: adaptive === undefined ? undefined : { precision: adaptive.start },
  };
}

/** How the quantum layers of a model are sampled in one step. */
export interface SamplingNow {
  readonly precision: number | undefined;
  /** Of one of so many circuits, by name. */
  readonly shotsOf: ((circuit: string, numCircuits: number) => ShotRequest) | undefined;
}

/** Of a step that no other has been before. */
export function samplingNow(options: SamplingOptions): SamplingNow {
  const sampling = Sampling.of(options);
  return sampling.now(sampling.init());
}

/** The finest precision of a run; undefined leaves it to the provider. */
export function finestPrecision({ precision }: SamplingOptions): number | undefined {
  return typeof precision === "object" && precision !== null ? precision.finest : precision;
}

function checkAdaptive(precision: AdaptivePrecision): AdaptivePrecision {
  if (precision.kind === "precision" && typeof precision.observe === "function") return precision;
  throw new TrainingError(
    "TRAINING_SAMPLING",
    `precision cannot be ${describeValue(precision)}; give a number, or adaptivePrecision({ start: 0.2, finest: 0.01 }).`,
  );
}

function checkShots(shots: ShotOptions): Required<ShotOptions> {
  checkNames("shots", shots, ["total", "allocate"]);
  const { total, allocate = "variance" } = shots;
  if (Number.isSafeInteger(total) && total >= 2 && (allocate === "variance" || allocate === "even"))
    return { total, allocate };
  throw new TrainingError(
    "TRAINING_SAMPLING",
    `shots are { total, allocate }: an integer of 2 or more for each step, and "variance" or "even", not ${JSON.stringify(shots)}.`,
  );
}
