import type { LayersModel } from "@tensorflow/tfjs-layers";
import { CompressionError } from "../../errors.ts";
import { optionsCheck } from "../../options-check.ts";
import { type ModelSize, modelSize, type WeightGrids } from "./tensorflow-compact.ts";
import { type Evaluation, scoreOf } from "./tensorflow-score.ts";

/** A model's size, and its accuracy where evaluation rows were given. */
export interface ModelMeasure extends ModelSize {
  readonly accuracy?: number;
}

/** What became of a model. */
export interface ModelCompressionReport {
  readonly before: ModelMeasure;
  readonly after: ModelMeasure;
  /** What was done to each layer, by its name. */
  readonly layers: Readonly<Record<string, string>>;
}

/** A new model, and how it compares with the given one, which stays as it was. */
export interface CompressedModel {
  readonly model: LayersModel;
  readonly report: ModelCompressionReport;
  /** Of weights that lie on grids, by name, as `exportCompact` takes them; empty where none does. */
  readonly grids: WeightGrids;
}

export async function compressed(
  before: LayersModel,
  after: LayersModel,
  evaluation: Evaluation | undefined,
  details: {
    readonly layers: Readonly<Record<string, string>>;
    readonly grids?: WeightGrids;
    /** In place of that of `after`. */
    readonly accuracy?: number | undefined;
  },
): Promise<CompressedModel> {
  const { layers, grids = new Map(), accuracy } = details;
  const measure = async (model: LayersModel, size: ModelSize, known?: number): Promise<ModelMeasure> =>
    evaluation === undefined ? size : { ...size, accuracy: known ?? (await scoreOf(model, evaluation)) };
  const report = {
    before: await measure(before, modelSize(before)),
    after: await measure(after, modelSize(after, grids), accuracy),
    layers,
  };
  return { model: after, report, grids };
}

/** @throws CompressionError COMPRESSION_OPTION */
export const checkOptions = optionsCheck(CompressionError, "COMPRESSION_OPTION");

/** @throws CompressionError COMPRESSION_OPTION unless the number is in its range */
export function checkNumber(name: string, value: number, low: number, high: number, integer = false): void {
  if (value >= low && value <= high && (!integer || Number.isInteger(value))) return;
  throw new CompressionError(
    "COMPRESSION_OPTION",
    `${name} is ${value}; it must be ${integer ? "an integer" : "a number"} from ${low} to ${high}.`,
  );
}
