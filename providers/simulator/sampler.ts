import type { Rng } from "../../circuits/index.ts";
import type { JobContext, LocalJobs } from "../job.ts";
import type { Job, RunOptions, Sampler, SamplerPub, SamplerPubResult } from "../primitives.ts";
import { type CheckedSamplerPub, checkSamplerPubs, type PubLimits } from "../pub.ts";
import { BitWriter } from "./bit-writer.ts";
import type { Place } from "./place.ts";
import type { Programs } from "./programs.ts";
import { PubRuns } from "./pub-runs.ts";
import { SampledBits } from "./sampled-rows.ts";

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
    const writer = new BitWriter(program.live.finalMeasurements, bits.places);
    const sample = (values: Float64Array, draw: Rng, firstShot: number): Generator<void> =>
      program.sample(values, pub.shots, draw, (indices, clbits, outcomes) =>
        writer.write(firstShot, indices, clbits, outcomes),
      );
    return bits.draw(sample, rng, context, place);
  }
}
