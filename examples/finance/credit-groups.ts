import type { DemoRow } from "../../src/cli/demo.ts";
import type { Evaluation } from "../../src/index.ts";
import { type FairnessReport, fairnessReport, type GroupRates, type Share } from "../../src/metrics/index.ts";
import { COLOURS, figure, INK, MUTED } from "../application/figure.ts";
import { demoRow } from "../application/measure.ts";
import type { PictureTools } from "../picture-tools.ts";

/** By attribute the group of each test row, and which rows are bad loans. */
export interface Compared {
  readonly truth: Float64Array;
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

export interface GroupedModel {
  readonly model: string;
  /** Of the test rows, one for each seed. */
  readonly evaluations: readonly Evaluation[];
}

/** By attribute how differently a model treats groups; one for each seed. */
export function reportsOf(
  { evaluations }: GroupedModel,
  { truth, groups }: Compared,
): Readonly<Record<string, readonly FairnessReport[]>> {
  const scores = evaluations.map(({ prediction: { outputs } }) =>
    Float64Array.from(truth, (_, row) => outputs[2 * row + 1]!),
  );
  return Object.fromEntries(
    Object.entries(groups).map(([attribute, names]) => [
      attribute,
      scores.map((one) => fairnessReport(truth, one, names)),
    ]),
  );
}

/** A row for each group: how often the model calls its members bad, and how often rightly. */
export function groupRows(
  grouped: GroupedModel,
  compared: Compared,
  about: { readonly part: string; readonly params: number },
): readonly DemoRow[] {
  return Object.entries(reportsOf(grouped, compared)).flatMap(([attribute, reports]) =>
    reports[0]!.groups.map(({ group, count }, i) =>
      demoRow(
        { ...about, model: `${attribute}: ${group}, ${count} test rows`, metric: "called bad" },
        reports.map(({ groups }) => ({ ...ratesOf(groups[i]!), seconds: 0, cpuSeconds: 0 })),
      ),
    ),
  );
}

function ratesOf({ baseRate, selectionRate, truePositiveRate, falsePositiveRate, auc }: GroupRates) {
  const known = Object.entries({
    "are bad": baseRate.value,
    "bad ones found": truePositiveRate?.value,
    "good ones called bad": falsePositiveRate?.value,
    AUC: auc,
  }).flatMap(([metric, value]) => (value === undefined || value === null ? [] : [[metric, value] as const]));
  return { value: selectionRate.value, also: Object.fromEntries(known) };
}

/** Of each group's good loans the share that a model calls bad, with its 95 % interval; of the first seed. */
export function groupsPicture(tools: PictureTools, models: readonly GroupedModel[], compared: Compared): string {
  const { Plot } = tools;
  const bars = models.flatMap((grouped) =>
    Object.entries(reportsOf(grouped, compared)).flatMap(([attribute, [report]]) =>
      report!.groups.flatMap(({ group, falsePositiveRate }) =>
        falsePositiveRate === null
          ? []
          : [{ model: grouped.model, group: `${attribute}: ${group}`, ...(falsePositiveRate satisfies Share) }],
      ),
    ),
  );
  const groups = [...new Set(bars.map(({ group }) => group))];
  return figure(
    tools,
    "Good loans that are called bad",
    "Share of each group's good loans in the test rows, of the first seed; lines: 95 % intervals, wide where a group is small",
    {
      width: 940,
      height: 140 + 62 * groups.length,
      marginTop: 96,
      marginLeft: 240,
      marginRight: 40,
      marginBottom: 44,
      x: { label: null, percent: true, grid: true, domain: [0, 60], ticks: 6 },
      y: { axis: null, domain: models.map(({ model }) => model) },
      fy: { axis: null, domain: groups, padding: 0.25 },
      color: { domain: models.map(({ model }) => model), range: [COLOURS[0], COLOURS[3]], legend: false },
      marks: [
        Plot.ruleY(bars, {
          fy: "group",
          y: "model",
          x1: "low",
          x2: "high",
          stroke: "model",
          strokeWidth: 3,
          strokeOpacity: 0.45,
        }),
        Plot.dot(bars, { fy: "group", y: "model", x: "value", fill: "model", r: 6 }),
        Plot.text(bars, {
          ...{ fy: "group", y: "model", x: "high", text: "model", fill: "model" },
          ...{ textAnchor: "start", dx: 8, fontSize: 12 },
        }),
        Plot.text(groups, {
          ...{ fy: (group: string) => group, text: (group: string) => group },
          ...{ frameAnchor: "left", dx: -224, textAnchor: "start", fill: INK, fontSize: 13, fontWeight: 600 },
        }),
        Plot.text(["%"], { facet: "super", frameAnchor: "bottom-right", dy: 34, fill: MUTED, fontSize: 12 }),
      ],
    },
  );
}
