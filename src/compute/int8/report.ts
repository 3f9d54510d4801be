import type { Lowered } from "./lower.ts";
import { Int8Program } from "./program.ts";
import type { Int8Stages } from "./stages.ts";

/** What quantisation does to one layer on the calibration rows. */
export interface Int8LayerReport {
  readonly name: string;
  readonly kind: string;
  /** One step of its output; of the last layer, whose output is f32, the scale is not used. */
  readonly scale: number;
  /** Share of its outputs beyond what its integers reach. */
  readonly clippedShare: number;
  /** Signal to quantisation noise of its weights in decibel; infinite where they are exact or there are none. */
  readonly weightSqnrDb: number;
  /** Signal to noise of its output, with the noise of all layers before it, in decibel. */
  readonly sqnrDb: number;
}

/** Rows that signal and noise are measured on. */
const REPORTED_ROWS = 256;

export function layerReports(
  content: Int8Stages,
  { stages }: Lowered,
  calibration: Float32Array,
  values: readonly Float32Array[],
): readonly Int8LayerReport[] {
  const program = new Int8Program(content);
  const inputs = stages[0]!.inputShape.reduce((a, b) => a * b);
  const rows = Math.min(REPORTED_ROWS, calibration.length / inputs);
  const noise = stages.map(() => new Noise());
  const last = stages.at(-1)!;
  const width = last.outputShape.reduce((a, b) => a * b);
  for (let from = 0; from < rows; from += program.chunkRows) {
    const count = Math.min(program.chunkRows, rows - from);
    const results = new Float32Array(count * width);
    program.run(calibration, from, count, results, 0);
    for (const [i, stage] of stages.entries()) {
      const isResult = i === stages.length - 1 && stage.kind === "linear";
      const made = isResult ? results : program.stageValues(i, count);
      const size = made.length / count;
      noise[i]!.add(values[i]!.subarray(from * size, (from + count) * size), made);
    }
  }
  return content.stages.map((stage, i) => {
    const { name, kind, output } = stage;
    const { scale, low, high } = output;
    const isResult = i === stages.length - 1 && kind === "linear";
    const beyond = values[i]!.reduce((n, v) => n + (v / scale > high + 0.5 || v / scale < low - 0.5 ? 1 : 0), 0);
    const weights = new Noise();
    const float = stages[i]!;
    if (stage.kind === "linear" && float.kind === "linear") {
      const filters = stage.weightScales.length;
      weights.add(
        float.kernel,
        Float32Array.from(stage.weights, (weight, k) => weight * stage.weightScales[k % filters]!),
      );
    }
    const clippedShare = isResult ? 0 : beyond / values[i]!.length;
    return { name, kind, scale, clippedShare, weightSqnrDb: weights.decibel, sqnrDb: noise[i]!.decibel };
  });
}

class Noise {
  #signal = 0;
  #noise = 0;

  add(exact: Float32Array, approximate: Float32Array): void {
    for (let i = 0; i < exact.length; i++) {
      this.#signal += exact[i]! ** 2;
      this.#noise += (exact[i]! - approximate[i]!) ** 2;
    }
  }

  get decibel(): number {
    return this.#noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(this.#signal / this.#noise);
  }
}
