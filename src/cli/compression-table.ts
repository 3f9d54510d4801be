import type { CompressionBudget, ModelPoint, RowScore } from "../compression/index.ts";
import { alignRight } from "./text.ts";

/** What is told of a compression, for people. */
export interface CompressionTold {
  readonly given: ModelPoint;
  readonly best: ModelPoint;
  readonly points: readonly ModelPoint[];
  readonly budget: CompressionBudget;
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly test: { readonly given: RowScore; readonly best: RowScore } | undefined;
  readonly files: readonly { readonly file: string; readonly bytes: number }[];
}

/** The Pareto table: the given model, then those that no other beats; the best within the budget is marked. */
export function compressionTable({ given, best, points, budget, rows, test, files }: CompressionTold): string {
  const header = ["", ...COLUMNS.map(([name]) => name)];
  const line = (point: ModelPoint, mark: string): string[] => [mark, ...COLUMNS.map(([, text]) => text(point))];
  const others = points.filter((point) => point !== given);
  const lines = [line(given, "given"), ...others.map((point) => line(point, point === best ? "best" : ""))];
  const [head, ...rest] = alignRight([header, ...lines]);
  const rule = "─".repeat(Math.max(...[head!, ...rest].map((text) => text.length)));
  const most = "accuracy" in budget ? `accuracy may fall by ${-budget.accuracy}` : `loss may rise by ${budget.loss}`;
  const share = `${((100 * best.bytes) / given.bytes).toFixed(1)} %`;
  const [before, after] = [twoQubitText(given), twoQubitText(best)];
  const notes = [
    `Best within the budget (${most}, on ${rows.train} training and ${rows.validation} validation rows): ${share} of the bytes${before === "" ? "" : `, ${after} of ${before} two-qubit gates`}.`,
    "Accuracy and loss are those of the validation rows, by which was chosen. Bytes are those of weights.bin. Two-qubit gates, executions and quantum",
    "seconds are those of the circuit on the device, for a training step of 32 rows; ms is one row of a batch predicted on this machine.",
    ...(test === undefined
      ? []
      : [
          `Test rows, not looked at before (${rows.test}): ${scoreText(test.given)} given, ${scoreText(test.best)} best.`,
        ]),
    ...files.map(({ file, bytes }) => `Wrote ${file}, ${bytes.toLocaleString("en")} bytes.`),
  ];
  return `${head}\n${rule}\n${rest.join("\n")}\n\n${notes.join("\n")}\n`;
}

type Column = readonly [name: string, text: (point: ModelPoint) => string];

const COLUMNS: readonly Column[] = [
  ["circuit", ({ circuit }) => circuit ?? "none"],
  ["classical layers", ({ classical }) => classical],
  ["accuracy", ({ accuracy }) => accuracy?.toFixed(4) ?? ""],
  ["loss", ({ loss }) => loss.toPrecision(4)],
  ["parameters", ({ parameters }) => parameters.toLocaleString("en")],
  ["not 0", ({ nonzero }) => nonzero.toLocaleString("en")],
  ["bytes", ({ bytes }) => bytes.toLocaleString("en")],
  ["2-qubit gates", (point) => twoQubitText(point)],
  ["executions", ({ hardware }) => hardware?.executionsPerStep.toLocaleString("en") ?? ""],
  ["quantum s", ({ hardware }) => hardware?.quantumSeconds.toFixed(1) ?? ""],
  ["ms", ({ milliseconds }) => milliseconds?.toPrecision(2) ?? ""],
];

function twoQubitText({ hardware, size }: ModelPoint): string {
  return String(hardware?.twoQubitGates ?? size?.entanglers ?? "");
}

function scoreText({ accuracy, loss }: RowScore): string {
  return accuracy === undefined ? `loss ${loss.toPrecision(4)}` : `accuracy ${accuracy.toFixed(4)}`;
}
