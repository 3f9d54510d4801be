import type { Rng } from "../../circuits/index.ts";
import { bitArray, bytesPerShot } from "../bit-array.ts";
import { PubError, SimulatorError } from "../errors.ts";
import type { JobContext, LocalJobs } from "../job.ts";
import type { BitArray, Job, RunOptions, Sampler, SamplerPub, SamplerPubResult } from "../primitives.ts";
import { type CheckedSamplerPub, checkSamplerPubs, numRows } from "../pub.ts";
import type { SampledCircuit } from "./branched-circuit.ts";
import { availableBytes } from "./memory.ts";
import type { Programs } from "./programs.ts";

/** Seeded sampling of measured bits on the local simulator. */
export class LocalSampler implements Sampler {
  readonly #programs: Programs;
  readonly #jobs: LocalJobs;
  readonly #rng: Rng;
  readonly #shots: number;
  readonly #maxShots: number;
  #runs = 0;

  constructor(programs: Programs, jobs: LocalJobs, rng: Rng, shots: number, maxShots: number) {
    this.#programs = programs;
    this.#jobs = jobs;
    this.#rng = rng;
    this.#shots = shots;
    this.#maxShots = maxShots;
  }

  async run(pubs: readonly SamplerPub[], options?: RunOptions): Promise<Job<SamplerPubResult>> {
    const checked = checkSamplerPubs(pubs, this.#shots);
    for (const [index, pub] of checked.entries()) {
      if (pub.shots > this.#maxShots)
        throw new PubError(
          "PUB_SHOTS",
          `PUB ${index}: shots is ${pub.shots}; at most ${this.#maxShots} are possible in one PUB.`,
        );
      assertResultFits(pub, index);
    }
    const rng = this.#rng.fork("job", this.#runs++);
    return this.#jobs.submit(async (context) => {
      const results: SamplerPubResult[] = [];
      for (const [index, pub] of checked.entries())
        results.push(await this.#runPub(pub, rng.fork("pub", index), context));
      return results;
    }, options);
  }

  async #runPub(pub: CheckedSamplerPub, rng: Rng, context: JobContext): Promise<SamplerPubResult> {
    const { circuit, values, shots } = pub;
    const registers: Record<string, BitArray> = {};
    for (const { name, size } of circuit.registers) registers[name] = bitArray(size, shots, values.shape);
    const program = this.#programs.sampled(circuit, "", () => circuit);
    const width = circuit.parameters.length;
    const writer = new BitWriter(
      program,
      circuit.registers.flatMap(({ name, size }) =>
        Array.from({ length: size }, (_, bit) => ({ bytes: registers[name]!.bytes, width: bytesPerShot(size), bit })),
      ),
    );
    for (let row = 0; row < numRows(pub); row++) {
      const histories = program.sample(
        values.data.slice(row * width, (row + 1) * width),
        shots,
        rng.fork("row", row),
        "random",
        (indices, clbits, outcomes) => writer.write(row * shots, indices, clbits, outcomes),
      );
      for (const _ of histories) await context.checkpoint();
      context.charge(shots);
      await context.checkpoint();
    }
    return { shape: values.shape, registers, metadata: { shots } };
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

function assertResultFits(pub: CheckedSamplerPub, index: number): void {
  const perShot = pub.circuit.registers.reduce((sum, { size }) => sum + bytesPerShot(size), 0);
  const bytes = perShot * pub.shots * numRows(pub);
  const available = availableBytes();
  if (bytes > available)
    throw new SimulatorError(
      "RESULT_TOO_LARGE",
      `PUB ${index}: ${numRows(pub)} row(s) of ${pub.shots} shots need ${bytes} bytes for the measured bits but ${Math.floor(available)} can be used; ask for fewer shots or split the rows over several jobs.`,
    );
}
