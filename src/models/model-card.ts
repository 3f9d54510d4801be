import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ModelError } from "../errors.ts";
import type { FairnessReport } from "../metrics/index.ts";

/** Watts of one busy processor core, where nothing better is known: an assumption, to be stated beside every number that rests on it. */
export const ASSUMED_WATTS = 15;

/** One training of a model. */
export interface CardTraining {
  readonly provider: string;
  /** Whether circuits left this process for it. */
  readonly remote: boolean;
  readonly steps: number;
  readonly seed: number | string;
  /** Wall time. */
  readonly seconds: number;
  /** Processor time of the process, where it was measured: not of a run that another process has taken a part of. */
  readonly cpuSeconds?: number | undefined;
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobs: number;
  /** It ended by an error; what its last step took is not in it. */
  readonly isBrokenOff?: boolean | undefined;
}

/** Jobs of trainings, evaluations and predictions that left the process. */
export interface CardSending {
  readonly provider: string;
  /** As far as they were counted; 0 where that broke off. */
  readonly jobs: number;
}

/** What was found on one part of the data. */
export interface CardEvaluation {
  readonly part: string;
  readonly provider: string;
  readonly remote: boolean;
  readonly numRows: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * What those who use a model must know of it (M. Mitchell et al., Model Cards for Model Reporting, arXiv:1810.03993). Nothing is
 * made up: what is left out is said not to be stated.
 */
export interface ModelCard {
  readonly name: string;
  /** What it is for, and what it is not for. */
  readonly intendedUse?: string | undefined;
  readonly data: {
    /** Where the data are from, and under which licence. */
    readonly source?: string | undefined;
    readonly target?: string | undefined;
    readonly classes?: readonly string[] | undefined;
    readonly featureNames?: readonly string[] | undefined;
    /** Rows of each part; how they were told apart is said in `split`. */
    readonly numRows: Readonly<Record<string, number>>;
    readonly split?: string | undefined;
  };
  readonly model: {
    readonly params: number;
    /** Feature units and layers, in order. */
    readonly parts: readonly string[];
    readonly circuit?: string | undefined;
  };
  readonly trainings: readonly CardTraining[];
  readonly evaluations: readonly CardEvaluation[];
  /** By provider; where it is left out, what the trainings and evaluations say. */
  readonly sent?: readonly CardSending[] | undefined;
  /** By attribute of people, such as `age`: how differently groups are treated. */
  readonly fairness?: Readonly<Record<string, FairnessReport>> | undefined;
  /** Of one busy core; 15 by default, an assumption. */
  readonly watts?: number | undefined;
  /** What its makers know it not to do. */
  readonly limits?: readonly string[] | undefined;
}

/** The card as Markdown. */
export function modelCardText(card: ModelCard): string {
  const { name, intendedUse, data, model } = card;
  const sections: readonly (readonly [heading: string, lines: readonly string[]])[] = [
    ["Intended use", [intendedUse ?? NOT_STATED]],
    [
      "Data",
      [
        `- Source and licence: ${data.source ?? NOT_STATED}`,
        `- Target: ${data.target ?? NOT_STATED}${data.classes === undefined ? "" : `, one of ${data.classes.join(", ")}`}`,
        ...(data.featureNames === undefined ? [] : [`- Features: ${data.featureNames.join(", ")}`]),
        `- Rows: ${rowsText(data.numRows)}`,
        `- Split: ${data.split ?? NOT_STATED}`,
      ],
    ],
    [
      "Model",
      [
        `- ${model.params.toLocaleString("en")} parameters`,
        ...model.parts.map((part, i) => `${i + 1}. ${part}`),
        ...(model.circuit === undefined ? [] : [`- ${model.circuit}`]),
      ],
    ],
    ["Training", trainingLines(card)],
    ["Metrics", metricLines(card.evaluations)],
    ["Fairness", fairnessLines(card.fairness)],
    ["Energy", energyLines(card)],
    ["What left the machine", privacyLines(card)],
    ["Limits", [...(card.limits ?? []), ...ownLimits(card)].map((limit) => `- ${limit}`)],
  ];
  const text = sections.map(([heading, lines]) => `## ${heading}\n${lines.join("\n")}\n`);
  return `# Model card: ${name}\n\n${text.join("\n")}`;
}

/**
 * Writes model-card.md and model-card.json into a folder that is there.
 * @throws ModelError MODEL_FOLDER
 */
export function writeModelCard(folder: string, card: ModelCard): readonly string[] {
  const paths = [join(folder, "model-card.md"), join(folder, "model-card.json")];
  try {
    writeFileSync(paths[0]!, modelCardText(card));
    writeFileSync(paths[1]!, `${JSON.stringify(card, null, 2)}\n`);
  } catch (cause) {
    throw new ModelError("MODEL_FOLDER", `The card cannot be saved to ${folder}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return paths;
}

const NOT_STATED = "not stated.";

function rowsText(numRows: Readonly<Record<string, number>>): string {
  const parts = Object.entries(numRows).map(([part, count]) => `${count.toLocaleString("en")} ${part}`);
  return parts.length === 0 ? NOT_STATED : parts.join(", ");
}

function trainingLines({ trainings }: ModelCard): readonly string[] {
  if (trainings.length === 0) return ["No training is known."];
  return trainings.map(({ provider, remote, steps, seed, seconds, executions, quantumSeconds, jobs, isBrokenOff }) => {
    const onDevice = remote ? `, ${jobs} jobs, ${quantumSeconds.toFixed(1)} s of the quantum computer` : "";
    const end = isBrokenOff === true ? "; broken off, without what its last step took" : "";
    return `- ${steps.toLocaleString("en")} steps from seed ${seed} on ${provider}: ${seconds.toFixed(1)} s, ${executions.toLocaleString("en")} circuit executions${onDevice}${end}`;
  });
}

function metricLines(evaluations: readonly CardEvaluation[]): readonly string[] {
  if (evaluations.length === 0) return ["Not evaluated."];
  const names = [...new Set(evaluations.flatMap(({ metrics }) => Object.keys(metrics)))];
  return table(
    ["rows", "circuits on", ...names],
    evaluations.map(({ part, provider, numRows, metrics }) => [
      `${numRows.toLocaleString("en")} ${part}`,
      provider,
      ...names.map((name) => metrics[name]?.toFixed(4) ?? ""),
    ]),
  );
}

function fairnessLines(fairness: ModelCard["fairness"]): readonly string[] {
  if (fairness === undefined || Object.keys(fairness).length === 0)
    return [
      "No groups of people were compared. Where the model decides about people, compare them before it is used (`fairnessReport`).",
    ];
  return Object.entries(fairness).flatMap(([attribute, report], i) => {
    const share = (given: { readonly value: number; readonly low: number; readonly high: number } | null): string =>
      given === null ? "" : `${given.value.toFixed(2)} (${given.low.toFixed(2)} to ${given.high.toFixed(2)})`;
    const rows = report.groups.map((group) => [
      group.group,
      String(group.count),
      share(group.baseRate),
      share(group.selectionRate),
      share(group.truePositiveRate),
      share(group.falsePositiveRate),
      group.auc?.toFixed(2) ?? "",
    ]);
    const header = [
      attribute,
      "rows",
      "base rate",
      "taken for class 1",
      "true positive rate",
      "false positive rate",
      "AUC",
    ];
    return [
      ...(i === 0 ? [] : [""]),
      ...table(header, rows),
      "",
      `By ${attribute}, rates of being taken for class 1 differ by ${report.selectionRateDifference.toFixed(2)}, true positive rates by ${report.truePositiveRateDifference.toFixed(2)}, false positive rates by ${report.falsePositiveRateDifference.toFixed(2)}. In brackets: 95 % intervals.`,
    ];
  });
}

function energyLines({ trainings, watts = ASSUMED_WATTS }: ModelCard): readonly string[] {
  const measured = trainings.filter(({ cpuSeconds }) => cpuSeconds !== undefined);
  if (measured.length === 0) return ["Processor time was not measured."];
  const cpuSeconds = measured.reduce((sum, training) => sum + training.cpuSeconds!, 0);
  const others = trainings.length - measured.length;
  return [
    `About ${Math.round(cpuSeconds * watts).toLocaleString("en")} J: ${cpuSeconds.toFixed(1)} s of processor time at an assumed ${watts} W a core. Quantum computers are not in it; nobody states what a second of theirs takes.${others === 0 ? "" : ` ${others} of ${trainings.length} trainings were not measured.`}`,
  ];
}

function privacyLines(card: ModelCard): readonly string[] {
  const { sent = sentBy(card) } = card;
  if (sent.length === 0)
    return card.model.circuit === undefined
      ? ["Nothing that is known of: it has no circuit."]
      : ["Nothing that is known of: its circuits were simulated where it was trained and evaluated."];
  const places = sent.map(({ provider, jobs }) => `${provider} (${jobs === 0 ? "jobs not counted" : `${jobs} jobs`})`);
  return [
    `Circuits went to ${places.join(", ")}. Their angles are functions of the features of each row, so whoever reads the jobs can learn about the rows.`,
  ];
}

/** Jobs of evaluations are not told there. */
function sentBy({ trainings, evaluations }: ModelCard): readonly CardSending[] {
  const jobs = new Map<string, number>();
  for (const { provider, jobs: count } of [
    ...trainings.filter(({ remote }) => remote),
    ...evaluations.filter(({ remote }) => remote).map(({ provider }) => ({ provider, jobs: 0 })),
  ])
    jobs.set(provider, (jobs.get(provider) ?? 0) + count);
  return [...jobs].map(([provider, count]) => ({ provider, jobs: count }));
}

/** Limits that follow from the numbers. */
function ownLimits({ trainings, evaluations, model }: ModelCard): readonly string[] {
  const test = evaluations.find(({ part, metrics }) => part === "test" && metrics.accuracy !== undefined);
  const seeds = new Set(trainings.map(({ seed }) => String(seed)));
  const accuracy = test?.metrics.accuracy ?? 0;
  return [
    test === undefined
      ? "No accuracy on test rows is known."
      : `${test.numRows.toLocaleString("en")} test rows tell an accuracy of ${accuracy.toFixed(3)} to about ± ${Math.sqrt((accuracy * (1 - accuracy)) / test.numRows).toFixed(3)} (one standard deviation).`,
    ...(seeds.size === 1 ? [`One seed (${[...seeds][0]}); others may do better or worse.`] : []),
    "Rows that are unlike the training rows — other instruments, other times, other people — were not tried unless it says so above.",
    ...(model.circuit === undefined
      ? []
      : ["That a circuit is part of it is no claim that it does better than a model without one; compare."]),
  ];
}

function table(header: readonly string[], lines: readonly (readonly string[])[]): readonly string[] {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(header), row(header.map(() => "---")), ...lines.map(row)];
}
