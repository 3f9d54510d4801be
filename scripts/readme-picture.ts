/**
 * Draws docs/images/digits.svg and .png, the README's picture, from a report of `lepton demo digits`:
 *   node scripts/readme-picture.ts [REPORT-FOLDER]
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lineChart } from "../examples/digits/charts.ts";
import { loadDigits } from "../examples/digits/data.ts";
import type { DigitsResult, HistoryPoint } from "../examples/digits/outcome.ts";
import { loadPictureTools } from "../examples/picture-tools.ts";

const WIDTH = 1280;
const HEIGHT = 752;
const INK = "#0f172a";
const MUTED = "#475569";
const VIOLET = "#6d28d9";
const FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif";

const folder = process.argv[2] ?? "lepton-report";
const result = JSON.parse(readFileSync(join(folder, "result.json"), "utf8")) as DigitsResult & {
  readonly history: Readonly<Record<string, readonly HistoryPoint[]>>;
};

const text = (
  x: number,
  y: number,
  content: string,
  style: { size?: number; weight?: number; fill?: string; anchor?: string } = {},
) =>
  `<text x="${x}" y="${y}" font-size="${style.size ?? 14}" font-weight="${style.weight ?? 400}" fill="${style.fill ?? MUTED}" text-anchor="${style.anchor ?? "middle"}">${content}</text>`;

const panel = (x: number, y: number, width: number, height: number) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="10" fill="#ffffff" stroke="#e2e8f0"/>`;

const arrow = (from: number, to: number, y: number) =>
  `<path d="M${from} ${y}H${to - 7}" stroke="#94a3b8" stroke-width="2"/><path d="M${to} ${y}l-9 -5v10z" fill="#94a3b8"/>`;

/** A picture inside a box, as large as fits, in its middle. */
function placed(picture: string, x: number, y: number, width: number, height: number): string {
  const [opening, attributes = ""] = /^<svg([^>]*)>/.exec(picture) ?? [];
  const [viewBox] = /viewBox="[^"]+"/.exec(attributes) ?? [];
  if (opening === undefined || viewBox === undefined) throw new Error("The picture is no SVG with a viewBox.");
  const others = attributes.replace(/\s(?:width|height|viewBox|xmlns|x|y)="[^"]*"/g, "");
  const inner = picture.slice(opening.length, picture.lastIndexOf("</svg>"));
  return `<svg x="${x}" y="${y}" width="${width}" height="${height}" ${viewBox}${others}>${inner}</svg>`;
}

function digit(x: number, y: number, cell: number): string {
  const { test } = loadDigits();
  const row = test.y.indexOf(3);
  const cells = Array.from({ length: 64 }, (_, i) => {
    const ink = Math.round(248 - 233 * test.x[row * 64 + i]!);
    return `<rect x="${x + (i % 8) * cell}" y="${y + Math.floor(i / 8) * cell}" width="${cell - 1}" height="${cell - 1}" rx="2" fill="rgb(${ink},${ink},${Math.min(255, ink + 8)})"/>`;
  });
  return cells.join("");
}

function layerBox(x: number, y: number, width: number, height: number, title: string, note: string): string {
  const middle = x + width / 2;
  return `${panel(x, y, width, height)}${text(middle, y + height / 2 - 4, title, { size: 17, weight: 700, fill: INK })}${text(middle, y + height / 2 + 20, note, { size: 13 })}`;
}

function table(x: number, y: number, width: number): string {
  const best = Math.max(...result.rows.map(({ value }) => value));
  const lines = result.rows.map((row, i) => {
    const top = y + 96 + i * 68;
    const bar = (width - 40) * row.value;
    const colour = [VIOLET, "#0d9488", "#ea580c", "#64748b"][i]!;
    const spread = row.spread === null ? "" : ` ± ${row.spread.toFixed(3)}`;
    return [
      text(x + 20, top, row.model, { size: 14, weight: row.value === best ? 700 : 600, fill: INK, anchor: "start" }),
      text(x + width - 20, top, `${row.value.toFixed(3)}${spread}`, {
        size: 14,
        weight: 700,
        fill: colour,
        anchor: "end",
      }),
      `<rect x="${x + 20}" y="${top + 9}" width="${width - 40}" height="8" rx="4" fill="#f1f5f9"/>`,
      `<rect x="${x + 20}" y="${top + 9}" width="${bar}" height="8" rx="4" fill="${colour}"/>`,
      text(x + 20, top + 32, `${row.params} parameters, ${row.seconds.toFixed(1)} s`, { size: 12, anchor: "start" }),
    ].join("");
  });
  const seeds = result.seeds.length === 1 ? `seed ${result.seeds[0]}` : `mean of ${result.seeds.length} seeds`;
  return `${panel(x, y, width, 376)}${text(x + 20, y + 36, "Test accuracy", { size: 16, weight: 700, fill: INK, anchor: "start" })}${text(x + 20, y + 57, `360 digits, ${seeds}, ${result.steps.toLocaleString("en")} steps`, { size: 12, anchor: "start" })}${lines.join("")}`;
}

const found = await loadPictureTools();
if (!("tools" in found)) throw new Error(`Install ${found.missing.join(", ")} first.`);
const { tools } = found;

const curves = lineChart(tools, {
  title: "Learning",
  subtitle: `Test accuracy while training, seed ${result.seeds[0]}`,
  yLabel: "digits recognised",
  yDomain: [0, 1],
  percent: true,
  size: [796, 370],
  series: result.rows.map(({ model }) => ({
    label: model,
    points: result.history[model]!.map(({ step, testAccuracy }) => ({ step, value: testAccuracy })),
  })),
});
const circuit = readFileSync(join(folder, "circuit.svg"), "utf8").replace(/^<\?xml[^>]*>\s*/, "");

const top = 96;
const stripe = 214;
const middle = top + stripe / 2;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="${FONT}" role="img" aria-label="The digits demo: data, features, quantum circuit, classical head, and what it reaches">
<rect width="${WIDTH}" height="${HEIGHT}" rx="16" fill="#f8fafc"/>
${text(36, 52, "lepton demo digits", { size: 24, weight: 700, fill: INK, anchor: "start" })}
${text(36, 76, "A hybrid quantum-classical model learns handwritten digits, beside three classical models", { size: 14, anchor: "start" })}
${panel(36, middle - 84, 168, 168)}${digit(56, middle - 64, 16)}${text(120, middle + 106, "data: 8×8 pixels", { size: 13 })}
${arrow(208, 238, middle)}
${layerBox(242, middle - 48, 132, 96, "Linear", "64 → 4 features")}
${arrow(378, 408, middle)}
${panel(412, top, 656, stripe)}${placed(circuit, 424, top + 12, 632, stripe - 24)}${text(740, top + stripe + 22, "quantum layer: 4 qubits, 2 strongly entangling layers, ⟨Z⟩ of each qubit", { size: 13 })}
${arrow(1072, 1102, middle)}
${layerBox(1106, middle - 48, 138, 96, "Linear", "4 → 10 digits")}
${table(36, 352, 372)}
${panel(424, 352, 820, 376)}${placed(curves, 436, 354, 796, 370)}
</svg>
`;

const target = new URL("../docs/images/", import.meta.url);
mkdirSync(target, { recursive: true });
writeFileSync(new URL("digits.svg", target), svg);
writeFileSync(new URL("digits.png", target), tools.toPng(svg));
