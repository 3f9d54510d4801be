import type { Rng } from "../../circuits/index.ts";
import { bitArray, bytesPerShot } from "../bit-array.ts";
import type { JobContext, LocalJobs } from "../job.ts";
import type { BitArray, Job, RunOptions, Sampler, SamplerPub, SamplerPubResult } from "../primitives.ts";
import { type CheckedSamplerPub, checkSamplerPubs, numRows, type PubLimits } from "../pub.ts";
import type { Place } from "./place.ts";
import type { Programs } from "./programs.ts";
import { PubRuns } from "./pub-runs.ts";
import type { SampledCircuit } from "./sampled-circuit.ts";

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
    const { circuit, values, shots } = pub;
    const registers: Record<string, BitArray> = {};
    for (const { name, size } of circuit.registers) registers[name] = bitArray(size, shots, values.shape);
    const program = this.#programs.samples(circuit);
    const width = circuit.parameters.length;
    const writer = new BitWriter(
      program,
      circuit.registers.flatMap(({ name, size }) =>
        Array.from({ length: size }, (_, bit) => ({ bytes: registers[name]!.bytes, width: bytesPerShot(size), bit })),
      ),
    );
    for (let row = 0; row < numRows(pub); row++) {
      place.row = row;
      const steps = program.sample(
        values.data.slice(row * width, (row + 1) * width),
        shots,
        rng.fork("row", row),
        (indices, clbits, outcomes) => writer.write(row * shots, indices, clbits, outcomes),
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

/** Where a classical bit is stored: bit `bit` of a register of `width` bytes a shot. */
interface BitPlace {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly bit: number;
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
      const { bytes, width, bit } = this.#places[clbit]!;
      const offset = width - 1 - (bit >> 3);
      for (let i = 0; i < indices.length; i++)
        if (qubit === -2 || (outcomes[i]! >> qubit) & 1)
          bytes[(firstShot + indices[i]!) * width + offset]! |= 1 << (bit & 7);
    }
  }
}
