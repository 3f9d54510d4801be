import { COLOURS, figure, INK } from "../application/figure.ts";
import type { PictureTools } from "../picture-tools.ts";

/** A portfolio that keeps the constraint. */
export interface PortfolioPoint {
  readonly yearly: number;
  readonly volatility: number;
  /** How many shots chose it. */
  readonly shots: number;
  readonly isOptimum: boolean;
}

/** Every portfolio by volatility and return; those that were sampled are filled, by how often. */
export function portfolioPicture(
  tools: PictureTools,
  points: readonly PortfolioPoint[],
  { choose, offered, shots }: { readonly choose: number; readonly offered: number; readonly shots: number },
): string {
  const { Plot } = tools;
  const at = { x: "volatility", y: "yearly" } as const;
  const sampled = points.filter((point) => point.shots > 0);
  return figure(
    tools,
    `All ${points.length} portfolios of ${choose} of ${offered} assets`,
    `Return and volatility a year in the days it is chosen by; filled: what QAOA's ${shots} shots chose, by how often; ringed: the best`,
    {
      width: 900,
      height: 556,
      marginTop: 112,
      marginLeft: 72,
      marginRight: 40,
      marginBottom: 64,
      x: {
        label: "volatility a year, %",
        percent: true,
        nice: true,
        grid: true,
        labelOffset: 44,
        labelAnchor: "center",
        labelArrow: "none",
      },
      y: {
        label: "return a year, %",
        percent: true,
        nice: true,
        grid: true,
        labelAnchor: "center",
        labelArrow: "none",
      },
      r: { range: [0, 22], domain: [0, Math.max(1, ...sampled.map((point) => point.shots))] },
      marks: [
        Plot.dot(
          points.filter((point) => point.shots === 0),
          { ...at, r: 3, stroke: COLOURS[3], strokeWidth: 1.2 },
        ),
        Plot.dot(sampled, { ...at, r: "shots", fill: COLOURS[0], fillOpacity: 0.55 }),
        Plot.dot(
          points.filter(({ isOptimum }) => isOptimum),
          { ...at, r: 24, symbol: "circle", stroke: COLOURS[2], strokeWidth: 2.5 },
        ),
        Plot.text(sampled, {
          ...at,
          text: ({ shots: count }: PortfolioPoint) => (count > 1 ? `${count}` : ""),
          fill: INK,
        }),
      ],
    },
  );
}
