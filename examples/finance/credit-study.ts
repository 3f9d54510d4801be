import { join } from "node:path";
import type { DemoOptions, DemoProgress, DemoRow } from "../../src/cli/demo.ts";
import { numbersOf, type Table } from "../../src/data/index.ts";
import { drawSvg, type LeptonEngine, printQasm3 } from "../../src/index.ts";
import { type EngineModel, saveStudied, studyEngines } from "../application/engine-study.ts";
import { seedsOf } from "../application/measure.ts";
import type { ApplicationPart } from "../application/parts.ts";
import { verdictOf } from "../application/verdict.ts";
import { type Applicants, chooseSteps, componentModel, creditModel, groupsOf, loadApplicants } from "./credit.ts";
import { groupRows, groupsPicture, reportsOf } from "./credit-groups.ts";
import { MACHINE, supportVectorRow } from "./credit-machine.ts";

const PART = "credit risk";
const GROUPS = "credit risk: groups of people under the hybrid";
/** One standard error of an AUC near 0.8 on 90 bad loans and 210 good ones. */
const LEAST = 0.03;
const METRIC = "test AUC";
const LOGISTIC = "logistic regression, all features";
const LIMITS = [
  "Credit risk: 1,000 loans of one bank, granted in the 1970s, bad ones drawn more often than they occurred. Nothing is said about anybody today, and this is no credit score.",
  "Credit risk: 300 test rows tell an AUC to about ± 0.03; smaller differences are noise.",
  "Credit risk: that sex, age and origin are in no feature does not make a model fair, nor does a small difference between groups; small groups have wide intervals.",
  "Credit risk: what is recorded about people is doubtful. By U. Grömping's report (South German Credit Data, 2019) the code read as female also holds single men, and foreign workers are labelled the wrong way round.",
] as const;
const CARD = {
  intendedUse: "To show a hybrid model beside classical ones on public data. Not for decisions about people.",
  source:
    "Statlog (German Credit Data), H. Hofmann, UCI Machine Learning Repository, CC BY 4.0, https://doi.org/10.24432/C5NC77",
  split: "70/30, fixed in the table, each class in its share; features fitted on the training rows",
  limits: LIMITS,
};

type Build = (data: Applicants, steps: number, seed: number) => LeptonEngine<Table>;
type Rival = Pick<EngineModel<Table>, "model" | "role" | "onDevice"> & { readonly build: Build };

const without =
  (hidden: readonly number[], activation: "linear" | "tanh"): Build =>
  (data, steps, seed) =>
    creditModel(data, steps, seed).with({ quantum: undefined, classical: { hidden, activation } });

const RIVALS: readonly Rival[] = [
  { model: "hybrid, 5 qubits", role: "hybrid", onDevice: true, build: creditModel },
  { model: "same without the circuit", role: "without quantum", build: without([5], "linear") },
  { model: "54-5-5-2 network", role: "equal parameters", build: without([5, 5], "tanh") },
  { model: "6 qubits on 6 principal components", role: "reference", build: componentModel },
  { model: LOGISTIC, role: "best classical", build: without([], "linear") },
];

/** Who will not pay back: a hybrid classifier beside classical ones, and what it does to groups of people. */
export async function creditPart(options: DemoOptions, progress: DemoProgress): Promise<ApplicationPart> {
  const { quick, steps: given } = options;
  const seeds = seedsOf(options);
  const data = loadApplicants();
  const folds = quick ? 2 : 4;
  const steps = given === undefined ? (quick ? [20, 60] : [20, 40, 80, 160]) : [given];
  const chosen: Record<string, { readonly steps: number; readonly auc: number }> = {};
  for (const [i, { model, build }] of RIVALS.entries()) {
    progress.update(`${PART}: cross-validation`, i, RIVALS.length);
    const choice = { steps, folds, seed: seeds[0]! };
    chosen[model] = await chooseSteps(data, (rows, count) => build(rows, count, seeds[0]!), choice);
  }
  progress.update(`${PART}: ${MACHINE}`, 0, 1);
  const { row, ...machine } = await supportVectorRow(data, { part: PART, metric: METRIC }, { seeds, folds });
  // Which of the classical ones is the best is told by the folds, not by the test rows.
  const [logistic, ofMachine] =
    machine.auc > chosen[LOGISTIC]!.auc
      ? (["reference", "best classical"] as const)
      : (["best classical", "reference"] as const);
  const { rows, studied } = await studyEngines(
    {
      part: PART,
      seeds,
      metric: "auc",
      also: ["accuracy", "sensitivity", "specificity", "calibrationError"],
      names: { auc: METRIC, calibrationError: "calibration error" },
      models: RIVALS.map(({ build, ...about }) => ({
        ...about,
        role: about.model === LOGISTIC ? logistic : about.role,
        build: (seed: number) => build(data, chosen[about.model]!.steps, seed),
      })),
    },
    progress,
  );
  const all: readonly DemoRow[] = [...rows, { ...row, role: ofMachine }];
  const [hybrid, classical] = [studied[0]!, studied.find(({ model }) => model === LOGISTIC)!];
  const groups = groupsOf(data.test);
  const compared = { truth: numbersOf(data.test, "label"), groups };
  const { layers } = await hybrid.engine.describe();
  const { circuit } = layers.find(({ quantum }) => quantum !== undefined)!.quantum!;
  const written = await saveStudied(hybrid, { ...CARD, groups }, join(options.out, "credit-model"));
  for (const { engine } of studied) engine.dispose();
  return {
    rows: [...all, ...groupRows(hybrid, compared, { part: GROUPS, params: all[0]!.params })],
    pictures: [
      {
        name: "credit",
        caption: "How often the good loans of a group are called bad",
        draw: (tools) => groupsPicture(tools, [hybrid, classical], compared),
      },
    ],
    intro:
      "Credit risk: 1,000 loans of the German credit data, 17 facts of the loan and the household as 54 features; sex, age and origin are in none of them. Bad loans are the positive class, split 70/30 as the table says; seeds decide weights and order, cross-validation on the training rows the number of steps.",
    verdict: verdictOf(all, PART, "higher", LEAST),
    limits: LIMITS,
    files: { "credit-circuit.svg": drawSvg(circuit), "credit-circuit.qasm": printQasm3(circuit) },
    written,
    record: { credit: { chosen: { ...chosen, [MACHINE]: machine }, fairness: reportsOf(hybrid, compared) } },
  };
}
