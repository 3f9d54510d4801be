import {
  basicEntangler,
  type Circuit,
  efficientSU2,
  nLocal,
  realAmplitudes,
  stronglyEntangling,
} from "../../circuits/index.ts";
import type { CircuitTemplate } from "./circuit-template.ts";

type OptionsOf<Make extends (options: never) => unknown> = Omit<Parameters<Make>[0], "numQubits">;

/**
 * Quantum connections: trained circuits U(w) that entangle the qubits, ρ' = U(w) ρ U(w)†. Weights are named `w` unless
 * `name` says otherwise (`w2` and so on where `w` is taken).
 * @example quantumLayer({ qubits: 4, perception: perception.angle(), connection: connection.stronglyEntangling({ layers: 2 }) })
 */
export const connection = {
  /** Weights [layers, qubits, 3]; see `stronglyEntangling`. */
  stronglyEntangling: (options: OptionsOf<typeof stronglyEntangling>): CircuitTemplate =>
    named(options?.name, (numQubits, name) => stronglyEntangling({ ...options, numQubits, name })),

  /** Weights [layers, qubits]; see `basicEntangler`. */
  basicEntangler: (options: OptionsOf<typeof basicEntangler>): CircuitTemplate =>
    named(options?.name, (numQubits, name) => basicEntangler({ ...options, numQubits, name })),

  /** Weights [reps + 1, qubits]; see `realAmplitudes`. */
  realAmplitudes: (options: OptionsOf<typeof realAmplitudes> = {}): CircuitTemplate =>
    named(options.name, (numQubits, name) => realAmplitudes({ ...options, numQubits, name })),

  /** Weights [reps + 1, 2, qubits]; see `efficientSU2`. */
  efficientSU2: (options: OptionsOf<typeof efficientSU2> = {}): CircuitTemplate =>
    named(options.name, (numQubits, name) => efficientSU2({ ...options, numQubits, name })),

  /** Any rotation and entangling gates; see `nLocal`. */
  nLocal: (options: OptionsOf<typeof nLocal>): CircuitTemplate =>
    named(options?.name, (numQubits, name) => nLocal({ ...options, numQubits, name })),
} as const;

function named(asked: string | undefined, build: (numQubits: number, name: string) => Circuit): CircuitTemplate {
  return { build: (numQubits, name) => ({ circuit: build(numQubits, name(asked, "w")) }) };
}
