import type { DemoOptions, DemoProgress, DemoResult, DemoRow } from "../../src/cli/demo.ts";
import { meanAndSpread } from "../../src/metrics/index.ts";
import { type ModelCard, saveModel } from "../../src/tfjs.ts";
import { seedsOf } from "../application/measure.ts";
import { type Digits, loadDigits } from "./data.ts";
import { type DeviceOutcome, type OpenDevice, openDevice, runOnDevice } from "./hardware.ts";
import { MODELS, type ModelName } from "./models.ts";
import type { DigitsResult, Outcome } from "./outcome.ts";
import { writeReport } from "./report.ts";
import { quantumLayerOf, type Trained, trainModel } from "./training.ts";

const STEPS = 1800;
const QUICK_STEPS = 90;

/**
 * Trains all models from all seeds on the same rows in the same order, takes the hybrid model of the first seed to a quantum
 * computer, and writes the report.
 */
export async function run(options: DemoOptions, progress: DemoProgress): Promise<DemoResult> {
  // Before the training: wrong credentials should not be found out after it.
  const device = await openDevice(options.hardware ?? "auto", options.seed, progress);
  try {
    return await runWith(device, options, progress);
  } finally {
    await device?.close();
  }
}

async function runWith(
  device: OpenDevice | undefined,
  options: DemoOptions,
  progress: DemoProgress,
): Promise<DemoResult> {
  const start = performance.now();
  const steps = options.steps ?? (options.quick ? QUICK_STEPS : STEPS);
  const seeds = seedsOf(options);
  const digits = loadDigits();
  const trained = new Map<ModelName, Trained[]>();
  for (const name of MODELS) {
    const runs: Trained[] = [];
    for (const seed of seeds) runs.push(await trainWithProgress(name, digits, seed, seeds, steps, progress));
    trained.set(name, runs);
  }
  const { model } = trained.get("hybrid")![0]!;
  const report = (onDevice?: DeviceOutcome): Promise<DemoResult> => {
    const rows = MODELS.map((name) =>
      rowOf(
        name,
        trained.get(name)!.map(({ outcome }) => outcome),
      ),
    );
    const seconds = (performance.now() - start) / 1000;
    const result = { name: "digits", rows: [...rows, ...(onDevice?.rows ?? [])], seeds, steps, seconds };
    return writtenReport({ trained, digits, result, onDevice }, options.out, progress);
  };
  try {
    if (device === undefined) return await report();
    const { seed, quick } = options;
    let onDevice: DeviceOutcome;
    try {
      onDevice = await runOnDevice(model, digits, device, { seed, quick }, progress);
    } catch (error) {
      // What was trained must not be lost with it.
      await report();
      progress.note(`The part on ${device.label} failed; the report of the training is in ${options.out}.`);
      throw error;
    }
    return await report(onDevice);
  } finally {
    for (const { model } of [...trained.values()].flat()) model.dispose();
  }
}

async function writtenReport(
  parts: {
    readonly trained: ReadonlyMap<ModelName, readonly Trained[]>;
    readonly digits: Digits;
    readonly result: DigitsResult;
    readonly onDevice: DeviceOutcome | undefined;
  },
  out: string,
  progress: DemoProgress,
): Promise<DemoResult> {
  const { trained, digits, result, onDevice } = parts;
  const { model } = trained.get("hybrid")![0]!;
  const layer = quantumLayerOf(model);
  const files = await writeReport(
    {
      out,
      result,
      outcomes: MODELS.map((name) => trained.get(name)![0]!.outcome),
      test: digits.test,
      scaler: digits.scaler,
      circuit: layer.quantum.circuit,
      weights: layer.namedWeights(),
      onDevice,
      saveModel: (folder) => saveModel(model, folder, { card: cardOf(digits, trained.get("hybrid")![0]!) }),
    },
    progress,
  );
  return { ...result, files };
}

function trainWithProgress(
  name: ModelName,
  digits: Digits,
  seed: number,
  seeds: readonly number[],
  steps: number,
  progress: DemoProgress,
): Promise<Trained> {
  const label = seeds.length === 1 ? name : `${name} ${seeds.indexOf(seed) + 1}/${seeds.length}`;
  return trainModel(name, digits, {
    seed,
    steps,
    onStep: (step, loss) => progress.update(label, step, steps, `loss ${loss.toFixed(3)}`),
  });
}

function rowOf(model: ModelName, outcomes: readonly Outcome[]): DemoRow {
  const values = outcomes.map(({ testAccuracy }) => testAccuracy);
  const { mean, spread } = meanAndSpread(values);
  return {
    model,
    params: outcomes[0]!.params,
    metric: "test accuracy",
    value: mean,
    spread,
    values,
    circuitExecutions: meanAndSpread(outcomes.map(({ circuitExecutions }) => circuitExecutions)).mean,
    seconds: meanAndSpread(outcomes.map(({ seconds }) => seconds)).mean,
  };
}

/** What those who use the saved model must know of it. */
function cardOf({ train, test }: Digits, { model, outcome }: Trained): ModelCard {
  const { seed, params, testAccuracy, seconds, circuitExecutions, history } = outcome;
  const here = { provider: "local simulator", remote: false } as const;
  return {
    name: "digits",
    intendedUse: "To show a hybrid model beside classical ones on public pictures of digits.",
    data: {
      source:
        "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, CC BY 4.0, https://doi.org/10.24432/C50P49",
      target: train.targetName,
      classes: train.classes,
      numRows: { train: train.numRows, test: test.numRows },
      split:
        "80/20 by the table's own column, each digit in its share; pixels scaled by the range of the training rows",
    },
    model: {
      params,
      parts: model.layers.map((layer) => `${layer.name}: ${layer.countParams()} parameters`),
      circuit: "4 qubits: one X rotation a feature, two strongly entangling layers, Z on each qubit.",
    },
    trainings: [
      {
        ...here,
        ...{ seed, seconds, steps: history.at(-1)!.step, executions: circuitExecutions },
        ...{ quantumSeconds: 0, jobs: 0 },
      },
    ],
    evaluations: [{ part: "test", ...here, numRows: test.numRows, metrics: { accuracy: testAccuracy } }],
    limits: ["Taking the circuit out does better on these data."],
  };
}
