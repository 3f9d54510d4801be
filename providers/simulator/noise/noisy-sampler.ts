import type { Rng } from "../../../circuits/index.ts";
import { bitArray, bytesPerShot } from "../../bit-array.ts";
import type { JobContext, LocalJobs } from "../../job.ts";
import type { BitArray, Job, RunOptions, Sampler, SamplerPub, SamplerPubResult } from "../../primitives.ts";
import { type CheckedSamplerPub, checkSamplerPubs, numRows, type PubLimits } from "../../pub.ts";
import type { Place } from "../place.ts";
import { PubRuns } from "../pub-runs.ts";
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
    const { circuit, values, shots } = pub;
    const registers: Record<string, BitArray> = {};
    for (const { name, size } of circuit.registers) registers[name] = bitArray(size, shots, values.shape);
    const places = circuit.registers.flatMap(({ name, size }) =>
      Array.from({ length: size }, (_, bit) => {
        const width = bytesPerShot(size);
        return { bytes: registers[name]!.bytes, width, offset: width - 1 - (bit >> 3), value: 1 << (bit & 7) };
      }),
    );
    const program = this.#programs.samples(circuit);
    const width = circuit.parameters.length;
    for (let row = 0; row < numRows(pub); row++) {
      place.row = row;
      const steps = program.sample(
        values.data.slice(row * width, (row + 1) * width),
        shots,
        rng.fork("row", row),
        (shot, clbits) => {
          for (let clbit = 0; clbit < clbits.length; clbit++) {
            if (clbits[clbit] === 0) continue;
            const to = places[clbit]!;
            to.bytes[(row * shots + shot) * to.width + to.offset]! |= to.value;
          }
        },
      );
      await context.finish(steps);
      context.charge(shots);
      await context.checkpoint();
    }
    return {
      shape: Object.freeze([...values.shape]),
      registers: Object.freeze(registers),
      metadata: Object.freeze({ shots }),
    };
  }
}
