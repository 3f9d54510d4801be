import type { Command } from "commander";
import type { CompressionBudget, CompressModelOptions, ModelPoint } from "../../compression/index.ts";
import { withTensorFlow } from "../../tensorflow-packages.ts";
import { compressionTable } from "../compression-table.ts";
import { UsageError } from "../errors.ts";
import { type Io, print } from "../io.ts";
import { integer, once } from "../options.ts";
import { createProgress } from "../progress.ts";
import { STORE_HELP } from "../store.ts";
import type { RowsOptions } from "../tensorflow-compressible.ts";

interface CompressCommandOptions {
  readonly data?: string;
  readonly target?: string;
  readonly split?: string;
  readonly features?: string;
  readonly regression?: boolean;
  readonly loss?: string;
  readonly budget: string;
  readonly store?: string;
  readonly device?: string;
  readonly out?: string;
  readonly seed: number;
  readonly steps?: number;
  readonly quick?: boolean;
  readonly json?: boolean;
}

/** For a first look: few candidates, each trained for a moment. */
const QUICK = {
  steps: 30,
  maxFineTunes: 6,
  circuits: 1,
  classical: { bits: [8, 6], sparsities: [0.25], units: [0.25, 0.5], energies: [0.95] },
} as const satisfies Partial<CompressModelOptions>;

export function addCompress(program: Command, io: Io): void {
  program
    .command("compress")
    .description("Make a trained model smaller within a budget: its circuit and its classical layers.")
    .argument("<model>", "folder of a model, as an engine's save or saveModel writes it; with --store a run's id")
    .option("--data <file>", "CSV with the rows that it was trained on, or .csv.gz; a run has its own", once)
    .option("--target <column>", "the column that it predicts", once)
    .option("--split <column>", "the column that says of each row train, validation or test", once)
    .option("--features <columns>", "of a model without an engine, such as x1,x2; all number columns by default", once)
    .option("--regression", "the target of a model without an engine is a number, not a class")
    .option("--loss <name>", "as model.compile takes it; by default one that goes with the target", once)
    .requiredOption("--budget <b>", "how much may be lost: accuracy=-0.01, or loss=0.02", once)
    .option("--device <d>", "what circuits are compiled for: torino, or a folder with conf.json and props.json", once)
    .option("--out <folder>", "save the smallest model within the budget there", once)
    .option("--store <s>", `the model of a finished run in this ledger (${STORE_HELP})`, once)
    .option("--seed <s>", "decides rows held out, order and samples", integer(0), 0)
    .option("--steps <n>", "training steps of each fine-tuning; 100 by default", integer(1))
    .option("--quick", "few candidates, each trained for a moment")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The budget holds on training rows and on validation rows. Without validation rows in the split column a fifth of the
training rows is held out; rows that the model was trained on say less. Test rows are looked at once, at the end.

Examples:
  lepton compress digits-model --data digits8x8.csv --target label --split split --budget accuracy=-0.01 --device torino
  lepton compress my-model --data rows.csv --target y --budget loss=0.02 --regression --out smaller
  lepton compress digits-1 --store .lepton/runs.db --budget accuracy=-0.01 --out smaller`,
    )
    .action(async (folder: string, options: CompressCommandOptions) => {
      const { json = false, quick = false, seed, steps, device, out } = options;
      const budget = parseCompressionBudget(options.budget);
      const rows = rowsOf(options);
      const { checkOutFolder, openCompressible } = await withTensorFlow(() => import("../tensorflow-compressible.ts"));
      checkOutFolder(folder, out);
      const { loadTarget } = await import("../../../providers/devices/index.ts");
      const target = device === undefined ? undefined : loadTarget(device);
      const note = (text: string): void => io.err(`${text}\n`);
      const subject =
        rows === undefined
          ? await (await import("../tensorflow-compressible-run.ts")).openRun(folder, options.store, seed, note)
          : await openCompressible(folder, rows, note);
      const progress = createProgress(io);
      let tried = 0;
      try {
        const found = await subject.compress({
          ...(quick ? QUICK : {}),
          ...{ budget, seed },
          ...(target === undefined ? {} : { target }),
          ...(steps === undefined ? {} : { steps }),
          onProgress: ({ half, tried: what, accepted, accuracy, loss }) => {
            tried++;
            const score = accuracy === undefined ? `loss ${loss.toFixed(4)}` : `accuracy ${accuracy.toFixed(4)}`;
            progress.note(`${tried}. ${half}: ${what}, ${score}${accepted ? ", within the budget" : ""}`);
          },
        });
        progress.end();
        const files = out === undefined ? [] : await found.save(out);
        const test = await found.test();
        const { given, best, points } = found;
        const told = {
          ...{ model: folder, budget, device: device ?? null, seed, rows: subject.rows },
          ...{ given: plain(given), best: plain(best), points: points.map(plain) },
          ...{ test: test ?? null, fineTunes: found.fineTunes, files },
        };
        print(io, json, told, () => compressionTable({ given, best, points, budget, test, files, rows: subject.rows }));
      } finally {
        progress.end();
      }
    });
}

/** Where a folder's rows are; undefined for a run, which has its own. @throws UsageError USAGE */
function rowsOf({ store, data, target, ...options }: CompressCommandOptions): RowsOptions | undefined {
  const { split, features, loss, regression } = options;
  const given = Object.entries({ data, target, split, features, loss, regression }).find(
    ([, value]) => value !== undefined,
  );
  if (store !== undefined) {
    if (given === undefined) return undefined;
    throw new UsageError(
      "USAGE",
      `--${given[0]} is for the model of a folder; a run's own file names its rows and loss.`,
    );
  }
  if (data === undefined || target === undefined)
    throw new UsageError(
      "USAGE",
      "A folder needs its rows: --data rows.csv --target COLUMN. A run in a ledger has its own: --store FILE.",
    );
  return { ...options, data, target };
}

/** `accuracy=-0.01` or `loss=0.02`. @throws UsageError COMPRESS_BUDGET */
export function parseCompressionBudget(text: string): CompressionBudget {
  const [, name, number] = /^(accuracy|loss)=([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)$/i.exec(text) ?? [];
  const value = Number(number);
  if (name === "accuracy" && value <= 0 && value > -1) return { accuracy: value };
  if (name === "loss" && value >= 0) return { loss: value };
  throw new UsageError(
    "COMPRESS_BUDGET",
    `--budget ${text} must say how much may be lost: accuracy=-0.01 for one point of accuracy, or loss=0.02 for a loss that is higher by so much.`,
  );
}

/** A row for JSON, without what only a program can use. */
function plain({ size, hardware, ...row }: ModelPoint): object {
  return {
    ...row,
    accuracy: row.accuracy ?? null,
    circuit: row.circuit ?? null,
    size: size ?? null,
    hardware: hardware ?? null,
  };
}
