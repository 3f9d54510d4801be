import { type Circuit, isaAngleFaults, isaFaults, SparsePauliOp, type Target } from "../../../circuits/index.ts";
import { PubError, SimulatorError } from "../../errors.ts";
import { controlInstructions } from "../../ibm/limits.ts";
import { sizeOf } from "../../ndarray.ts";
import type { EstimatorPub, NDArray, ObservablesLike, SamplerPub } from "../../primitives.ts";
import { checkEstimatorPubs, checkSamplerPubs } from "../../pub.ts";
import type { ParameterRows } from "../../pub-values.ts";
import { shotsFor } from "../../shots.ts";
import { blocksOf } from "../../simulator/blocks.ts";
import { measurementGroups } from "../../simulator/measurement-groups.ts";
import type { Readout } from "../device-backends.ts";
import { circuitSeconds } from "./circuit-duration.ts";
import { JobFailure } from "./job-failure.ts";
import { BAD_PUB, bindValues } from "./parameter-values.ts";
import { type ReadCircuit, readCircuit } from "./qasm-dialect.ts";

/** Limits of the service as it states them. */
const MAX_SHOTS = 10_000_000;
const MAX_EXECUTIONS = 10_000_000;
const DEFAULT_SHOTS = 4096;
const DEFAULT_PRECISION = 1 / 64;
/** What every job takes besides its executions. */
export const OVERHEAD_SECONDS = 2;

interface PubFacts {
  readonly circuit: Circuit;
  readonly values: ParameterRows;
  /** Rows of parameter values. */
  readonly rows: number;
  /** Shots of each execution. */
  readonly shots: number;
  /** Shots times the settings they are taken in, over all rows. */
  readonly executions: number;
  /** Of one execution, without the delay after it. */
  readonly circuitSeconds: number;
}

export interface PreparedSamplerPub extends PubFacts {
  readonly pub: SamplerPub;
}
export interface PreparedEstimatorPub extends PubFacts {
  readonly pub: EstimatorPub;
  readonly precision: number;
}

/** A job that can run. */
export type PreparedJob = (
  | { readonly program: "sampler"; readonly pubs: readonly PreparedSamplerPub[] }
  | { readonly program: "estimator"; readonly pubs: readonly PreparedEstimatorPub[] }
) & {
  readonly executions: number;
  /** What the quantum computer is busy for, overhead included. */
  readonly quantumSeconds: number;
  /** Whether bits are twirled as they are read. */
  readonly readout: Readout;
  /** Whether expectation values are corrected for misread bits. */
  readonly mitigated: boolean;
  /** Options that are accepted but change nothing here. */
  readonly notEmulated: readonly string[];
};

/** The parts of a job's params that are read; the schema has checked their form. */
export interface JobParams {
  readonly pubs: readonly unknown[];
  readonly options?: {
    readonly default_shots?: number | null;
    readonly default_precision?: number;
    readonly dynamical_decoupling?: { readonly enable?: boolean };
    readonly twirling?: { readonly enable_gates?: boolean; readonly enable_measure?: boolean };
    readonly execution?: { readonly rep_delay?: number | null; readonly meas_type?: string };
    readonly resilience?: Readonly<Record<string, unknown>>;
  };
  readonly shots?: number | null;
  readonly precision?: number | null;
  readonly resilience_level?: number;
  readonly support_qiskit?: boolean;
}

/**
 * Reads and checks everything that a job is to run.
 * @param target of all that the device can do, fractional gates included
 * @param maxControlInstructions that a circuit may take on one qubit
 * @throws JobFailure with IBM's code, for the first thing that is wrong
 */
export function prepareJob(
  program: "sampler" | "estimator",
  params: JobParams,
  target: Target,
  maxControlInstructions: number,
): PreparedJob {
  const options = params.options ?? {};
  if (options.resilience?.pec_mitigation === true && options.resilience.zne_mitigation === true)
    throw new JobFailure(1521, "pec_mitigation and zne_mitigation cannot be enabled at the same time.");
  if (options.execution?.meas_type !== undefined && options.execution.meas_type !== "classified")
    throw new JobFailure(1521, `The emulator measures with meas_type classified, not ${options.execution.meas_type}.`);
  const circuits = new Map<string, Circuit>();
  const circuitOf = (text: unknown, where: string): Circuit => {
    if (typeof text !== "string") throw qpyFailure(where);
    let circuit = circuits.get(text);
    if (circuit === undefined) {
      circuit = checkedCircuit(readCircuit(text), program, params, target, where);
      checkControlInstructions(circuit, maxControlInstructions, where);
      circuits.set(text, circuit);
    }
    return circuit;
  };
  const repDelay = options.execution?.rep_delay ?? target.repDelaySeconds;
  const pubs =
    program === "sampler"
      ? params.pubs.map((pub, index) => samplerPub(pub, index, params, target, circuitOf))
      : params.pubs.map((pub, index) => estimatorPub(pub, index, params, target, circuitOf));
  const executions = pubs.reduce((sum, pub) => sum + pub.executions, 0);
  if (program === "sampler" && executions > MAX_EXECUTIONS)
    throw new JobFailure(
      1520,
      `The job has ${executions} executions; at most ${MAX_EXECUTIONS} are possible.`,
      "Send fewer circuits or shots in one job.",
    );
  const seconds = pubs.reduce((sum, pub) => sum + pub.executions * (repDelay + pub.circuitSeconds), OVERHEAD_SECONDS);
  return {
    program,
    pubs,
    executions,
    quantumSeconds: seconds,
    ...treatment(program, params),
  } as PreparedJob;
}

/** What a QPY circuit is answered with. */
export function qpyFailure(where: string): JobFailure {
  return new JobFailure(
    1506,
    `${where}: the circuit is not OpenQASM 3. This emulator reads OpenQASM 3 only, not QPY.`,
    "Send the circuit as an OpenQASM 3 text (qiskit.qasm3.dumps).",
  );
}

function checkedCircuit(
  { circuit, definedGates, loops }: ReadCircuit,
  program: "sampler" | "estimator",
  params: JobParams,
  target: Target,
  where: string,
): Circuit {
  const unsupported = (what: string): JobFailure =>
    new JobFailure(
      1517,
      `${where}: The instruction ${what} is not supported by the target system. Transpile the circuit for ${target.name}.`,
      "Compile the circuit to the instruction set of the device before it is sent.",
    );
  const [own] = definedGates.filter((name) => !target.basisGates.includes(name));
  if (own !== undefined) throw unsupported(own);
  if (loops) throw unsupported("for_loop");
  const { dynamical_decoupling: decoupling, twirling } = params.options ?? {};
  const [fault] = isaFaults(circuit, target, {
    primitive: program,
    gateTwirling: twirling?.enable_gates ?? params.resilience_level === 2,
    dynamicalDecoupling: decoupling?.enable ?? false,
    maxFaults: 1,
  });
  if (fault !== undefined) throw new JobFailure(Number(fault.code), `${where}: ${fault.message}`);
  return circuit;
}

function checkControlInstructions(circuit: Circuit, most: number, where: string): void {
  const { qubit, instructions } = controlInstructions(circuit);
  if (instructions <= most) return;
  throw new JobFailure(
    1520,
    `${where}: The circuit takes ${instructions} control instructions on qubit ${qubit}; at most ${most} are possible.`,
    "Use a shorter circuit.",
  );
}

function samplerPub(
  pub: unknown,
  index: number,
  params: JobParams,
  target: Target,
  circuitOf: (text: unknown, where: string) => Circuit,
): PreparedSamplerPub {
  const where = `PUB ${index}`;
  const [text, given, own] = (Array.isArray(pub) ? pub : [pub]) as readonly unknown[];
  const circuit = circuitOf(text, where);
  if (circuit.numClbits === 0)
    throw new JobFailure(BAD_PUB, `${where}: The circuit has no classical register, so there is nothing to sample.`);
  const shots = (own as number | null | undefined) ?? params.shots ?? params.options?.default_shots ?? DEFAULT_SHOTS;
  if (!(shots <= MAX_SHOTS))
    throw new JobFailure(6001, `${where}: ${shots} shots are more than the ${MAX_SHOTS} that are possible.`);
  const values = bindValues(circuit, given, where);
  checkAngles(circuit, values, where);
  const rows = sizeOf(values.shape);
  const prepared: SamplerPub = [circuit, table(circuit, values), shots];
  if (circuit.operations.some(measures)) translated(where, () => checkSamplerPubs([prepared], shots));
  return {
    pub: prepared,
    circuit,
    values,
    rows,
    shots,
    executions: rows * shots,
    circuitSeconds: circuitSeconds(circuit, target),
  };
}

function measures(operation: Circuit["operations"][number]): boolean {
  return (
    operation.kind === "measure" ||
    (operation.kind === "if" && [...operation.whenTrue, ...operation.whenFalse].some(measures))
  );
}

function estimatorPub(
  pub: unknown,
  index: number,
  params: JobParams,
  target: Target,
  circuitOf: (text: unknown, where: string) => Circuit,
): PreparedEstimatorPub {
  const where = `PUB ${index}`;
  const [text, given, rows, own] = pub as readonly unknown[];
  const circuit = circuitOf(text, where);
  const precision =
    (own as number | null | undefined) ??
    params.precision ??
    params.options?.default_precision ??
    (params.options?.default_shots ? 1 / Math.sqrt(params.options.default_shots) : DEFAULT_PRECISION);
  const observables = observablesOf(given, circuit.numQubits, where);
  const values = bindValues(circuit, rows, where);
  checkAngles(circuit, values, where);
  const prepared: EstimatorPub = [circuit, observables, table(circuit, values), precision];
  const [checked] = translated(where, () => checkEstimatorPubs([prepared], precision, { maxShots: MAX_SHOTS }));
  const shots = shotsFor(precision);
  let settings = 0;
  for (const { rows: needed, observables: all } of blocksOf(checked!))
    settings += needed.length * Math.max(1, measurementGroups(all).length);
  return {
    pub: prepared,
    circuit,
    values,
    rows: sizeOf(values.shape),
    shots,
    precision,
    executions: settings * shots,
    circuitSeconds: circuitSeconds(circuit, target) + readoutSeconds(target),
  };
}

/** An Estimator measures by itself, at the end. */
function readoutSeconds(target: Target): number {
  return target.qubits.reduce((most, { readoutSeconds: seconds }) => Math.max(most, seconds ?? 0), 0);
}

function table(circuit: Circuit, { shape, data }: ParameterRows): NDArray {
  return { shape: [...shape, circuit.parameters.length], data };
}

function checkAngles(circuit: Circuit, values: ParameterRows, where: string): void {
  const [fault] = isaAngleFaults(circuit, values.data, sizeOf(values.shape), { maxFaults: 1 });
  if (fault !== undefined) throw new JobFailure(Number(fault.code), `${where}: ${fault.message}`);
}

/** Labels, sums of labels, and nested lists of them. @throws JobFailure when one has another width than the circuit */
function observablesOf(value: unknown, numQubits: number, where: string): ObservablesLike {
  if (Array.isArray(value)) return value.map((item: unknown) => observablesOf(item, numQubits, where));
  const sum = typeof value === "string" ? { [value]: 1 } : (value as Readonly<Record<string, number>>);
  const odd = Object.keys(sum).find((label) => label.length !== numQubits);
  if (odd !== undefined)
    throw new JobFailure(
      BAD_PUB,
      `${where}: The number of qubits of the circuit (${numQubits}) does not match the number of qubits of the observable (${odd.length}).`,
      "The circuit is as wide as its highest qubit; touch the last one with rz(0.0) or a barrier.",
    );
  return SparsePauliOp.fromLabels(sum);
}

/** Runs a check of Lepton's own, whose errors become failures of the job. */
function translated<Checked>(where: string, check: () => Checked): Checked {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof PubError || error instanceof SimulatorError)) throw error;
    const code = error.code === "PUB_PRECISION" ? 6001 : error.code === "RESULT_TOO_LARGE" ? 1520 : BAD_PUB;
    throw new JobFailure(code, error.message.replace(/^PUB \d+/, where));
  }
}

/** What is done about noise, and which options that are on are passed over. */
function treatment(
  program: "sampler" | "estimator",
  params: JobParams,
): Pick<PreparedJob, "readout" | "mitigated" | "notEmulated"> {
  const { dynamical_decoupling: decoupling, twirling, resilience = {} } = params.options ?? {};
  const level = program === "estimator" ? (params.resilience_level ?? 1) : 0;
  const mitigated = program === "estimator" && Boolean(resilience.measure_mitigation ?? level >= 1);
  const passedOver: Readonly<Record<string, unknown>> = {
    dynamical_decoupling: decoupling?.enable,
    "twirling.enable_gates": twirling?.enable_gates ?? level === 2,
    "resilience.zne_mitigation": resilience.zne_mitigation ?? level === 2,
    "resilience.pec_mitigation": resilience.pec_mitigation,
  };
  return {
    readout: mitigated || (twirling?.enable_measure ?? level >= 1) ? "twirled" : "plain",
    mitigated,
    notEmulated: Object.keys(passedOver).filter((name) => passedOver[name] === true),
  };
}
