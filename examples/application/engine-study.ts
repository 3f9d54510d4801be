import "@tensorflow/tfjs-backend-cpu";
import { join } from "node:path";
import type { DemoProgress, DemoRole, DemoRow } from "../../src/cli/demo.ts";
import { type CardOptions, deviceSimulator, type Evaluation, type LeptonEngine, loadTarget } from "../../src/index.ts";
import { DEVICE } from "./device.ts";
import { demoRow, measured, type SeedOutcome } from "./measure.ts";

/** 256 shots: a standard error of 1/16 for each value. */
const PRECISION = 1 / 16;

/** One row of a table: a pipeline for each seed. */
export interface EngineModel<Source> {
  readonly model: string;
  readonly role: DemoRole;
  build(seed: number): LeptonEngine<Source>;
  /** Also judged on the emulated device, with its noise; false by default. */
  readonly onDevice?: boolean;
  /** Circuit executions besides those of training, such as of feature extraction; none by default. */
  readonly furtherExecutions?: (seed: number) => number;
  /** Quantum seconds of an emulated device, where planning the training does not tell them. */
  readonly quantumSeconds?: () => Promise<number>;
}

export interface EngineStudy<Source> {
  readonly part: string;
  readonly seeds: readonly number[];
  /** Shown first, of those that `evaluate` gives. */
  readonly metric: string;
  readonly also: readonly string[];
  /** What tables call metrics; their own names by default. */
  readonly names?: Readonly<Record<string, string>>;
  /** A metric that `evaluate` does not give. */
  readonly ownMetrics?: (evaluation: Evaluation, seed: number) => Readonly<Record<string, number>>;
  readonly models: readonly EngineModel<Source>[];
}

export interface StudiedModel<Source> {
  readonly model: string;
  /** Trained from the first seed. */
  readonly engine: LeptonEngine<Source>;
  /** Of the test rows, one for each seed. */
  readonly evaluations: readonly Evaluation[];
}

/** Trains every model from every seed and judges it on the test rows. The caller disposes the engines of the first seed. */
export async function studyEngines<Source>(
  study: EngineStudy<Source>,
  progress: DemoProgress,
): Promise<{ readonly rows: readonly DemoRow[]; readonly studied: readonly StudiedModel<Source>[] }> {
  const { part, seeds, metric, models } = study;
  const rows: DemoRow[] = [];
  const studied: StudiedModel<Source>[] = [];
  for (const { model, role, build, onDevice = false, furtherExecutions, quantumSeconds: planned } of models) {
    const outcomes: SeedOutcome[] = [];
    const evaluations: Evaluation[] = [];
    const noisy: SeedOutcome[] = [];
    let params = 0;
    let quantumSeconds = await planned?.();
    for (const [i, seed] of seeds.entries()) {
      progress.update(`${part}: ${model}`, i, seeds.length);
      const engine = build(seed);
      const { value, seconds, cpuSeconds } = await measured(async () => await engine.train());
      const evaluation = await engine.evaluate("test");
      const circuitExecutions = value.executions + (furtherExecutions?.(seed) ?? 0);
      outcomes.push({ ...metricsOf(study, evaluation, seed), seconds, cpuSeconds, circuitExecutions });
      params = (await engine.model()).countParams();
      if (onDevice) {
        const provider = deviceSimulator(loadTarget(DEVICE), { seed });
        quantumSeconds ??= (await engine.plan({ provider, precision: PRECISION })).total.quantumSeconds;
        const judged = await measured(() => engine.evaluate("test", { provider, precision: PRECISION, seed }));
        const { seconds: judging, cpuSeconds: busy } = judged;
        noisy.push({
          ...metricsOf(study, judged.value, seed),
          ...{ seconds: judging, cpuSeconds: busy, circuitExecutions: judged.value.executions },
        });
      }
      evaluations.push(evaluation);
      if (i === 0) studied.push({ model, engine, evaluations });
      else engine.dispose();
    }
    progress.update(`${part}: ${model}`, seeds.length, seeds.length);
    const about = { part, params, metric: study.names?.[metric] ?? metric };
    const onQuantum = quantumSeconds === undefined ? {} : { quantumSeconds };
    rows.push(demoRow({ ...about, model, role, ...onQuantum }, outcomes));
    if (onDevice)
      rows.push(
        demoRow(
          { ...about, model: `${model}, tested on noisy ibm_torino (emulated)`, role: "reference", costsOf: "test" },
          noisy,
        ),
      );
  }
  return { rows, studied };
}

/** The study's metrics of one evaluation. @throws Error for a metric that the evaluation does not give */
function metricsOf<Source>(
  { metric, also, names = {}, ownMetrics }: EngineStudy<Source>,
  evaluation: Evaluation,
  seed: number,
): Pick<SeedOutcome, "value" | "also"> {
  const all = { ...evaluation.metrics, ...ownMetrics?.(evaluation, seed) };
  const read = (name: string): number => {
    const value = all[name];
    if (value === undefined) throw new Error(`The evaluation gives no ${name}.`);
    return value;
  };
  return { value: read(metric), also: Object.fromEntries(also.map((name) => [names[name] ?? name, read(name)])) };
}

/** Saves a pipeline with its card into the folder `name` of a report. @returns the paths of what was written */
export async function saveStudied<Source>(
  { engine }: StudiedModel<Source>,
  card: CardOptions,
  folder: string,
): Promise<readonly string[]> {
  await engine.evaluate("test");
  await engine.save(folder, { card });
  return ["model.json", "weights.bin", "model-card.md", "model-card.json"].map((file) => join(folder, file));
}
