import { optionsFault } from "../../circuits/index.ts";
import type { Backend } from "../../providers/index.ts";
import type { Dataset } from "../data/index.ts";
import { EngineError } from "../errors.ts";
import { type FairnessReport, fairnessReport } from "../metrics/index.ts";
import type { CardEvaluation, CardTraining, ModelCard } from "../models/model-card.ts";
import type { Evaluation } from "./evaluation.ts";
import { circuitText, type EngineSummary } from "./summary.ts";
import type { PartName } from "./units.ts";

/** What a card says that no program can know. */
export interface CardOptions extends Pick<ModelCard, "intendedUse" | "limits" | "watts"> {
  /** Where the data are from, and under which licence. */
  readonly source?: string;
  /** How the parts were told apart. */
  readonly split?: string;
  /** For each attribute of people the group of every test row, in order; for two classes, after `evaluate("test")`. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
}

interface Costs {
  readonly steps: number;
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}

/** What was done with an engine since it was made. */
export class EngineRecord {
  readonly trainings: CardTraining[] = [];
  /** How the model was made smaller, for its limits. */
  compression: string | undefined;
  readonly #evaluations = new Map<PartName, CardEvaluation>();
  /** The last look at the test rows. */
  lastTest: { readonly rows: Dataset; readonly evaluation: Evaluation } | undefined;

  /** The record of a smaller model: trained as this one was, and not evaluated yet. */
  compressed(how: string): EngineRecord {
    const record = new EngineRecord();
    record.trainings.push(...this.trainings);
    record.compression = how;
    return record;
  }

  get evaluations(): readonly CardEvaluation[] {
    return [...this.#evaluations.values()];
  }

  async training<Result extends Costs>(
    options: { readonly provider?: Backend | undefined; readonly seed?: number | string | undefined },
    train: () => Promise<Result>,
  ): Promise<Result> {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const result = await train();
    const { user, system } = process.cpuUsage(cpu);
    this.trainings.push({
      ...place(options.provider),
      steps: result.steps,
      seed: options.seed ?? 0,
      seconds: (performance.now() - start) / 1000,
      cpuSeconds: (user + system) / 1e6,
      executions: result.executions,
      quantumSeconds: result.quantumSeconds,
      jobs: result.jobIds.length,
    });
    // What was found before is of other weights.
    this.#evaluations.clear();
    this.lastTest = undefined;
    return result;
  }

  evaluated(part: PartName, rows: Dataset, evaluation: Evaluation, provider: Backend | undefined): void {
    const { numRows, metrics } = evaluation;
    this.#evaluations.set(part, { part, ...place(provider), numRows, metrics });
    if (part === "test") this.lastTest = { rows, evaluation };
  }
}

function place(provider: Backend | undefined): { readonly provider: string; readonly remote: boolean } {
  return { provider: provider?.name ?? "local simulator", remote: provider?.capabilities.local === false };
}

/** @throws EngineError ENGINE_CARD, ENGINE_OPTION */
export function cardOf(summary: EngineSummary, record: EngineRecord, options: CardOptions): ModelCard {
  const fault = optionsFault("A card", options, ["intendedUse", "limits", "watts", "source", "split", "groups"]);
  if (fault !== undefined) throw new EngineError("ENGINE_OPTION", fault);
  const { name, output, numRows, features, layers } = summary;
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
    trainings: [...record.trainings],
    evaluations: record.evaluations,
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
