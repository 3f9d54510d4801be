import type { Rng } from "../../circuits/index.ts";
import { bitArray, bytesPerShot } from "../bit-array.ts";
import type { JobContext } from "../job.ts";
import type { BitArray, SamplerPubResult } from "../primitives.ts";
import { type CheckedEstimatorPub, type CheckedSamplerPub, numRows } from "../pub.ts";
import type { Block } from "./blocks.ts";
import { assertFiniteValues } from "./finite.ts";
import type { Place } from "./place.ts";

/** Estimates the expectation values of K observables from shots, row by row. */
export interface RowEstimates {
  /**
   * Writes means [K] and squared standard errors [K].
   * @param charge is told the executions as they are done
   */
  estimate(
    values: Float64Array,
    shots: number,
    rng: Rng,
    means: Float64Array,
    variances: Float64Array,
    charge: (executions: number) => void,
  ): Generator<void>;
}

/** Estimates all rows of a block; each has samples of its own, whatever rows there are besides. */
export async function estimateRows(
  program: RowEstimates,
  { pub, block, shots, rng }: { pub: CheckedEstimatorPub; block: Block; shots: number; rng: Rng },
  { evs, stds }: { readonly evs: Float64Array; readonly stds: Float64Array },
  context: JobContext,
  place: Place,
): Promise<void> {
  const width = pub.circuit.parameters.length;
  const means = new Float64Array(block.observables.length);
  const variances = new Float64Array(block.observables.length);
  for (const row of block.rows) {
    place.row = row;
    const values = pub.values.data.slice(row * width, (row + 1) * width);
    const draw = rng.fork("row", row, "block", block.index);
    await context.finish(program.estimate(values, shots, draw, means, variances, context.charge));
    assertFiniteValues(means, 0, means.length);
    block.scatter(row, means, 0, evs);
    block.scatter(row, variances.map(Math.sqrt), 0, stds);
    await context.checkpoint();
  }
}

/** Where a classical bit is stored: bit `bit` of byte `offset` of the `width` bytes of a shot. */
export interface BitPlace {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly offset: number;
  readonly bit: number;
}

/** The bits of a Sampler PUB while they are drawn. */
export class SampledBits {
  readonly #pub: CheckedSamplerPub;
  readonly #registers: Readonly<Record<string, BitArray>>;
  /** For each classical bit of the circuit. */
  readonly places: readonly BitPlace[];

  constructor(pub: CheckedSamplerPub) {
    const { circuit, values, shots } = pub;
    this.#pub = pub;
    const arrays = circuit.registers.map(({ name, size }) => [name, bitArray(size, shots, values.shape)] as const);
    this.#registers = Object.freeze(Object.fromEntries(arrays));
    this.places = arrays.flatMap(([, { bytes, numBits }]) => {
      const width = bytesPerShot(numBits);
      return Array.from({ length: numBits }, (_, i) => ({ bytes, width, offset: width - 1 - (i >> 3), bit: i & 7 }));
    });
  }

  /**
   * Draws all rows; each has samples of its own, whatever rows there are besides.
   * @param sample draws the shots of one row [P] and writes what they read, the first of them as shot `firstShot`
   */
  async draw(
    sample: (values: Float64Array, rng: Rng, firstShot: number) => Generator<void>,
    rng: Rng,
    context: JobContext,
    place: Place,
  ): Promise<SamplerPubResult> {
    const { circuit, values, shots } = this.#pub;
    const width = circuit.parameters.length;
    for (let row = 0; row < numRows(this.#pub); row++) {
      place.row = row;
      await context.finish(
        sample(values.data.slice(row * width, (row + 1) * width), rng.fork("row", row), row * shots),
      );
      context.charge(shots);
      await context.checkpoint();
    }
    return {
      shape: Object.freeze([...values.shape]),
      registers: this.#registers,
      metadata: Object.freeze({ shots }),
    };
  }
}
