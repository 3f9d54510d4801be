import { qubitsOf } from "../../circuits/index.ts";
import type { TrainingPlan } from "../training/index.ts";
import { workText } from "../training/index.ts";
import type { LayerFacts } from "./tensorflow-model.ts";
import type { OptimizeUnit, OutputFacts, PartName } from "./units.ts";

/** A pipeline in numbers. */
export interface EngineSummary {
  readonly name: string;
  readonly output: OutputFacts;
  readonly numRows: Readonly<Partial<Record<PartName, number>>>;
  /** Kinds of the feature units, in order. */
  readonly features: readonly string[];
  readonly layers: readonly LayerFacts[];
  /** Where quantum layers run. */
  readonly provider: string;
  /** The optimisation unit, with what the options say in place of it. */
  readonly optimize: OptimizeUnit;
  /** What training sends; undefined for an engine without data. */
  readonly plan: TrainingPlan | undefined;
}

/** A table: unit, what it is, shape, parameters, where it runs; then the circuit and a step. */
export function summaryText(summary: EngineSummary): string {
  const { name, output, layers, plan } = summary;
  const lines = [["unit", "what", "columns", "parameters", "runs on"], ...unitLines(summary)];
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, i) => (i === 3 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
  text.splice(1, 0, "─".repeat(Math.max(...text.map((line) => line.length))));
  const params = layers.reduce((sum, layer) => sum + layer.params, 0);
  const target =
    output.classes === undefined
      ? `a number, ${output.targetName}`
      : `${output.targetName}: ${output.classes.join(", ")}`;
  const circuits = layers.flatMap(({ quantum }) => (quantum === undefined ? [] : [circuitText(quantum)]));
  const step = plan === undefined ? [] : [stepLine(summary, plan)];
  return `${name}: ${target}\n${[...text, `In all ${params.toLocaleString("en")} parameters.`, ...circuits, ...step].join("\n")}\n`;
}

function unitLines({ numRows, output, features, layers, provider, optimize }: EngineSummary): string[][] {
  const rows = Object.entries(numRows).map(([part, count]) => `${count.toLocaleString("en")} ${part}`);
  const first = layers[0]!;
  return [
    ["data", rows.length === 0 ? "none loaded" : `rows: ${rows.join(", ")}`, "", "", "this process"],
    ...features.map((kind) => ["features", kind, "", "", "this process"]),
    ["", `in all: ${shown(output.featureNames)}`, String(first.inputs), "", ""],
    ...layers.map((layer) => [
      layer.quantum === undefined ? "classical" : "quantum",
      layer.name,
      `${layer.inputs} → ${layer.outputs}`,
      layer.params.toLocaleString("en"),
      { compute: "compute unit", quantum: provider, tensorflow: "TensorFlow.js" }[layer.place],
    ]),
    ["optimisation", optimizeText(optimize), "", "", "this process"],
  ];
}

function shown(names: readonly string[]): string {
  return names.length <= 4 ? names.join(", ") : `${names.slice(0, 3).join(", ")}, … ${names.at(-1)}`;
}

function optimizeText({ optimizer = "adam", learningRate, steps, epochs, batchSize = 32 }: OptimizeUnit): string {
  const what = typeof optimizer === "string" ? optimizer : optimizer.getClassName().toLowerCase();
  const rate =
    learningRate === undefined ? "" : ` at ${typeof learningRate === "number" ? learningRate : "a scheduled rate"}`;
  const length =
    steps === undefined ? `${epochs ?? 1} epoch${epochs === undefined || epochs === 1 ? "" : "s"}` : `${steps} steps`;
  return `${what}${rate}, ${length} of ${batchSize} rows`;
}

/** The size of a layer's circuit in a sentence. */
export function circuitText({ circuit, observables, numWeights }: NonNullable<LayerFacts["quantum"]>): string {
  const pairs = circuit.operations.filter(
    (operation) => operation.kind !== "barrier" && qubitsOf(operation).length === 2,
  ).length;
  return `Circuit: ${circuit.numQubits} qubits, depth ${circuit.depth()}, ${pairs} two-qubit gates, ${numWeights} weights, ${observables.length} observables.`;
}

function stepLine({ layers }: EngineSummary, plan: TrainingPlan): string {
  if (layers.every(({ quantum }) => quantum === undefined)) return `A training step takes ${plan.batchSize} rows.`;
  return plan.step.jobs === 0
    ? `A training step simulates ${plan.batchSize} rows with their gradients; no job.`
    : `A training step: ${workText(plan.step)}; all ${plan.steps}: ${workText(plan.total)}.`;
}
