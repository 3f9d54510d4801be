import type { Dataset } from "../../src/data/index.ts";
import { figure, INK } from "../application/figure.ts";
import type { PictureTools } from "../picture-tools.ts";

const SHOWN = 6;

/** Some pictures, and what the circuit makes of each: its four expectation values as four pictures of half the side. */
export function quanvolutionPicture(tools: PictureTools, before: Dataset, after: Dataset): string {
  const { Plot } = tools;
  const { height, width } = before.grid!;
  const [rows, columns] = [height / 2, width / 2];
  const cells: { x: number; y: number; value: number }[] = [];
  for (let shown = 0; shown < SHOWN; shown++) {
    // Different digits: the rows are in order of no class.
    const row = firstOfClass(before, shown);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        cells.push({ x: shown * 18 + x, y, value: before.x[row * height * width + y * width + x]! });
    for (let channel = 0; channel < 4; channel++) {
      const [low, high] = rangeOf(after.x, channel);
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++)
          cells.push({
            x: shown * 18 + (channel % 2) * (columns + 1) + x,
            y: height + 3 + Math.floor(channel / 2) * (rows + 1) + y,
            value: (high - after.x[row * 4 * rows * columns + 4 * (y * columns + x) + channel]!) / (high - low),
          });
    }
  }
  return figure(
    tools,
    "What a circuit makes of patches",
    "Above: pixels. Below: the four expectation values of each patch of 2×2 pixels, each from its highest (dark) to its lowest",
    {
      width: 960,
      height: 400,
      marginTop: 88,
      marginLeft: 24,
      marginRight: 24,
      marginBottom: 24,
      x: { axis: null, domain: [0, SHOWN * 18 - 4] },
      y: { axis: null, domain: [height + 3 + 2 * (rows + 1), 0] },
      color: { type: "linear", domain: [0, 1], range: [INK, "#f1f5f9"] },
      marks: [
        Plot.rect(cells, {
          x1: "x",
          x2: (cell: (typeof cells)[number]) => cell.x + 1,
          y1: "y",
          y2: (cell: (typeof cells)[number]) => cell.y + 1,
          fill: "value",
        }),
      ],
    },
  );
}

/** The least and largest value of a channel over all patches. */
function rangeOf(x: Float64Array, channel: number): readonly [number, number] {
  let [low, high] = [1, -1];
  for (let at = channel; at < x.length; at += 4) {
    low = Math.min(low, x[at]!);
    high = Math.max(high, x[at]!);
  }
  return [low, high];
}

function firstOfClass({ y }: Dataset, label: number): number {
  return Math.max(0, y.indexOf(label));
}
