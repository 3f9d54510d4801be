import { DataError } from "../../errors.ts";
import { sizeOf } from "../network.ts";
import { finishRows } from "./forward.ts";
import { Int8Program } from "./program.ts";
import type { Int8LayerReport } from "./report.ts";
import type { Int8Stages } from "./stages.ts";
import { readInt8, storedBytes, writeInt8 } from "./storage.ts";

/** A network whose weights and activations are integers of 8 bits or less; `quantizeNetwork` makes one. */
export class Int8Network {
  /** All that decides its answers. */
  readonly content: Int8Stages;
  /** Of each layer on the calibration rows; empty where it was read from bytes. */
  readonly report: readonly Int8LayerReport[];
  #program: Int8Program | undefined;

  constructor(content: Int8Stages, report: readonly Int8LayerReport[] = []) {
    this.content = content;
    this.report = report;
  }

  /**
   * Answers [rows, outputs] for rows [rows, inputs], row-major: probabilities where the network ends in a softmax.
   * The same bits on every machine, and for a row alone or among others.
   * @throws DataError DATA_SHAPE, DATA_NOT_FINITE
   */
  predict(x: Float32Array | Float64Array): Float32Array {
    const { inputShape, outputShape, finish } = this.content;
    const [inputs, outputs] = [sizeOf(inputShape), sizeOf(outputShape)];
    const rows = x?.length / inputs;
    if (!ArrayBuffer.isView(x) || !(Number.isInteger(rows) && rows >= 1))
      throw new DataError(
        "DATA_SHAPE",
        `The network takes rows of ${inputs} numbers in a Float32Array or Float64Array, not ${x?.length} numbers.`,
      );
    this.#program ??= new Int8Program(this.content);
    const { chunkRows } = this.#program;
    const results = new Float32Array(rows * outputs);
    for (let from = 0; from < rows; from += chunkRows)
      if (!this.#program.run(x, from, Math.min(chunkRows, rows - from), results, from * outputs))
        refuseNotFinite(x, inputs);
    finishRows(results, outputShape.at(-1)!, finish);
    return results;
  }

  /** Bytes of its weights, biases and scales as `toBytes` stores them, without the header that names them. */
  get bytes(): number {
    return storedBytes(this.content);
  }

  /** The network in a safetensors container; weights of at most 4 bits two in a byte. */
  toBytes(): Uint8Array {
    return writeInt8(this.content);
  }

  /** @throws ComputeError INT8_FORMAT */
  static fromBytes(bytes: Uint8Array): Int8Network {
    return new Int8Network(readInt8(bytes));
  }
}

function refuseNotFinite(x: Float32Array | Float64Array, inputs: number): never {
  const bad = x.findIndex((value) => !Number.isFinite(Math.fround(value)));
  throw new DataError(
    "DATA_NOT_FINITE",
    `Row ${Math.floor(bad / inputs)} has ${x[bad]}; all numbers must be finite in f32.`,
  );
}
