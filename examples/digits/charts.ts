import { COLOURS, figure, INK, MUTED } from "../application/figure.ts";
import type { PictureTools } from "../picture-tools.ts";

/** A line of a chart: values over training steps. */
export interface Series {
  readonly label: string;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

const MARGIN_TOP = 108;
const MARGIN_BOTTOM = 52;

/** Lines with their names at their ends. */
export function lineChart(
  tools: PictureTools,
  chart: {
    readonly title: string;
    readonly subtitle: string;
    readonly yLabel: string;
    readonly yDomain: readonly [number, number];
    readonly percent?: boolean;
    /** Pixels; 900 by 492 by default. */
    readonly size?: readonly [width: number, height: number];
    readonly series: readonly Series[];
  },
): string {
  const { Plot } = tools;
  const [low, high] = chart.yDomain;
  const [width, height] = chart.size ?? [900, 492];
  const rows = chart.series.flatMap(({ label, points }) =>
    points.map(({ step, value }) => ({ label, step, value: Math.min(high, Math.max(low, value)) })),
  );
  const ends = spread(
    chart.series.map(({ label, points }) => ({
      label,
      ...points.at(-1)!,
      shown: Math.min(high, Math.max(low, points.at(-1)!.value)),
    })),
    [low, high],
    (20 * (high - low)) / (height - MARGIN_TOP - MARGIN_BOTTOM),
  );
  const lastStep = Math.max(...rows.map(({ step }) => step));
  const format = (value: number) => (chart.percent === true ? `${(100 * value).toFixed(1)} %` : value.toFixed(2));
  return figure(tools, chart.title, chart.subtitle, {
    width,
    height,
    marginTop: MARGIN_TOP,
    marginLeft: 62,
    marginRight: 262,
    marginBottom: MARGIN_BOTTOM,
    x: {
      label: null,
      domain: [0, lastStep],
      nice: false,
      ticks: 6,
    },
    y: {
      label: null,
      domain: [low, high],
      grid: true,
      ticks: 6,
      ...(chart.percent === true ? { tickFormat: (value: number) => `${Math.round(100 * value)} %` } : {}),
    },
    color: { domain: chart.series.map(({ label }) => label), range: [...COLOURS] },
    marks: [
      Plot.text([chart.yLabel], { frameAnchor: "top-left", dx: -46, dy: -24, fontSize: 13, fill: MUTED }),
      Plot.text(["training step (batches of 32)"], { frameAnchor: "bottom", dy: 44, fontSize: 13, fill: MUTED }),
      Plot.ruleY([low], { stroke: "#94a3b8" }),
      Plot.line(rows, {
        x: "step",
        y: "value",
        z: "label",
        stroke: "label",
        strokeWidth: 2.4,
        strokeLinejoin: "round",
      }),
      Plot.dot(ends, { x: "step", y: "shown", fill: "label", r: 4 }),
      Plot.text(ends, {
        x: "step",
        y: "at",
        text: (end: (typeof ends)[number]) => `${end.label}  ${format(end.value)}`,
        fill: "label",
        textAnchor: "start",
        dx: 10,
        fontSize: 13,
        fontWeight: 600,
      }),
    ],
  });
}

/** Heights for labels at their values, moved so that neighbours do not touch and none leaves the frame. */
function spread<Item extends { readonly shown: number }>(
  items: readonly Item[],
  [low, high]: readonly [number, number],
  gap: number,
): readonly (Item & { readonly at: number })[] {
  const sorted = items.map((item) => ({ ...item, at: item.shown })).sort((a, b) => a.at - b.at);
  let floor = low + gap / 3;
  for (const item of sorted) {
    item.at = Math.max(item.at, floor);
    floor = item.at + gap;
  }
  let ceiling = high;
  for (const item of sorted.reverse()) {
    item.at = Math.min(item.at, ceiling);
    ceiling = item.at - gap;
  }
  return sorted;
}

/** How often each class was taken for each other: `counts` [true][predicted]. */
export function confusionChart(
  tools: PictureTools,
  chart: {
    readonly title: string;
    readonly subtitle: string;
    readonly classes: readonly string[];
    readonly counts: readonly (readonly number[])[];
  },
): string {
  const { Plot } = tools;
  const cells = chart.counts.flatMap((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => ({
      actual: chart.classes[actual]!,
      predicted: chart.classes[predicted]!,
      count,
      share: total === 0 ? 0 : count / total,
      right: actual === predicted,
    }));
  });
  return figure(tools, chart.title, chart.subtitle, {
    width: 620,
    height: 640,
    marginTop: 112,
    marginLeft: 66,
    marginRight: 24,
    marginBottom: 28,
    padding: 0.04,
    x: {
      label: null,
      axis: "top",
      domain: [...chart.classes],
      tickSize: 0,
    },
    y: { label: null, domain: [...chart.classes], tickSize: 0 },
    marks: [
      Plot.text(["predicted digit"], { frameAnchor: "top", dy: -38, fontSize: 13, fill: MUTED }),
      Plot.text(["true digit"], {
        frameAnchor: "left",
        dx: -42,
        rotate: -90,
        textAnchor: "middle",
        fontSize: 13,
        fill: MUTED,
      }),
      Plot.cell(cells, {
        x: "predicted",
        y: "actual",
        fill: (cell: (typeof cells)[number]) => shade(cell.share, cell.right),
        rx: 3,
      }),
      Plot.text(
        cells.filter(({ count }) => count > 0),
        {
          x: "predicted",
          y: "actual",
          text: (cell: (typeof cells)[number]) => String(cell.count),
          fill: (cell: (typeof cells)[number]) => (cell.share > 0.5 ? "#ffffff" : INK),
          fontSize: 14,
          fontWeight: 600,
        },
      ),
    ],
  });
}

/** From near white to violet for right answers, to orange for wrong ones. */
function shade(share: number, right: boolean): string {
  const from = [241, 245, 249];
  const to = right ? [76, 29, 149] : [234, 88, 12];
  const t = share === 0 ? 0 : 0.12 + 0.88 * share;
  return `rgb(${from.map((value, i) => Math.round(value + t * (to[i]! - value))).join(",")})`;
}
