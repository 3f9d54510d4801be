import {
  Circuit,
  describeValue,
  type Initializer,
  identityBlockWeights,
  mirroredBlocks,
  SparsePauliOp,
  smallGaussianWeights,
  uniformWeights,
} from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import { GradientError } from "../errors.ts";
import { checkOptions } from "./checks.ts";
import { gradientVariance } from "./gradient-variance.ts";

/** One way to begin: the circuit that is trained first, and how its weights start. */
export interface TrainingStart {
  readonly name: string;
  readonly circuit: (qubits: number, layers: number) => Circuit;
  readonly initializer: (qubits: number, layers: number) => Initializer;
}

export interface TrainabilityOptions {
  /** The ansatz of so many qubits and layers. */
  readonly circuit: (qubits: number, layers: number) => Circuit;
  readonly observable: (qubits: number) => SparsePauliOp;
  /** Numbers of qubits to look at, three or more different ones, such as [2, 4, 6, 8]. */
  readonly qubits: readonly number[];
  /** Layers, the same for all or by the number of qubits. */
  readonly layers: number | ((qubits: number) => number);
  /** The starts of `trainingStarts` by default. */
  readonly starts?: readonly TrainingStart[];
  readonly provider: Backend;
  /** Random starting points of each circuit; 100 by default. */
  readonly samples?: number;
  /** 0 by default. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

export interface TrainabilityRow {
  readonly start: string;
  readonly qubits: number;
  readonly layers: number;
  /** Weights of the circuit that is trained first. */
  readonly weights: number;
  /** Variance of the gradient's components over starting points: their mean, and that of the weight with the largest. */
  readonly meanVariance: number;
  readonly maxVariance: number;
  /** Circuits that were simulated or sent. */
  readonly executions: number;
}

/** How a start fares as the circuit grows. */
export interface TrainabilityDecay {
  readonly start: string;
  /** b in variance ∝ 2^(-b·qubits), by least squares on the logarithm of the largest variances, with its standard error. */
  readonly exponent: number;
  readonly stderr: number;
  /**
   * `plateau` where b is above 1/2 by two standard errors, `trainable` where it is as much below, else `unclear`; `stationary`
   * where there is no gradient at all, as for circuits that start as the identity on an eigenstate of the observable.
   */
  readonly verdict: "plateau" | "trainable" | "unclear" | "stationary";
}

export interface TrainabilityReport {
  readonly rows: readonly TrainabilityRow[];
  readonly decays: readonly TrainabilityDecay[];
  /** The start with the largest gradient in the largest circuit, and what to make of it, in a sentence or two. */
  readonly verdict: string;
}

/** Above this exponent, a gradient halves its standard deviation every four qubits or sooner. */
const PLATEAU_EXPONENT = 0.5;
/** Variances below this are rounding. */
const ZERO_VARIANCE = 1e-24;

/**
 * The starts that are compared: weights uniform in ±π; small normal ones with the deviation of Zhang et al. (arXiv:2203.09376);
 * identity blocks, for which the ansatz is rebuilt of mirrored layers (Grant et al., arXiv:1903.05076); and layer-wise
 * training (Skolik et al., arXiv:2006.14904), which begins with one layer, here with uniform weights.
 * @param locality qubits on which an observable's terms act, for the deviation; 1 by default
 */
export function trainingStarts(circuit: TrainabilityOptions["circuit"], locality = 1): readonly TrainingStart[] {
  return [
    { name: "uniform", circuit, initializer: () => uniformWeights() },
    {
      name: "small gaussian",
      circuit,
      initializer: (_qubits, layers) => smallGaussianWeights(1 / Math.sqrt(locality * (layers + 2))),
    },
    {
      name: "identity blocks",
      circuit: (qubits, layers) => mirroredBlocks(circuit(qubits, 1), { blocks: Math.max(1, Math.round(layers / 2)) }),
      initializer: () => identityBlockWeights(),
    },
    { name: "layer-wise", circuit: (qubits) => circuit(qubits, 1), initializer: () => uniformWeights() },
  ];
}

const OPTIONS = "circuit observable qubits layers starts provider samples seed signal".split(" ");

/**
 * Looks for barren plateaus (McClean et al., arXiv:1803.11173) before anything is trained: the variance of gradients over
 * random starting points, for several starts and numbers of qubits, and how fast it falls with these. What it says holds for
 * the beginning of training alone.
 * @throws GradientError GRADIENT_OPTION; what `gradientVariance` throws
 * @example console.log(formatTrainability(await trainabilityReport({ circuit: (n, layers) => stronglyEntangling({ numQubits: n, layers }), observable: (n) => SparsePauliOp.parse("Z".repeat(n)), qubits: [2, 4, 6, 8], layers: 8, provider })));
 */
export async function trainabilityReport(options: TrainabilityOptions): Promise<TrainabilityReport> {
  checkOptions("trainabilityReport", options, OPTIONS);
  const { circuit, observable, qubits, provider, samples = 100, seed = 0, signal } = options;
  if (typeof circuit !== "function" || typeof observable !== "function")
    throw new GradientError(
      "GRADIENT_OPTION",
      "trainabilityReport takes circuit: (qubits, layers) => Circuit and observable: (qubits) => SparsePauliOp.",
    );
  const valid = Array.isArray(qubits) && qubits.every((n) => Number.isSafeInteger(n) && n >= 1);
  if (!valid || new Set(qubits).size < 3)
    throw new GradientError(
      "GRADIENT_OPTION",
      `qubits is ${valid ? `[${qubits.join(", ")}]` : describeValue(qubits)}; a decay needs three different numbers of qubits or more, such as [2, 4, 6, 8].`,
    );
  const layersOf = (n: number): number => (typeof options.layers === "function" ? options.layers(n) : options.layers);
  const sizes = [...new Set(qubits)].sort((a, b) => a - b);
  const odd = sizes.find((n) => !(Number.isSafeInteger(layersOf(n)) && layersOf(n) >= 1));
  if (odd !== undefined)
    throw new GradientError("GRADIENT_OPTION", `layers is ${layersOf(odd)}; it must be an integer of 1 or more.`);
  const locality = Math.max(1, ...observableAt(observable, sizes[0]!).terms.map(({ pauli }) => pauli.letters.length));
  const starts = options.starts ?? trainingStarts(circuit, locality);
  if (!Array.isArray(starts) || starts.length === 0)
    throw new GradientError("GRADIENT_OPTION", "starts is a list of one or more { name, circuit, initializer }.");
  const rows: TrainabilityRow[] = [];
  for (const start of starts)
    for (const n of sizes) {
      const layers = layersOf(n);
      const own = start.circuit(n, layers);
      if (!(own instanceof Circuit))
        throw new GradientError("GRADIENT_OPTION", `The circuit of start "${start.name}" is ${describeValue(own)}.`);
      const found = await gradientVariance(own, observableAt(observable, n), {
        provider,
        samples,
        seed,
        initializer: start.initializer(n, layers),
        ...(signal === undefined ? {} : { signal }),
      });
      const { mean: meanVariance, max: maxVariance, executions } = found;
      rows.push({
        start: start.name,
        qubits: n,
        layers,
        weights: own.numWeights,
        meanVariance,
        maxVariance,
        executions,
      });
    }
  const decays = starts.map(({ name }) =>
    decayOf(
      name,
      rows.filter(({ start }) => start === name),
    ),
  );
  return { rows, decays, verdict: verdictOf(rows, decays, sizes.at(-1)!) };
}

function observableAt(observable: TrainabilityOptions["observable"], qubits: number): SparsePauliOp {
  const found = observable(qubits);
  if (found instanceof SparsePauliOp) return found;
  throw new GradientError("GRADIENT_OPTION", `The observable of ${qubits} qubit(s) is ${describeValue(found)}.`);
}

/** Least squares of log2(variance) on the number of qubits. */
function decayOf(start: string, rows: readonly TrainabilityRow[]): TrainabilityDecay {
  if (rows.every(({ maxVariance }) => maxVariance < ZERO_VARIANCE))
    return { start, exponent: 0, stderr: 0, verdict: "stationary" };
  const count = rows.length;
  const x = rows.map(({ qubits }) => qubits);
  const y = rows.map(({ maxVariance }) => Math.log2(Math.max(maxVariance, ZERO_VARIANCE)));
  const meanX = x.reduce((sum, value) => sum + value, 0) / count;
  const meanY = y.reduce((sum, value) => sum + value, 0) / count;
  const spread = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  const slope = x.reduce((sum, value, i) => sum + (value - meanX) * (y[i]! - meanY), 0) / spread;
  const residual = x.reduce((sum, value, i) => sum + (y[i]! - meanY - slope * (value - meanX)) ** 2, 0);
  const stderr = Math.sqrt(residual / (count - 2) / spread);
  const exponent = -slope;
  const verdict =
    exponent - 2 * stderr > PLATEAU_EXPONENT
      ? "plateau"
      : exponent + 2 * stderr < PLATEAU_EXPONENT
        ? "trainable"
        : "unclear";
  return { start, exponent, stderr, verdict };
}

function verdictOf(rows: readonly TrainabilityRow[], decays: readonly TrainabilityDecay[], qubits: number): string {
  const largest = rows.filter((row) => row.qubits === qubits);
  const best = largest.reduce((most, row) => (row.maxVariance > most.maxVariance ? row : most));
  const { verdict } = decays.find(({ start }) => start === best.start)!;
  const named = (kind: TrainabilityDecay["verdict"]): string =>
    decays.flatMap(({ start, verdict: own }) => (own === kind ? [start] : [])).join(", ");
  const stationary = named("stationary");
  const still =
    stationary === ""
      ? ""
      : ` No gradient at all: ${stationary}; its first state is a stationary point of this observable, so move it a little.`;
  if (verdict === "stationary") return still.trim();
  const said = {
    plateau: "and it too falls exponentially: use fewer layers, or observables on fewer qubits",
    trainable: "and it does not fall exponentially with the qubits",
    unclear: "but how it falls with the qubits cannot be told from these sizes",
  }[verdict];
  const flat = named("plateau");
  const plateaus = flat === "" ? "No start has a barren plateau." : `Barren plateau: ${flat}.`;
  return `${plateaus}${still} At ${qubits} qubits the largest gradient is that of ${best.start} (standard deviation ${Math.sqrt(best.maxVariance).toPrecision(2)}), ${said}.`;
}

/** A report as a table of variances, starts by numbers of qubits, with exponents and the verdict. */
export function formatTrainability({ rows, decays, verdict }: TrainabilityReport): string {
  const sizes = [...new Set(rows.map(({ qubits }) => qubits))];
  const head = ["start", ...sizes.map((n) => `${n} qubits`), "falls as", "verdict"];
  const lines = decays.map(({ start, exponent, stderr, verdict: own }) => [
    start,
    ...sizes.map((n) => rows.find((row) => row.start === start && row.qubits === n)!.maxVariance.toExponential(1)),
    `2^(${(-exponent).toFixed(2)} ± ${stderr.toFixed(2)})n`,
    own,
  ]);
  const widths = head.map((text, column) => Math.max(text.length, ...lines.map((line) => line[column]!.length)));
  const table = [head, ...lines].map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  return `Largest variance of the gradient's components over random starts\n${table.join("\n")}\n${verdict}\n`;
}
