import type { Circuit, PauliMap, SparsePauliOp, Target } from "../circuits/index.ts";
import type { Clock } from "./clock.ts";

/** A dense row-major array of float64. */
export interface NDArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Nested arrays of one shape, or a flat typed array with its shape. */
export type NumericArray = number | readonly NumericArray[] | Float64Array | NDArray;

/**
 * Values for a circuit's parameters: an array of shape [...batch, P] in row order (inputs, then weights), or an object of
 * arrays of shape [...batch, ...parameter shape] by name, whose batch shapes broadcast. Radians.
 */
export type ParameterValuesLike = NumericArray | Readonly<Record<string, NumericArray>>;

/** A Pauli sum, a label (`"ZZI"`), text (`"1.0*ZZI + 0.5*XXI"`), or a `{qubit: letter}` map. */
export type ObservableLike = SparsePauliOp | string | PauliMap;
/** One observable, or nested arrays of them of any shape. */
export type ObservablesLike = ObservableLike | readonly ObservablesLike[];

/**
 * Primitive unified bloc of an Estimator: batch shapes of observables and values broadcast as in numpy.
 *
 * `precision` is the target standard error of each ±1 Pauli term; 0 asks for exact values where the backend has them.
 * Precision p takes ceil(1/p²) shots of every group of terms that are measured together, as Qiskit's estimators for
 * hardware do, whatever the coefficients: the standard error of 10·Z is up to 10·p, and what terms of different groups
 * contribute adds in quadrature. The result's `stds` say what came out.
 */
export type EstimatorPub =
  | readonly [
      circuit: Circuit,
      observables: ObservablesLike,
      parameterValues?: ParameterValuesLike | undefined,
      precision?: number | undefined,
    ]
  | {
      readonly circuit: Circuit;
      readonly observables: ObservablesLike;
      readonly parameterValues?: ParameterValuesLike;
      readonly precision?: number;
    };

/** Primitive unified bloc of a Sampler. */
export type SamplerPub =
  | readonly [circuit: Circuit, parameterValues?: ParameterValuesLike | undefined, shots?: number | undefined]
  | { readonly circuit: Circuit; readonly parameterValues?: ParameterValuesLike; readonly shots?: number };

/** Result of one Estimator PUB: both arrays have the broadcast shape. */
export interface EstimatorPubResult {
  readonly shape: readonly number[];
  /** Expectation values. */
  readonly evs: Float64Array;
  /** Standard error of each; 0 where exact. */
  readonly stds: Float64Array;
  /**
   * What the backend says about the result. The local simulator: `precision`; `shots` of each group of terms where sampled;
   * `dtype: "float32"` where exact values come from amplitudes in single precision; and for exact values of a circuit that
   * measures, resets or branches on its way, `branches` (how many histories of outcomes were followed, over all rows),
   * `prunedProbability` (the total probability of those left out as too unlikely to matter) and `note` (why so).
   */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Measured bits of one register for every element of a PUB and every shot. */
export interface BitArray {
  readonly numBits: number;
  readonly shots: number;
  /** The PUB's batch shape. */
  readonly shape: readonly number[];
  /** ceil(numBits/8) bytes a shot, most significant byte first, bit 0 of the register least significant (as Qiskit). */
  readonly bytes: Uint8Array;
  /**
   * How often each bitstring (highest bit leftmost) occurred, in all elements or in one (flat index). Its keys come in
   * JavaScript's order: those that look like an integer, such as "10", by value, then the others, such as "01", by text.
   */
  counts(element?: number): Readonly<Record<string, number>>;
  /** The bitstrings shot by shot. */
  bitstrings(element?: number): readonly string[];
}

/** Result of one Sampler PUB: a `BitArray` per classical register, by name. */
export interface SamplerPubResult {
  readonly shape: readonly number[];
  readonly registers: Readonly<Record<string, BitArray>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export type JobStatus = "queued" | "running" | "done" | "failed" | "cancelled";

/** What a job was charged. */
export interface JobUsage {
  /** Seconds of the quantum computer; 0 on a simulator. */
  readonly quantumSeconds: number;
  /**
   * Circuit executions: for each row of parameter values its shots, times the settings in which they are measured; 1 for a
   * row whose values are exact.
   */
  readonly executions: number;
  /** False while the service may still change the seconds; ask again later. */
  readonly final?: boolean;
}

/** One compiled circuit of a planned job. */
export interface PlannedCircuit {
  /** Qubits of the circuit before it was compiled. */
  readonly numQubits: number;
  readonly twoQubitGates: number;
  readonly twoQubitDepth: number;
  /** Undefined where the device does not tell, as below. */
  readonly durationSeconds: number | undefined;
  /** The product of 1 - error over all gates. */
  readonly estimatedSuccess: number | undefined;
  /** Rows of parameter values. */
  readonly rows: number;
  readonly executions: number;
}

/** What a job will run, known before it is sent. */
export interface JobPlan {
  /** One for each PUB that is sent; absent where nothing is compiled. */
  readonly circuits?: readonly PlannedCircuit[];
  /** Primitive unified blocs, one for each distinct compiled circuit and set of observables. */
  readonly pubs: number;
  /** Rows of parameter values over all PUBs, duplicates counted once. */
  readonly rows: number;
  /** See `JobUsage.executions`. */
  readonly executions: number;
  /** How many jobs of the service it takes: 1 unless a limit forces it to be split. */
  readonly subJobs: number;
  /** Estimated seconds of the quantum computer. */
  readonly quantumSeconds: number;
}

export interface WaitOptions {
  /** Stops waiting; the job itself goes on unless `cancelRemote` is set. */
  readonly signal?: AbortSignal;
  readonly cancelRemote?: boolean;
  /** Told how the job stands each time that the service was asked. Simulators tell nothing. */
  readonly onStatus?: (status: WaitStatus) => void;
}

export interface WaitStatus {
  /** "unreachable" while the service gives no answer. */
  readonly status: JobStatus | "unreachable";
  /** In plain words, without secrets. */
  readonly words: string;
}

/** A submitted job. It can be waited for any number of times. */
export interface Job<Result> {
  readonly id: string;
  /** What was sent; undefined on a simulator, and for a job that another program submitted. */
  readonly plan?: JobPlan | undefined;
  status(): Promise<JobStatus>;
  /**
   * One result per PUB, in order. All who wait may get the same arrays: copy them before writing to them.
   * @throws the job's error when it failed, ProviderError JOB_CANCELLED when it was cancelled, the signal's reason when
   * aborted
   */
  result(options?: WaitOptions): Promise<readonly Result[]>;
  /** Asks the job to stop. What has ended stays as it is. */
  cancel(): Promise<void>;
  usage(): Promise<JobUsage>;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly tags?: readonly string[];
  /**
   * Names this submit, where submits are not idempotent by themselves: a run with a key that was used before takes over the
   * job that was accepted then, if there is one, instead of submitting it twice. 1 to 80 of A-Z, a-z, 0-9, "-", "_" and ".".
   */
  readonly submitKey?: string;
  /**
   * What became of this key before, as `beforeSubmit` and `onSubmitted` told it. A part whose job is known is not submitted;
   * for a part whose submits were left without an answer its job is looked for first, for as long as the service may take to
   * list it, and taken over only if it is one of those that were sent. With this list, perhaps an empty one, nothing else is
   * looked for; without it, a job of `submitKey` is looked for once. PUBs that were split are split as they were then.
   */
  readonly earlier?: readonly EarlierSubmit[];
  /**
   * Waited for right before every submit, of which there may be several for one key; what it throws prevents the submit, and
   * what it returns limits the job.
   */
  readonly beforeSubmit?: (submit: SubmitIntent) => SubmitLimit | undefined | Promise<SubmitLimit | undefined>;
  /** Called with the job id before `run` resolves, so that it can be made durable first. */
  readonly onSubmitted?: (jobId: string, submission?: Submission) => void | Promise<void>;
  /** Told in plain words while it is looked for whether a job was accepted. */
  readonly onReconciling?: (words: string) => void;
}

export interface SubmitLimit {
  /**
   * Whole seconds of the quantum computer, at most the intent's `capSeconds`: the service stops the job when it has taken so
   * many, and charges no more.
   */
  readonly maxQuantumSeconds: number;
}

/** A submit that is about to be sent. */
export interface SubmitIntent {
  /** `submitKey`, or that and the number of the part where a limit forces the PUBs to be split; the job bears it as a tag. */
  readonly key: string;
  readonly part: number;
  readonly parts: number;
  /** SHA-256 in hexadecimal digits of what is sent: program, backend and parameters. */
  readonly bodyHash: string;
  /** What this part is planned to take. */
  readonly quantumSeconds: number;
  readonly executions: number;
  /** Whole seconds at which the service would stop it where `beforeSubmit` says nothing. */
  readonly capSeconds: number;
  /** The service's time in milliseconds since 1970. */
  readonly serviceTime: number;
  /** How the PUBs are split; absent where they are not. */
  readonly split?: JobSplit;
}

/** For each of several jobs the rows `from` up to, without, `to` of the PUBs that are sent. */
export type JobSplit = readonly (readonly { readonly pub: number; readonly from: number; readonly to: number }[])[];

export interface EarlierSubmit extends Pick<SubmitIntent, "key" | "bodyHash" | "serviceTime" | "split"> {
  /** Where it is known that it was accepted. */
  readonly jobId?: string;
}

/** How a job came to be known. */
export interface Submission {
  readonly key: string;
  readonly part: number;
  readonly parts: number;
  /** It was there already, from a submit whose answer was lost. */
  readonly adopted: boolean;
  /** Ids of further jobs with the key, which were cancelled. */
  readonly surplus: readonly string[];
}

export interface Estimator {
  run(pubs: readonly EstimatorPub[], options?: RunOptions): Promise<Job<EstimatorPubResult>>;
  /** What `run` would send and about what it would take, without sending anything; absent where nothing is charged. */
  plan?(pubs: readonly EstimatorPub[]): Promise<JobPlan>;
}

export interface Sampler {
  run(pubs: readonly SamplerPub[], options?: RunOptions): Promise<Job<SamplerPubResult>>;
  /** As `Estimator.plan`. */
  plan?(pubs: readonly SamplerPub[]): Promise<JobPlan>;
}

export interface EstimatorOptions {
  /** Of PUBs without their own, see `EstimatorPub`; 0 = exact (simulators). Backends have their own default. */
  readonly precision?: number;
  readonly seed?: number;
}

export interface SamplerOptions {
  readonly shots?: number;
  readonly seed?: number;
}

/** What a backend can do; chooses gradients and guards limits before anything is sent. */
export interface Capabilities {
  /** Runs in this process and can answer without a promise. */
  readonly local: boolean;
  /** Offers `differentiate`: reverse-mode gradients at the cost of a few simulations. */
  readonly adjoint: boolean;
  /** Gives exact expectation values at precision 0. */
  readonly exact: boolean;
  readonly dynamicCircuits: boolean;
  /**
   * Whether a submit that got no answer can be repeated safely. `native`: the service answers a second submit of a key with the
   * job of the first, so nothing is looked for or waited for. `reconcile`: a job of the key is looked for before.
   */
  readonly idempotentSubmit: "native" | "reconcile" | "none";
  readonly limits: { readonly maxQubits: number; readonly maxShots?: number; readonly maxPubs?: number };
}

export interface BackendStatus {
  readonly operational: boolean;
  readonly pendingJobs: number;
  readonly message: string;
}

/** A place where circuits run. */
export interface Backend {
  readonly name: string;
  /** The device that circuits are compiled for; undefined where every circuit runs as it is. */
  readonly target?: Target | undefined;
  readonly capabilities: Capabilities;
  /** All of its own options that decide its values, as text, so that a run which goes on can tell whether they are the same. */
  readonly settings?: string | undefined;
  estimator(options?: EstimatorOptions): Estimator;
  sampler(options?: SamplerOptions): Sampler;
  status(): Promise<BackendStatus>;
}

/** A job as the service lists it. */
export interface TaggedJob {
  readonly id: string;
  readonly tags: readonly string[];
  readonly status: JobStatus;
  /** Milliseconds since 1970 by the service. */
  readonly created: number;
}

/** What a job sends, to be kept with its results. */
export interface JobRecord {
  /** One for each PUB that is sent. */
  readonly circuits: readonly { readonly hash: string; readonly qasm: string }[];
  /** When the device was calibrated, as the service tells it. */
  readonly calibration: string | undefined;
}

/** An estimator whose jobs outlive the process. */
export interface RemoteEstimator extends Estimator {
  plan(pubs: readonly EstimatorPub[]): Promise<JobPlan>;
  /**
   * A job that an estimator with the same options submitted before, perhaps in another process.
   * @param id what `job.id` was
   * @param pubs the same PUBs, by which its result is read
   * @param split as `beforeSubmit` was told it; by default as `run` would split them now
   */
  attach(id: string, pubs: readonly EstimatorPub[], split?: JobSplit): Job<EstimatorPubResult>;
  /** The compiled circuits of these PUBs. */
  record(pubs: readonly EstimatorPub[]): JobRecord;
}

/** A backend at a service, whose jobs outlive the process. Errors that waiting may cure have `retryable` set. */
export interface RemoteBackend extends Backend {
  /** Tells accounts and instances apart; a hash, so that it can be kept. */
  readonly account: string;
  /** What the account may submit: undefined for any number. */
  readonly submitsPerMinute: number | undefined;
  /** Within which the service lists what it has accepted; 120 where it is not told. */
  readonly lagSeconds?: number | undefined;
  readonly clock: Clock;
  estimator(options?: EstimatorOptions): RemoteEstimator;
  /** Jobs of the account with exactly this tag, over all pages. */
  jobsTagged(tag: string, options?: { readonly signal?: AbortSignal }): Promise<readonly TaggedJob[]>;
  cancelJob(id: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  jobUsage(id: string, options?: { readonly signal?: AbortSignal }): Promise<JobUsage>;
  /** Closes the session that the backend has opened by itself, if any: it takes no more jobs, and those in its queue still run. */
  closeSession?(): Promise<void>;
  /**
   * Tells in lines of plain words, without secrets, of requests that are tried again and of tokens and sessions that were
   * replaced. Requests and tokens may also be those of others who share the backend's client.
   * @returns ends it
   */
  watch?(listener: (words: string) => void): () => void;
  /** When the device was calibrated, as the service tells it now; undefined where it does not. */
  calibration?(options?: { readonly signal?: AbortSignal }): Promise<string | undefined>;
}

export function isRemote(backend: Backend): backend is RemoteBackend {
  return !backend.capabilities.local && "jobsTagged" in backend;
}

/**
 * A circuit and K observables compiled once for many exact evaluations on a local backend. Synchronous, since a
 * TensorFlow.js layer must answer inside a step. B rows, D inputs, W weights; all arrays row-major float64, of exactly the
 * lengths that are named. Its calls throw PubError PUB_VALUES_SHAPE, naming the array, its length and what it needs.
 */
export interface ExpectationProgram {
  readonly circuit: Circuit;
  readonly numObservables: number;
  /** Writes expectation values [B, K] for inputs [B, D] and shared weights [W]. */
  forward(inputs: Float64Array, weights: Float64Array, rows: number, outputs: Float64Array): void;
  /**
   * Writes expectation values [B, K] and the gradient of Σ cotangents·outputs: for weights [W] (summed over rows) and,
   * unless null, for inputs [B, D]. `cotangents` is [B, K].
   */
  backward(
    inputs: Float64Array,
    weights: Float64Array,
    rows: number,
    cotangents: Float64Array,
    outputs: Float64Array,
    weightGradients: Float64Array | null,
    inputGradients: Float64Array | null,
  ): void;
}

/** A backend with capability `adjoint`. */
export interface DifferentiableBackend extends Backend {
  /**
   * @throws PubError OBSERVABLE_QUBITS, PUB_FORM (no circuit), PUB_OBSERVABLE (no SparsePauliOp); CircuitError
   * CIRCUIT_NOT_UNITARY when the circuit measures, resets or branches
   */
  differentiate(circuit: Circuit, observables: readonly SparsePauliOp[]): ExpectationProgram;
}

export function isDifferentiable(backend: Backend): backend is DifferentiableBackend {
  return backend.capabilities.adjoint && "differentiate" in backend;
}
