import {
  amplitudeFeatureMap,
  angleEmbedding,
  basisEmbedding,
  dataReuploading,
  iqpEmbedding,
  pauliFeatureMap,
  zzFeatureMap,
} from "../../circuits/index.ts";
import type { CircuitTemplate } from "./circuit-template.ts";

type OptionsOf<Make extends (options: never) => unknown> = Omit<Parameters<Make>[0], "numQubits">;

/**
 * Quantum perception: encodings of a sample x as a state |ψ(x)⟩ = Σ αᵢ(x)|i⟩. One feature a qubit, in inputs `x`
 * [qubits], except for `amplitude` and `reuploading`. All are differentiable in x.
 * @example quantumLayer({ qubits: 4, perception: perception.angle(), connection: connection.basicEntangler({ layers: 2 }) })
 */
export const perception = {
  /** Bits 0 and 1 as a basis state, by rx(π·x); see `basisEmbedding`. */
  basis: (options: Omit<OptionsOf<typeof basisEmbedding>, "bits"> = {}): CircuitTemplate => ({
    build: (numQubits) => ({ circuit: basisEmbedding({ ...options, numQubits }) }),
  }),

  /** One rotation a feature; see `angleEmbedding`. */
  angle: (options: OptionsOf<typeof angleEmbedding> = {}): CircuitTemplate => ({
    build: (numQubits) => ({ circuit: angleEmbedding({ ...options, numQubits }) }),
  }),

  /**
   * The sample itself as amplitudes, Σ xᵢ/|x| |i⟩: 2^qubits features, or the first `numFeatures` of them; see
   * `amplitudeFeatureMap`. The state does not depend on the sample's length.
   */
  amplitude: (options: OptionsOf<typeof amplitudeFeatureMap> = {}): CircuitTemplate => ({
    build: (numQubits) => ({ circuit: amplitudeFeatureMap({ ...options, numQubits }) }),
  }),

  /** Phases by features and their products between Hadamards; see `iqpEmbedding`. */
  iqp: (options: OptionsOf<typeof iqpEmbedding> = {}): CircuitTemplate => ({
    build: (numQubits) => ({ circuit: iqpEmbedding({ ...options, numQubits }) }),
  }),

  /** See `zzFeatureMap`; two qubits or more. */
  zz: (options: OptionsOf<typeof zzFeatureMap> = {}): CircuitTemplate => ({
    build: (numQubits) => ({ circuit: zzFeatureMap({ ...options, numQubits }) }),
  }),

  /** See `pauliFeatureMap`. */
  pauli: (options: OptionsOf<typeof pauliFeatureMap> = {}): CircuitTemplate => ({
    build: (numQubits) => ({ circuit: pauliFeatureMap({ ...options, numQubits }) }),
  }),

  /**
   * The sample again in every layer, with trained rotations between, so that no connection need follow; see
   * `dataReuploading`. Trained scalings start at 1.
   */
  reuploading: (options: OptionsOf<typeof dataReuploading>): CircuitTemplate => ({
    build: (numQubits, name) => {
      const weightName = name(options.weightName, "w");
      const scalingName = name(options.scalingName, "s");
      const circuit = dataReuploading({ ...options, numQubits, weightName, scalingName });
      return options.trainableScaling === true
        ? { circuit, initializers: { [scalingName]: { type: "constant", value: 1 } } }
        : { circuit };
    },
  }),
} as const;
