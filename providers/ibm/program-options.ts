import { describeNumber, optionsFault } from "../../circuits/index.ts";
import { ProviderError } from "../errors.ts";
import type { EstimatorOptions, SamplerOptions } from "../primitives.ts";

/** Refocusing pulses that the service puts into idle times. */
export interface DynamicalDecouplingOptions {
  readonly enable?: boolean;
  readonly sequenceType?: "XX" | "XpXm" | "XY4";
  readonly extraSlackDistribution?: "middle" | "edges";
  readonly schedulingMethod?: "alap" | "asap";
  readonly skipResetQubits?: boolean;
}

/** Random Pauli gates around gates and measurements, which turn coherent errors into noise. */
export interface TwirlingOptions {
  readonly enableGates?: boolean;
  readonly enableMeasure?: boolean;
  readonly numRandomizations?: number | "auto";
  readonly shotsPerRandomization?: number | "auto";
  readonly strategy?: "active" | "active-accum" | "active-circuit" | "all";
}

export interface ExecutionOptions {
  /** Reset the qubits before each shot; true by default. */
  readonly initQubits?: boolean;
  /** Seconds between shots; the device's own by default. */
  readonly repDelay?: number;
}

/** Error mitigation by the service. PEC and ZNE exclude each other. */
export interface ResilienceOptions {
  readonly measureMitigation?: boolean;
  readonly measureNoiseLearning?: {
    readonly numRandomizations?: number;
    readonly shotsPerRandomization?: number | "auto";
  };
  readonly zneMitigation?: boolean;
  readonly zne?: {
    readonly amplifier?: "gate_folding" | "gate_folding_front" | "gate_folding_back" | "pea";
    readonly noiseFactors?: readonly number[];
    readonly extrapolator?: string | readonly string[];
    readonly extrapolatedNoiseFactors?: readonly number[];
  };
  readonly pecMitigation?: boolean;
  readonly pec?: { readonly maxOverhead?: number; readonly noiseGain?: number | "auto" };
  readonly layerNoiseLearning?: {
    readonly maxLayersToLearn?: number;
    readonly shotsPerRandomization?: number;
    readonly numRandomizations?: number;
    readonly layerPairDepths?: readonly number[];
  };
}

/** What both primitives take besides their own options. */
export interface IbmJobOptions {
  readonly dynamicalDecoupling?: DynamicalDecouplingOptions;
  readonly twirling?: TwirlingOptions;
  readonly execution?: ExecutionOptions;
  /** Options that IBM calls experimental, in its own names; passed on as they are. */
  readonly experimental?: Readonly<Record<string, unknown>>;
  /**
   * The most seconds of the quantum computer that one job may take, 1 to 10,800; the service then stops it. By default three
   * times the plan and 30 s, more with mitigation: without it IBM reserves all that the plan of the account has.
   */
  readonly maxExecutionSeconds?: number;
  /** A session or batch to run in; see `provider.session`. */
  readonly sessionId?: string;
  /** The service keeps no parameters, and gives the results once. False by default. */
  readonly private?: boolean;
  /** At most 7 of 86 characters; one more is needed to find a job whose answer was lost. */
  readonly tags?: readonly string[];
  readonly calibrationId?: string;
  readonly logLevel?: "critical" | "error" | "warning" | "info" | "debug";
}

export interface IbmEstimatorOptions extends EstimatorOptions, IbmJobOptions {
  /**
   * 0 = as measured, 1 = readout mitigation, 2 = zero-noise extrapolation too. 0 by default, so that what is planned is what
   * runs (IBM's own default is 1, which adds circuits and widens the error bars).
   */
  readonly resilienceLevel?: 0 | 1 | 2;
  readonly resilience?: ResilienceOptions;
}

export interface IbmSamplerOptions extends SamplerOptions, IbmJobOptions {}

const JOB_OPTIONS = [
  "dynamicalDecoupling",
  "twirling",
  "execution",
  "experimental",
  "maxExecutionSeconds",
  "sessionId",
  "private",
  "tags",
  "calibrationId",
  "logLevel",
  "seed",
] as const;
export const ESTIMATOR_OPTIONS = [...JOB_OPTIONS, "precision", "resilienceLevel", "resilience"] as const;
export const SAMPLER_OPTIONS = [...JOB_OPTIONS, "shots"] as const;

/** A field of IBM's options: its name there and what it takes. */
interface Field {
  readonly name: string;
  readonly takes: string;
  readonly fits: (value: unknown) => boolean;
}
type Group = { readonly [option: string]: Field | { readonly name: string; readonly group: Group } };

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const flag = (name: string): Field => ({ name, takes: "true or false", fits: (value) => typeof value === "boolean" });
const count = (name: string): Field => ({
  name,
  takes: "a positive integer",
  fits: (value) => Number.isSafeInteger(value) && Number(value) > 0,
});
const countOrAuto = (name: string): Field => ({
  name,
  takes: 'a positive integer or "auto"',
  fits: (value) => value === "auto" || (Number.isSafeInteger(value) && Number(value) > 0),
});
const oneOf = (name: string, ...values: readonly string[]): Field => ({
  name,
  takes: `one of ${values.join(", ")}`,
  fits: (value) => typeof value === "string" && values.includes(value),
});
const numbers = (name: string, least: number): Field => ({
  name,
  takes: `a list of numbers of ${least} or more`,
  fits: (value) => Array.isArray(value) && value.length > 0 && value.every((item) => isNumber(item) && item >= least),
});

const DECOUPLING: Group = {
  enable: flag("enable"),
  sequenceType: oneOf("sequence_type", "XX", "XpXm", "XY4"),
  extraSlackDistribution: oneOf("extra_slack_distribution", "middle", "edges"),
  schedulingMethod: oneOf("scheduling_method", "alap", "asap"),
  skipResetQubits: flag("skip_reset_qubits"),
};
const TWIRLING: Group = {
  enableGates: flag("enable_gates"),
  enableMeasure: flag("enable_measure"),
  numRandomizations: countOrAuto("num_randomizations"),
  shotsPerRandomization: countOrAuto("shots_per_randomization"),
  strategy: oneOf("strategy", "active", "active-accum", "active-circuit", "all"),
};
const EXECUTION: Group = {
  initQubits: flag("init_qubits"),
  repDelay: {
    name: "rep_delay",
    takes: "seconds between 0 and 1 (a device's range is some hundred microseconds)",
    fits: (value) => isNumber(value) && value >= 0 && value < 1,
  },
};
const EXTRAPOLATORS = [
  "linear",
  "exponential",
  "double_exponential",
  ...[1, 2, 3, 4, 5, 6, 7].map((degree) => `polynomial_degree_${degree}`),
  "fallback",
];
const RESILIENCE: Group = {
  measureMitigation: flag("measure_mitigation"),
  measureNoiseLearning: {
    name: "measure_noise_learning",
    group: {
      numRandomizations: count("num_randomizations"),
      shotsPerRandomization: countOrAuto("shots_per_randomization"),
    },
  },
  zneMitigation: flag("zne_mitigation"),
  zne: {
    name: "zne",
    group: {
      amplifier: oneOf("amplifier", "gate_folding", "gate_folding_front", "gate_folding_back", "pea"),
      noiseFactors: numbers("noise_factors", 1),
      extrapolator: {
        name: "extrapolator",
        takes: `one or a list of ${EXTRAPOLATORS.join(", ")}`,
        fits: (value) =>
          [value].flat().length > 0 && [value].flat().every((item) => EXTRAPOLATORS.includes(String(item))),
      },
      extrapolatedNoiseFactors: numbers("extrapolated_noise_factors", 0),
    },
  },
  pecMitigation: flag("pec_mitigation"),
  pec: {
    name: "pec",
    group: {
      maxOverhead: { name: "max_overhead", takes: "a positive number", fits: (value) => isNumber(value) && value > 0 },
      noiseGain: {
        name: "noise_gain",
        takes: 'a number or "auto"',
        fits: (value) => value === "auto" || isNumber(value),
      },
    },
  },
  layerNoiseLearning: {
    name: "layer_noise_learning",
    group: {
      maxLayersToLearn: count("max_layers_to_learn"),
      shotsPerRandomization: count("shots_per_randomization"),
      numRandomizations: count("num_randomizations"),
      layerPairDepths: numbers("layer_pair_depths", 0),
    },
  },
};

/**
 * The `options` of a job in IBM's names; what is left out is left to the service.
 * @throws ProviderError IBM_OPTION naming the option
 */
export function wireOptions(
  options: IbmEstimatorOptions | IbmSamplerOptions,
  primitive: "estimator" | "sampler",
): Readonly<Record<string, unknown>> {
  const wire: Record<string, unknown> = {};
  const put = (option: keyof IbmEstimatorOptions, name: string, group: Group): void => {
    const value = (options as IbmEstimatorOptions)[option];
    if (value !== undefined) wire[name] = mapGroup(value, `${primitive}'s ${option}`, group);
  };
  put("dynamicalDecoupling", "dynamical_decoupling", DECOUPLING);
  put("twirling", "twirling", TWIRLING);
  put("execution", "execution", EXECUTION);
  if (primitive === "estimator") {
    put("resilience", "resilience", RESILIENCE);
    if (options.seed !== undefined) wire.seed_estimator = options.seed;
    const { zneMitigation, pecMitigation } = (options as IbmEstimatorOptions).resilience ?? {};
    if (zneMitigation === true && pecMitigation === true)
      throw optionError("zneMitigation and pecMitigation exclude each other; turn one of them off.");
  }
  if (options.experimental !== undefined) wire.experimental = options.experimental;
  return wire;
}

/** The options that concern the job as a whole. @throws ProviderError IBM_OPTION */
export function checkJobOptions(options: IbmJobOptions & { readonly seed?: number }): void {
  const { maxExecutionSeconds, sessionId, experimental, calibrationId, logLevel, seed } = options;
  if (
    maxExecutionSeconds !== undefined &&
    !(isNumber(maxExecutionSeconds) && maxExecutionSeconds >= 1 && maxExecutionSeconds <= MAX_COST)
  )
    throw optionError(
      `maxExecutionSeconds is ${describeNumber(maxExecutionSeconds)}; it is a number of seconds from 1 to ${MAX_COST}.`,
    );
  if (sessionId !== undefined && !(typeof sessionId === "string" && sessionId !== "" && sessionId.length <= 36))
    throw optionError("sessionId is a text of 1 to 36 characters, as a session has it: session.id.");
  if (calibrationId !== undefined && !(typeof calibrationId === "string" && calibrationId.length <= 100))
    throw optionError("calibrationId is a text of at most 100 characters.");
  if (options.private !== undefined && typeof options.private !== "boolean")
    throw optionError(`private is ${describeNumber(options.private)}; it is true or false.`);
  if (logLevel !== undefined && !["critical", "error", "warning", "info", "debug"].includes(logLevel))
    throw optionError(`logLevel is ${describeNumber(logLevel)}; it is critical, error, warning, info or debug.`);
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0))
    throw optionError(`seed is ${describeNumber(seed)}; the service takes integers of 0 or more.`);
  if (experimental !== undefined && (typeof experimental !== "object" || experimental === null))
    throw optionError("experimental is an object in IBM's own names.");
}

/** The most seconds that the service lets a job have: 3 hours. */
export const MAX_COST = 10_800;

export function optionError(message: string): ProviderError {
  return new ProviderError("IBM_OPTION", message);
}

function mapGroup(value: unknown, what: string, group: Group): Readonly<Record<string, unknown>> {
  const fault = optionsFault(what, value, Object.keys(group));
  if (fault !== undefined) throw optionError(fault);
  const wire: Record<string, unknown> = {};
  for (const [option, item] of Object.entries(value as object)) {
    if (item === undefined) continue;
    const field = group[option]!;
    if ("group" in field) wire[field.name] = mapGroup(item, `${what}.${option}`, field.group);
    else if (field.fits(item)) wire[field.name] = item;
    else throw optionError(`${what}.${option} is ${describeNumber(item)}; it takes ${field.takes}.`);
  }
  return wire;
}
