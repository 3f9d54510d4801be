import {
  type Angle,
  Circuit,
  mapOperation,
  ParameterVector,
  type PauliLetter,
  SparsePauliOp,
} from "../../circuits/index.ts";
import type {
  Backend,
  BitArray,
  EstimatorPub,
  JobUsage,
  RunOptions,
  SamplerPub,
  WaitOptions,
} from "../../providers/index.ts";
import { KernelError } from "../errors.ts";
import { chargeOf } from "../gradients/expectation-job.ts";
import type { KernelMatrix, KernelOptions, KernelPlan, KernelRows } from "./kernel.ts";

/** Bits of one job's samples that are held at once. */
const MAX_JOB_BYTES = 1 << 26;
/** The projector onto |0...0> is a sum of 2^n Paulis. */
const MAX_PROJECTOR_QUBITS = 12;

export interface OverlapSettings {
  readonly provider: Backend;
  readonly bandwidth: number;
  /** Of each pair, where the values are sampled. */
  readonly shots: number;
  /** Whether exact values are wanted where the provider has them. */
  readonly exact: boolean;
  readonly seed: number | undefined;
}

/**
 * Fidelities on any provider: |<ψ(x)|ψ(y)>|² is the probability of all zeros after U(x) and then U(y)†. One circuit with
 * both rows as inputs, a row of parameter values for each pair.
 */
export class OverlapCircuits {
  readonly #circuit: Circuit;
  readonly #measured: Circuit;
  readonly #settings: OverlapSettings;
  readonly #numFeatures: number;

  /** @throws CircuitError CIRCUIT_NOT_UNITARY */
  constructor(featureMap: Circuit, settings: OverlapSettings) {
    this.#circuit = overlapCircuit(featureMap);
    this.#measured = this.#circuit.extend((c) => c.measureAll());
    this.#settings = settings;
    this.#numFeatures = featureMap.numInputs;
  }

  async fidelities(a: KernelRows, b: KernelRows | undefined, options: KernelOptions): Promise<KernelMatrix> {
    const n = a.numRows;
    const m = b?.numRows ?? n;
    const data = new Float64Array(n * m).fill(1);
    const stds = this.#isExact ? undefined : new Float64Array(n * m);
    const measure = this.#isExact ? this.#projector() : this.#sampler();
    const costs = { executions: 0, quantumSeconds: 0, jobIds: [] as string[] };
    for (const pairs of this.#parts(unknownPairs(a, b))) {
      options.signal?.throwIfAborted();
      const measured = await measure(this.#values(a, b ?? a, pairs), pairs.length, options);
      costs.executions += measured.executions;
      costs.quantumSeconds += measured.quantumSeconds;
      costs.jobIds.push(measured.jobId);
      for (const [index, [i, j]] of pairs.entries())
        for (const at of b === undefined ? [i * m + j, j * m + i] : [i * m + j]) {
          data[at] = measured.values[index]!;
          if (stds !== undefined) stds[at] = measured.stds[index]!;
        }
    }
    return { shape: [n, m], data, stds, ...costs };
  }

  async plan(a: KernelRows, b: KernelRows | undefined): Promise<KernelPlan> {
    const pairs = unknownPairs(a, b);
    const { provider, shots } = this.#settings;
    const total = { pairs: pairs.length, jobs: 0, executions: 0, quantumSeconds: 0 };
    for (const part of this.#parts(pairs)) {
      const values = this.#values(a, b ?? a, part);
      const plan = this.#isExact
        ? await provider.estimator({ precision: 0 }).plan?.([this.#projectorPub(values, part.length)])
        : await provider.sampler({ shots }).plan?.([this.#samplerPub(values, part.length)]);
      total.jobs += plan?.subJobs ?? 1;
      total.executions += plan?.executions ?? part.length * (this.#isExact ? 1 : shots);
      total.quantumSeconds += plan?.quantumSeconds ?? 0;
    }
    return total;
  }

  get #isExact(): boolean {
    const { exact, provider } = this.#settings;
    return exact && provider.capabilities.exact;
  }

  /** As many pairs as one job may hold. */
  *#parts(pairs: readonly Pair[]): Generator<readonly Pair[]> {
    const bytes = this.#isExact ? 16 : this.#settings.shots * Math.ceil(this.#circuit.numQubits / 8);
    const size = Math.max(1, Math.floor(MAX_JOB_BYTES / bytes));
    for (let from = 0; from < pairs.length; from += size) yield pairs.slice(from, from + size);
  }

  /** [pairs, 2 D] */
  #values(a: KernelRows, b: KernelRows, pairs: readonly Pair[]): Float64Array {
    const width = this.#numFeatures;
    const { bandwidth } = this.#settings;
    const values = new Float64Array(pairs.length * 2 * width);
    for (const [index, [i, j]] of pairs.entries())
      for (let f = 0; f < width; f++) {
        values[2 * index * width + f] = bandwidth * a.x[i * width + f]!;
        values[(2 * index + 1) * width + f] = bandwidth * b.x[j * width + f]!;
      }
    return values;
  }

  #projectorPub(values: Float64Array, rows: number): EstimatorPub {
    const observables = zerosProjector(this.#circuit.numQubits);
    const parameterValues = { shape: [rows, 2 * this.#numFeatures], data: values };
    return { circuit: this.#circuit, observables, parameterValues };
  }

  #samplerPub(values: Float64Array, rows: number): SamplerPub {
    const parameterValues = { shape: [rows, 2 * this.#numFeatures], data: values };
    return { circuit: this.#measured, parameterValues, shots: this.#settings.shots };
  }

  #projector(): Measure {
    const estimator = this.#settings.provider.estimator({ precision: 0 });
    return async (values, rows, options) => {
      const job = await estimator.run([this.#projectorPub(values, rows)], runOptions(options));
      const [result] = await job.result(waitOptions(options));
      return { ...(await chargeOf(job)), jobId: job.id, values: result!.evs, stds: result!.stds };
    };
  }

  #sampler(): Measure {
    const { provider, shots, seed } = this.#settings;
    const sampler = provider.sampler(seed === undefined ? { shots } : { shots, seed });
    return async (values, rows, options) => {
      const job = await sampler.run([this.#samplerPub(values, rows)], runOptions(options));
      const [result] = await job.result(waitOptions(options));
      const { values: found, stds } = shareOfZeros(result!.registers.meas!, rows);
      return { ...(await chargeOf(job)), jobId: job.id, values: found, stds };
    };
  }
}

type Pair = readonly [i: number, j: number];

type Measure = (
  values: Float64Array,
  rows: number,
  options: KernelOptions,
) => Promise<JobUsage & { readonly jobId: string; readonly values: Float64Array; readonly stds: Float64Array }>;

/** Pairs whose rows differ: the fidelity of a state with itself is 1. */
function unknownPairs(a: KernelRows, b: KernelRows | undefined): readonly Pair[] {
  const other = b ?? a;
  const pairs: Pair[] = [];
  for (let i = 0; i < a.numRows; i++)
    for (let j = b === undefined ? i + 1 : 0; j < other.numRows; j++) if (!areEqual(a, i, other, j)) pairs.push([i, j]);
  return pairs;
}

function areEqual(a: KernelRows, i: number, b: KernelRows, j: number): boolean {
  const width = a.numFeatures;
  for (let f = 0; f < width; f++) if (a.x[i * width + f] !== b.x[j * width + f]) return false;
  return true;
}

/** U(x) and then U(y)†, with inputs of x and then those of y. */
function overlapCircuit(featureMap: Circuit): Circuit {
  const inputs = featureMap.vectors.filter(({ role }) => role === "input");
  const taken = new Set(inputs.map(({ name }) => name));
  const others = new Map<string, ParameterVector>();
  for (const { name, shape } of inputs) {
    let other = `${name}_other`;
    while (taken.has(other)) other += "_";
    taken.add(other);
    others.set(name, new ParameterVector(other, "input", shape));
  }
  const angle = (value: Angle): Angle =>
    typeof value === "number"
      ? value
      : value.substitute((parameter) => others.get(parameter.vector.name)?.elements[parameter.index]);
  return Circuit.build(featureMap.numQubits, (c) => {
    c.adopt(featureMap).declare(...others.values());
    for (const operation of featureMap.inverse().operations) c.append(mapOperation(operation, { angle }));
  });
}

/** |0...0><0...0| = Π (I + Z_q)/2. @throws KernelError KERNEL_QUBITS */
function zerosProjector(numQubits: number): SparsePauliOp {
  if (numQubits > MAX_PROJECTOR_QUBITS)
    throw new KernelError(
      "KERNEL_QUBITS",
      `Exact values on a provider need 2^n Paulis, so at most ${MAX_PROJECTOR_QUBITS} qubits, not ${numQubits}; give shots.`,
    );
  const size = 2 ** numQubits;
  return SparsePauliOp.fromMaps(
    numQubits,
    Array.from({ length: size }, (_, mask) => {
      const map: Record<number, PauliLetter> = {};
      for (let qubit = 0; qubit < numQubits; qubit++) if ((mask >> qubit) & 1) map[qubit] = "Z";
      return [map, 1 / size] as const;
    }),
  );
}

/**
 * The share of shots in which all bits are 0, for each row. The standard error is that of (k+1)/(N+2), since the share itself
 * would claim certainty where all shots agree.
 */
function shareOfZeros(bits: BitArray, rows: number): { readonly values: Float64Array; readonly stds: Float64Array } {
  const width = bits.bytes.length / (rows * bits.shots);
  const values = new Float64Array(rows);
  const stds = new Float64Array(rows);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    let zeros = 0;
    for (let shot = 0; shot < bits.shots; shot++) {
      let any = 0;
      for (let byte = 0; byte < width; byte++) any |= bits.bytes[at++]!;
      if (any === 0) zeros++;
    }
    const plausible = (zeros + 1) / (bits.shots + 2);
    values[row] = zeros / bits.shots;
    stds[row] = Math.sqrt((plausible * (1 - plausible)) / bits.shots);
  }
  return { values, stds };
}

function runOptions({ signal, tags, onSubmitted }: KernelOptions): RunOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(tags === undefined ? {} : { tags }),
    ...(onSubmitted === undefined ? {} : { onSubmitted }),
  };
}

function waitOptions({ signal }: KernelOptions): WaitOptions {
  return signal === undefined ? {} : { signal };
}
