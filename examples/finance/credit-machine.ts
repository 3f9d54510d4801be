import type { DemoRow } from "../../src/cli/demo.ts";
import { fitKernel, rbfKernel, supportVectorClassifier } from "../../src/kernels/index.ts";
import { calibrationCurve, ratesAtThreshold, rocAuc } from "../../src/metrics/index.ts";
import { demoRow, measured, type SeedOutcome } from "../application/measure.ts";
import { type Applicants, features } from "./credit.ts";

export const MACHINE = "support vector machine, RBF kernel, all features";

/** A support vector machine, its width and C by cross-validation. A seed decides only how its probabilities are calibrated. */
export async function supportVectorRow(
  { train, test }: Applicants,
  about: Pick<DemoRow, "metric"> & { readonly part: string },
  { seeds, folds }: { readonly seeds: readonly number[]; readonly folds: number },
): Promise<{ readonly row: DemoRow; readonly auc: number; readonly kernel: string; readonly C: number }> {
  const fitted = features.fit(train);
  const [rows, held] = [fitted.dataset(train), fitted.dataset(test)];
  const kernels = Object.fromEntries([0.003, 0.01, 0.03].map((gamma) => [`RBF ${gamma}`, rbfKernel({ gamma })]));
  const { chosen } = await fitKernel(rows, { kernels, C: [0.3, 1, 3, 10], folds, seed: seeds[0]!, score: "roc-auc" });
  const outcomes: SeedOutcome[] = [];
  let params = 0;
  for (const seed of seeds) {
    const settings = { kernel: kernels[chosen.kernel]!, C: chosen.C, probability: true, seed };
    const { value: machine, seconds, cpuSeconds } = await measured(() => supportVectorClassifier(settings).fit(rows));
    const { data } = (await machine.classify(held)).probabilities!;
    const scores = Float64Array.from(held.y, (_, row) => data[2 * row + 1]!);
    const { accuracy, sensitivity, specificity } = ratesAtThreshold(held.y, scores, 0.5);
    const calibrationError = calibrationCurve(held.y, scores).expectedCalibrationError;
    const also = { accuracy, sensitivity, specificity, "calibration error": calibrationError };
    outcomes.push({ value: rocAuc(held.y, scores), also, seconds, cpuSeconds });
    params = machine.support.numRows + 1;
  }
  const row = demoRow({ ...about, model: MACHINE, params }, outcomes);
  return { row, auc: chosen.mean, kernel: chosen.kernel, C: chosen.C };
}
