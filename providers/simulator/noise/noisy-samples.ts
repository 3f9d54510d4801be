import type { Circuit, Rng } from "../../../circuits/index.ts";
import { sampleShuffled } from "../sampling.ts";
import { type NoisySetting, sampledProgram } from "./noisy-parts.ts";
import { accumulate, drawFrom, misread, OutcomeDistribution, SHOTS_PER_SLICE } from "./outcomes.ts";
import type { Trajectories } from "./trajectories.ts";
import { TransferProgram } from "./transfer-program.ts";

/** A final measurement: of bit `bit` of an outcome, or (-1) of a qubit that nothing happens to. */
interface FinalBit {
  readonly clbit: number;
  readonly bit: number;
  /** Of a qubit that nothing happens to: that it reads 1. */
  readonly probabilityOfOne: number;
}

/** Classical bits of a noisy circuit, sampled shot by shot for many rows. */
export class NoisySamples {
  readonly bytes: number;
  readonly #program: TransferProgram | Trajectories;
  readonly #final: readonly FinalBit[];
  /** Compact qubits of the final measurements, and how they are misread, for bit 0, 1, ... of an outcome. */
  readonly #measured: readonly number[];
  readonly #errors: readonly (readonly [number, number])[];
  readonly #distribution: OutcomeDistribution | undefined;
  readonly #clbits: Uint8Array;

  /** @throws SimulatorError NOISE_MODEL, NOISE_TIME, STATE_TOO_LARGE */
  constructor(circuit: Circuit, setting: NoisySetting) {
    const program = sampledProgram(circuit, setting, "clbits");
    const { qubits, final } = program.noisy;
    const place = new Map(qubits.map((qubit, index) => [qubit, index]));
    const measured: number[] = [];
    const errors: (readonly [number, number])[] = [];
    this.#final = final.map(({ qubit, clbit }) => {
      const own = setting.noise.readoutErrors(qubit);
      const at = place.get(qubit);
      if (at === undefined) return { clbit, bit: -1, probabilityOfOne: own[0] };
      errors.push(own);
      return { clbit, bit: measured.push(at) - 1, probabilityOfOne: 0 };
    });
    this.#program = program;
    this.#measured = measured;
    this.#errors = errors;
    this.#distribution =
      program instanceof TransferProgram
        ? new OutcomeDistribution(measured.map((qubit) => [qubit, "Z"] as const))
        : undefined;
    this.#clbits = new Uint8Array(circuit.numClbits);
    this.bytes = 1000 + program.bytes + (this.#distribution?.bytes ?? 0);
  }

  /** Draws `shots` shots of one row [P]; `receive` gets the classical bits of each shot, which are only lent. */
  *sample(
    values: Float64Array,
    shots: number,
    rng: Rng,
    receive: (shot: number, clbits: Uint8Array) => void,
  ): Generator<void> {
    const program = this.#program;
    if (program instanceof TransferProgram) {
      const size = this.#distribution!.probabilities.length;
      const { cumulative, bits } = yield* program.run(values, (members) => {
        const joint = new Float64Array(members.length * size);
        for (const [index, { vector }] of members.entries()) {
          this.#distribution!.read(vector);
          joint.set(this.#distribution!.probabilities, index * size);
        }
        accumulate(joint);
        return { cumulative: joint, bits: members.map(({ clbits }) => clbits) };
      });
      for (let shot = 0; shot < shots; shot++) {
        const drawn = drawFrom(cumulative, rng);
        this.#receive(shot, bits[Math.floor(drawn / size)]!, drawn % size, rng, receive);
        if (shot % SHOTS_PER_SLICE === SHOTS_PER_SLICE - 1) yield;
      }
      yield;
      return;
    }
    const measured = this.#measured;
    yield* program.run(values, shots, rng, (indices, from, to, state, clbits) => {
      const states = measured.length > 0 ? sampleShuffled(state, to - from, rng) : new Int32Array(to - from);
      for (let at = from; at < to; at++) {
        let outcome = 0;
        for (const [bit, qubit] of measured.entries()) outcome |= ((states[at - from]! >> qubit) & 1) << bit;
        this.#receive(indices[at]!, clbits, misread(outcome, this.#errors, rng), rng, receive);
      }
    });
  }

  #receive(
    shot: number,
    before: Uint8Array,
    outcome: number,
    rng: Rng,
    receive: (shot: number, clbits: Uint8Array) => void,
  ): void {
    const clbits = this.#clbits;
    clbits.set(before);
    for (const { clbit, bit, probabilityOfOne } of this.#final)
      if (bit >= 0) clbits[clbit] = (outcome >> bit) & 1;
      else clbits[clbit] = probabilityOfOne > 0 && rng.uniform() < probabilityOfOne ? 1 : 0;
    receive(shot, clbits);
  }
}
