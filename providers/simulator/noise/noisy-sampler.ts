import type { Rng } from "../../../circuits/index.ts";
import type { JobContext, LocalJobs } from "../../job.ts";
import type { Job, RunOptions, Sampler, SamplerPub, SamplerPubResult } from "../../primitives.ts";
import { type CheckedSamplerPub, checkSamplerPubs, type PubLimits } from "../../pub.ts";
import type { Place } from "../place.ts";
import { PubRuns } from "../pub-runs.ts";
import { SampledBits } from "../sampled-rows.ts";
import type { NoisyPrograms } from "./noisy-programs.ts";

/** Seeded sampling of the measured bits of noisy circuits. */
export class NoisySampler implements Sampler {
  readonly #programs: NoisyPrograms;
  readonly #runs: PubRuns<CheckedSamplerPub, SamplerPubResult>;
  readonly #shots: number;
  readonly #limits: PubLimits;

  constructor(programs: NoisyPrograms, jobs: LocalJobs, rng: Rng, shots: number, limits: PubLimits) {
    this.#programs = programs;
    this.#runs = new PubRuns(jobs, rng, {
      prepare: ({ circuit }) => void programs.samples(circuit),
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
    const sample = (values: Float64Array, draw: Rng, firstShot: number): Generator<void> =>
      program.sample(values, pub.shots, draw, (shot, clbits) => {
        for (let clbit = 0; clbit < clbits.length; clbit++) {
          if (clbits[clbit] === 0) continue;
          const { bytes, width, offset, bit } = bits.places[clbit]!;
          bytes[(firstShot + shot) * width + offset]! |= 1 << bit;
        }
      });
    return bits.draw(sample, rng, context, place);
  }
}
