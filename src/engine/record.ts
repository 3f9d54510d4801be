import { optionsFault } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import type { Dataset } from "../data/index.ts";
import { DataError, EngineError, ModelError, TrainingError } from "../errors.ts";
import { type FairnessReport, fairnessReport } from "../metrics/index.ts";
import type { CardEvaluation, CardSending, CardTraining, ModelCard } from "../models/model-card.ts";
import type { Evaluation } from "./evaluation.ts";
import { circuitText, type EngineSummary } from "./summary.ts";
import type { PartName, SavedRecord } from "./units.ts";

/** What a card says that no program can know. */
export interface CardOptions extends Pick<ModelCard, "intendedUse" | "limits" | "watts"> {
  /** Where the data are from, and under which licence. */
  readonly source?: string;
  /** How the parts were told apart. */
  readonly split?: string;
  /** For each attribute of people the group of every test row, in order; for two classes, after `evaluate("test")`. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
}

/** What a training has taken so far in this process; it is told step by step, so that one that breaks off is known too. */
export interface TrainingProgress {
  steps: number;
  executions: number;
  quantumSeconds: number;
  jobs: number;
}

/** What a training took in all, also in earlier processes. */
interface TrainingCosts {
  readonly steps: number;
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
  readonly seconds?: number;
}

interface TrainingFacts {
  readonly provider?: Backend | undefined;
  readonly seed?: number | string | undefined;
  readonly store?: unknown;
  readonly id?: string | undefined;
}

/** What was done with an engine's model. */
export class EngineRecord {
  readonly #trainings: { readonly run: string | undefined; readonly training: CardTraining }[];
  readonly #evaluations: Map<string, CardEvaluation>;
  /** Jobs by provider, without those of the trainings above. */
  readonly #sent: Map<string, number>;
  /** How the model was made smaller, for its limits. */
  readonly compression: string | undefined;
  #version = 0;
  /** The last look at the test rows. */
  lastTest: { readonly rows: Dataset; readonly evaluation: Evaluation } | undefined;

  constructor({ trainings = [], evaluations = [], sent = [], compression }: Partial<SavedRecord> = {}) {
    this.#trainings = trainings.map((training) => ({ run: undefined, training }));
    this.#evaluations = new Map(evaluations.map((evaluation) => [evaluation.part, evaluation]));
    this.#sent = new Map(sent.map(({ provider, jobs }) => [provider, jobs]));
    this.compression = compression;
  }

  /** Another number where weights have begun to change, or have done so. */
  get version(): number {
    return this.#version;
  }

  get trainings(): readonly CardTraining[] {
    return this.#trainings.map(({ training }) => training);
  }

  get evaluations(): readonly CardEvaluation[] {
    return [...this.#evaluations.values()];
  }

  /** All jobs that left the process, by provider. */
  get sent(): readonly CardSending[] {
    const jobs = new Map(this.#sent);
    for (const training of this.trainings)
      if (training.remote) jobs.set(training.provider, (jobs.get(training.provider) ?? 0) + training.jobs);
    return [...jobs].map(([provider, count]) => ({ provider, jobs: count }));
  }

  toJSON(): SavedRecord {
    const { trainings, evaluations, compression } = this;
    const sent = [...this.#sent].map(([provider, jobs]) => ({ provider, jobs }));
    return { trainings, evaluations, sent, ...(compression === undefined ? {} : { compression }) };
  }

  /** The record of a smaller model: trained as this one was, and not evaluated yet. */
  compressed(how: string, provider: Backend | undefined): EngineRecord {
    const record = new EngineRecord({ ...this.toJSON(), evaluations: [], compression: how });
    record.#goesTo(provider, 0);
    return record;
  }

  /** Records a training by the progress that `train` writes down and by what it gives. */
  async training<Result extends TrainingCosts>(
    facts: TrainingFacts,
    train: (progress: TrainingProgress) => Promise<Result>,
  ): Promise<Result> {
    const progress: TrainingProgress = { steps: 0, executions: 0, quantumSeconds: 0, jobs: 0 };
    const cpu = process.cpuUsage();
    const start = performance.now();
    const run = facts.store === undefined ? undefined : facts.id;
    const at = run === undefined ? -1 : this.#trainings.findIndex((one) => one.run === run);
    const before = this.#trainings[at]?.training;
    const add = (costs: Omit<TrainingCosts, "jobIds"> & { readonly jobs: number }, isBrokenOff: boolean): void => {
      const { user, system } = process.cpuUsage(cpu);
      const { steps, executions, quantumSeconds, jobs } = costs;
      // What another process took of the run's processor time is not known here.
      const isAllHere = (before?.steps ?? 0) + progress.steps >= steps;
      const cpuBefore = before === undefined ? 0 : before.cpuSeconds;
      const training: CardTraining = {
        ...placeOf(facts.provider),
        ...{ steps, executions, quantumSeconds, jobs },
        seed: facts.seed ?? 0,
        seconds: costs.seconds ?? (performance.now() - start) / 1000,
        cpuSeconds: isAllHere && cpuBefore !== undefined ? cpuBefore + (user + system) / 1e6 : undefined,
        ...(isBrokenOff ? { isBrokenOff } : {}),
      };
      this.#trainings.splice(at < 0 ? this.#trainings.length : at, at < 0 ? 0 : 1, { run, training });
    };
    this.#version++;
    try {
      const result = await train(progress);
      add({ ...result, jobs: result.jobIds.length }, false);
      return result;
    } catch (error) {
      if (progress.steps > 0) add(progress, true);
      else if (!isTooEarlyToSend(error)) this.#goesTo(facts.provider, 0);
      throw error;
    } finally {
      this.#version++;
      // What was found before is of other weights; a run that is kept brings its own with it.
      if (progress.steps > 0 || run !== undefined) {
        this.#evaluations.clear();
        this.lastTest = undefined;
      }
    }
  }

  /** Records that circuits go to a provider, also where that breaks off. */
  async sending<Result extends { readonly jobIds: readonly string[] }>(
    provider: Backend | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      const result = await work();
      this.#goesTo(provider, result.jobIds.length);
      return result;
    } catch (error) {
      if (!isTooEarlyToSend(error)) this.#goesTo(provider, 0);
      throw error;
    }
  }

  #goesTo(provider: Backend | undefined, jobs: number): void {
    const { provider: name, remote } = placeOf(provider);
    if (remote) this.#sent.set(name, (this.#sent.get(name) ?? 0) + jobs);
  }

  /** @param version of when the evaluation began: one that a training has overtaken is of weights that are gone */
  evaluated(
    {
      part,
      rows,
      provider,
      version,
    }: {
      readonly part: PartName;
      readonly rows: Dataset;
      readonly provider: Backend | undefined;
      readonly version: number;
    },
    evaluation: Evaluation,
  ): void {
    if (version !== this.#version) return;
    const { numRows, metrics } = evaluation;
    this.#evaluations.set(part, { part, ...placeOf(provider), numRows, metrics });
    if (part === "test") this.lastTest = { rows, evaluation };
  }
}

function placeOf(provider: Backend | undefined): { readonly provider: string; readonly remote: boolean } {
  return { provider: provider?.name ?? "local simulator", remote: provider?.capabilities.local === false };
}

/** Whether an error says that nothing was sent: it was refused, or options, data or the model were at fault. */
function isTooEarlyToSend(error: unknown): boolean {
  const { code } = error as { readonly code?: string };
  if (code === "IBM_SENDING_REFUSED") return true;
  const isOwn = [DataError, EngineError, ModelError, TrainingError].some((kind) => error instanceof kind);
  return isOwn && !/^TRAINING_\w+_NOT_FINITE$/.test(code ?? "");
}

/** @throws EngineError ENGINE_CARD, ENGINE_OPTION */
export function cardOf(
  facts: Pick<EngineSummary, "name" | "output" | "numRows" | "features" | "layers">,
  record: EngineRecord,
  options: CardOptions,
): ModelCard {
  const fault = optionsFault("A card", options, ["intendedUse", "limits", "watts", "source", "split", "groups"]);
  if (fault !== undefined) throw new EngineError("ENGINE_OPTION", fault);
  const { name, output, numRows, features, layers } = facts;
  const { source, split, groups, limits = [], ...stated } = options;
  const { compression } = record;
  const circuits = layers.flatMap(({ quantum }) => (quantum === undefined ? [] : [circuitText(quantum)]));
  return {
    name,
    ...stated,
    limits: compression === undefined ? limits : [...limits, compression],
    data: {
      ...{ source, split, numRows },
      ...{ target: output.targetName, classes: output.classes, featureNames: output.featureNames },
    },
    model: {
      params: layers.reduce((sum, { params }) => sum + params, 0),
      parts: [
        ...features.map((kind) => `${kind}, fitted on the training rows`),
        ...layers.map((layer) => `${layer.name}: ${layer.inputs} → ${layer.outputs}, ${layer.params} parameters`),
      ],
      circuit: circuits.length === 0 ? undefined : circuits.join(" "),
    },
    trainings: record.trainings,
    evaluations: record.evaluations,
    sent: record.sent,
    fairness: groups === undefined ? undefined : fairnessOf(record, groups),
  };
}

function fairnessOf(
  { lastTest }: EngineRecord,
  groups: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, FairnessReport>> {
  if (lastTest === undefined)
    throw new EngineError(
      "ENGINE_CARD",
      'Groups are compared by what was found on the test rows: call evaluate("test") after training, then save.',
    );
  const { rows, evaluation } = lastTest;
  if (rows.classes?.length !== 2)
    throw new EngineError("ENGINE_CARD", "Groups can be compared where there are two classes.");
  const scores = Float64Array.from(rows.y, (_, row) => evaluation.prediction.outputs[2 * row + 1]!);
  return Object.fromEntries(
    Object.entries(groups).map(([attribute, names]) => {
      if (names.length !== rows.numRows)
        throw new EngineError(
          "ENGINE_CARD",
          `groups.${attribute} names ${names.length} group(s), but there are ${rows.numRows} test rows.`,
        );
      return [attribute, fairnessReport(rows.y, scores, names)];
    }),
  );
}
