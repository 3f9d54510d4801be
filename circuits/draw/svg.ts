import type { Circuit } from "../circuit.ts";
import { CircuitError } from "../errors.ts";
import { cut, displayWidth } from "./display-width.ts";
import { type Box, type Frame, type Layout, type LayoutItem, layoutCircuit } from "./layout.ts";
import { THEMES, type Theme } from "./svg-theme.ts";

export interface SvgOptions {
  readonly theme?: "light" | "dark";
  /** Columns after which to start a new line; by default as many as fit 1,200 pixels. */
  readonly foldAfter?: number;
}

const PITCH = 44;
const BOX = 32;
const GAP = 12;
const MARGIN = 20;
const PAGE_WIDTH = 1200;
const PAGE_GAP = 20;
const MAX_LABEL = 36;
const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const NAME_SIZE = 14;
const PARAMS_SIZE = 10.5;
/** Width of a character of the font as a part of its size. */
const ADVANCE = 0.61;

/**
 * A standalone SVG drawing, qubit 0 on top; the same circuit and options give the same text. Every symbol has a title with
 * its whole text, in which only angles of more than 200 parts are shortened to `f(x, w)`.
 * @throws CircuitError DRAW_THEME, DRAW_FOLD
 */
export function drawSvg(circuit: Circuit, options: SvgOptions = {}): string {
  const { theme: name = "light", foldAfter } = options;
  if (!Object.hasOwn(THEMES, name))
    throw new CircuitError("DRAW_THEME", `There is no theme "${name}"; use ${Object.keys(THEMES).join(" or ")}.`);
  if (foldAfter !== undefined && (!Number.isSafeInteger(foldAfter) || foldAfter < 1))
    throw new CircuitError("DRAW_FOLD", `foldAfter must be an integer of at least 1, not ${foldAfter}.`);
  const theme = THEMES[name];
  const layout = layoutCircuit(circuit);
  const labelWidth = layout.rows.reduce((most, { label }) => Math.max(most, textWidth(label, NAME_SIZE)), 0) + 12;
  const pages = foldColumns(layout, labelWidth, foldAfter);
  const header = layout.globalPhase === undefined ? 0 : 24;
  const pageHeight = layout.rows.length * PITCH + PAGE_GAP;
  const phase = layout.globalPhase === undefined ? "" : cut(`global phase: ${layout.globalPhase}`, 2 * MAX_LABEL);
  const widest = pages.reduce(
    (most, { columns }) => Math.max(most, columns.at(-1)?.right ?? 0),
    Math.max(textWidth(phase, NAME_SIZE), labelWidth + GAP),
  );
  const width = Math.ceil(widest + GAP + 2 * MARGIN);
  const height = 2 * MARGIN + header + (layout.rows.length === 0 ? 0 : pages.length * pageHeight - PAGE_GAP);
  const body: string[] = [];
  if (phase !== "")
    body.push(text(MARGIN, MARGIN + 10, phase, { fill: theme.muted, size: NAME_SIZE, anchor: "start" }));
  if (layout.rows.length > 0)
    for (const [index, page] of pages.entries()) {
      body.push(`<g transform="translate(${MARGIN} ${MARGIN + header + index * pageHeight})">`);
      for (const part of drawPage(layout, page, labelWidth, theme)) body.push(part);
      body.push("</g>");
    }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${FONT}">`,
    `<title>${escapeXml(`Quantum circuit: ${circuit.numQubits} qubit(s), ${circuit.operations.length} operation(s)`)}</title>`,
    `<desc>${escapeXml(description(circuit))}</desc>`,
    `<rect width="${width}" height="${height}" fill="${theme.background}"/>`,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

function description(circuit: Circuit): string {
  const counts = Object.entries(circuit.count()).map(([name, count]) => `${count} ${name}`);
  const bits = circuit.registers.map(({ name, size }) => `register ${name} of ${size} bit(s)`);
  return `Depth ${circuit.depth()}. ${[...counts, ...bits].join(", ") || "No operations"}.`;
}

interface PageColumn {
  readonly index: number;
  readonly items: readonly LayoutItem[];
  readonly center: number;
  readonly right: number;
}

interface Page {
  readonly columns: readonly PageColumn[];
  /** The frames that lie on the page, whole or in part. */
  readonly frames: readonly Frame[];
}

function foldColumns(layout: Layout, labelWidth: number, foldAfter: number | undefined): Page[] {
  const pages: PageColumn[][] = [[]];
  let x = labelWidth + GAP;
  for (const [index, items] of layout.columns.entries()) {
    const width = items.reduce((widest, item) => Math.max(widest, itemWidth(item)), BOX);
    const page = pages.at(-1)!;
    const full = foldAfter === undefined ? x + width > PAGE_WIDTH - 2 * MARGIN : page.length >= foldAfter;
    if (full && page.length > 0) {
      pages.push([]);
      x = labelWidth + GAP;
    }
    pages.at(-1)!.push({ index, items, center: round(x + width / 2), right: round(x + width) });
    x += width + GAP;
  }
  const pageOf = pages.flatMap((columns, page) => columns.map(() => page));
  const frames = pages.map((): Frame[] => []);
  for (const frame of layout.frames)
    for (let page = pageOf[frame.firstColumn]!; page <= pageOf[frame.lastColumn]!; page++) frames[page]!.push(frame);
  return pages.map((columns, page) => ({ columns, frames: frames[page]! }));
}

function nameOf(box: Box): string {
  return cut(box.name, MAX_LABEL);
}
function paramsOf(box: Box): string {
  return cut(box.params, MAX_LABEL);
}

/** The width of a box that holds the name and, below, the parameters. */
function boxWidth(box: Box): number {
  const inner = Math.max(textWidth(nameOf(box), NAME_SIZE), textWidth(paramsOf(box), PARAMS_SIZE));
  return Math.max(BOX, inner + 12 + (box.pins.length > 0 ? 20 : 0));
}

function itemWidth({ box, isNot }: LayoutItem): number {
  return box === undefined || isNot === true ? BOX : boxWidth(box);
}

const rowY = (row: number): number => row * PITCH + PITCH / 2;

function drawPage(layout: Layout, { columns, frames }: Page, labelWidth: number, theme: Theme): string[] {
  const end = (columns.at(-1)?.right ?? labelWidth) + GAP;
  const parts: string[] = [];
  for (const [row, { kind, label }] of layout.rows.entries()) {
    const y = rowY(row);
    parts.push(text(labelWidth - 10, y, label, { fill: theme.text, size: NAME_SIZE, anchor: "end" }));
    if (kind === "qubit") parts.push(line(labelWidth, y, end, y, theme.wire));
    else for (const offset of [-1.5, 1.5]) parts.push(line(labelWidth, y + offset, end, y + offset, theme.classical));
  }
  for (const frame of frames) parts.push(drawFrame(frame, columns, labelWidth, end, theme));
  for (const { items, center } of columns) for (const item of items) parts.push(drawItem(item, center, theme));
  return parts;
}

/** The part of an `if`'s frame that lies on this page. */
function drawFrame(
  { firstColumn, lastColumn, top, bottom }: Frame,
  columns: readonly PageColumn[],
  start: number,
  end: number,
  theme: Theme,
): string {
  const first = columns[0]!;
  const last = columns.at(-1)!;
  const left = firstColumn < first.index ? start : columns[firstColumn - first.index]!.center;
  const right = lastColumn > last.index ? end : columns[lastColumn - first.index]!.center;
  const y = rowY(top) - BOX / 2 - 4;
  const { fill, stroke } = theme.families.branch;
  return `<rect x="${left}" y="${y}" width="${round(right - left)}" height="${rowY(bottom) + BOX / 2 + 4 - y}" rx="6" fill="${fill}" fill-opacity="0.35" stroke="${stroke}" stroke-dasharray="4 3"/>`;
}

function drawItem(item: LayoutItem, x: number, theme: Theme): string {
  const { box, controls, swaps, barrier, registers, family } = item;
  const { stroke } = theme.families[family];
  const parts: string[] = [`<g><title>${escapeXml(item.title)}</title>`];
  const joined = [
    ...controls.map(([row]) => row),
    ...swaps,
    ...(controls.length > 0 && box ? [box.top, box.bottom] : []),
  ];
  if (joined.length > 0) parts.push(line(x, rowY(Math.min(...joined)), x, rowY(Math.max(...joined)), stroke, 2));
  if (box !== undefined && registers.length > 0) {
    const low = rowY(registers.reduce((lowest, [row]) => Math.max(lowest, row), 0));
    for (const offset of [-1.5, 1.5]) parts.push(line(x + offset, rowY(box.bottom), x + offset, low, theme.classical));
    for (const [row, bit] of registers) {
      parts.push(`<circle cx="${x}" cy="${rowY(row)}" r="4" fill="${stroke}"/>`);
      if (bit !== "")
        parts.push(text(x + 7, rowY(row) + 12, bit, { fill: theme.muted, size: PARAMS_SIZE, anchor: "start" }));
    }
  }
  for (const row of barrier)
    parts.push(
      `<rect x="${x - 5}" y="${rowY(row) - PITCH / 2}" width="10" height="${PITCH}" fill="${theme.wire}" fill-opacity="0.25"/>`,
      line(x, rowY(row) - PITCH / 2, x, rowY(row) + PITCH / 2, theme.wire, 1.5, "4 4"),
    );
  for (const row of swaps) {
    const y = rowY(row);
    parts.push(line(x - 6, y - 6, x + 6, y + 6, stroke, 2), line(x - 6, y + 6, x + 6, y - 6, stroke, 2));
  }
  if (box !== undefined)
    parts.push(item.isNot === true ? drawNot(box, x, stroke, theme) : drawBox(item, box, x, theme));
  for (const [row, positive] of controls)
    parts.push(
      `<circle cx="${x}" cy="${rowY(row)}" r="5" fill="${positive ? stroke : theme.background}" stroke="${stroke}" stroke-width="2"/>`,
    );
  parts.push("</g>");
  return parts.join("");
}

/** The target of a controlled X: a circled plus. */
function drawNot(box: Box, x: number, stroke: string, theme: Theme): string {
  const y = rowY(box.top);
  const { fill } = theme.families.entangling;
  return [
    `<circle cx="${x}" cy="${y}" r="12" fill="${fill}" stroke="${stroke}" stroke-width="2"/>`,
    line(x - 12, y, x + 12, y, stroke, 2),
    line(x, y - 12, x, y + 12, stroke, 2),
  ].join("");
}

function drawBox(item: LayoutItem, box: Box, x: number, theme: Theme): string {
  const { fill, stroke, text: ink } = theme.families[item.family];
  const width = round(boxWidth(box));
  const left = round(x - width / 2);
  const top = rowY(box.top) - BOX / 2;
  const height = rowY(box.bottom) + BOX / 2 - top;
  const parts = [
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" rx="4" fill="${fill}" stroke="${stroke}" stroke-width="1.5"/>`,
  ];
  const middle = top + height / 2;
  if (item.isMeter === true)
    parts.push(
      `<path d="M${x - 10} ${middle + 6}a10 10 0 0 1 20 0M${x} ${middle + 6}l7 -13" fill="none" stroke="${ink}" stroke-width="1.75" stroke-linecap="round"/>`,
    );
  else {
    const center = box.pins.length > 0 ? x + 8 : x;
    const params = paramsOf(box);
    const lift = params === "" ? 0 : 6;
    parts.push(text(center, middle - lift, nameOf(box), { fill: ink, size: NAME_SIZE, weight: 600 }));
    if (params !== "") parts.push(text(center, middle + 9, params, { fill: ink, size: PARAMS_SIZE }));
  }
  for (const [row, pin] of box.pins)
    parts.push(text(left + 6, rowY(row), pin, { fill: ink, size: PARAMS_SIZE, anchor: "start" }));
  return parts.join("");
}

function textWidth(content: string, size: number): number {
  return displayWidth(content) * size * ADVANCE;
}

const round = (value: number): number => Math.round(value * 2) / 2;

function line(x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1.5, dash = ""): string {
  const dashes = dash === "" ? "" : ` stroke-dasharray="${dash}"`;
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${stroke}" stroke-width="${width}"${dashes}/>`;
}

/** Text centred on y: by a shift of the baseline, since not every reader knows dominant-baseline. */
function text(
  x: number,
  y: number,
  content: string,
  style: {
    readonly fill: string;
    readonly size: number;
    readonly anchor?: "start" | "middle" | "end";
    readonly weight?: number;
  },
): string {
  const { fill, size, anchor = "middle", weight } = style;
  const bold = weight === undefined ? "" : ` font-weight="${weight}"`;
  return `<text x="${round(x)}" y="${round(y + size * 0.35)}" font-size="${size}" fill="${fill}" text-anchor="${anchor}"${bold}>${escapeXml(content)}</text>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** XML text: markup escaped, and characters that XML 1.0 forbids replaced. */
function escapeXml(content: string): string {
  return content
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
