import { multiply, subtract } from "../arithmetic.ts";
import { Circuit } from "../circuit.ts";
import { CircuitError } from "../errors.ts";
import type { Angle } from "../expression.ts";
import { input, type Parameter } from "../parameter.ts";
import { checkCount, checkFinite, checkOptions } from "./checks.ts";
import { type Entanglement, entanglementBlocks } from "./entanglement.ts";
import { inPauliBasis, onParity } from "./pauli-evolution.ts";

/** The angle φ that a block of features contributes; feature i of the list belongs to the block's qubit i. */
export type DataMap = (features: readonly Parameter[]) => Angle;

export interface PauliFeatureMapOptions {
  readonly numQubits: number;
  /** Repetitions; 2 by default. */
  readonly reps?: number;
  /** Pauli labels without I, rightmost letter on a block's first qubit; Z and ZZ by default. */
  readonly paulis?: readonly string[];
  readonly entanglement?: Entanglement;
  /** Factor of every angle; 2 by default. */
  readonly alpha?: number;
  readonly dataMap?: DataMap;
  readonly name?: string;
}

/** x for one feature, Π(π - x_i) for several. */
const defaultDataMap: DataMap = (features) =>
  features.length === 1
    ? features[0]!
    : features.map((feature) => subtract(Math.PI, feature)).reduce((product, factor) => multiply(product, factor));

/**
 * The Pauli expansion feature map (Havlíček et al., arXiv:1804.11326), gate for gate as Qiskit's `pauli_feature_map`:
 * `reps` times H on every qubit and, for every Pauli P and block of qubits, exp(i·φ(x)·P) up to sign and phase, written as
 * p(alpha·φ) on the parity of the block in the basis of P. Inputs `x` [numQubits].
 * @throws CircuitError LIBRARY_COUNT, LIBRARY_NUMBER, FEATURE_MAP_PAULI, ENTANGLEMENT_UNKNOWN, ENTANGLEMENT_BLOCK,
 * ENTANGLEMENT_QUBIT
 */
export function pauliFeatureMap(options: PauliFeatureMapOptions): Circuit {
  checkOptions("pauliFeatureMap", options, ["numQubits", "reps", "paulis", "entanglement", "alpha", "dataMap", "name"]);
  const { numQubits, reps = 2, paulis = ["Z", "ZZ"], entanglement = "full" } = options;
  const { alpha = 2, dataMap = defaultDataMap, name = "x" } = options;
  checkCount("pauliFeatureMap", "numQubits", numQubits);
  checkCount("pauliFeatureMap", "reps", reps);
  checkFinite("pauliFeatureMap", "alpha", alpha);
  if (paulis.length === 0) throw new CircuitError("FEATURE_MAP_PAULI", "A Pauli feature map needs at least one Pauli.");
  for (const pauli of paulis)
    if (!/^[XYZ]+$/.test(pauli) || pauli.length > numQubits)
      throw new CircuitError(
        "FEATURE_MAP_PAULI",
        `"${pauli}" is no Pauli for a feature map of ${numQubits} qubit(s); use 1 to ${numQubits} letters X, Y, Z.`,
      );
  const x = input(name, numQubits);
  return Circuit.build(numQubits, (c) => {
    c.declare(x);
    for (let layer = 0; layer < reps; layer++) {
      for (let qubit = 0; qubit < numQubits; qubit++) c.h(qubit);
      for (const pauli of paulis)
        for (const block of entanglementBlocks(entanglement, numQubits, pauli.length, layer)) {
          const letters = block.map((qubit, i) => [qubit, pauli[pauli.length - 1 - i] as "X" | "Y" | "Z"] as const);
          const angle = multiply(alpha, dataMap(block.map((qubit) => x.at(qubit))));
          inPauliBasis(c, letters, (qubits) => onParity(c, qubits, (last) => c.p(angle, last)));
        }
    }
  });
}

/**
 * The second-order feature map with Z and ZZ, as Qiskit's `zz_feature_map`: angles 2x_i and 2(π - x_i)(π - x_j).
 * Inputs `x` [numQubits].
 * @throws CircuitError as `pauliFeatureMap`; FEATURE_MAP_PAULI for fewer than 2 qubits
 */
export function zzFeatureMap(options: Omit<PauliFeatureMapOptions, "paulis">): Circuit {
  checkOptions("zzFeatureMap", options, ["numQubits", "reps", "entanglement", "alpha", "dataMap", "name"]);
  return pauliFeatureMap({ ...options, paulis: ["Z", "ZZ"] });
}
