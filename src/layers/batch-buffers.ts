/** What a layer's circuit writes, for one batch size at a time, so that steps of equal size share their arrays. */
export class BatchBuffers {
  /** [B, K] */
  outputs = new Float64Array(0);
  /** [B, K] */
  cotangents = new Float64Array(0);
  /** [W] */
  readonly weightGradient: Float64Array;
  /** [B, D] */
  inputGradient = new Float64Array(0);
  readonly #numInputs: number;
  readonly #numOutputs: number;
  #capacity = 0;
  #rows = 0;
  #memory = new Float64Array(0);

  constructor(sizes: { readonly numInputs: number; readonly numWeights: number; readonly numOutputs: number }) {
    this.#numInputs = sizes.numInputs;
    this.#numOutputs = sizes.numOutputs;
    this.weightGradient = new Float64Array(sizes.numWeights);
  }

  /** Fits the arrays to `rows` rows; what they held is lost. */
  resize(rows: number): void {
    if (rows === this.#rows) return;
    const perRow = this.#numInputs + 2 * this.#numOutputs;
    if (rows > this.#capacity) {
      this.#memory = new Float64Array(rows * perRow);
      this.#capacity = rows;
    }
    this.#rows = rows;
    let offset = 0;
    const take = (width: number): Float64Array<ArrayBuffer> => {
      const start = offset;
      offset += rows * width;
      return this.#memory.subarray(start, offset);
    };
    this.outputs = take(this.#numOutputs);
    this.cotangents = take(this.#numOutputs);
    this.inputGradient = take(this.#numInputs);
  }
}
