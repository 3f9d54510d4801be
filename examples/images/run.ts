import { join } from "node:path";
import type { DemoOptions, DemoProgress, DemoResult, DemoRow } from "../../src/cli/demo.ts";
import { deviceSimulator, drawSvg, loadTarget, localSimulator, printQasm3 } from "../../src/index.ts";
import { rbfKernel, supportVectorClassifier } from "../../src/kernels/index.ts";
import { accuracy, f1 } from "../../src/metrics/index.ts";
import { accuracyFigure } from "../application/accuracy-figure.ts";
import { DEVICE } from "../application/device.ts";
import { saveStudied, studyEngines } from "../application/engine-study.ts";
import { demoRow, measured, seedsOf } from "../application/measure.ts";
import { type ApplicationPart, runParts } from "../application/parts.ts";
import { stacked } from "../application/stacked.ts";
import { verdictOf } from "../application/verdict.ts";
import { DIGITS_FILE } from "../digits/data.ts";
import { bottleneck, loadPictures, patchCircuit, quanvolve, randomFilters, type Split, softmax } from "./images.ts";
import { quanvolutionPicture } from "./pictures.ts";

const DIGITS = "digits, 8×8 pixels";
const MNIST = "MNIST, 14×14 pixels";
const METRIC = { metric: "accuracy", also: ["f1"], names: { accuracy: "test accuracy", f1: "F1" } } as const;
/** Penalty of a support vector machine on pixels from 0 to 1; the usual first choice, not tuned. */
const C = 10;

/** Handwritten digits through a bottleneck of qubits, and through a circuit on every patch. */
export async function run(options: DemoOptions, progress: DemoProgress): Promise<DemoResult> {
  let digits: ApplicationPart | undefined;
  return runParts(
    { name: "images", title: "Image recognition: handwritten digits" },
    [
      async () => {
        digits = await digitsPart(options, progress);
        return digits;
      },
      () => mnistPart(options, progress, digits!.rows),
    ],
    options,
    progress,
  );
}

async function digitsPart(options: DemoOptions, progress: DemoProgress): Promise<ApplicationPart> {
  const steps = options.steps ?? (options.quick ? 90 : 1800);
  const pictures = loadPictures(DIGITS_FILE, 8, false);
  const data = loadPictures(DIGITS_FILE, 8);
  const without = (qubits: number) =>
    ({ quantum: undefined, classical: { hidden: [qubits], activation: "linear" } }) as const;
  const narrow = (qubits: number, middle: number) =>
    ({ quantum: undefined, classical: { hidden: [qubits, middle, qubits], activation: "tanh" } }) as const;
  const { rows, studied } = await studyEngines(
    {
      part: DIGITS,
      seeds: seedsOf(options),
      ...METRIC,
      models: [
        {
          model: "hybrid, 4 qubits",
          role: "hybrid",
          build: (seed) => bottleneck(pictures, 4, steps, seed),
          onDevice: true,
        },
        {
          model: "same without the circuit, 4 wide",
          role: "without quantum",
          build: (seed) => bottleneck(pictures, 4, steps, seed).with(without(4)),
        },
        {
          model: "64-4-3-4-10 network",
          role: "equal parameters",
          build: (seed) => bottleneck(pictures, 4, steps, seed).with(narrow(4, 3)),
        },
        {
          model: "hybrid, 8 qubits",
          role: "hybrid",
          build: (seed) => bottleneck(pictures, 8, steps, seed),
        },
        {
          model: "same without the circuit, 8 wide",
          role: "without quantum",
          build: (seed) => bottleneck(pictures, 8, steps, seed).with(without(8)),
        },
        {
          model: "64-8-3-8-10 network",
          role: "equal parameters",
          build: (seed) => bottleneck(pictures, 8, steps, seed).with(narrow(8, 3)),
        },
        { model: "softmax of pixels", role: "reference", build: (seed) => softmax(data, steps, seed) },
      ],
    },
    progress,
  );
  const machine = await supportVectorRow(DIGITS, data, seedsOf(options), progress);
  const { circuit } = (await studied[0]!.engine.describe()).layers.find(({ quantum }) => quantum !== undefined)!
    .quantum!;
  const written = await saveStudied(studied[0]!, CARD, join(options.out, "images-model"));
  for (const { engine } of studied) engine.dispose();
  const all = [...rows, machine];
  return {
    rows: all,
    pictures: [],
    intro: `Digits: 1,437 images of 8×8 pixels to train and 360 to test, ${steps.toLocaleString("en")} steps of 32 rows.`,
    verdict: verdictOf(all, DIGITS),
    limits: [
      "Digits: that a bottleneck of four numbers is enough for ten digits is the trained layer's doing in front of it. Taking the circuit out does no harm.",
      "Digits: 360 test images tell an accuracy to about ± 0.02.",
    ],
    files: { "images-circuit.svg": drawSvg(circuit), "images-circuit.qasm": printQasm3(circuit) },
    written,
  };
}

async function mnistPart(
  options: DemoOptions,
  progress: DemoProgress,
  digitsRows: readonly DemoRow[],
): Promise<ApplicationPart> {
  const steps = options.steps ?? (options.quick ? 90 : 900);
  const seeds = seedsOf(options);
  const data = loadPictures(new URL("./mnist14x14.csv", import.meta.url), 14);
  const provider = localSimulator();
  const executions = new Map<number, number>();
  const quanvolved = async (seed: number): Promise<Split> => {
    const { data: made, executions: count } = await quanvolve(data, patchCircuit(seed), provider);
    executions.set(seed, count);
    return made;
  };
  const { rows, studied } = await studyEngines(
    {
      part: MNIST,
      seeds,
      ...METRIC,
      models: [
        {
          model: "quanvolution, then softmax",
          role: "hybrid",
          build: (seed) => softmax(data, steps, seed).with({ name: "quanvolution", data: () => quanvolved(seed) }),
          furtherExecutions: (seed) => executions.get(seed)!,
          quantumSeconds: () => secondsOnDevice(data),
        },
        {
          model: "softmax of pixels",
          role: "without quantum",
          build: (seed) => softmax(data, steps, seed),
        },
        {
          model: "random classical filters, then softmax",
          role: "equal parameters",
          build: (seed) => softmax(randomFilters(data, seed), steps, seed),
        },
      ],
    },
    progress,
  );
  const machine = await supportVectorRow(MNIST, data, seeds, progress);
  for (const { engine } of studied) engine.dispose();
  const all = [...rows, machine];
  const { test } = await quanvolved(seeds[0]!);
  const circuit = patchCircuit(seeds[0]!);
  return {
    rows: all,
    pictures: [
      {
        name: "images",
        caption: "What the models reach, and what the circuit makes of patches",
        draw: (tools) =>
          stacked([
            accuracyFigure(tools, {
              title: "Digits of 8×8 pixels",
              subtitle: `Share of 360 test images that is recognised; a dot a seed`,
              rows: digitsRows,
              domain: [0.6, 1],
            }),
            accuracyFigure(tools, {
              title: "MNIST, averaged to 14×14 pixels",
              subtitle: `Share of 250 test images that is recognised; a dot a seed`,
              rows: all,
              domain: [0.6, 1],
            }),
            quanvolutionPicture(tools, data.test, test),
          ]),
      },
    ],
    intro: `MNIST: 750 images of 14×14 pixels to train and 250 to test; a random circuit on every patch of 2×2, then a softmax of ${steps.toLocaleString("en")} steps.`,
    verdict: verdictOf(all, MNIST),
    limits: [
      "MNIST: 1,000 images of 70,000, and no convolutional network beside them: with all the data such networks pass 0.99.",
      "MNIST: a random circuit is a random nonlinear filter. Nothing in it is trained; compare its row with that of the pixels as they are.",
    ],
    files: { "patch-circuit.svg": drawSvg(circuit), "patch-circuit.qasm": printQasm3(circuit) },
  };
}

/** A support vector machine on pixels: the same from every seed, as no choice in it is random. */
async function supportVectorRow(
  part: string,
  { train, test }: Split,
  seeds: readonly number[],
  progress: DemoProgress,
): Promise<DemoRow> {
  const model = "support vector machine of pixels (RBF)";
  progress.update(`${part}: ${model}`, 0, 1);
  const { value, seconds, cpuSeconds } = await measured(async () => {
    const machine = await supportVectorClassifier({ kernel: rbfKernel(), C }).fit(train);
    return { machine, predicted: await machine.predict(test) };
  });
  progress.update(`${part}: ${model}`, 1, 1);
  const right = accuracy(test.y, value.predicted);
  const params = value.machine.support.numRows;
  const outcome = {
    value: right,
    also: { F1: f1(test.y, value.predicted, { average: "macro" }) },
    seconds,
    cpuSeconds,
  };
  return demoRow(
    { part, model, role: "best classical", params, metric: METRIC.names.accuracy },
    seeds.map(() => outcome),
  );
}

/** What the device would charge for the patches of all pictures, 256 shots each. */
async function secondsOnDevice({ train, test }: Split): Promise<number> {
  const patches = ((train.numRows + test.numRows) * train.numFeatures) / 4;
  const circuit = patchCircuit(0);
  const parameterValues = {
    shape: [patches, 1, 4],
    data: new Float64Array(4 * patches).map((_, i) => i / (4 * patches)),
  };
  const pub = { circuit, observables: ["IIIZ", "IIZI", "IZII", "ZIII"], parameterValues };
  const estimator = deviceSimulator(loadTarget(DEVICE)).estimator({ precision: 1 / 16 });
  return (await estimator.plan([pub])).quantumSeconds;
}

const CARD = {
  intendedUse: "To show a hybrid model beside classical ones on public pictures of digits.",
  source:
    "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, CC BY 4.0, https://doi.org/10.24432/C50P49",
  split: "80/20 by the table's own column, each digit in its share",
  limits: [
    "It takes pixels as loadPictures of examples/images/images.ts gives them, scaled by their ranges in the training rows; that scaling is not saved with it.",
  ],
};
