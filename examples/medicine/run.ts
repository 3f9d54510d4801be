import { join } from "node:path";
import type { DemoOptions, DemoProgress, DemoResult, DemoRole } from "../../src/cli/demo.ts";
import { standardise } from "../../src/data/index.ts";
import { drawSvg, type LeptonEngine, printQasm3 } from "../../src/index.ts";
import { linearKernel, rbfKernel } from "../../src/kernels/index.ts";
import { accuracy, calibrationCurve, ratesAtThreshold, rocAuc } from "../../src/metrics/index.ts";
import { calibrationFigure } from "../application/calibration-figure.ts";
import { saveStudied, studyEngines } from "../application/engine-study.ts";
import { demoRow, measured, type SeedOutcome, seedsOf } from "../application/measure.ts";
import { type ApplicationPart, runParts } from "../application/parts.ts";
import { verdictOf } from "../application/verdict.ts";
import {
  chooseRange,
  classicalKernelMachine,
  type Effort,
  type KernelOutcome,
  loadTumours,
  quantumKernelMachine,
  type Split,
  variational,
} from "./medicine.ts";

const FULL: Effort = { steps: 400, folds: 4, ranges: [0.8, 1.6, 2.4], bandwidths: [0.05, 0.1, 0.2, 0.4] };
const QUICK: Effort = { steps: 80, folds: 2, ranges: [0.8, 1.6], bandwidths: [0.1, 0.2] };
const ALSO = ["AUC", "sensitivity", "specificity", "calibration error"] as const;
const LIMITS = [
  "569 tumours of one hospital in the 1990s, measured on drawn outlines: nothing is said about other patients or instruments, and this is no medical device.",
  "171 test rows tell an accuracy to about ± 0.02; smaller differences are noise.",
] as const;
const CARD = {
  intendedUse: "To show a hybrid model beside classical ones on public data. Not for diagnosis.",
  source:
    "Breast Cancer Wisconsin (Diagnostic), W. Wolberg et al., UCI Machine Learning Repository, CC BY 4.0, https://doi.org/10.24432/C5DW2B",
  split: "70/30 at random by the seed, each class in its share; features fitted on the training rows",
  limits: LIMITS,
};
const VARIATIONAL = "variational classifier";
const KERNEL = "quantum kernel";

/** Breast cancer: a variational classifier and a quantum kernel, beside classical ones. Each seed splits the rows anew. */
export function run(options: DemoOptions, progress: DemoProgress): Promise<DemoResult> {
  const effort = {
    ...(options.quick ? QUICK : FULL),
    ...(options.steps === undefined ? {} : { steps: options.steps }),
  };
  const splits = new Map(seedsOf(options).map((seed) => [seed, loadTumours(seed)]));
  return runParts(
    { name: "medicine", title: "Medical diagnosis: breast cancer" },
    [(_, told) => variationalPart(splits, effort, options.out, told), (_, told) => kernelPart(splits, effort, told)],
    options,
    progress,
  );
}

async function variationalPart(
  splits: ReadonlyMap<number, Split>,
  effort: Effort,
  out: string,
  progress: DemoProgress,
): Promise<ApplicationPart> {
  const seeds = [...splits.keys()];
  const ranges = new Map<number, number>();
  for (const [i, [seed, split]] of [...splits].entries()) {
    progress.update(`${VARIATIONAL}: cross-validation`, i, seeds.length);
    ranges.set(seed, await chooseRange(split, effort, seed));
  }
  const hybrid = (seed: number): LeptonEngine => variational(splits.get(seed)!, ranges.get(seed)!, effort.steps, seed);
  const { rows, studied } = await studyEngines(
    {
      part: VARIATIONAL,
      seeds,
      metric: "accuracy",
      also: ["auc", "sensitivity", "specificity", "calibrationError"],
      names: { accuracy: "test accuracy", auc: ALSO[0], calibrationError: ALSO[3] },
      models: [
        { model: "hybrid", role: "hybrid", build: hybrid, onDevice: true },
        {
          model: "same without the circuit",
          role: "without quantum",
          build: (seed) => hybrid(seed).with({ quantum: undefined }),
        },
        {
          model: "4-5-2 network",
          role: "equal parameters",
          build: (seed) => hybrid(seed).with({ quantum: undefined, classical: { hidden: [5], activation: "tanh" } }),
        },
        {
          model: "logistic regression, all 30 measures",
          role: "best classical",
          build: (seed) => hybrid(seed).with({ quantum: undefined, features: standardise() }),
        },
      ],
    },
    progress,
  );
  const calibrations = studied.map(({ model, evaluations }) => {
    const truth = seeds.flatMap((seed) => [...splits.get(seed)!.test.y]);
    const probabilities = evaluations.flatMap(({ prediction: { outputs } }) =>
      Array.from({ length: outputs.length / 2 }, (_, row) => Math.min(1, outputs[2 * row + 1]!)),
    );
    return { label: model, calibration: calibrationCurve(truth, probabilities, { bins: 5 }) };
  });
  const { layers } = await studied[0]!.engine.describe();
  const { circuit } = layers.find(({ quantum }) => quantum !== undefined)!.quantum!;
  const written = await saveStudied(studied[0]!, CARD, join(out, "medicine-model"));
  for (const { engine } of studied) engine.dispose();
  return {
    rows,
    pictures: [
      {
        name: "medicine",
        caption: "How far the predicted probabilities can be believed",
        draw: (tools) =>
          calibrationFigure(tools, {
            title: "What is called probable, and what is the case",
            subtitle: `Test rows of ${seeds.length} split${seeds.length === 1 ? "" : "s"} in five bins of probability; dots as large as the bins`,
            positive: "malignant",
            models: calibrations,
          }),
      },
    ],
    intro:
      "569 tumours of the Wisconsin diagnostic data, 30 measures each, split 70/30 anew for each seed. Malignant is the positive class. All choices by cross-validation on the training rows.",
    verdict: verdictOf(rows, VARIATIONAL),
    limits: LIMITS,
    files: { "medicine-circuit.svg": drawSvg(circuit), "medicine-circuit.qasm": printQasm3(circuit) },
    written,
    record: { ranges: Object.fromEntries(ranges) },
  };
}

async function kernelPart(
  splits: ReadonlyMap<number, Split>,
  effort: Effort,
  progress: DemoProgress,
): Promise<ApplicationPart> {
  const rbf = Object.fromEntries([0.01, 0.03, 0.1, 0.3].map((gamma) => [`rbf ${gamma}`, rbfKernel({ gamma })]));
  const machines: readonly {
    readonly model: string;
    readonly role: DemoRole;
    readonly train: (split: Split, seed: number) => Promise<KernelOutcome>;
  }[] = [
    {
      model: "fidelity kernel of 4 qubits",
      role: "hybrid",
      train: (split, seed) => quantumKernelMachine(split, effort, seed),
    },
    {
      model: "linear kernel, the same 4 components",
      role: "without quantum",
      train: (split, seed) => classicalKernelMachine(split, { linear: linearKernel() }, 4, effort, seed),
    },
    {
      model: "RBF kernel, the same 4 components",
      role: "equal parameters",
      train: (split, seed) => classicalKernelMachine(split, rbf, 4, effort, seed),
    },
    {
      model: "RBF kernel, all 30 measures",
      role: "best classical",
      train: (split, seed) => classicalKernelMachine(split, rbf, undefined, effort, seed),
    },
  ];
  const chosen: Record<string, string[]> = {};
  const rows = [];
  for (const { model, role, train } of machines) {
    const outcomes: SeedOutcome[] = [];
    let params = 0;
    for (const [i, [seed, split]] of [...splits].entries()) {
      progress.update(`${KERNEL}: ${model}`, i, splits.size);
      const { value, seconds, cpuSeconds } = await measured(() => train(split, seed));
      chosen[model] = [...(chosen[model] ?? []), value.chosen];
      params += value.params / splits.size;
      outcomes.push({ ...judged(split, value), seconds, cpuSeconds, circuitExecutions: value.executions });
    }
    progress.update(`${KERNEL}: ${model}`, splits.size, splits.size);
    rows.push(demoRow({ part: KERNEL, model, role, params: Math.round(params), metric: "test accuracy" }, outcomes));
  }
  return {
    rows,
    pictures: [],
    intro:
      "Kernel machines: feature map, bandwidth, C and the RBF's width by cross-validation on the training rows; parameters are the support vectors and a bias, and time and executions hold the cross-validation.",
    verdict: verdictOf(rows, KERNEL),
    limits: [
      "Bandwidths of 0.1 or so make a fidelity kernel nearly an RBF kernel; that it does well there is no sign of anything quantum.",
      "Kernels were simulated exactly. On a device each of the 80,000 pairs of training rows is a circuit, each with its shots.",
    ],
    record: { chosen },
  };
}

function judged({ test }: Split, { result }: KernelOutcome): Pick<SeedOutcome, "value" | "also"> {
  const probabilities = Float64Array.from(test.y, (_, row) => result.probabilities!.data[2 * row + 1]!);
  const { sensitivity, specificity } = ratesAtThreshold(test.y, result.predicted, 0.5);
  return {
    value: accuracy(test.y, result.predicted),
    also: {
      [ALSO[0]]: rocAuc(test.y, probabilities),
      sensitivity,
      specificity,
      [ALSO[3]]: calibrationCurve(test.y, probabilities).expectedCalibrationError,
    },
  };
}
