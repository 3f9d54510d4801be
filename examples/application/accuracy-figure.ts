import type { DemoRow } from "../../src/cli/demo.ts";
import type { PictureTools } from "../picture-tools.ts";
import { COLOURS, figure, INK, MUTED } from "./figure.ts";

const COLOUR_OF: Readonly<Record<NonNullable<DemoRow["role"]>, string>> = {
  hybrid: COLOURS[0],
  "without quantum": COLOURS[1],
  "equal parameters": COLOURS[2],
  "best classical": COLOURS[3],
  reference: "#94a3b8",
};

/** What the models of a table reach: a dot for each seed, and their mean. */
export function accuracyFigure(
  tools: PictureTools,
  chart: {
    readonly title: string;
    readonly subtitle: string;
    readonly rows: readonly DemoRow[];
    readonly domain: readonly [number, number];
  },
): string {
  const { Plot } = tools;
  const models = chart.rows.map(({ model }) => model);
  const [low, high] = chart.domain;
  const clipped = (value: number): number => Math.min(high, Math.max(low, value));
  const dots = chart.rows.flatMap(({ model, role = "reference", values }) =>
    values.map((value) => ({ model, value: clipped(value), colour: COLOUR_OF[role] })),
  );
  const means = chart.rows.map(({ model, role = "reference", value, spread }) => ({
    model,
    value: clipped(value),
    colour: COLOUR_OF[role],
    text: spread === null ? value.toFixed(3) : `${value.toFixed(3)} ± ${spread.toFixed(3)}`,
  }));
  return figure(tools, chart.title, chart.subtitle, {
    width: 980,
    height: 120 + 34 * models.length,
    marginTop: 84,
    marginLeft: 392,
    marginRight: 130,
    marginBottom: 36,
    x: { label: null, domain: [low, high], grid: true, ticks: 6 },
    y: { label: null, domain: models, tickSize: 0 },
    marks: [
      Plot.dot(dots, { x: "value", y: "model", fill: "colour", fillOpacity: 0.35, r: 5 }),
      Plot.tickX(means, { x: "value", y: "model", stroke: "colour", strokeWidth: 3 }),
      Plot.text(means, {
        frameAnchor: "right",
        y: "model",
        text: "text",
        dx: 116,
        textAnchor: "end",
        fill: INK,
        fontSize: 13,
        fontWeight: 600,
      }),
      Plot.text([chart.rows[0]!.metric], {
        frameAnchor: "bottom-left",
        dy: 30,
        dx: -376,
        textAnchor: "start",
        fontSize: 12,
        fill: MUTED,
      }),
    ],
  });
}
