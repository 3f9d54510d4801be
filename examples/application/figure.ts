import type { Markish, PlotOptions } from "@observablehq/plot";
import type { PictureTools } from "../picture-tools.ts";

/** Colours that stay apart for colour-blind readers and on paper; the hybrid model's first. */
export const COLOURS = ["#6d28d9", "#0d9488", "#ea580c", "#64748b"] as const;
export const INK = "#0f172a";
export const MUTED = "#475569";
const STYLE = {
  fontFamily: "Helvetica, Arial, 'DejaVu Sans', sans-serif",
  fontSize: "13px",
  background: "#ffffff",
  color: MUTED,
};

/** A plot under a title and a subtitle, as SVG text. Leave room for them: `marginTop` of 100 or so. */
export function figure(tools: PictureTools, title: string, subtitle: string, options: PlotOptions): string {
  const { Plot, document } = tools;
  const top = options.marginTop ?? 0;
  const left = 16 - (options.marginLeft ?? 0);
  const heading = (text: string, y: number, size: number, weight: number, fill: string): Markish =>
    Plot.text([text], {
      ...{ frameAnchor: "top-left", dx: left, dy: y - top, fontSize: size, fontWeight: weight, fill },
      // Once, also over a plot of several facets.
      facet: "super",
    });
  const svg = Plot.plot({
    document,
    style: STYLE,
    ...options,
    marks: [...(options.marks ?? []), heading(title, 20, 20, 700, INK), heading(subtitle, 48, 13, 400, MUTED)],
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return svg.outerHTML;
}
