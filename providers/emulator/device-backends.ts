import { SparsePauliOp } from "../../circuits/index.ts";
import type { Backend, ObservablesLike } from "../primitives.ts";
import { localSimulator } from "../simulator/local-simulator.ts";
import { NoiseModel } from "../simulator/noise/noise-model.ts";
import { noisySimulator } from "../simulator/noise/noisy-simulator.ts";
import type { EmulatedDevice } from "./device.ts";

/** How bits are read: as the device does, or twirled, so that 0 and 1 are misread alike. */
export type Readout = "plain" | "twirled";

/** The simulators that stand for the devices; kept, since they keep the circuits that they have compiled. */
export class DeviceBackends {
  readonly #noise: boolean;
  readonly #backends = new Map<string, Backend>();
  readonly #models = new Map<string, NoiseModel>();

  /** @param noise with the noise that the calibrations tell; without it everything is perfect */
  constructor(noise: boolean) {
    this.#noise = noise;
  }

  backend(device: EmulatedDevice, readout: Readout): Backend {
    const key = this.#noise ? `${device.name} ${readout}` : "";
    let backend = this.#backends.get(key);
    if (backend === undefined) {
      backend = this.#noise ? noisySimulator({ noise: this.#modelFor(device, readout) }) : localSimulator();
      this.#backends.set(key, backend);
    }
    return backend;
  }

  /**
   * Observables whose values under twirled read-out are those of the given ones under perfect read-out: a term on qubits Q
   * is damped by ∏ (1 - 2e_q), e_q the mean misreading of qubit q, so its coefficient is divided by that. The errors count
   * as known exactly; on the device they are learned. Source: E. van den Berg et al., Phys. Rev. A 105, 032620 (2022).
   */
  mitigated(device: EmulatedDevice, observables: ObservablesLike): ObservablesLike {
    if (!this.#noise) return observables;
    if (Array.isArray(observables)) return observables.map((one: ObservablesLike) => this.mitigated(device, one));
    const { numQubits, terms } = observables as SparsePauliOp;
    const noise = this.#modelFor(device, "twirled");
    return SparsePauliOp.fromTerms(
      numQubits,
      terms.map(({ coefficient, pauli }) => ({
        coefficient:
          coefficient /
          pauli.letters.reduce((damping, [qubit]) => damping * (1 - 2 * noise.readoutErrors(qubit)[0]), 1),
        pauli,
      })),
    );
  }

  #modelFor(device: EmulatedDevice, readout: Readout): NoiseModel {
    const key = `${device.name} ${readout}`;
    let model = this.#models.get(key);
    if (model === undefined) {
      model = readout === "plain" ? NoiseModel.fromTarget(device.target) : twirled(this.#modelFor(device, "plain"));
      this.#models.set(key, model);
    }
    return model;
  }
}

/** The same noise with a flip before and after read-out, as often as not. */
function twirled(noise: NoiseModel): NoiseModel {
  const json = noise.toJSON();
  const readout = Object.fromEntries(
    Object.entries(json.readout).map(([qubit, [[, up], [down]]]) => {
      const error = (up + down) / 2;
      return [
        qubit,
        [
          [1 - error, error],
          [error, 1 - error],
        ] as const,
      ];
    }),
  );
  return NoiseModel.fromJSON({ ...json, readout });
}
