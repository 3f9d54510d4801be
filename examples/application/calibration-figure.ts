import type { Calibration } from "../../src/metrics/index.ts";
import type { PictureTools } from "../picture-tools.ts";
import { COLOURS, figure, MUTED } from "./figure.ts";

/** How often what a model calls probable is the case, for several models; on the diagonal both agree. */
export function calibrationFigure(
  tools: PictureTools,
  chart: {
    readonly title: string;
    readonly subtitle: string;
    readonly positive: string;
    readonly models: readonly { readonly label: string; readonly calibration: Calibration }[];
  },
): string {
  const { Plot } = tools;
  const points = chart.models.flatMap(({ label, calibration }) =>
    calibration.bins.map(({ meanProbability, positiveFraction, count }) => ({
      label,
      x: meanProbability,
      y: positiveFraction,
      count,
    })),
  );
  return figure(tools, chart.title, chart.subtitle, {
    width: 940,
    height: 568,
    marginTop: 108,
    marginLeft: 62,
    marginRight: 310,
    marginBottom: 60,
    x: { label: null, domain: [0, 1], ticks: 6 },
    y: { label: null, domain: [0, 1], ticks: 6, grid: true },
    r: { range: [0, 16] },
    color: { domain: chart.models.map(({ label }) => label), range: [...COLOURS] },
    marks: [
      Plot.text([`share that is ${chart.positive}`], {
        frameAnchor: "top-left",
        dx: -46,
        dy: -24,
        fontSize: 13,
        fill: MUTED,
      }),
      Plot.text([`predicted probability of ${chart.positive}`], {
        frameAnchor: "bottom",
        dy: 44,
        fontSize: 13,
        fill: MUTED,
      }),
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: "#94a3b8", strokeDasharray: "4,4" },
      ),
      Plot.line(points, { x: "x", y: "y", z: "label", stroke: "label", strokeWidth: 2 }),
      Plot.dot(points, { x: "x", y: "y", fill: "label", r: "count", fillOpacity: 0.65, stroke: "#ffffff" }),
      Plot.text(
        chart.models.map(({ label, calibration }, i) => ({
          label,
          y: 0.96 - 0.11 * i,
          text: `${label}\n${calibration.expectedCalibrationError.toFixed(3)} off in these bins`,
        })),
        { x: 1, y: "y", text: "text", fill: "label", textAnchor: "start", dx: 16, fontSize: 13, fontWeight: 600 },
      ),
    ],
  });
}
