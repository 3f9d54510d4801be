import { Target } from "../../circuits/index.ts";
import { CompressionError } from "../errors.ts";
import { checkStep } from "./circuit/hardware-cost.ts";
import { checkBudget } from "./circuit/search.ts";
import { checkOptions, checkSetting } from "./circuit/trained-circuit.ts";
import type { ClassicalSteps, CompressModelOptions } from "./compress-model.ts";

const WHAT = "compressModel";
const OPTIONS = [
  "train",
  "validation",
  "budget",
  "target",
  "compile",
  "step",
  "layer",
  "loss",
  "metrics",
  "optimizer",
  "steps",
  "learningRate",
  "batchSize",
  "provider",
  "precision",
  "seed",
  "stages",
  "blocks",
  "criterion",
  "entanglers",
  "grid",
  "share",
  "absorb",
  "circuits",
  "classical",
  "maxFineTunes",
  "patience",
  "signal",
  "onProgress",
] as const satisfies readonly (keyof CompressModelOptions)[];
const isShare = (value: number): boolean => value > 0 && value < 1;
const CLASSICAL: Readonly<Record<keyof ClassicalSteps, readonly [valid: (value: number) => boolean, wanted: string]>> =
  {
    units: [isShare, "numbers above 0 and below 1"],
    energies: [isShare, "numbers above 0 and below 1"],
    bits: [(value) => Number.isInteger(value) && value >= 2 && value <= 8, "integers from 2 to 8"],
    sparsities: [isShare, "numbers above 0 and below 1"],
  };

/** @throws CompressionError COMPRESSION_OPTION, COMPRESSION_BUDGET */
export function checkCompressModel(options: CompressModelOptions): void {
  checkOptions(WHAT, options, OPTIONS);
  const { train, validation, budget, target, circuits = 1, maxFineTunes = 1, steps = 1, classical = {} } = options;
  if (train === undefined || validation === undefined)
    throw new CompressionError(
      "COMPRESSION_OPTION",
      `${WHAT} needs { train, validation, budget }, where validation rows are not among those of train.`,
    );
  checkBudget(WHAT, budget);
  checkStep(WHAT, options.step ?? {});
  for (const [name, value] of Object.entries({ circuits, maxFineTunes, steps }))
    checkSetting(WHAT, name, value, Number.isSafeInteger(value) && value >= 1, "an integer of 1 or more");
  if (target !== undefined)
    checkSetting(WHAT, "target", target, target instanceof Target, 'a device such as loadTarget("torino")');
  checkOptions(`${WHAT}: classical`, classical, ["units", "energies", "bits", "sparsities"]);
  for (const [name, [valid, wanted]] of Object.entries(CLASSICAL)) {
    const list = classical[name as keyof ClassicalSteps];
    if (list === undefined) continue;
    const isList = Array.isArray(list) && list.every((value) => typeof value === "number" && valid(value));
    checkSetting(WHAT, `classical.${name}`, list, isList, `a list of ${wanted}`);
  }
}
