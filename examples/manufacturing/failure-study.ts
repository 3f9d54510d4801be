import type { DemoOptions, DemoProgress } from "../../src/cli/demo.ts";
import type { Table } from "../../src/data/index.ts";
import { drawSvg, type LeptonEngine, printQasm3 } from "../../src/index.ts";
import { accuracyFigure } from "../application/accuracy-figure.ts";
import { studyEngines } from "../application/engine-study.ts";
import { seedsOf } from "../application/measure.ts";
import type { ApplicationPart } from "../application/parts.ts";
import { verdictOf } from "../application/verdict.ts";
import { failureModel, known, leaking, loadMachines } from "./failure.ts";

const PART = "failure prediction";
/** One standard error of an AUC near one half on 119 broken machines and 181 others. */
const LEAST = 0.034;
const LIMITS = [
  "Failure prediction: 300 test rows tell an AUC to about ± 0.034, so an AUC of 0.54 is hardly more than a guess.",
  "Failure prediction: the table is one of times to an event, probably simulated. Machines that are not broken are only not broken yet, so that the right question is when and not whether; that is survival analysis, and not done here.",
] as const;

/** Which machines break: a hybrid classifier beside classical ones, and what a leak would make of them. */
export async function failurePart(options: DemoOptions, progress: DemoProgress): Promise<ApplicationPart> {
  const seeds = seedsOf(options);
  const steps = options.steps ?? (options.quick ? 60 : 200);
  const data = loadMachines();
  const hybrid = (seed: number): LeptonEngine<Table> => failureModel(data, steps, seed);
  const without =
    (hidden: readonly number[], activation: "linear" | "tanh", features = known) =>
    (seed: number): LeptonEngine<Table> =>
      hybrid(seed).with({ quantum: undefined, classical: { hidden, activation }, features });
  const { rows, studied } = await studyEngines(
    {
      part: PART,
      seeds,
      metric: "auc",
      also: ["f1", "accuracy", "sensitivity", "specificity"],
      names: { auc: "test AUC", f1: "F1 (macro)" },
      models: [
        { model: "hybrid, 4 qubits", role: "hybrid", build: hybrid, onDevice: true },
        { model: "same without the circuit", role: "without quantum", build: without([4], "linear") },
        { model: "10-4-4-2 network", role: "equal parameters", build: without([4, 4], "tanh") },
        { model: "logistic regression", role: "best classical", build: without([], "linear") },
        {
          model: "LEAKING: logistic regression that is told the lifetime",
          role: "reference",
          build: without([], "linear", leaking),
        },
      ],
    },
    progress,
  );
  const { layers } = await studied[0]!.engine.describe();
  const { circuit } = layers.find(({ quantum }) => quantum !== undefined)!.quantum!;
  for (const { engine } of studied) engine.dispose();
  return {
    rows,
    pictures: [
      {
        name: "failure",
        caption: "Failure prediction, without and with a leak",
        draw: (tools) =>
          accuracyFigure(tools, {
            title: "Broken or not: what can be known, and what leaks",
            subtitle:
              "AUC on 300 test rows, a dot for each seed; 0.5 is a guess, and the grey one at the right is told the outcome",
            rows,
            domain: [0.4, 1],
          }),
      },
    ],
    intro: `Failure prediction: which of 1,000 machines are broken, from three sensors, team and provider. The split is the table's own; seeds decide weights and order; ${steps} steps for all.`,
    verdict: `${verdictOf(rows, PART, "higher", LEAST)} Without the lifetime hardly anything can be known; with it, which is known only afterwards, everything seems to be.`,
    limits: LIMITS,
    files: { "failure-circuit.svg": drawSvg(circuit), "failure-circuit.qasm": printQasm3(circuit) },
  };
}
