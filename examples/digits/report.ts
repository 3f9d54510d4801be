import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DemoProgress } from "../../src/cli/demo.ts";
import type { Dataset, FittedTransform } from "../../src/data/index.ts";
import { type Circuit, confusionMatrix, drawSvg, drawText, printQasm3 } from "../../src/index.ts";
import { loadPictureTools, type PictureTools } from "../picture-tools.ts";
import { confusionChart, lineChart } from "./charts.ts";
import type { DeviceOutcome } from "./hardware.ts";
import type { DigitsResult, HistoryPoint, Outcome } from "./outcome.ts";
import { reportPage } from "./report-page.ts";

export interface ReportParts {
  readonly out: string;
  readonly result: DigitsResult;
  /** Outcomes of the first seed, in the order of the rows; the hybrid model's first. */
  readonly outcomes: readonly Outcome[];
  readonly test: Dataset;
  readonly scaler: FittedTransform;
  readonly circuit: Circuit;
  /** The circuit's trained weights by name. */
  readonly weights: Readonly<Record<string, Float64Array>>;
  /** What a quantum computer made of the hybrid model; undefined where none was used. */
  readonly onDevice?: DeviceOutcome | undefined;
  /** Saves the hybrid model to a folder, as model.json and weights.bin. */
  readonly saveModel: (folder: string) => Promise<void>;
}

/**
 * Writes the report folder and returns what it wrote. Where packages for pictures are not installed, it says so and writes
 * the rest.
 */
export async function writeReport(
  parts: ReportParts,
  progress: DemoProgress,
  findTools: typeof loadPictureTools = loadPictureTools,
): Promise<readonly string[]> {
  const { out, result, outcomes, test } = parts;
  mkdirSync(out, { recursive: true });
  const files: string[] = [];
  const write = (name: string, content: string | Uint8Array): void => {
    writeFileSync(join(out, name), content);
    files.push(join(out, name));
  };

  const drawing = drawText(parts.circuit);
  write("circuit.txt", `${drawing.trimEnd()}\n`);
  write("circuit.svg", drawSvg(parts.circuit));
  write("circuit.qasm", printQasm3(parts.circuit.bind(parts.weights)));
  if (parts.onDevice !== undefined) write("isa.qasm", parts.onDevice.isaQasm);
  write("preprocessing.json", `${JSON.stringify(parts.scaler.toJSON())}\n`);
  await parts.saveModel(join(out, "model"));
  for (const name of ["model.json", "weights.bin", "model-card.md", "model-card.json"])
    files.push(join(out, "model", name));

  const found = await findTools();
  let pictures: readonly string[] = [];
  if ("tools" in found) {
    if (!found.tools.hasFonts)
      progress.note("This machine has no fonts, so the PNG pictures lack their texts; the SVG ones are whole.");
    const charts = chartsOf(found.tools, outcomes, test);
    for (const [name, svg] of Object.entries(charts)) {
      write(`${name}.svg`, svg);
      write(`${name}.png`, found.tools.toPng(svg));
    }
    pictures = Object.keys(charts).map((name) => `${name}.svg`);
  } else
    progress.note(
      `No charts were drawn: install ${found.missing.join(", ")} (npm install ${found.missing.join(" ")}) for them.`,
    );

  write(
    "index.html",
    reportPage({ result, pictures, circuitDrawing: "circuit.svg", hybrid: outcomes[0]!, onDevice: parts.onDevice }),
  );
  const record = {
    ...result,
    confusion: confusionOf(outcomes[0]!, test),
    ...(parts.onDevice === undefined ? {} : { jobIds: parts.onDevice.jobIds }),
    history: Object.fromEntries(outcomes.map(({ model, history }) => [model, history])),
    files: [...files, join(out, "result.json")],
  };
  write("result.json", `${JSON.stringify(record, null, 2)}\n`);
  return files;
}

/** How often each class was taken for each other: [true][predicted]. */
function confusionOf({ predictions }: Outcome, { y, classes }: Dataset): readonly (readonly number[])[] {
  return confusionMatrix(y, predictions, { numClasses: classes!.length }).map((row) => Array.from(row));
}

function chartsOf(tools: PictureTools, outcomes: readonly Outcome[], test: Dataset): Readonly<Record<string, string>> {
  const hybrid = outcomes[0]!;
  const series = (value: (point: HistoryPoint) => number) =>
    outcomes.map(({ model, history }) => ({
      label: model,
      points: history.map((point) => ({ step: point.step, value: value(point) })),
    }));
  const highest = Math.max(...outcomes.flatMap(({ history }) => history.map(({ loss }) => loss)));
  return {
    loss: lineChart(tools, {
      title: "Training loss",
      subtitle: `Mean cross-entropy of the training batches between two points, seed ${hybrid.seed}`,
      yLabel: "loss (nats)",
      yDomain: [0, Math.min(Math.max(0.5, Math.ceil(2 * highest) / 2), 4)],
      series: series(({ loss }) => loss),
    }),
    accuracy: lineChart(tools, {
      title: "Test accuracy during training",
      subtitle: `${test.numRows} digits that no model was trained on, seed ${hybrid.seed}`,
      yLabel: "digits recognised",
      yDomain: [0, 1],
      percent: true,
      series: series(({ testAccuracy }) => testAccuracy),
    }),
    confusion: confusionChart(tools, {
      title: "What the hybrid model takes digits for",
      subtitle: `${test.numRows} test digits, ${(100 * hybrid.testAccuracy).toFixed(1)} % recognised, seed ${hybrid.seed}`,
      classes: test.classes!,
      counts: confusionOf(hybrid, test),
    }),
  };
}
