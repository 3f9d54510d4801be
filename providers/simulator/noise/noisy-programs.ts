import type { Circuit, SparsePauliOp } from "../../../circuits/index.ts";
import { observableKey } from "../../pub-observables.ts";
import { ProgramCache } from "../program-cache.ts";
import { NoisyEstimates } from "./noisy-estimates.ts";
import { NoisyExpectation } from "./noisy-expectation.ts";
import type { NoisySetting } from "./noisy-parts.ts";
import { NoisySamples } from "./noisy-samples.ts";

const MAX_ENTRIES = 128;
const MAX_BYTES = 1 << 28;

/** Compiled programs of one noisy simulator, kept for when the same circuit comes again. */
export class NoisyPrograms {
  readonly setting: NoisySetting;
  readonly #cache: ProgramCache;

  constructor(setting: NoisySetting) {
    this.setting = setting;
    this.#cache = new ProgramCache(MAX_ENTRIES, Math.min(MAX_BYTES, setting.memory.availableBytes / 4));
  }

  /** @throws SimulatorError NOISE_NOT_EXACT, NOISE_MODEL, NOISE_TIME, STATE_TOO_LARGE */
  exact(circuit: Circuit, observables: readonly SparsePauliOp[]): NoisyExpectation {
    return this.#cache.get(
      `exact ${keyOf(circuit, observables)}`,
      () => new NoisyExpectation(circuit, observables, this.setting),
    );
  }

  /** @throws SimulatorError NOISE_MODEL, NOISE_TIME, STATE_TOO_LARGE */
  estimates(circuit: Circuit, observables: readonly SparsePauliOp[]): NoisyEstimates {
    return this.#cache.get(
      `estimates ${keyOf(circuit, observables)}`,
      () => new NoisyEstimates(circuit, observables, this.setting),
    );
  }

  /** @throws SimulatorError NOISE_MODEL, NOISE_TIME, STATE_TOO_LARGE */
  samples(circuit: Circuit): NoisySamples {
    return this.#cache.get(`samples ${circuit.hash}`, () => new NoisySamples(circuit, this.setting));
  }
}

function keyOf(circuit: Circuit, observables: readonly SparsePauliOp[]): string {
  return `${circuit.hash} ${observables.map(observableKey).join()}`;
}
