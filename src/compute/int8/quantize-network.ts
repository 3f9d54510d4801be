import { optionsFault } from "../../../circuits/index.ts";
import { ComputeError } from "../../errors.ts";
import { checkNetwork } from "../check-network.ts";
import { type ActivationName, type Network, sizeOf } from "../network.ts";
import { forwardStage, isNonNegative } from "./forward.ts";
import { Int8Network } from "./int8-network.ts";
import { TABLE_HALF } from "./kernels.ts";
import { type LinearStage, lower } from "./lower.ts";
import {
  CALIBRATION_METHODS,
  type CalibrationMethod,
  largestSigned,
  type RangeOptions,
  rangeOf,
  roundHalfEven,
  scaleOf,
} from "./ranges.ts";
import { layerReports } from "./report.ts";
import { type Int8Linear, type Int8Range, type Int8Stage, type Int8Stages, isClamp } from "./stages.ts";

export interface QuantizeOptions {
  /** Rows [rows, inputs], row-major, such as the model will be given; some hundred rows of the training data. */
  readonly calibration: Float32Array | Float64Array;
  /** How activations' scales are found; `mse` by default. */
  readonly method?: CalibrationMethod;
  /** Of method `percentile`, in percent; 99.9 by default. */
  readonly percentile?: number;
  /** 2 to 8, with the sign; 8 by default. Below 8 by scales of least squared error. */
  readonly weightBits?: number;
  /** 2 to 8; 8 by default. */
  readonly activationBits?: number;
}

const OPTIONS = ["calibration", "method", "percentile", "weightBits", "activationBits"];
/** Sums of products beyond this would leave the i32 with a bias of the same size. */
const MAX_SUM = 2 ** 30;
/** Arguments from which on an activation is as good as constant, in steps of 1/127. */
const SATURATED: Partial<Record<ActivationName, number>> = { tanh: 4, sigmoid: 7 };

/**
 * A trained network in integers of 8 bits or less: weights symmetric with a scale for each output channel, activations with one for each
 * layer, found from calibration rows; sums in i32, brought to the next layer's integers by a multiplication in f32 and
 * rounding to nearest, ties to even: the same bits on every machine (Jacob et al., arXiv 1712.05877; Krishnamoorthi, arXiv 1806.08342). An input
 * that is nowhere negative in the calibration rows is taken to have no sign.
 * @throws ComputeError INT8_LAYER, INT8_CALIBRATION, INT8_OPTION, COMPUTE_SHAPE
 * @example const small = quantizeNetwork(readNetwork(model), { calibration: train.x, method: "mse" });
 *          small.predict(test.x); // Float32Array [rows, classes]
 */
export function quantizeNetwork(network: Network, options: QuantizeOptions): Int8Network {
  const { calibration, ...settings } = checkedOptions(options);
  checkNetwork(network);
  const inputs = sizeOf(network.inputShape);
  const rows = calibration?.length / inputs;
  if (!ArrayBuffer.isView(calibration) || !(Number.isInteger(rows) && rows >= 1))
    throw new ComputeError(
      "INT8_CALIBRATION",
      `Calibration takes rows of ${inputs} numbers in a Float32Array or Float64Array, not ${calibration?.length} numbers.`,
    );
  const lowered = lower(network);
  const ranges: RangeOptions = { ...settings, bits: settings.activationBits };
  let values = Float32Array.from(calibration);
  const input = rangeOf(
    values,
    values.every((value) => value >= 0),
    ranges,
  );
  const found: Float32Array[] = [];
  const stages: Int8Stage[] = [];
  let before = input;
  for (const stage of lowered.stages) {
    const made = forwardStage(stage, values, rows);
    if (stage.kind === "linear") {
      const output = rangeOf(made.values, isNonNegative(stage.activation), ranges);
      stages.push({ ...quantizeLinear(stage, before, made.sums, settings.weightBits), output });
      before = output;
    } else stages.push({ ...stage, output: before });
    values = made.values as Float32Array<ArrayBuffer>;
    found.push(values);
  }
  const { inputShape, outputShape, finish } = lowered;
  const content: Int8Stages = { inputShape, outputShape, input, stages, finish };
  return new Int8Network(content, layerReports(content, lowered, Float32Array.from(calibration), found));
}

function quantizeLinear(stage: LinearStage, input: Int8Range, sums: Float32Array, bits: number): Int8Linear {
  const { kernel, bias, ...rest } = stage;
  const filters = bias.length;
  const terms = kernel.length / filters;
  const high = largestSigned(bits);
  if (terms * high * Math.max(input.high, -input.low) > MAX_SUM)
    throw new ComputeError(
      "INT8_LAYER",
      `Layer ${stage.name} sums ${terms} products, which may leave an i32; use fewer bits.`,
    );
  const weights = new Int8Array(kernel.length);
  const weightScales = new Float32Array(filters);
  const integers = new Int32Array(filters);
  const column = new Float32Array(terms);
  for (let filter = 0; filter < filters; filter++) {
    for (let i = 0; i < terms; i++) column[i] = kernel[i * filters + filter]!;
    // With 8 bits nothing is gained by cutting weights off; with few, much.
    const method = bits === 8 ? "min-max" : "mse";
    const fitting = scaleOf(column, { low: -high, high }, { method, percentile: 100 });
    // A bias far above the weights, such as that of a pruned filter, has to fit in the sums.
    const scale = Math.max(fitting, Math.abs(bias[filter]!) / (MAX_SUM * input.scale));
    weightScales[filter] = scale;
    for (let i = 0; i < terms; i++)
      weights[i * filters + filter] = Math.min(
        high,
        Math.max(-high, roundHalfEven(column[i]! / weightScales[filter]!)),
      );
    integers[filter] = Math.round(bias[filter]! / (input.scale * weightScales[filter]!));
  }
  let most = 0;
  if (!isClamp(stage.activation)) for (const sum of sums) most = Math.max(most, Math.abs(sum));
  most = Math.min(most, SATURATED[stage.activation.name] ?? most);
  const tableScale = Math.fround(most / (TABLE_HALF - 1));
  return {
    ...rest,
    weights,
    weightBits: bits,
    weightScales,
    bias: integers,
    tableScale: isClamp(stage.activation) ? 0 : tableScale || 1,
  };
}

function checkedOptions(options: QuantizeOptions): Required<QuantizeOptions> {
  const fault = optionsFault("quantizeNetwork", options, OPTIONS);
  if (fault !== undefined) throw new ComputeError("INT8_OPTION", fault);
  const { calibration, method = "mse", percentile = 99.9, weightBits = 8, activationBits = 8 } = options;
  if (!CALIBRATION_METHODS.includes(method))
    throw new ComputeError(
      "INT8_OPTION",
      `There is no method "${method}"; there are ${CALIBRATION_METHODS.join(", ")}.`,
    );
  if (!(percentile > 0 && percentile <= 100))
    throw new ComputeError("INT8_OPTION", `percentile is ${percentile}; it must be above 0 and at most 100.`);
  for (const [name, bits] of Object.entries({ weightBits, activationBits }))
    if (!(Number.isInteger(bits) && bits >= 2 && bits <= 8))
      throw new ComputeError("INT8_OPTION", `${name} is ${bits}; it must be an integer from 2 to 8.`);
  return { calibration, method, percentile, weightBits, activationBits };
}
