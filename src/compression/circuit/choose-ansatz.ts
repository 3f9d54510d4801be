import { Circuit, type CompileOptions, describeValue, Rng, SparsePauliOp, Target } from "../../../circuits/index.ts";
import { createStatevectorEngine, localSimulator } from "../../../providers/index.ts";
import { CompressionError } from "../../errors.ts";
import { gradientVariance } from "../../gradients/index.ts";
import { checkStep, type HardwareCost, type HardwareStep, hardwareCost } from "./hardware-cost.ts";
import { paretoFront } from "./pareto.ts";
import { checkOptions, checkSetting, checkTrained, reduced } from "./trained-circuit.ts";

export interface ChooseAnsatzOptions {
  /** By name: circuits on as many qubits, such as one ansatz with several entanglements. */
  readonly candidates: Readonly<Record<string, Circuit>>;
  readonly target: Target;
  /** Z on every qubit by default. */
  readonly observables?: readonly SparsePauliOp[];
  /** Candidates outside of it are left out of the choice. */
  readonly budget?: {
    readonly twoQubitGates?: number;
    readonly durationSeconds?: number;
    /** At least. */
    readonly estimatedSuccess?: number;
    readonly quantumSeconds?: number;
    /** At least. */
    readonly gradientVariance?: number;
    /** At most. */
    readonly expressibility?: number;
  };
  readonly compile?: CompileOptions;
  readonly step?: HardwareStep;
  /** Random points for trainability and expressibility; 64 by default. */
  readonly samples?: number;
  /** Whether the circuits are reduced exactly before they are compiled; true by default. */
  readonly reduce?: boolean;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** One candidate on a device. */
export interface AnsatzRow extends HardwareCost {
  readonly name: string;
  /** As compiled: reduced unless that was refused. */
  readonly circuit: Circuit;
  readonly observables: readonly SparsePauliOp[];
  readonly weights: number;
  /** Variance of the gradient over random weights: the mean over weights and observables. The more, the easier to train. */
  readonly gradientVariance: number;
  /**
   * Kullback-Leibler divergence of the fidelities of random pairs of states from those of Haar-random ones, over eighths of
   * the latter, in nats from 0 to ln 8; the less, the more of the states are reached. Samples alone make it about 3.5 / samples.
   */
  readonly expressibility: number;
  readonly withinBudget: boolean;
}

export interface AnsatzChoice {
  /** In the order of the candidates. */
  readonly rows: readonly AnsatzRow[];
  /** Within the budget and beaten by no other in gates on two qubits, success, gradient variance and expressibility. */
  readonly front: readonly AnsatzRow[];
  /** Of the front the one with the greatest chance to run without error, then with the fewest gates on two qubits. */
  readonly best: AnsatzRow;
}

/**
 * Compiles each candidate for a device and compares what they take and what they can do: so a ring, say, is seen to need
 * exchanges where the device's qubits lie on a lattice of hexagons, and a line not.
 * Expressibility as Sim et al., arXiv:1905.10876; trainability as McClean et al., arXiv:1803.11173.
 * @throws CompressionError COMPRESSION_OPTION, COMPRESSION_CIRCUIT, COMPRESSION_BUDGET where no candidate is within it;
 * TranspilerError where one does not fit the device
 */
export async function chooseAnsatz(options: ChooseAnsatzOptions): Promise<AnsatzChoice> {
  const { candidates, target, budget = {}, samples = 64, seed = 0 } = check(options);
  const rows: AnsatzRow[] = [];
  for (const [name, circuit] of Object.entries(candidates)) {
    options.signal?.throwIfAborted();
    const { numQubits } = circuit;
    const observables =
      options.observables ?? Array.from({ length: numQubits }, (_, qubit) => SparsePauliOp.z(numQubits, qubit));
    const given = { circuit, weights: new Float64Array(circuit.numWeights), observables };
    checkTrained(`chooseAnsatz: candidate ${name}`, given);
    const found = (options.reduce ?? true) ? reduced(given) : given;
    const compileOptions = options.compile === undefined ? {} : { compile: options.compile };
    const cost = hardwareCost(found, target, {
      ...compileOptions,
      ...(options.step === undefined ? {} : { step: options.step }),
    });
    const rng = Rng.seed(seed).fork("candidate", name);
    const inputs = Float64Array.from({ length: circuit.numInputs }, () => 2 * Math.PI * (rng.uniform() - 0.5));
    const row = {
      name,
      circuit: found.circuit,
      observables: found.observables,
      weights: found.circuit.numWeights,
      ...cost,
      gradientVariance: await meanVariance(found.circuit, found.observables, {
        inputs,
        samples,
        seed,
        signal: options.signal,
      }),
      expressibility: divergenceFromHaar(found.circuit, inputs, samples, rng.fork("pairs")),
    };
    rows.push({ ...row, withinBudget: isWithin(row, budget) });
  }
  const within = rows.filter(({ withinBudget }) => withinBudget);
  if (within.length === 0)
    throw new CompressionError(
      "COMPRESSION_BUDGET",
      `chooseAnsatz: none of ${rows.map(({ name, twoQubitGates }) => `${name} (${twoQubitGates} two-qubit gates)`).join(", ")} is within the budget ${JSON.stringify(budget)}.`,
    );
  const front = paretoFront(within, [
    { of: (row) => row.twoQubitGates, better: "less" },
    { of: (row) => row.estimatedSuccess, better: "more" },
    { of: (row) => row.gradientVariance, better: "more" },
    { of: (row) => row.expressibility, better: "less" },
  ]);
  const [best] = front.toSorted(
    (a, b) => (b.estimatedSuccess ?? 0) - (a.estimatedSuccess ?? 0) || a.twoQubitGates - b.twoQubitGates,
  );
  return { rows, front, best: best! };
}

function isWithin(row: Omit<AnsatzRow, "withinBudget">, budget: NonNullable<ChooseAnsatzOptions["budget"]>): boolean {
  const most = ["twoQubitGates", "durationSeconds", "quantumSeconds", "expressibility"] as const;
  const least = ["estimatedSuccess", "gradientVariance"] as const;
  // What the device does not tell is not known to be within a budget.
  return (
    most.every((name) => budget[name] === undefined || (row[name] ?? Number.POSITIVE_INFINITY) <= budget[name]) &&
    least.every((name) => budget[name] === undefined || (row[name] ?? 0) >= budget[name])
  );
}

async function meanVariance(
  circuit: Circuit,
  observables: readonly SparsePauliOp[],
  options: {
    readonly inputs: Float64Array;
    readonly samples: number;
    readonly seed: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<number> {
  if (circuit.numWeights === 0) return 0;
  const { signal, ...rest } = options;
  const provider = localSimulator();
  let sum = 0;
  for (const observable of observables) {
    const { mean } = await gradientVariance(circuit, observable, {
      provider,
      ...rest,
      ...(signal === undefined ? {} : { signal }),
    });
    sum += mean / observables.length;
  }
  return sum;
}

/** Bins that Haar-random states would fill evenly: few, so that a few dozen samples do as well. */
const BINS = 8;

function divergenceFromHaar(circuit: Circuit, inputs: Float64Array, samples: number, rng: Rng): number {
  const program = createStatevectorEngine().statevector(circuit);
  const values = new Float64Array(circuit.parameters.length);
  values.set(inputs);
  const draw = (): Float64Array => {
    for (let at = circuit.numInputs; at < values.length; at++) values[at] = 2 * Math.PI * (rng.uniform() - 0.5);
    return program.statevector(values).slice();
  };
  const levels = 2 ** circuit.numQubits;
  const counts = new Float64Array(BINS);
  for (let sample = 0; sample < samples; sample++) {
    const [a, b] = [draw(), draw()];
    let re = 0;
    let im = 0;
    for (let at = 0; at < a.length; at += 2) {
      re += a[at]! * b[at]! + a[at + 1]! * b[at + 1]!;
      im += a[at]! * b[at + 1]! - a[at + 1]! * b[at]!;
    }
    // Of Haar-random states on N levels a fidelity exceeds F with probability (1 - F)^(N-1), which so is uniform itself.
    const quantile = Math.max(0, 1 - re * re - im * im) ** (levels - 1);
    counts[Math.min(BINS - 1, Math.floor(BINS * quantile))]! += 1 / samples;
  }
  return counts.reduce((sum, share) => (share === 0 ? sum : sum + share * Math.log(share * BINS)), 0);
}

const OPTIONS = "candidates target observables budget compile step samples reduce seed signal".split(" ");
const BUDGET = "twoQubitGates durationSeconds estimatedSuccess quantumSeconds gradientVariance expressibility".split(
  " ",
);

function check(options: ChooseAnsatzOptions): ChooseAnsatzOptions {
  checkOptions("chooseAnsatz", options, OPTIONS);
  checkOptions("The budget of chooseAnsatz", options.budget ?? {}, BUDGET);
  checkStep("chooseAnsatz", options.step ?? {});
  const { candidates, target, samples = 64, budget = {} } = options;
  checkSetting(
    "chooseAnsatz",
    "samples",
    samples,
    Number.isSafeInteger(samples) && samples >= 2,
    "an integer of 2 or more",
  );
  for (const [name, value] of Object.entries(budget))
    checkSetting("chooseAnsatz", `budget.${name}`, value, value === undefined || value >= 0, "a number of 0 or more");
  if (!(target instanceof Target))
    throw new CompressionError("COMPRESSION_OPTION", 'chooseAnsatz needs a target, such as loadTarget("torino").');
  const circuits = typeof candidates === "object" && candidates !== null ? Object.values(candidates) : [];
  if (circuits.length === 0 || !circuits.every((circuit) => circuit instanceof Circuit))
    throw new CompressionError(
      "COMPRESSION_OPTION",
      `chooseAnsatz takes candidates by name, such as { line: realAmplitudes({ numQubits: 4, entanglement: "linear" }) }, not ${describeValue(candidates)}.`,
    );
  return options;
}
