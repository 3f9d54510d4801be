import type { Rng } from "../../circuits/index.ts";
import type { JobContext, LocalJobs } from "../job.ts";
import type { Job, RunOptions, Sampler, SamplerPub, SamplerPubResult } from "../primitives.ts";
import { type CheckedSamplerPub, checkSamplerPubs, type PubLimits } from "../pub.ts";
import type { Place } from "./place.ts";
import type { Programs } from "./programs.ts";
import { PubRuns } from "./pub-runs.ts";
import type { SampledCircuit } from "./sampled-circuit.ts";
import { type BitPlace, SampledBits } from "./sampled-rows.ts";

/** Seeded sampling of measured bits on the local simulator. */
export class LocalSampler implements Sampler {
  readonly #programs: Programs;
  readonly #runs: PubRuns<CheckedSamplerPub, SamplerPubResult>;
  readonly #shots: number;
  readonly #limits: PubLimits;

  constructor(programs: Programs, jobs: LocalJobs, rng: Rng, shots: number, limits: PubLimits) {
    this.#programs = programs;
    this.#runs = new PubRuns(jobs, rng, {
      prepare: ({ circuit }) => {
        if (programs.isWide(circuit)) programs.samples(circuit);
      },
      run: (...work) => this.#runPub(...work),
    });
    this.#shots = shots;
    this.#limits = limits;
  }

  async run(pubs: readonly SamplerPub[], options?: RunOptions): Promise<Job<SamplerPubResult>> {
    return this.#runs.submit(checkSamplerPubs(pubs, this.#shots, this.#limits), options);
  }

  async #runPub(pub: CheckedSamplerPub, rng: Rng, context: JobContext, place: Place): Promise<SamplerPubResult> {
    const bits = new SampledBits(pub);
    const program = this.#programs.samples(pub.circuit);
    const writer = new BitWriter(program, bits.places);
    const sample = (values: Float64Array, draw: Rng, firstShot: number): Generator<void> =>
      program.sample(values, pub.shots, draw, (indices, clbits, outcomes) =>
        writer.write(firstShot, indices, clbits, outcomes),
      );
    return bits.draw(sample, rng, context, place);
  }
}

class BitWriter {
  readonly #places: readonly BitPlace[];
  /** Per clbit the compact qubit that decides it at the end: -1 for always 0, -2 for none. */
  readonly #deciding: Int32Array;

  constructor({ live }: SampledCircuit, places: readonly BitPlace[]) {
    this.#places = places;
    this.#deciding = new Int32Array(places.length).fill(-2);
    for (const { qubit, clbit } of live.finalMeasurements) this.#deciding[clbit] = qubit;
  }

  write(firstShot: number, indices: Int32Array, clbits: Uint8Array, outcomes: Int32Array): void {
    for (let clbit = 0; clbit < this.#places.length; clbit++) {
      const qubit = this.#deciding[clbit]!;
      if (qubit === -1 || (qubit === -2 && clbits[clbit] === 0)) continue;
      const { bytes, width, offset, bit } = this.#places[clbit]!;
      for (let i = 0; i < indices.length; i++)
        if (qubit === -2 || (outcomes[i]! >> qubit) & 1) bytes[(firstShot + indices[i]!) * width + offset]! |= 1 << bit;
    }
  }
}
