import type { Circuit } from "../circuit.ts";
import { CircuitError } from "../errors.ts";
import { cellsOf, cut, displayWidth } from "./display-width.ts";
import { type Box, type Layout, type LayoutItem, layoutCircuit } from "./layout.ts";

const DEFAULT_WIDTH = 120;
const MIN_WIDTH = 24;
const MAX_LABEL = 40;

const UP = 1;
const DOWN = 2;
const LEFT = 4;
const RIGHT = 8;
/** Box-drawing characters by the directions a line leaves the cell in. */
const LINES = " ╵╷│╴┘┐┤╶└┌├─┴┬┼";

/**
 * A drawing in box-drawing characters, qubit 0 on top. Operations in one column run in parallel; ● is a control on 1, ○ one
 * on 0, × a swap, ░ a barrier, M a measurement into the register bit written below it. An `if` is a box with its condition,
 * then its operations, up to a box `else` or `end`. Angles are shortened and long labels cut.
 * @param options.maxWidth columns to fold after, 120 by default, at least 24; Infinity never folds. A single wide symbol may
 * be wider.
 * @returns lines of one display width, joined by newlines
 * @throws CircuitError DRAW_WIDTH
 */
export function drawText(circuit: Circuit, options: { readonly maxWidth?: number } = {}): string {
  const { maxWidth = DEFAULT_WIDTH } = options;
  if (!(maxWidth >= MIN_WIDTH))
    throw new CircuitError("DRAW_WIDTH", `A drawing is at least ${MIN_WIDTH} columns wide, not ${maxWidth}.`);
  const layout = layoutCircuit(circuit);
  const lines: { readonly text: string; readonly width: number }[] = [];
  const add = (text: string, width = displayWidth(text)): number => lines.push({ text, width });
  if (layout.globalPhase !== undefined) add(cut(`global phase: ${layout.globalPhase}`, maxWidth));
  if (layout.rows.length === 0) add("(no qubits)");
  else {
    const labels = layout.rows.map(({ label }) => `${label}: `);
    const labelWidth = labels.reduce((widest, label) => Math.max(widest, displayWidth(label)), 0);
    const pages = foldColumns(layout, maxWidth - labelWidth - 4);
    for (const [index, page] of pages.entries()) {
      if (index > 0) add("");
      const before = pages.length === 1 ? "" : index > 0 ? "«" : " ";
      const after = index + 1 < pages.length ? "»" : "";
      const width = before.length + labelWidth + pageWidth(page) + after.length;
      for (const [line, text] of drawPage(layout, page).entries()) {
        const label = line % 2 === 1 ? labels[(line - 1) / 2]! : "";
        add(before + " ".repeat(labelWidth - displayWidth(label)) + label + text + after, width);
      }
    }
  }
  const widest = lines.reduce((most, { width }) => Math.max(most, width), 0);
  return lines.map(({ text, width }) => text + " ".repeat(widest - width)).join("\n");
}

interface PageColumn {
  readonly items: readonly LayoutItem[];
  readonly width: number;
}

/** Runs of columns that fit the width; at least one column each. */
function foldColumns(layout: Layout, maxWidth: number): PageColumn[][] {
  const pages: PageColumn[][] = [[]];
  let used = 0;
  for (const items of layout.columns) {
    const width = items.reduce((widest, item) => Math.max(widest, itemWidth(item)), 3);
    if (used + width > maxWidth && pages.at(-1)!.length > 0) {
      pages.push([]);
      used = 0;
    }
    pages.at(-1)!.push({ items, width });
    used += width;
  }
  return pages;
}

function labelOf({ name, params }: Box): string {
  return cut(params === "" ? name : `${name}(${params})`, MAX_LABEL);
}

function pinWidth({ pins }: Box): number {
  return pins.reduce((widest, [, text]) => Math.max(widest, displayWidth(text)), 0);
}

function itemWidth({ box, registers }: LayoutItem): number {
  const bits = registers.reduce((widest, [, text]) => Math.max(widest, displayWidth(text)), 0);
  return Math.max(bits + 2, box === undefined ? 3 : displayWidth(labelOf(box)) + pinWidth(box) + 4);
}

/** A grid of cells; row r of the layout has its wire on line 2r + 1. Lines of boxes that touch are merged. */
class Canvas {
  readonly width: number;
  readonly height: number;
  readonly #lines: Uint8Array;
  readonly #texts: (string | undefined)[];
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#lines = new Uint8Array(width * height);
    this.#texts = new Array(width * height);
  }
  line(y: number, x: number, directions: number): void {
    this.#lines[y * this.width + x]! |= directions;
  }
  clear(y: number, x: number): void {
    this.#lines[y * this.width + x] = 0;
  }
  text(y: number, x: number, text: string): void {
    for (const [i, cell] of cellsOf(text).entries()) this.#texts[y * this.width + x + i] = cell;
  }
  toLines(): string[] {
    return Array.from({ length: this.height }, (_, y) => {
      let line = "";
      for (let at = y * this.width; at < (y + 1) * this.width; at++)
        line += this.#texts[at] ?? LINES[this.#lines[at]!]!;
      return line;
    });
  }
}

/** The columns and one cell of wire at either end. */
function pageWidth(page: readonly PageColumn[]): number {
  return page.reduce((sum, column) => sum + column.width, 2);
}

function drawPage(layout: Layout, page: readonly PageColumn[]): string[] {
  const width = pageWidth(page);
  const canvas = new Canvas(width, 2 * layout.rows.length + 1);
  for (const [row, { kind }] of layout.rows.entries())
    if (kind === "register") canvas.text(2 * row + 1, 0, "═".repeat(width));
    else for (let x = 0; x < width; x++) canvas.line(2 * row + 1, x, LEFT | RIGHT);
  let left = 1;
  for (const column of page) {
    const center = left + ((column.width - 1) >> 1);
    for (const item of column.items) drawItem(canvas, layout, item, center);
    left += column.width;
  }
  return canvas.toLines();
}

function drawItem(canvas: Canvas, layout: Layout, item: LayoutItem, center: number): void {
  const { box, controls, swaps, barrier, registers } = item;
  const joined = [...controls.map(([row]) => row), ...swaps];
  if (joined.length > 0) {
    const top = Math.min(...joined, box?.top ?? Number.POSITIVE_INFINITY);
    const bottom = Math.max(...joined, box?.bottom ?? Number.NEGATIVE_INFINITY);
    for (let y = 2 * top + 1; y <= 2 * bottom + 1; y++) {
      if (box !== undefined && y > 2 * box.top && y < 2 * box.bottom + 2) continue;
      const up = y === 2 * top + 1 || y === 2 * (box?.bottom ?? -1) + 2 ? 0 : UP;
      const down = y === 2 * bottom + 1 || y === 2 * (box?.top ?? -1) ? 0 : DOWN;
      canvas.line(y, center, up | down);
    }
  }
  if (box !== undefined) drawBox(canvas, box, center);
  for (const [row, positive] of controls) canvas.text(2 * row + 1, center, positive ? "●" : "○");
  for (const row of swaps) canvas.text(2 * row + 1, center, "×");
  for (const [i, row] of barrier.entries()) {
    canvas.text(2 * row + 1, center, "░");
    if (barrier[i + 1] === row + 1) canvas.text(2 * row + 2, center, "░");
  }
  if (registers.length > 0 && box !== undefined) drawReadout(canvas, layout, registers, box, center);
}

function drawBox(canvas: Canvas, box: Box, center: number): void {
  const label = labelOf(box);
  const pinned = pinWidth(box);
  const width = displayWidth(label) + pinned + 4;
  const left = center - ((width - 1) >> 1);
  const right = left + width - 1;
  const top = 2 * box.top;
  const bottom = 2 * box.bottom + 2;
  for (let x = left; x <= right; x++) {
    const sides = (x > left ? LEFT : 0) | (x < right ? RIGHT : 0);
    canvas.line(top, x, sides | (x === left || x === right ? DOWN : 0));
    canvas.line(bottom, x, sides | (x === left || x === right ? UP : 0));
  }
  for (let y = top + 1; y < bottom; y++) {
    for (let x = left; x <= right; x++) canvas.clear(y, x);
    canvas.line(y, left, UP | DOWN | (y % 2 === 1 ? LEFT : 0));
    canvas.line(y, right, UP | DOWN | (y % 2 === 1 ? RIGHT : 0));
  }
  for (const [row, text] of box.pins) canvas.text(2 * row + 1, left + 1, text);
  canvas.text(box.top + box.bottom + 1, left + 2 + pinned, label);
}

/** A double line from under the box to the lowest register; it bridges registers that it does not touch. */
function drawReadout(
  canvas: Canvas,
  { rows, numQubits }: Layout,
  registers: LayoutItem["registers"],
  box: Box,
  center: number,
): void {
  const lowest = registers.reduce((most, [row]) => Math.max(most, row), 0);
  const touched = new Set(registers.map(([row]) => row));
  canvas.text(2 * box.bottom + 2, center, "╥");
  for (let row = box.bottom + 1; row <= lowest; row++) {
    if (row > box.bottom + 1) canvas.text(2 * row, center, "║");
    const crossing = row < numQubits ? "╫" : !touched.has(row) ? "║" : row === lowest ? "╩" : "╬";
    if (rows[row] !== undefined) canvas.text(2 * row + 1, center, crossing);
  }
  for (const [row, text] of registers)
    if (text !== "") canvas.text(2 * row + 2, center - ((displayWidth(text) - 1) >> 1), text);
}
