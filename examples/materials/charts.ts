import { COLOURS, figure, INK, MUTED } from "../application/figure.ts";
import { beside, stacked } from "../application/stacked.ts";
import type { PictureTools } from "../picture-tools.ts";
import { MODELS, type PhaseDiagram } from "./phases.ts";

const WIDTH = 430;
const [CIRCUIT, EXACT, MEAN_FIELD, JASTROW] = COLOURS;
const RANGE = [EXACT, CIRCUIT, JASTROW, MEAN_FIELD];

/** A column for each chain: its order parameter, and below it the errors of the energy. */
export function phasesPicture(tools: PictureTools, diagrams: readonly PhaseDiagram[]): string {
  return beside(diagrams.map((diagram, i) => column(tools, diagram, i === 0)));
}

function column(tools: PictureTools, { chain, points }: PhaseDiagram, withLegend: boolean): string {
  const { Plot } = tools;
  const rows = points.flatMap(({ value, states }) =>
    MODELS.map((model) => ({
      ...{ value, model, order: states[model].order },
      // Below this all is rounding.
      error: Math.max(Math.abs((states[model].energy - states.exact.energy) / states.exact.energy), 1e-14),
    })),
  );
  const of = (model: string) => rows.filter((row) => row.model === model);
  const common = {
    width: WIDTH,
    marginLeft: 58,
    marginRight: 18,
    marginBottom: 48,
    x: { label: null, ticks: 5 },
    color: { domain: [...MODELS], range: RANGE },
  };
  const axis = Plot.text([chain.parameter], { frameAnchor: "bottom", dy: 38, fontSize: 13, fill: MUTED });
  const line = (model: string, y: "order" | "error", strokeWidth = 2) =>
    Plot.line(of(model), { x: "value", y, stroke: "model", strokeWidth });
  const dots = (y: "order" | "error") => Plot.dot(of("variational circuit"), { x: "value", y, fill: "model", r: 3.2 });
  const top = figure(tools, chain.name.split(",")[0]!.replace(/ (in|with|at) .*/, ""), chain.order.name, {
    ...common,
    height: 350,
    marginTop: 84,
    y: { label: null, grid: true, zero: true },
    marks: [
      Plot.ruleY([0], { stroke: "#94a3b8" }),
      line("mean field", "order"),
      line("exact", "order", 2.6),
      dots("order"),
      axis,
    ],
  });
  const legend = withLegend
    ? [
        ["● circuit", CIRCUIT],
        ["— Jastrow", JASTROW],
        ["— mean field", MEAN_FIELD],
        ["— exact (above)", EXACT],
      ].map(([text, fill], i) =>
        Plot.text([text!], {
          frameAnchor: "bottom-left",
          dx: 6 + 118 * (i % 2),
          dy: -24 + 18 * Math.floor(i / 2),
          fill: fill!,
          fontWeight: 600,
        }),
      )
    : [];
  const bottom = figure(tools, "", "error of the energy, relative", {
    ...common,
    height: 330,
    marginTop: 74,
    y: { label: null, type: "log", domain: [1e-14, 1], grid: true, ticks: 7, tickFormat: "~e" },
    marks: [
      Plot.ruleY([1e-3], { stroke: INK, strokeDasharray: "4 3" }),
      line("mean field", "error"),
      line("Jastrow", "error"),
      dots("error"),
      axis,
      ...legend,
    ],
  });
  return stacked([top, bottom]);
}
